"""Ollama's `options` in llama.cpp's words."""

import re
from typing import Any

from pocket.server.errors import bad_request

# Ollama's name -> llama.cpp's, and the types that it may have.
_NUMBERS: dict[str, tuple[str, tuple[type, ...]]] = {
    "temperature": ("temperature", (int, float)),
    "top_p": ("top_p", (int, float)),
    "top_k": ("top_k", (int,)),
    "min_p": ("min_p", (int, float)),
    "typical_p": ("typical_p", (int, float)),
    "seed": ("seed", (int,)),
    "repeat_penalty": ("repeat_penalty", (int, float)),
    "repeat_last_n": ("repeat_last_n", (int,)),
    "presence_penalty": ("presence_penalty", (int, float)),
    "frequency_penalty": ("frequency_penalty", (int, float)),
    "num_predict": ("n_predict", (int,)),
    "num_keep": ("n_keep", (int,)),
    # llama.cpp's sampler against repeated sequences ("don't repeat yourself"); Ollama has no name
    # for these. The shipped model has them among its parameters.
    "dry_multiplier": ("dry_multiplier", (int, float)),
    "dry_base": ("dry_base", (int, float)),
    "dry_allowed_length": ("dry_allowed_length", (int,)),
    "dry_penalty_last_n": ("dry_penalty_last_n", (int,)),
}
# Sequences end with a sentence: it is sentences that should not come again.
_SEQUENCE_BREAKERS = [".", "!", "?", "\n"]
# Ollama's defaults, where llama.cpp's differ.
_DEFAULTS: dict[str, Any] = {"temperature": 0.8, "top_k": 40, "top_p": 0.9, "repeat_penalty": 1.1}
_LEAST_CONTEXT = 64
_DURATION = re.compile(r"(-?[0-9]{1,9})(ms|s|m|h)")
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_FOREVER = 10 * 365 * 86_400.0  # seconds


def check_options(options: object) -> dict[str, Any]:
    """Return `options` if they are an object of known shapes; unknown names are let through.

    Raises `APIError` 400 that names the option.
    """
    if options is None:
        return {}
    if not isinstance(options, dict):
        raise bad_request("options has to be an object")
    for name, (_, types) in {**_NUMBERS, "num_ctx": ("", (int,))}.items():
        if name in options and type(options[name]) not in types:
            expected = "a number" if float in types else "a whole number"
            raise bad_request(f"option {name!r} must be {expected}")
    stop = options.get("stop", [])
    texts = [stop] if isinstance(stop, str) else stop
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise bad_request("option 'stop' must be a list of texts")
    return {**options, "stop": [text for text in texts if text]}


def sampling(options: dict[str, Any]) -> dict[str, Any]:
    """Return llama.cpp's request fields for checked `options`."""
    chosen = {**_DEFAULTS, **options}
    fields = {ours: chosen[name] for name, (ours, _) in _NUMBERS.items() if name in chosen}
    if chosen.get("dry_multiplier"):
        fields["dry_sequence_breakers"] = _SEQUENCE_BREAKERS
    if chosen.get("stop"):
        fields["stop"] = chosen["stop"]
    return fields


def keep_seconds(keep_alive: object, usual: float) -> float:
    """Return how long a model stays in memory: seconds, or a text such as "30m"; below 0 for ever.

    Raises `APIError` 400.
    """
    if keep_alive is None:
        return usual
    if isinstance(keep_alive, str) and (match := _DURATION.fullmatch(keep_alive)):
        keep_alive = float(match[1]) * _UNITS[match[2]]
    if isinstance(keep_alive, bool) or not isinstance(keep_alive, (int, float)):
        raise bad_request("keep_alive must be a duration")
    return float(keep_alive) if keep_alive >= 0 else _FOREVER


def context_size(options: dict[str, Any], trained: int) -> int:
    """Return the context to load the model with: what is asked for, at most what it was
    trained with."""
    return max(_LEAST_CONTEXT, min(int(options.get("num_ctx", trained)), trained))
