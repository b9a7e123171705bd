"""How pocket behaves: its own way, or as an Ollama of one age does, so that both can be tested.

What differs from one to the other is listed in docs/model-servers.md. Nothing else in pocket asks
which one it is like.
"""

import re
from dataclasses import dataclass

from pocket.server.store import Manifest

# A template in Go's language that leaves the last message open, or ends with the response.
_LEAVES_OPEN = re.compile(r"\blast\b|\.Response\b", re.IGNORECASE)
# What a file's own template is taken for: the messages closed one by one, and a new one begun.
DETECTED = (
    "{{ range .Messages }}<|start_header_id|>{{ .Role }}<|end_header_id|>\n\n"
    "{{ .Content }}<|eot_id|>{{ end }}<|start_header_id|>assistant<|end_header_id|>\n\n"
)


@dataclass(frozen=True)
class Manners:
    """What an API's users notice; the defaults are pocket's own."""

    version: str = "0.34.0"  # of Ollama's API as it is spoken here; clients compare it
    slots: int = 4  # requests at a time
    # A model without a template of its own: the last message is closed, or repeated.
    closes: bool = False
    echoes: bool = False
    most_repeats: int | None = None  # equal pieces in a row, before an answer ends without a word
    repeats_late: bool = True  # …of models without a template of their own too
    nests_errors: bool = False  # an overflow is told in JSON inside of JSON
    fails_late: bool = False  # what fails after its first line does so inside a 200
    ignored: frozenset[str] = frozenset()  # options
    keep: float = 86_400.0  # seconds that a model stays in memory, unless a request says how long

    def is_open(self, manifest: Manifest) -> bool:
        """Tell whether a last message of the assistant is continued."""
        return not self.closes or bool(_LEAVES_OPEN.search(manifest.template))

    def is_echoed(self, manifest: Manifest) -> bool:
        """Tell whether the answer begins with the message that it continues."""
        return self.echoes and not manifest.template

    def repeats(self, manifest: Manifest) -> int | None:
        """Return how many equal pieces in a row are too many, if any are."""
        return self.most_repeats if self.repeats_late or manifest.template else None

    def shown_template(self, manifest: Manifest, inside: str) -> str:
        """Return the template that is told of a model; `inside` is the one in its file."""
        return manifest.template or (DETECTED if self.closes else inside)


_DRY = frozenset({"dry_multiplier", "dry_base", "dry_allowed_length", "dry_penalty_last_n"})
POCKET = "pocket"
MANNERS = {
    POCKET: Manners(),
    "ollama-0.24": Manners(
        version="0.24.0",
        slots=1,
        closes=True,
        most_repeats=30,
        fails_late=True,
        ignored=_DRY,
        keep=300.0,
    ),
    "ollama-0.33": Manners(
        version="0.33.0",
        slots=1,
        echoes=True,
        most_repeats=30,
        repeats_late=False,
        nests_errors=True,
        fails_late=True,
        ignored=_DRY,
        keep=300.0,
    ),
}
