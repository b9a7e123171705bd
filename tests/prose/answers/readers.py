"""All of `prose.answers` that reads a text, as functions of one text (`tests.prose.readers`)."""

from collections.abc import Callable

from prose.answers import afterwords, endings, greetings, marks, phrases, refusals
from prose.answers.characters import Characters
from prose.answers.cleaner import AnswerCleaner
from prose.answers.marks import Marks
from prose.answers.openings import Opening
from prose.answers.restarts import Restart
from prose.answers.tags import Tags
from prose.answers.taken import Kind, Taken
from prose.answers.task import Task

_LEADS = ("", "Sure! Here is ", "I'm sorry, but I can't write ", "<think>", "**", "# ", "```\n")

_BEGINNINGS = phrases.Beginnings("sure", "here is", "a" * 999)


def _pieces(text: str) -> list[str]:
    """Return `text` as a fast model streams it."""
    return [text[place : place + 200] for place in range(0, len(text), 200)]


def _through(
    stage: AnswerCleaner | Characters | Marks | Opening | Restart | Tags,
) -> Callable[[str], None]:
    def read(text: str) -> None:
        for piece in _pieces(text):
            stage.feed(piece)
        if not isinstance(stage, Characters):
            stage.rest()

    return read


def _clean(text: str) -> None:
    for task in (Task(), Task(base=text), Task(passage=text)):
        cleaner = AnswerCleaner(task)
        for piece in _pieces(text):
            cleaner.feed(piece)
        cleaner.rest()
        cleaner.final(text)


def _clean_at_once(text: str) -> None:
    cleaner = AnswerCleaner(Task(base="Once there was a road."))
    cleaner.feed(text)
    cleaner.rest()


def _pass(text: str) -> None:
    cleaner = AnswerCleaner(Task())
    cleaner.feed("Once there was a road that went over the hill. " * 20)
    assert cleaner.passes("Anna")
    cleaner.passes(text)


def _end(text: str) -> None:
    offer = "\n\nI hope you enjoyed this story!"
    endings.without_afterwords(text + offer * 9, Taken())
    endings.without_afterwords(f"{text} Would you like me to:" + "\n- change it" * 9, Taken())


def _open(text: str) -> None:
    for lead in _LEADS:
        _through(Opening(Task(), Taken()))(lead + text)
        _through(Opening(Task(base="Once."), Taken()))(lead + text)


def _tag(text: str) -> None:
    for lead in ("", "<think>", "<|channel|>"):
        _through(Tags(Taken()))(lead + text)


def _mark(text: str) -> None:
    for lead in ("", "x *", "\n```"):
        _through(Marks(active=True))(lead + text)


def _restart(text: str) -> None:
    _through(Restart(text, "", Taken()))(text)
    _through(Restart(f"One. Two. {text}", "", Taken()))(text)


def _led(text: str) -> list[str]:
    return [lead + text for lead in _LEADS]


def _own(text: str) -> tuple[bool, str]:
    task = Task(passage=text)
    return task.is_story, task.own


CLEANING: dict[str, Callable[[str], object]] = {
    "answers.marks.without_bold": lambda text: marks.without_bold(text, Taken()),
    "answers.afterwords.is_afterword": afterwords.is_afterword,
    "answers.characters.Characters.feed": lambda text: _through(Characters())(text),
    "answers.characters.Characters.is_calm": lambda text: Characters().feed(text),
    "answers.cleaner.AnswerCleaner.feed": _clean,
    "answers.cleaner.AnswerCleaner.passes": _pass,
    "answers.cleaner.AnswerCleaner.rest": _clean_at_once,
    "answers.cleaner.AnswerCleaner.final": lambda text: AnswerCleaner(Task()).final(text),
    "answers.cleaner.AnswerCleaner.thinking": _tag,
    "answers.cleaner.AnswerCleaner.ended": _tag,
    "answers.cleaner.AnswerCleaner.restarts": lambda text: AnswerCleaner(Task()).feed(
        f"{text}</think>"
    ),
    "answers.cleaner.AnswerCleaner.removed": _tag,
    "answers.endings.without_afterwords": _end,
    "answers.endings.without_title": lambda text: endings.without_title(f"One\n\n{text}"),
    "answers.endings.is_title": endings.is_title,
    "answers.endings.without_labels": lambda text: endings.without_labels(
        f"Introduction\n{text}\nConclusion\n", Taken()
    ),
    "answers.greetings.length": lambda text: [
        greetings.length(lead + text, last=last) for lead in _LEADS for last in (False, True)
    ],
    "answers.greetings.may_begin": lambda text: [
        greetings.may_begin(lead + text) for lead in _LEADS
    ],
    "answers.marks.Marks.feed": _mark,
    "answers.marks.Marks.rest": _mark,
    "answers.marks.Marks.is_calm": _mark,
    "answers.marks.Marks.pass_over": lambda text: Marks(active=True).pass_over(text),
    "answers.marks.uses_marks": marks.uses_marks,
    "answers.openings.Opening.feed": _open,
    "answers.openings.Opening.rest": _open,
    "answers.phrases.Beginnings.begins": _BEGINNINGS.begins,
    "answers.phrases.Beginnings.may_become": _BEGINNINGS.may_become,
    "answers.phrases.Beginnings.may_begin": _BEGINNINGS.may_begin,
    "answers.phrases.any_of": lambda text: phrases.any_of("a|b").search(text),
    "answers.refusals.begins": refusals.begins,
    "answers.refusals.is_refusal": lambda text: [
        refusals.is_refusal(lead + text) for lead in _LEADS
    ],
    "answers.refusals.may_be": lambda text: list(map(refusals.may_be, _led(text))),
    "answers.restarts.Restart.feed": _restart,
    "answers.restarts.Restart.rest": _restart,
    "answers.tags.Tags.feed": _tag,
    "answers.tags.Tags.rest": _tag,
    "answers.tags.Tags.is_calm": _tag,
    "answers.taken.Taken.add": lambda text: Taken().add(Kind.THOUGHTS, text),
    "answers.task.Task.is_story": _own,
    "answers.task.Task.own": _own,
}
