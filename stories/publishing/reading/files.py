"""A file that a person brings, by its name and content."""

from collections.abc import Callable
from pathlib import PurePosixPath

from prose import said
from stories.publishing.reading import epub, text, word
from stories.publishing.reading.blocks import Blocks, Draft, drafts, unreadable
from stories.publishing.reading.packed import Packed

_READERS: dict[str, Callable[[bytes], Blocks]] = {
    ".txt": text.read_plain,
    ".text": text.read_plain,
    ".md": text.read_markdown,
    ".markdown": text.read_markdown,
    ".docx": lambda content: word.read(Packed(content)),
    ".epub": lambda content: epub.read(Packed(content)),
}
ENDINGS = tuple(_READERS)
_OLD_WORD = {".doc", ".odt", ".rtf"}


def read(name: str, content: bytes, *, split: bool) -> list[Draft]:
    """Return the stories in the file `name`: one, or with `split` one for each main heading.

    Raises `Refused`, whose sentence goes on after the file's name.
    """
    path = PurePosixPath(name)
    ending = path.suffix.lower()
    if ending in _OLD_WORD:
        raise unreadable(said("open it in a word processor and save it as DOCX."))
    if ending not in _READERS:
        raise unreadable(said("text, Markdown, DOCX and EPUB files can be read."))
    return drafts(_READERS[ending](content), path.stem, split=split)
