"""Stories from files of any origin: tables as spreadsheets leave them, JSON as trainers take it."""

from finetuning.pipeline.material.reading import chats, columns, tables
from finetuning.pipeline.material.reading.decoding import decoded
from finetuning.pipeline.material.reading.entries import DataError, Entry, Reading

__all__ = ["MAX_BYTES", "DataError", "Entry", "Reading", "read"]

# Of a file; ten thousand stories of 500 words each.
MAX_BYTES = 50_000_000


def read(data: bytes) -> Reading:
    """Return what the file holds, with a sentence for each row that can't be read.

    Raises `DataError` when it can't be read as a whole.
    """
    if len(data) > MAX_BYTES:
        most = f"{MAX_BYTES / 1e6:.0f} MB"
        raise DataError([f"The file has {len(data) / 1e6:.0f} MB; at most {most} are read."])
    text, encoding, note = decoded(data)
    reading = (chats.read if chats.is_json(text) else tables.read)(text, encoding)
    if note:
        reading.notes.insert(0, note)
    if reading.ignored:
        reading.notes.append(f"Left aside: {columns.listed(reading.ignored)}.")
    if not reading.entries and not reading.problems:
        raise DataError(["The file holds no stories."])
    return reading
