"""Plain text, and Markdown, which is read as plain text too."""

import re
import zipfile
from collections.abc import Iterable
from io import BytesIO

from prose.emphasis import signs
from stories.publishing.names import file_name
from stories.publishing.works import Book, Work

# What begins or ends something within a line of Markdown.
_MARKS = re.compile(r"[\\`*_\[\]<>&~]")
# And at its beginning: headings, quotes, lists, rules under a heading.
_OPENINGS = re.compile(r"^(?:#+(?=[ \t]|$)|[-+](?=[ \t]|$)|[-=]+(?=[ \t]*$))")
_NUMBER = re.compile(r"^([0-9]{1,9})([.)])(?=[ \t]|$)")
# What a heading would take for its end.
_CLOSING = re.compile(r"(?<=[ \t])#+$")


def text(book: Book) -> bytes:
    """Return the book as plain text in UTF-8; a single story as its title and its text."""
    if not book.has_contents:
        return _story(book.works[0]).encode()
    parts = [book.title, book.author] if book.author else [book.title]
    contents = "\n".join(f"{number}. {work.title}" for number, work in enumerate(book.works, 1))
    head = "\n\n".join([*parts, contents])
    return "\n\n\n".join([head + "\n", *map(_story, book.works)]).encode()


def _story(work: Work) -> str:
    return f"{work.title}\n\n{signs.plain(work.text.strip())}\n"


def archive(works: Iterable[Work]) -> bytes:
    """Return a zip file with a text file of each of `works` that has a text, numbered."""
    file = BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        written = (work for work in works if work.text.strip())
        for number, work in enumerate(written, 1):
            # The number keeps the order and tells stories of one title apart.
            entry = zipfile.ZipInfo(
                f"{number:03} {file_name(work.title)}", work.changed.timetuple()[:6]
            )
            packed.writestr(entry, _story(work).encode(), zipfile.ZIP_DEFLATED)
    return file.getvalue()


def markdown(book: Book) -> bytes:
    """Return the book as Markdown (CommonMark) in UTF-8, in which every sign is meant as it is."""
    if not book.has_contents:
        return f"# {_escaped(book.title)}\n\n{_paragraphs(book.works[0])}\n".encode()
    parts = [f"# {_escaped(book.title)}"]
    if book.author:
        parts.append(_escaped(book.author))
    contents = (f"{n}. {_escaped(work.title)}" for n, work in enumerate(book.works, 1))
    parts.append("\n".join(contents))
    for work in book.works:
        parts += [f"## {_escaped(work.title)}", _paragraphs(work)]
    return ("\n\n".join(parts) + "\n").encode()


def _paragraphs(work: Work) -> str:
    return "\n\n".join("\\\n".join(map(_emphasised, part.lines)) for part in work.paragraphs)


def _emphasised(line: str) -> str:
    """Return `line`, in which no sign means anything but those of its emphases."""
    parts, place = [], 0
    for start, size, _ in signs.edges(line):
        parts += [_MARKS.sub(r"\\\g<0>", line[place:start]), "*" * size]
        place = start + size
    return _opened("".join([*parts, _MARKS.sub(r"\\\g<0>", line[place:])]))


def _escaped(line: str) -> str:
    return _opened(_MARKS.sub(r"\\\g<0>", line))


def _opened(line: str) -> str:
    """Return `line`, whose signs are escaped, with what its ends would mean escaped as well."""
    line = _OPENINGS.sub(r"\\\g<0>", line)
    line = _CLOSING.sub(r"\\\g<0>", line)
    return _NUMBER.sub(r"\1\\\2", line)
