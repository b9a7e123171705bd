"""Zip files of strangers: opened in memory, each part bounded as it is unpacked."""

import struct
import zipfile
import zlib
from io import BytesIO

from prose import said
from stories.publishing.reading.blocks import too_large, unreadable

# Bytes. What a file says of its size may be a lie: what is unpacked counts.
MAX_PART = 12 * 1024 * 1024
MAX_UNPACKED = 32 * 1024 * 1024
_MAX_PARTS = 10_000
# Of all parts that are read: what an element, an entity and the value of an attribute begin with.
# Each takes Python's parser up to five microseconds; Word's file of a long novel has half as many.
MAX_SIGNS = 800_000
# Others need much memory, or are in no such file.
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_ENCRYPTED = 1  # bit of a part's flags
# What a damaged or foreign file makes of `zipfile`.
_FAULTS = (
    *(zipfile.BadZipFile, zlib.error, struct.error, EOFError, ValueError, OSError),
    *(NotImplementedError, RuntimeError),
    OverflowError,  # a part that begins behind what a file can hold
)


class Packed:
    """A zip file; nothing of it is ever written to a disk."""

    def __init__(self, content: bytes) -> None:
        """Open it; raises `Refused` when it is none."""
        self.left = MAX_UNPACKED
        self._signs_left = MAX_SIGNS
        try:
            self._file = zipfile.ZipFile(BytesIO(content))
        except _FAULTS as error:
            raise unreadable(said("the file is damaged.")) from error
        if len(self._file.filelist) > _MAX_PARTS:
            raise too_large(said("it has too many parts. Bring it in smaller parts."))

    def __contains__(self, name: str) -> bool:
        """Tell whether there is a part of that name."""
        return name in self._file.NameToInfo

    def read(self, name: str) -> bytes:
        """Return the part `name`; raises `Refused` when it isn't there, damaged or too large."""
        if name not in self:
            raise unreadable(said("a part of it is missing."))
        info = self._file.getinfo(name)
        if info.flag_bits & _ENCRYPTED:
            raise unreadable(said("it is protected by a password."))
        if info.compress_type not in _METHODS:
            raise unreadable(said("it is packed in a way that is not used for such files."))
        most = min(MAX_PART, self.left)
        try:
            with self._file.open(info) as part:
                content = part.read(most + 1)
        except _FAULTS as error:
            raise unreadable(said("the file is damaged.")) from error
        if len(content) > most:
            raise too_large(
                said("it has far more in it than its size tells. Bring it in smaller parts.")
            )
        self.left -= len(content)
        # In every encoding that the parser takes, they are these bytes.
        self._signs_left -= sum(map(content.count, (b"<", b"&", b"=")))
        if self._signs_left < 0:
            raise too_large(said("it has too many elements. Bring it in smaller parts."))
        return content
