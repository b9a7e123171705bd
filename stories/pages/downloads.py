"""Stories as files that a writer takes along: plain text that every program opens."""

import re
import zipfile
from collections.abc import Iterable
from io import BytesIO

from django.utils.timezone import localtime

from stories.models import Story

# What file systems refuse in a name, or take for something else, and marks that turn the order of
# what is read (U+202E).
_NOT_IN_NAMES = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*\u200e\u200f\u202a-\u202e\u2066-\u2069]+')
# Names of devices in Windows, with any ending.
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|\Z)", re.IGNORECASE)
_LONGEST_NAME = 50  # characters; up to four bytes each, and 255 bytes are allowed


def file_name(story: Story) -> str:
    """Return the story's title as a file's name that every system takes."""
    name = _NOT_IN_NAMES.sub(" ", str(story))[:_LONGEST_NAME]
    name = " ".join(name.split()).strip(". ")
    if not name or _RESERVED.match(name):
        name = f"Story {name}".strip()
    return f"{name}.txt"


def text_file(story: Story) -> bytes:
    """Return the story's title and text in UTF-8."""
    return f"{story}\n\n{story.text.strip()}\n".encode()


def archive(stories: Iterable[Story]) -> bytes:
    """Return a zip file with a text file of each of `stories` that has a text, numbered."""
    file = BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        written = (story for story in stories if story.text.strip())
        for number, story in enumerate(written, 1):
            # The number keeps the order and tells stories of one title apart.
            changed = localtime(story.updated_at).timetuple()[:6]
            entry = zipfile.ZipInfo(f"{number:03} {file_name(story)}", changed)
            packed.writestr(entry, text_file(story), zipfile.ZIP_DEFLATED)
    return file.getvalue()
