"""Stories from files of any origin: tables as spreadsheets leave them, JSON as trainers take it."""

from finetuning.pipeline.material.reading import chats, columns, tables
from finetuning.pipeline.material.reading.decoding import decoded
from finetuning.pipeline.material.reading.entries import DataError, Entry, Reading
from prose import said

__all__ = ["MAX_BYTES", "DataError", "Entry", "Reading", "read"]

# Of a file; ten thousand stories of 500 words each.
MAX_BYTES = 50_000_000


def read(data: bytes) -> Reading:
    """Return what the file holds, with a sentence for each row that can't be read.

    Raises `DataError` when it can't be read as a whole.
    """
    if len(data) > MAX_BYTES:
        most = f"{MAX_BYTES / 1e6:.0f} MB"
        raise DataError(
            [
                said(
                    "The file has %(size)s MB; at most %(most)s are read.",
                    size=f"{len(data) / 1e6:.0f}",
                    most=most,
                )
            ]
        )
    text, encoding, note = decoded(data)
    reading = (chats.read if chats.is_json(text) else tables.read)(text, encoding)
    if note:
        reading.notes.insert(0, note)
    if reading.ignored:
        left = columns.listed(reading.ignored)
        reading.notes.append(said("Left aside: %(columns)s.", columns=left))
    if not reading.entries and not reading.problems:
        raise DataError([said("The file holds no stories.")])
    return reading
