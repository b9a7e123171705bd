"""The websocket's frames: their shapes, and the reading of what a client sends.

Offsets are code points of the generation's own text. Imports nothing of ours.
"""

import json
from collections.abc import Iterable
from typing import Any, Literal, NotRequired, TypedDict

MAX_FRAME_LENGTH = 64 * 1024  # characters; a rewrite carries the passage and an instruction
MAX_SELECTED_LENGTH = 40_000  # code points; a longer passage is more than models write at once


class GenerationFrame(TypedDict):
    """Says that a generation exists and how it stands; its text comes in `TextFrame`s."""

    type: Literal["generation"]
    id: int
    kind: str
    status: str
    position: int  # in the queue, from 1 on; 0 when it is the generation's turn
    after_own: bool  # it waits for another one of the same writer's to end, whatever the position
    base_version: int
    model: str
    length: int  # code points stored so far
    decision: str  # on a rewrite: "pending", "kept" or "discarded"


class TextFrame(TypedDict):
    """Text of a generation, and where it begins in it."""

    type: Literal["text"]
    generation: int
    offset: int
    text: str


class DoneFrame(TypedDict):
    """The last frame of a generation; `version` is the story's version from now on."""

    type: Literal["done"]
    generation: int
    version: int
    status: str
    report: dict[str, Any]


class ErrorFrame(TypedDict):
    """Something that the person has to be told; the socket lives on."""

    type: Literal["error"]
    code: str
    message: str
    generation: NotRequired[int]
    hint: NotRequired[str]


class WriteFrame(TypedDict):
    """Write a new story."""

    type: Literal["write"]


class ContinueFrame(TypedDict):
    """Go on from the text as it stands."""

    type: Literal["continue"]


class RewriteFrame(TypedDict):
    """Write a passage anew.

    `start` and `end` are code points of the text of `version`, `selected` is what stands there:
    when it does not any more, the answer is the error `conflict`.
    """

    type: Literal["rewrite"]
    start: int
    end: int
    version: int
    selected: str
    instruction: NotRequired[str]
    mode: NotRequired[str]  # of `Generation.Mode`; "rewrite" when left out
    register: NotRequired[str]  # the new one, for the mode "register"
    again: NotRequired[int]  # the generation that this is another try of


class StopFrame(TypedDict):
    """Stop the active generation; only this one if it is named."""

    type: Literal["stop"]
    generation: NotRequired[int]


class AttachFrame(TypedDict):
    """Follow `generation` from `offset` on."""

    type: Literal["attach"]
    generation: int
    offset: int


class AckFrame(TypedDict):
    """The client has the text of the followed generation up to `offset`."""

    type: Literal["ack"]
    offset: int


ClientFrame = WriteFrame | ContinueFrame | RewriteFrame | StopFrame | AttachFrame | AckFrame
ServerFrame = GenerationFrame | TextFrame | DoneFrame | ErrorFrame

# The numbers that each kind of frame has to carry.
_NUMBERS: dict[str, tuple[str, ...]] = {
    "write": (),
    "continue": (),
    "rewrite": ("start", "end", "version"),
    "stop": (),
    "attach": ("generation", "offset"),
    "ack": ("offset",),
}
# Those that it may carry, and its texts with their longest.
_OPTIONAL_NUMBERS: dict[str, tuple[str, ...]] = {
    "rewrite": ("again",),
    "stop": ("generation",),
}
_TEXTS: dict[str, dict[str, int]] = {"rewrite": {"selected": MAX_SELECTED_LENGTH}}
_OPTIONAL_TEXTS: dict[str, dict[str, int]] = {
    "rewrite": {"instruction": 2_000, "mode": 20, "register": 20}
}
_MAX_NUMBER = 2**53  # beyond it, JavaScript's numbers are not whole


class BadFrameError(ValueError):
    """The client sent something that is not one of its frames."""

    code = "bad_frame"


def parse(text: str | None, data: bytes | None = None) -> ClientFrame:
    """Return the client's frame in `text`; raises `BadFrameError` with what is wrong."""
    if data is not None or text is None:
        raise BadFrameError("Only text frames are understood.")
    if len(text) > MAX_FRAME_LENGTH:
        raise BadFrameError(f"A frame may have {MAX_FRAME_LENGTH:,} characters at most.")
    try:
        frame = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadFrameError("The frame is not JSON.") from error
    kind = frame.get("type") if isinstance(frame, dict) else None
    if not isinstance(kind, str) or kind not in _NUMBERS:
        raise BadFrameError("The frame has no known type.")
    _check_numbers(frame, _NUMBERS[kind])
    _check_numbers(frame, [name for name in _OPTIONAL_NUMBERS.get(kind, ()) if name in frame])
    _check_texts(frame, _TEXTS.get(kind, {}))
    optional = _OPTIONAL_TEXTS.get(kind, {})
    _check_texts(frame, {name: length for name, length in optional.items() if name in frame})
    return frame  # type: ignore[no-any-return]


def _check_numbers(frame: dict[str, Any], names: Iterable[str]) -> None:
    for name in names:
        number = frame.get(name)
        # bool is an int to Python and is none to JSON.
        if type(number) is not int or not 0 <= number <= _MAX_NUMBER:
            raise BadFrameError(f"{name} has to be a whole number, 0 or more.")


def _check_texts(frame: dict[str, Any], lengths: dict[str, int]) -> None:
    for name, longest in lengths.items():
        text = frame.get(name)
        if not isinstance(text, str):
            raise BadFrameError(f"{name} has to be a text.")
        if len(text) > longest:
            raise BadFrameError(f"{name} may have {longest:,} characters at most.")


def dump(frame: ServerFrame) -> str:
    """Return `frame` as JSON; other scripts stay readable and short."""
    return json.dumps(frame, ensure_ascii=False, separators=(",", ":"))
