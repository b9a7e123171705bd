"""Objects of JSON, one a line or in one list: the forms that trainers take.

A prompt and a completion, as texts or as messages; or the messages of one chat, as TRL's
"messages" and ShareGPT's "conversations" have them.
"""

import json
from collections.abc import Iterator
from typing import Any

from finetuning.pipeline.material.reading import columns
from finetuning.pipeline.material.reading.entries import DataError, Entry, Reading, at_place
from finetuning.pipeline.material.reading.tables import MAX_ROWS, too_many
from prose import said

_CHATS = ("messages", "conversations", "conversation")
_ROLES = {"human": "user", "gpt": "assistant", "model": "assistant", "bot": "assistant"}
_MOST_IGNORED = 50
_SYSTEM_NOTE = said("What is said to the model as “system” is left aside.")


class OddError(Exception):
    """The sentence on what is wrong with an object."""


def is_json(text: str) -> bool:
    """Tell whether the file is JSON rather than a table."""
    start = text[:1000].lstrip()
    return start.startswith(("{", "[{")) or (start[:1] == "[" and start[1:].lstrip()[:1] == "{")


def read(text: str, encoding: str) -> Reading:
    """Return the rows of a JSON or JSON Lines file. Raises `DataError` for a broken list."""
    is_list = text.lstrip()[:1] == "["
    reading = Reading("JSON" if is_list else "JSON Lines", encoding)
    for row, (line, found) in enumerate(listed(text) if is_list else lines(text), 1):
        if row > MAX_ROWS:
            reading.problems.append(too_many())
            break
        try:
            prompt, story = _pair(found, reading)
        except OddError as odd:
            reading.problems.append(at_place(row, line, str(odd)))
        else:
            reading.entries.append(Entry(row, line, prompt, story))
    return reading


def listed(text: str) -> Iterator[tuple[int, Any]]:
    """Yield the objects of a list. Raises `DataError` for one that is broken."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DataError(
            [said("The file is no whole JSON: %(error)s.", error=reason(error))]
        ) from error
    for one in found:
        yield 0, one


def lines(text: str) -> Iterator[tuple[int, Any]]:
    """Yield each line that isn't blank: its number and its object, or the error in it."""
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                yield number, json.loads(line)
            except (ValueError, RecursionError) as error:
                yield number, error


def reason(error: Exception) -> str:
    """Return what is wrong, in the middle of a sentence."""
    if isinstance(error, json.JSONDecodeError):
        where = f"line {error.lineno}, " if error.lineno > 1 else ""
        return f"{error.msg.lower()} ({where}column {error.colno})"
    if isinstance(error, RecursionError):
        return said("it is nested too deeply")
    return said("a number is too long")


def _pair(found: Any, reading: Reading) -> tuple[str, str]:
    """Return the prompt and the story of one object; `reading` learns their names."""
    if isinstance(found, Exception):
        raise OddError(said("no whole JSON: %(found)s.", found=reason(found)))
    if not isinstance(found, dict):
        raise OddError(said("an object in braces has to stand here."))
    names = list(found)
    for name in names:
        if name.casefold() in _CHATS:
            _learn(reading, names, name, name)
            return asked(found[name], reading), answered(found[name])
    at = columns.find(names, of_header=False)
    if isinstance(at, str):
        raise OddError(at)
    prompt, story = (names[index] for index in at)
    _learn(reading, names, prompt, story)
    return asked(found[prompt], reading), answered(found[story])


def _learn(reading: Reading, names: list[str], prompt: str, story: str) -> None:
    reading.prompt, reading.story = reading.prompt or prompt, reading.story or story
    for name in names:
        if name not in {prompt, story, *reading.ignored} and len(reading.ignored) < _MOST_IGNORED:
            reading.ignored.append(columns.listed([name]))


def asked(value: Any, reading: Reading) -> str:
    """Return what the user says in `value`, a text or a list of messages."""
    if not isinstance(value, list):
        return _text(value)
    if _SYSTEM_NOTE not in reading.notes and any(_role(turn) == "system" for turn in value):
        reading.notes.append(_SYSTEM_NOTE)
    return _turn(value, "user", "assistant")


def answered(value: Any) -> str:
    """Return what the assistant says in `value`, a text or a list of messages."""
    return _turn(value, "assistant", "user") if isinstance(value, list) else _text(value)


def _turn(turns: list[Any], role: str, other: str) -> str:
    """Return what `role` says, who has to say one thing; the other one may, once too."""
    roles = [_role(turn) for turn in turns]
    if roles.count(role) != 1:
        raise OddError(
            said(
                "one message of the %(role)s is read, and here are %(count)s.",
                role=role,
                count=roles.count(role),
            )
        )
    if roles.count(other) > 1:
        raise OddError(
            said(
                "one message of the %(other)s is read, and here are %(count)s.",
                other=other,
                count=roles.count(other),
            )
        )
    return _text(_content(turns[roles.index(role)]))


def _role(turn: Any) -> str:
    if not isinstance(turn, dict):
        raise OddError(said("a message has to have a role and a content."))
    role = str(turn.get("role", turn.get("from", ""))).casefold()
    return _ROLES.get(role, role)


def _content(turn: dict[str, Any]) -> Any:
    """Return what a message says, its parts put together."""
    content = turn.get("content", turn.get("value"))
    if isinstance(content, list):
        parts = [part.get("text") if isinstance(part, dict) else part for part in content]
        return "".join(map(_text, parts))
    return content


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise OddError(said("the prompt and the story have to be texts."))
    if not value.isascii() and value.encode(errors="ignore").decode() != value:
        raise OddError(said("a character is broken in two (a lone surrogate)."))
    return value
