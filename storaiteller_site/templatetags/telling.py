"""Sentences that are stored in English, in the page's language."""

from django import template
from django.utils.translation import pgettext_lazy

from prose.children.check import NAMES
from stories.telling import told

register = template.Library()
register.filter("told", told)

# What an evaluation looks at in a story; `finetuning/pipeline/judge.py` makes the checks.
_CHECKS = {
    "names": pgettext_lazy("check", "names"),
    "keywords": pgettext_lazy("check", "keywords"),
    "language": pgettext_lazy("check", "language"),
    "length": pgettext_lazy("check", "length"),
    "ending": pgettext_lazy("check", "ending"),
    "repetition": pgettext_lazy("check", "repetition"),
}


@register.filter
def category_name(category: str) -> str:
    """Return what a finding of the check for children is called."""
    return told(NAMES.get(category, ""))


@register.filter
def check_name(check: str) -> str:
    """Return what a check of an evaluation is called."""
    return str(_CHECKS.get(check, check))
