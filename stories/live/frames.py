"""The websocket's frames: their shapes, and the reading of what a client sends.

Offsets are code points of the generation's own text. The shapes of what a client sends are checked
by msgspec as it is read; a page's requests are read by the same hand (`read`).
"""

import json
from typing import Annotated, Any, Literal, NotRequired, TypedDict

import msgspec
from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils.translation import gettext as _
from msgspec import Meta, Struct

from stories.errors import Refused

MAX_FRAME_LENGTH = 64 * 1024  # characters; a rewrite carries the passage and an instruction
MAX_SELECTED_LENGTH = 40_000  # code points; a longer passage is more than models write at once
NOT_STORED = "not_stored"  # the code of an error that ends by itself
_MAX_NUMBER = 2**53  # beyond it, JavaScript's numbers are not whole
_LONGEST_REASON = 200  # characters: what is wrong may repeat what was sent

Number = Annotated[int, Meta(ge=0, le=_MAX_NUMBER)]
_Row = Annotated[int, Meta(ge=1, le=_MAX_NUMBER)]
_Name = Annotated[str, Meta(max_length=20)]
_Wish = Annotated[str, Meta(max_length=2_000)]


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


class WaitingFrame(TypedDict):
    """Says, now and then, why there is no word of a running generation yet."""

    type: Literal["waiting"]
    generation: int
    loaded: bool  # is the model in memory? Then it reads, or answers somebody else


class ReadingFrame(TypedDict):
    """Says which part of a long story the model reads, before it goes on from the end."""

    type: Literal["reading"]
    generation: int
    part: int  # from 1 on
    of: int


class ThinkingFrame(TypedDict):
    """Says that the model thinks; what it thinks is no text of the story."""

    type: Literal["thinking"]
    generation: int


class DoneFrame(TypedDict):
    """The last frame of a generation; `version` is the story's version from now on."""

    type: Literal["done"]
    generation: int
    version: int
    status: str
    report: dict[str, Any]


class StoryFrame(TypedDict):
    """Says that the story was changed by hand, in this page or in another one."""

    type: Literal["story"]
    version: int  # the story's from now on
    about: bool  # it was not the text: the title, or what waits for a decision


class ErrorFrame(TypedDict):
    """Something that the person has to be told; the socket lives on."""

    type: Literal["error"]
    code: str
    message: str
    generation: NotRequired[int]
    hint: NotRequired[str]


class WriteFrame(Struct, tag_field="type", tag="write"):
    """Write a new story."""


class ContinueFrame(Struct, tag_field="type", tag="continue"):
    """Go on from the text as it stands; `next` is what should happen in it, or empty."""

    next: _Wish = ""


class SelectedPassage(Struct):
    """A passage as the client sees it.

    `start` and `end` are code points of the text of `version`, `selected` is what stands there:
    when it does not any more, the answer is the error `conflict`.
    """

    start: Number
    end: Number
    version: Number
    selected: Annotated[str, Meta(max_length=MAX_SELECTED_LENGTH)]


class RewriteFrame(SelectedPassage, tag_field="type", tag="rewrite"):
    """Write a passage anew."""

    instruction: _Wish = ""
    mode: _Name = "rewrite"  # of `Generation.Mode`
    register: _Name = ""  # the new one, for the mode "register"
    again: Number = 0  # the generation that this is another try of


class StopFrame(Struct, tag_field="type", tag="stop"):
    """Stop the active generation; only this one if it is named."""

    generation: _Row = 0


class AttachFrame(Struct, tag_field="type", tag="attach"):
    """Follow `generation` from `offset` on."""

    generation: Number
    offset: Number


class AckFrame(Struct, tag_field="type", tag="ack"):
    """The client has the text of the followed generation up to `offset`."""

    offset: Number


ClientFrame = WriteFrame | ContinueFrame | RewriteFrame | StopFrame | AttachFrame | AckFrame
ServerFrame = (
    GenerationFrame
    | TextFrame
    | WaitingFrame
    | ReadingFrame
    | ThinkingFrame
    | DoneFrame
    | StoryFrame
    | ErrorFrame
)


def parse(text: str | None, data: bytes | None = None) -> ClientFrame:
    """Return the client's frame in `text`; raises `Refused` with what is wrong."""
    if data is not None or text is None:
        raise _bad(_("Only text frames are understood."))
    if len(text) > MAX_FRAME_LENGTH:
        most = intcomma(MAX_FRAME_LENGTH)
        raise _bad(_("A frame may have %(most)s characters at most.") % {"most": most})
    try:
        frame: ClientFrame = read(text, ClientFrame)
    except ValueError as error:
        sentence = _("The frame can't be understood. %(reason)s")
        raise _bad(sentence % {"reason": str(error)[:_LONGEST_REASON]}) from error
    return frame


def _bad(sentence: str) -> Refused:
    return Refused("bad_frame", sentence, 400)


def read(text: str | bytes, shape: Any) -> Any:
    """Return the JSON `text` as the `shape`, a Struct or a union of them.

    Raises `ValueError` with what is wrong. Half a surrogate pair passes, as JavaScript sends it for
    half an emoji: msgspec's own reader would refuse the whole text for it.
    """
    try:
        return msgspec.convert(json.loads(text), shape)
    except (msgspec.ValidationError, RecursionError) as error:
        raise ValueError(str(error)) from error


def dump(frame: ServerFrame) -> str:
    """Return `frame` as JSON; other scripts stay readable and short."""
    return msgspec.json.encode(frame).decode()
