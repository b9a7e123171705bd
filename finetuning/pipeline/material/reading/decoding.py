"""Bytes to text: UTF-8, UTF-16 and UTF-32 by their marks, and Windows-1252 where it fits."""

import codecs
import re

from finetuning.pipeline.material.reading.entries import DataError
from prose import said

# UTF-32's mark begins with UTF-16's.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8", "UTF-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le", "UTF-32"),
    (codecs.BOM_UTF32_BE, "utf-32-be", "UTF-32"),
    (codecs.BOM_UTF16_LE, "utf-16-le", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16-be", "UTF-16"),
)
_LOOKED_AT = 200  # bytes, for the zeros of an unmarked UTF-16
WINDOWS = "Windows-1252"
_WINDOWS_NOTE = said(
    "The file is not UTF-8 and was read as %(encoding)s: look at its accented letters and its "
    "quotation marks below.",
    encoding=WINDOWS,
)
# What Windows-1252 makes of other encodings: Cyrillic and Greek become runs of accented letters;
# those of the Mac and of DOS, and Central Europe's, signs or capitals within a word. Iceland's
# letters are what Turkish ones look like.
_ELSEWHERE = re.compile(
    r"[À-ÖØ-öø-ÿ]{3}"
    r"|[^\W\d_][¡-¶¸-¿×÷‚„†‡ˆ˜‰‹›€™•¤“”][^\W\d_]"
    r"|[a-zà-öø-ÿ][À-ÖØ-ÞŠŒŽŸ]"
    r"|[^\W\d_][¡¿‚„ˆ˜¹²³¼½¾¤¦¨¬¯±´µ¶¸×÷ƒ]"
    r"|[ÐÝÞðýþ\x80-\x9f]"
)


def decoded(data: bytes) -> tuple[str, str, str]:
    """Return the text, the name of its encoding, and what a person has to be told about it.

    Raises `DataError` where the encoding can't be told.
    """
    for mark, codec, name in _MARKS:
        if data.startswith(mark):
            return _by_mark(data[len(mark) :], codec, name), name, ""
    if codec := _unmarked_utf16(data):
        return _by_mark(data, codec, "UTF-16"), "UTF-16", ""
    try:
        return data.decode(), "UTF-8", ""
    except UnicodeDecodeError as error:
        return _windows(data, error), WINDOWS, _WINDOWS_NOTE


def _by_mark(data: bytes, codec: str, name: str) -> str:
    try:
        return data.decode(codec)
    except UnicodeDecodeError as error:
        if codec == "utf-8":
            raise DataError([_not_utf8(data, error)]) from error
        sentence = said(
            "The file begins as %(encoding)s and does not go on so. Save it again, as UTF-8.",
            encoding=name,
        )
        raise DataError([sentence]) from error


def _unmarked_utf16(data: bytes) -> str:
    """Return the codec of a UTF-16 without a mark, told by the zeros of its first letters."""
    start = data[:_LOOKED_AT]
    if len(start) < 4 or len(data) % 2:
        return ""
    if not any(start[::2]):
        return "utf-16-be"
    return "" if any(start[1::2]) else "utf-16-le"


def _windows(data: bytes, error: UnicodeDecodeError) -> str:
    try:
        text = data.decode("cp1252")
    except UnicodeDecodeError:
        raise DataError([_not_utf8(data, error)]) from error
    if _ELSEWHERE.search(text):
        raise DataError([_not_utf8(data, error)]) from error
    return text


def _not_utf8(data: bytes, error: UnicodeDecodeError) -> str:
    line = data.count(b"\n", 0, error.start) + 1
    return said(
        "Line %(line)s (near row %(row)s): the byte 0x%(byte)s "
        "is not UTF-8, and what else it is can't be told. Save the file as UTF-8.",
        line=line,
        row=max(1, line - 1),
        byte=f"{data[error.start]:02x}",
    )
