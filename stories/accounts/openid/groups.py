"""The groups that a provider's answer names, whatever form it names them in."""

import logging
from typing import Any

logger = logging.getLogger(__name__)


def groups_of(claims: dict[str, Any], name: str) -> frozenset[str]:
    """Return the groups in the claim `name`; without it, or in a form that is none: no groups.

    A claim is a text (one group) or a list of texts; what else is in a list counts for nothing.
    Where no claim has the whole name, its dots lead into nested ones: `realm_access.roles`. Linear
    in the length of the claim.
    """
    value: Any = claims
    for part in [name] if name in claims else name.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    if isinstance(value, str):
        return frozenset([value])
    if isinstance(value, list):
        return frozenset(each for each in value if isinstance(each, str))
    found = "is missing" if value is None else f"is a {type(value).__name__}"
    logger.warning("OpenID Connect: the claim %s %s; that is read as no groups.", name, found)
    return frozenset()
