"""Cells that a spreadsheet would take for a formula: written so that none does, and read back."""

import re

# A spreadsheet reads a cell that begins so as a formula. Leading apostrophes are counted in, so
# that taking one off gives back what was there.
_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_ESCAPED_FORMULA = re.compile(r"'+[=+\-@\t\r]")


def neutralised(cell: str) -> str:
    """Return `cell` so that no spreadsheet takes it for a formula."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def restored(cell: str) -> str:
    """Return what `neutralised` was given."""
    return cell[1:] if _ESCAPED_FORMULA.match(cell) else cell
