"""All that reads or writes the signs of bold and italic, as functions of one text."""

from collections.abc import Callable

from prose.emphasis import signs, writing


def _bold(text: str) -> str:
    return writing.marked(text, bold=True, italic=False)


def _with_signs(text: str) -> None:
    writing.with_signs(_bold(text) + writing.marked(text, bold=True, italic=True))
    writing.with_signs("".join(_bold(text[place : place + 9]) for place in range(0, len(text), 9)))


EMPHASIS: dict[str, Callable[[str], object]] = {
    "emphasis.signs.edges": signs.edges,
    "emphasis.signs.pieces": signs.pieces,
    "emphasis.signs.plain": signs.plain,
    "emphasis.signs.spans": signs.spans,
    "emphasis.writing.marked": _bold,
    "emphasis.writing.unmarked": writing.unmarked,
    "emphasis.writing.with_signs": _with_signs,
}
