"""The languages of texts."""
