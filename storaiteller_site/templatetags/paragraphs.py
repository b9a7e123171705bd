"""A person's or a model's text as paragraphs, each in the direction of its own first letter."""

from django import template
from django.utils.html import linebreaks
from django.utils.safestring import SafeString, mark_safe

register = template.Library()


@register.filter
def paragraphs(text: str) -> SafeString:
    """Return `text`, escaped, with empty lines as paragraphs and line feeds as line breaks."""
    # All markup in it is the filter's own.
    return mark_safe(str(linebreaks(text, autoescape=True)).replace("<p>", '<p dir="auto">'))  # noqa: S308
