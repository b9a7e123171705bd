"""The five checks of one story, counted by the app's own report."""

from typing import TypedDict

from prose import report, sentences, words
from prose.answers.cleaner import AnswerCleaner
from prose.answers.task import Task
from prose.settings import Settings


class Checks(TypedDict):
    """What one story keeps to."""

    names: bool
    keywords: bool
    within: bool  # the words asked for
    ending: bool  # by itself, with a whole sentence
    unrepeated: bool
    ends: bool  # within the limit and as `ending`
    all_five: bool


def checked(text: str, settings: Settings, *, ended: bool) -> Checks:
    """Return the checks of a whole story; `ended` tells that the model ended it by itself."""
    told = report.story_report(text, settings)
    names, keywords = not told["characters_missing"], not told["keywords_missing"]
    within = 0 < told["words"] <= settings.max_words
    ending, unrepeated = ended and told["whole_end"], not told["repeated_sentences"]
    return Checks(
        names=names,
        keywords=keywords,
        within=within,
        ending=ending,
        unrepeated=unrepeated,
        ends=within and ending,
        all_five=names and keywords and within and ending and unrepeated,
    )


def cleaned(answer: str, passage: str = "") -> str:
    """Return what the app takes for the story in `answer`, or for what replaces `passage`.

    A title, a greeting or a model's remarks are taken away, as a writer never sees them.
    """
    cleaner = AnswerCleaner(Task(passage=passage))
    told = cleaner.feed(answer)
    return cleaner.final(told + cleaner.rest()).strip()


def shown(text: str, settings: Settings, *, ended: bool) -> str:
    """Return what the app keeps of the story `text`: whole sentences where it was cut short."""
    if ended and words.count(text) <= settings.max_words:
        return text
    return sentences.whole_sentences(text, settings.max_words)
