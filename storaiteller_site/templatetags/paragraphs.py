"""A person's or a model's text as paragraphs, each in the direction of its own first letter."""

from typing import Protocol

from django import template
from django.utils.html import escape, format_html, linebreaks
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import normalize_newlines

from prose.emphasis import signs

register = template.Library()
_TAGS = {signs.ITALIC: "em", signs.BOLD: "strong"}


class _Piece(Protocol):
    @property
    def text(self) -> str: ...
    @property
    def bold(self) -> bool: ...
    @property
    def italic(self) -> bool: ...


@register.filter
def as_it_looks(piece: _Piece) -> SafeString:
    """Return the text of `piece`, escaped, bold or italic if it is; its line feeds are breaks."""
    shown = mark_safe(escape(piece.text).replace("\n", "<br>"))  # noqa: S308
    for tag, is_so in (("em", piece.italic), ("strong", piece.bold)):
        if is_so:
            shown = format_html(f"<{tag}>{{}}</{tag}>", shown)
    return shown


@register.filter
def paragraphs(text: str, how: str = "") -> SafeString:
    """Return `text`, escaped, with empty lines as paragraphs and line feeds as line breaks.

    What is bold or italic is so, without its signs; with them if `how` is "signed".
    """
    shown = "\n".join(_line(line, how == "signed") for line in normalize_newlines(text).split("\n"))
    # All markup in it is the filter's own.
    return mark_safe(str(linebreaks(shown)).replace("<p>", '<p dir="auto">'))  # noqa: S308


def _line(line: str, is_signed: bool) -> str:
    """Return a line as HTML."""
    parts: list[str] = []
    place = 0
    for start, size, begins in signs.edges(line):
        parts.append(escape(line[place:start]))
        sign = f'<span class="sign">{"*" * size}</span>' if is_signed else ""
        tag = _TAGS[size]
        parts.append(f"<{tag}>{sign}" if begins else f"{sign}</{tag}>")
        place = start + size
    return "".join([*parts, escape(line[place:])])
