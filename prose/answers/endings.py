"""What can only be told apart once an answer has ended: its last words, its title, its labels."""

import re
from typing import NamedTuple

from prose import sentences
from prose.answers.afterwords import is_afterword
from prose.answers.taken import Kind, Taken
from prose.emphasis import signs

_RULE = re.compile(r"[ \t]*(?:[-*_=~—–]\s?){3,40}|[ \t]*`{3,}\w{0,12}")
_BULLET = re.compile(r"[ \t]*(?:[-*•]|\d{1,2}[.)])[ \t]")
_MOST_LINES = 24
# Of a paragraph, where its last sentence is looked for.
_LAST_CHARACTERS = 600
_QUOTES = re.compile('["“”„«»「」『』]')

_LONGEST_TITLE = 70
_MOST_TITLE_WORDS = 10
_LEAST_STORY = 80  # characters that follow a title
# A line that ends a sentence is the story's; so is one that tells when or where, or greets.
_NO_TITLE = re.compile(
    r".*[.,;!?…:。，；！？：\d]|[\"“„«「]?(?:dear|my dear|lieber?|liebes|cher|chère|querid[oa]"
    r"|chapter|kapitel|chapitre|capítulo|part|prologue|prolog|epilogue|monday|tuesday|wednesday|thursday"
    r"|friday|saturday|sunday|montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonntag|lundi"
    r"|mardi|mercredi|jeudi|vendredi|samedi|dimanche|lunes|martes|miércoles|jueves|viernes|sábado"
    r"|domingo|lunedì|martedì|mercoledì|giovedì|venerdì|sabato|domenica|car[oa]|capitolo|once|one|on|in|at|that|as|when|then|there|it|i|he|she|they|we|you|sehr|es|er|sie"
    r"|ich|wir|als|il|elle|je|nous|était|era|c['’]era|亲爱的|第.{1,3}章)\b|亲爱的|第.{1,3}章",
    re.IGNORECASE,
)
_WRAPPED = re.compile(r"\s*[\"“„«「《](?P<title>[^\"“”«»」》\n]{2,80})[\"”“»」》]\s*")
_LABELS = (
    (
        *("introduction", "introducción", "introduzione", "einleitung", "einführung"),
        *("引言", "开头", "开端"),
    ),
    (
        *("development", "développement", "desarrollo", "sviluppo", "hauptteil", "entwicklung"),
        *("发展", "经过"),
    ),
    ("conclusion", "conclusión", "schluss", "conclusione", "fazit", "结尾", "结局", "结论"),
)
_LABEL_OF = {label: number for number, labels in enumerate(_LABELS) for label in labels}
_LONGEST_LABEL = 24


class Ending(NamedTuple):
    """What is left of a text, and the title that it began with."""

    text: str
    title: str = ""


def without_afterwords(text: str, taken: Taken) -> str:
    """Return `text` up to where the model begins to speak about it."""
    words: list[str] = []
    for _ in range(_MOST_LINES):
        text = text.rstrip()
        start = _last_line(text)
        if start and _RULE.fullmatch(text, start):
            text = text[:start]
            continue
        place = _afterword_start(text, start)
        if place is None:
            break
        words.append(text[place:])
        text = text[:place]
    for word in reversed(words):
        taken.add(Kind.AFTERWORD, word)
    return text


def _last_line(text: str) -> int:
    return text.rfind("\n") + 1


def _afterword_start(text: str, start: int) -> int | None:
    """Return where the afterword that ends `text` begins, if one does; `start` is its last line."""
    first = start
    for _ in range(_MOST_LINES):
        # A list belongs to the line before it.
        if not first or not _BULLET.match(text, first):
            break
        first = _last_line(text[max(0, first - 2_000) : first].rstrip()) + max(0, first - 2_000)
    if first != start and _speaks(text[first : first + _LAST_CHARACTERS]):
        return first
    line = text[start : start + _LAST_CHARACTERS]
    # All of a short answer may be an afterword; there is no text then.
    if _speaks(line):
        return start
    tail_start = max(start, len(text) - _LAST_CHARACTERS)
    found = list(sentences.sentences(text[tail_start:]))
    if len(found) < 2:
        return None
    last = tail_start + found[-1][0]
    sentence = text[last:]
    return last if not _QUOTES.search(sentence) and _speaks(sentence) else None


def _speaks(text: str) -> bool:
    return is_afterword(signs.plain(text))


def without_title(text: str) -> Ending:
    """Return `text` without a title in its first line, as it has one and nothing marks it."""
    line, _, after = text[: _LONGEST_TITLE + 40].partition("\n")
    if len(text) - len(line) < _LEAST_STORY or not after.startswith("\n"):
        return Ending(text)
    length, line = len(line), signs.plain(line)
    wrapped = _WRAPPED.fullmatch(line)
    title = (wrapped["title"] if wrapped else line).strip()
    if text[length:].lstrip()[:1].islower():
        return Ending(text)  # the sentence goes on
    if not is_title(title) or (wrapped is None and _QUOTES.search(line)):
        return Ending(text)
    return Ending(text[length:].lstrip(), title)


def is_title(line: str) -> bool:
    """Tell whether `line`, alone before a story, is its title."""
    words = line.split()
    if not 1 <= len(words) <= _MOST_TITLE_WORDS or len(line) > _LONGEST_TITLE:
        return False
    first = next((sign for sign in line if sign.isalpha()), "")
    if not first or first.islower() or line[:1] in "-–—*•":
        return False
    if _label(line) is not None:
        return False
    return not _NO_TITLE.fullmatch(line) and not _NO_TITLE.match(f"{words[0]} ")


def without_labels(text: str, taken: Taken) -> str:
    """Return `text` without lines that only name its parts, as the prompt does: "Introduction"."""
    lines = text.split("\n")
    found = {
        number: place for number, line in enumerate(lines) if (place := _label(line)) is not None
    }
    if len(set(found.values())) < 2:  # one alone may be the story's
        return text
    for number in found:
        taken.add(Kind.LABEL, lines[number])
    kept: list[str] = []
    for number, line in enumerate(lines):
        # The line break behind it goes with it.
        behind = number - 1 in found and not line.strip()
        if number not in found and not behind:
            kept.append(line)
    return "\n".join(kept)


def _label(line: str) -> int | None:
    if len(line) > _LONGEST_LABEL:
        return None
    return _LABEL_OF.get(line.strip("*_#[]()【】:： \t").lower().removeprefix("the "))
