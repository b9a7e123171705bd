"""The figures as a table, in the order in which they were promised."""

from collections.abc import Mapping, Sequence
from typing import Any

# Figure, its name and its goal.
_ROWS = (
    ("names", "all names present", "97 %"),
    ("keywords", "all keywords present", "92 %"),
    ("ends", "within the limit, ending by itself, whole", "97 %"),
    ("repeated", "a sentence repeated", "<= 2 %"),
    ("all_five", "all five checks at once", ">= 88 %"),
    ("letters", "names with any capital", "95 %"),
    ("letters_plain", "  A to Z", "95 %"),
    ("letters_marked", "  marked Latin", "95 %"),
    ("letters_cyrillic", "  Cyrillic", "95 %"),
    ("letters_greek", "  Greek", "95 %"),
    ("expand", "expand: longer by a third", "90 %"),
    ("shorten", "shorten: shorter by a third", "90 %"),
    ("dialogue", "dialogue: has speech", "90 %"),
    ("joined", "rewrites joined at both seams", "92 %"),
    ("outside_same", "  outside identical", "all"),
    ("distinct_4grams", "4-grams that occur once", "as authored"),
    ("words", "  in so many words", ""),
    ("nearest", "4-grams of the nearest story", "as authored"),
    ("openings_twice", "five-word openings used twice", "<= 3 %"),
    ("first_word_ms", "first word", "<= 400 ms"),
    ("tokens_per_second", "tokens a second", ">= 30"),
)


def table(columns: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the figures of each column, by its heading, beside the goals."""
    heads = ["measure", "goal", *columns]
    lines = [
        [name, goal, *(_cell(key, figures.get(key)) for figures in columns.values())]
        for key, name, goal in _ROWS
        if any(figures.get(key) is not None for figures in columns.values())
    ]
    widths = [max(len(line[place]) for line in [heads, *lines]) for place in range(len(heads))]
    rows = [heads, ["-" * width for width in widths], *lines]
    return "\n".join(_line(row, widths) for row in rows)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
    return f"| {' | '.join(padded)} |"


def _cell(key: str, figure: Any) -> str:
    if figure is None:
        return "-"
    if isinstance(figure, Mapping):
        share, low, high = (100 * figure[name] for name in ("share", "low", "high"))
        return f"{share:.1f} % ({low:.1f} to {high:.1f})"
    if key == "first_word_ms":
        return f"{figure:.0f} ms"
    if key == "words":
        return f"{figure:,}"
    return f"{figure:.1f}" if key == "tokens_per_second" else f"{100 * figure:.1f} %"
