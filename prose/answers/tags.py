"""Thoughts and template tokens in the stream: what a server should have kept to itself.

Thoughts stand between tags, or before a closing one that has no opening (its template put that into
the prompt). A token of a chat template ends the answer, or begins it and is left out.
"""

import re

from prose import cleaning
from prose.answers.taken import MOST_CHARACTERS, Kind, Taken

_NAMES = "think|thinking|thoughts?|reasoning|reflection|scratchpad"
_THINK = rf"<(?:seed:)?(?:{_NAMES})>|\[THINK\]|◁think▷|<\|START_THINKING\|>|<\|begin_of_thought\|>"
_THOUGHT = rf"</(?:seed:)?(?:{_NAMES})>|\[/THINK\]|◁/think▷|<\|END_THINKING\|>|<\|end_of_thought\|>"
_WRAPPER = "story|answer|output|response|result|final|continuation|passage|rewrite"
# DeepSeek's have bars of their own; "<eos>" and its like are Gemma's.
_TOKEN = rf"{cleaning.CHAT_TOKEN.pattern}|<｜[^<>｜\n]{{1,40}}｜>|<(?:eos|bos|pad)>"
_TAG = re.compile(
    rf"(?P<think>{_THINK})|(?P<thought>{_THOUGHT})|(?P<wrap><(?:{_WRAPPER})>)"
    rf"|(?P<unwrap></(?:{_WRAPPER})>)|(?P<token>{_TOKEN})",
    re.IGNORECASE,
)
_SIGN = re.compile(r"[<\[◁]")
# Half a tag at the end of what came: the longest has 64 letters between its bars.
_HALF = re.compile(
    r"(?:<(?:\|[^<>|]{0,64}\|?|｜[^<>｜\n]{0,40}｜?|/?[a-z_:]{0,14}|</?[a-z]{0,4}>?)"
    r"|\[/?[a-z]{0,5}|◁/?[a-z]{0,5})\Z",
    re.IGNORECASE,
)
_LONGEST_HALF = 70
# After which the name of a role or a channel comes, up to the next token or the end of the line.
_HEADERS = {
    *("<|start_header_id|>", "<|im_start|>", "<|start|>", "<start_of_turn>", "<|channel|>"),
    *("<|role|>", "<|assistant|>", "<|start_of_role|>"),
}
_LONGEST_HEADER = 40
_THINKING_CHANNELS = ("analysis", "commentary")


class Tags:
    """Gives out the text between the tags.

    `thinking` tells that a thought is open, `ended` that a token ended the answer, and `restarts`
    counts how often all that was given out turned out to be a thought.
    """

    def __init__(self, taken: Taken) -> None:
        self.thinking = self.ended = False
        self.restarts = 0
        self.dropped = ""  # of the last restart: what had not been given out yet
        self._taken = taken
        self._held = ""
        self._begun = False  # text was given out
        self._line_begins = True
        self._wrapped = False
        self._header: str | None = None  # what came of one
        self._thoughts: list[str] = []
        self._room = MOST_CHARACTERS + 1
        self._out: list[str] = []

    @property
    def is_calm(self) -> bool:
        """Whether nothing waits, and no thought or end is there."""
        return not (self._held or self.thinking or self.ended or self._header is not None)

    def feed(self, text: str) -> str:
        """Take in `text`; return what of it is the answer, half a tag at its end left waiting."""
        if self.ended:
            return ""
        if self.is_calm and not _SIGN.search(text):
            self._note(text)
            return text
        return self._read(self._held + text, last=False)

    def rest(self) -> str:
        """Return what waited, now that no more comes."""
        held, self._held = self._held, ""
        shown = "" if self.ended else self._read(held, last=True)
        self._close_thought()
        return shown

    def _read(self, text: str, *, last: bool) -> str:
        place = 0
        half = None if last else _half(text, place)
        for tag in _TAG.finditer(text):
            if half and place <= half.start() < tag.start():
                break  # it may belong to one that is on its way: "<|[INST]|>"
            self._between(text[place : tag.start()])
            place = tag.end()
            self._meet(tag)
            if self.ended:
                break
        if not self.ended:
            half = None if last else _half(text, place)
            end = half.start() if half else len(text)
            self._held = text[end:]
            self._between(text[place:end])
            if last and self._header is not None:
                self._end_header()
        shown, self._out = "".join(self._out), []
        return shown

    def _between(self, text: str) -> None:
        if not text:
            return
        if self._header is not None:
            self._take_header(text)
        elif self.thinking:
            if self._room > 0:
                self._thoughts.append(text[: self._room])
                self._room -= len(text)
        else:
            self._note(text)
            self._out.append(text)

    def _note(self, text: str) -> None:
        if not self._begun:
            self._begun = bool(text) and not text.isspace()
        if text:
            self._line_begins = text[-1] == "\n" or not self._begun

    def _meet(self, tag: re.Match[str]) -> None:
        kind = tag.lastgroup
        if self._header is not None:
            self._end_header()
            if kind == "token":
                self._header = "" if tag[0].lower() in _HEADERS else None
                return
        if self.thinking:
            self._meet_in_thought(tag)
        elif kind == "think" and (self._line_begins or not self._begun):
            self.thinking = True
        elif kind == "thought":
            self._take_back()
        elif kind == "wrap" and not self._begun:
            self._wrapped = True
        elif kind == "unwrap" and self._wrapped:
            self._wrapped = False
        elif kind == "token":
            self._taken.add(Kind.TEMPLATE, tag[0])
            self.ended = self._begun
            if tag[0].lower() in _HEADERS and not self.ended:
                self._header = ""
        else:
            self._between(tag[0])  # a story may show a tag

    def _meet_in_thought(self, tag: re.Match[str]) -> None:
        if tag.lastgroup == "thought":
            self._close_thought()
        elif tag.lastgroup == "token":
            # Of a thought in a channel of its own, the next token is the end.
            self._close_thought()
            if tag[0].lower() in _HEADERS:
                self._header = ""
        else:
            self._between(tag[0])

    def _close_thought(self) -> None:
        self.thinking = False
        self._taken.add(Kind.THOUGHTS, "".join(self._thoughts))
        self._thoughts, self._room = [], MOST_CHARACTERS + 1

    def _take_back(self) -> None:
        """All that was given out is a thought, whose opening tag was part of the prompt."""
        if self._begun:
            self.restarts += 1
            self.dropped = "".join(self._out)
            self._out, self._begun, self._line_begins = [], False, True

    def _take_header(self, text: str) -> None:
        text = (self._header or "") + text
        name, newline, behind = text[: _LONGEST_HEADER + 1].partition("\n")
        self._header = name
        if newline:
            self._end_header()
            self._between(behind + text[_LONGEST_HEADER + 1 :])
        elif len(text) > _LONGEST_HEADER:
            self._header = None  # it is none
            self._between(text)

    def _end_header(self) -> None:
        name, self._header = (self._header or "").strip(), None
        self.thinking = name.lower().startswith(_THINKING_CHANNELS)


def _half(text: str, place: int) -> re.Match[str] | None:
    """Return what may become a tag at the end of `text`, if it begins at `place` or after it."""
    return _HALF.search(text, max(place, len(text) - _LONGEST_HALF))
