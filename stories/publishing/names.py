"""Names of files that every system takes."""

import re

# What file systems refuse in a name, or take for something else, and marks that turn the order of
# what is read (U+202E).
_NOT_IN_NAMES = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*\u200e\u200f\u202a-\u202e\u2066-\u2069]+')
# Names of devices in Windows, with any ending.
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|\Z)", re.IGNORECASE)
_LONGEST_NAME = 50  # characters; up to four bytes each, and 255 bytes are allowed


def file_name(title: str, ending: str = "txt") -> str:
    """Return `title` as a file's name with `ending`."""
    name = _NOT_IN_NAMES.sub(" ", title)[:_LONGEST_NAME]
    name = " ".join(name.split()).strip(". ")
    if not name or _RESERVED.match(name):
        name = f"Story {name}".strip()
    return f"{name}.{ending}"
