"""Where the model's text meets the text that it goes on from."""

from prose import prompts

_CLOSING = tuple(".!?…\"'”’»)]")


def prefill(base: str) -> str:
    """Return what the model is given of `base`: white space at its end would be doubled.

    A story is data like any other text of a person's, and can't open a new role.
    """
    return prompts.clean_text(base).rstrip()


def joined(base: str, first: str) -> str:
    """Return `first`, the beginning of the model's continuation, as it has to follow `base`."""
    if base and base[-1].isspace():
        return first.lstrip()
    if base.endswith(_CLOSING) and first[:1].isalnum():
        return f" {first}"
    return first
