"""Numbers of rows as people write them, in addresses and forms: bounded before they are read.

Python refuses to read more than 4,300 digits and SQLite takes 64 bits: what is beyond would be a
fault of ours instead of a row that isn't there.
"""

from django.urls.converters import IntConverter

_MOST_DIGITS = 19
_LARGEST = 2**63 - 1


def row_id(text: str) -> int | None:
    """Return the number in `text`, ASCII digits alone; None for what no row can have."""
    if not (text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS):
        return None
    number = int(text)
    return number if number <= _LARGEST else None


class IdConverter(IntConverter):
    """`<id:…>` in a route; an address with a number that no row can have leads nowhere (404)."""

    regex = f"[0-9]{{1,{_MOST_DIGITS}}}"

    def to_python(self, value: str) -> int:
        """Return the number; raises `ValueError`, which is no match to Django."""
        number = row_id(value)
        if number is None:
            raise ValueError(value)
        return number
