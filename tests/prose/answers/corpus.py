"""Answers in six languages as models give them, written for these tests; and stories.

A file has a story, the base that a continuation goes on from with what is new, and a passage. Each
answer names what was asked for, if it is no story, and what is right: the text (the story), the
title, whether it is a refusal. Of the stories, which only begin or end like answers, all is right.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from prose.answers.cleaner import AnswerCleaner
from prose.answers.task import Task

LANGUAGES = ("english", "german", "french", "spanish", "italian", "chinese")


@dataclass(frozen=True)
class Answer:
    """What a model answers, and what is right."""

    name: str
    task: Task
    answer: str
    text: str
    title: str = ""
    refused: bool = False


@dataclass(frozen=True)
class Cleaned:
    """What a cleaner makes of it; what is shown on the way may be taken back."""

    text: str
    title: str
    refused: bool
    shown: str = field(compare=False)


def clean(task: Task, pieces: list[str]) -> Cleaned:
    """Return what is left of an answer that comes in `pieces`."""
    cleaner = AnswerCleaner(task)
    shown = "".join([*map(cleaner.feed, pieces), cleaner.rest()])
    text = cleaner.final(shown)
    return Cleaned(text, cleaner.title, cleaner.refused, shown)


def answers() -> Iterator[Answer]:
    """Yield the answers of all languages."""
    for language in LANGUAGES:
        found = _read(language)
        parts = {f"{{{name}}}": found[name] for name in ("story", "base", "new", "passage")}
        for row in found["answers"]:
            task = {
                "story": Task(),
                "continue": Task(base=found["base"]),
                # Somebody wants it written anew.
                "passage": Task(passage="Ben waited."),
            }[row.get("task", "story")]
            answer, text = row["answer"], row.get("text", "{story}")
            for name, part in parts.items():
                answer, text = answer.replace(name, part), text.replace(name, part)
            title, refused = row.get("title", ""), row.get("refused", False)
            yield Answer(f"{language}: {row['name']}", task, answer, text, title, refused)


def stories() -> Iterator[tuple[str, str]]:
    """Yield language and text of the stories that nothing may be taken from."""
    for language in LANGUAGES:
        for text in _read(language)["stories"]:
            yield language, text


def _read(language: str) -> Any:
    return json.loads((Path(__file__).parent / f"{language}.json").read_text())
