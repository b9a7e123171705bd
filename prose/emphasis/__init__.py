"""Bold and italic in a plain text."""
