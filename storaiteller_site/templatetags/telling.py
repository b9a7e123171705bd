"""Sentences that are stored in English, in the page's language."""

from django import template

from prose.children.check import NAMES
from stories.telling import told

register = template.Library()
register.filter("told", told)


@register.filter
def category_name(category: str) -> str:
    """Return what a finding of the check for children is called."""
    return told(NAMES.get(category, ""))
