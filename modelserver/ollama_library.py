"""The library `ollama`, which reads OLLAMA_HOST as it is imported, and fails on a list of servers.

What it makes of it is not used: a client here is told its address.
"""

import os

_listed = os.environ.pop("OLLAMA_HOST", None)
try:
    import ollama
finally:
    if _listed is not None:
        os.environ["OLLAMA_HOST"] = _listed

__all__ = ["ollama"]
