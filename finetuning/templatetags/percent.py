"""Numbers as the training pages show them."""

from django import template
from django.utils.formats import get_format
from django.utils.translation import gettext

register = template.Library()


@register.filter
def percent(share: float) -> str:
    """Return a share of 1 as whole percent."""
    return f"{share:.0%}"


@register.filter
def points(difference: float) -> str:
    """Return a difference of shares in percentage points, with its sign."""
    return gettext("%(difference)s points") % {"difference": f"{100 * difference:+.0f}"}


@register.filter
def signed(number: float, places: int) -> str:
    """Return a number with its sign."""
    return f"{number:+.{places}f}".replace(".", str(get_format("DECIMAL_SEPARATOR")))
