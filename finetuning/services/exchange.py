"""Stories in and out of files: looked at first, then taken in whole or not at all."""

import hashlib
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NamedTuple

from django.contrib.humanize.templatetags.humanize import intcomma
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext

from finetuning.pipeline.material import datastories, reading, spoilt
from finetuning.pipeline.material.reading import DataError, Entry, Reading
from finetuning.services import lineage, preferences
from prose import cleaning, prompts, said
from prose.settings import Settings
from stories import telling
from stories.history import library
from stories.history.versions import MAX_TEXT_LENGTH, add_version, storable
from stories.models import Curation, Genre, Register, Story, StorySettings, StoryVersion, User

_MOST_TOLD = 20  # problems, and questions, at once
_LONGEST_PROMPT = 10_000
# Composed only up to here: a longer run of marks is no word, and would take its square.
_LONGEST_WORD = 200
# What to do about rows that are spoilt: nothing without an answer.
Answer = Literal["", "repair", "keep", "skip"]


class Row(NamedTuple):
    """A row as it will be stored."""

    where: str
    settings: StorySettings
    story: str


class Question(NamedTuple):
    """A row that looks spoilt: why, a piece of it, and that piece put right, if it can be."""

    where: str
    reason: str
    excerpt: str
    repair: str


class SpoiltError(DataError):
    """Rows look spoilt, and nobody has said what to do about them."""


class Taken(NamedTuple):
    """What became of a file's rows."""

    added: int
    known: int  # in the library already
    repeated: int  # in the file before
    skipped: int  # spoilt

    @property
    def beside(self) -> str:
        """What became of the rows that were not added, as sentences after a first one."""
        counts = (
            (self.known, gettext("%(count)s known already.")),
            (self.repeated, gettext("%(count)s in the file before.")),
            (self.skipped, gettext("%(count)s spoilt and left out.")),
        )
        return "".join(f" {told % {'count': intcomma(count)}}" for count, told in counts if count)


@dataclass
class Preview:
    """A file as it would be taken in."""

    reading: Reading
    rows: list[Row] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    known: int = 0
    repeated: int = 0
    skipped: int = 0
    repaired: int = 0

    @property
    def taken(self) -> Taken:
        """What would become of the rows."""
        return Taken(len(self.rows), self.known, self.repeated, self.skipped)

    @property
    def told_problems(self) -> list[str]:
        """The problems, not all of too many."""
        more = len(self.problems) - _MOST_TOLD
        rest = gettext("… and %(count)s more.") % {"count": intcomma(more)}
        return self.problems[:_MOST_TOLD] + ([rest] if more > 0 else [])

    @property
    def told_questions(self) -> list[Question]:
        """The questions that are shown."""
        return self.questions[:_MOST_TOLD]


# ---- Out ----


def export_csv() -> str:
    """Return the approved stories as datastories.csv, marked so that spreadsheets read UTF-8."""
    rows = lineage.approved_rows(None)
    return "\ufeff" + datastories.write_csv((row["prompt"], row["text"]) for row in rows)


def export_jsonl() -> str:
    """Return the approved stories in chat form, one a line."""
    return _lines(lambda row: datastories.chat(row["prompt"], row["text"]))


def export_plain() -> str:
    """Return the approved stories as objects of a prompt and a completion, both texts."""
    return _lines(lambda row: {"prompt": row["prompt"], "completion": row["text"]})


def export_messages() -> str:
    """Return the approved stories as the messages of a chat each."""

    def messages(row: dict[str, Any]) -> dict[str, Any]:
        chat = datastories.chat(row["prompt"], row["text"])
        return {"messages": chat["prompt"] + chat["completion"]}

    return _lines(messages)


def _lines(formed: Callable[[dict[str, Any]], dict[str, Any]]) -> str:
    return datastories.lines(map(formed, lineage.approved_rows(None)))


class Form(NamedTuple):
    """A way of writing down the approved stories, or what people preferred."""

    file_name: str
    content_type: str
    write: Callable[[], str]


_JSON_LINES = "application/jsonl; charset=utf-8"
FORMS = {
    "csv": Form("datastories.csv", "text/csv; charset=utf-8", export_csv),
    "jsonl": Form("datastories.jsonl", _JSON_LINES, export_jsonl),
    "prompt-completion": Form("prompt-completion.jsonl", _JSON_LINES, export_plain),
    "messages": Form("messages.jsonl", _JSON_LINES, export_messages),
    "preference": Form("preference.jsonl", _JSON_LINES, preferences.export_pairs),
    "kto": Form("kto.jsonl", _JSON_LINES, preferences.export_marks),
}


# ---- In ----


def preview(data: bytes, owner: User, answer: Answer = "") -> Preview:
    """Return what `data` holds and what would become of it in the owner's library.

    Nothing is stored. Raises `DataError` when the file can't be read as a whole.
    """
    read = reading.read(data)
    found = Preview(read, problems=[telling.told(problem) for problem in read.problems])
    known = _known(owner)
    seen: set[bytes] = set()
    for entry in read.entries:
        row = _row(entry, answer, found)
        if row is None:
            continue
        key = _key(row.story)
        if key in seen:
            found.repeated += 1
        elif key in known:
            found.known += 1
        else:
            found.rows.append(row)
        seen.add(key)
    return found


def import_file(path: Path, owner: User, *, approve: bool, answer: Answer = "") -> Taken:
    """Add the stories of a file to the owner's library; what is there already is not added again.

    All or nothing. They are marked as good and wait for a curator, or are approved in the owner's
    name. Raises `DataError` with the rows that are wrong, `SpoiltError` with those that
    look spoilt, and `OSError`.
    """
    with path.open("rb") as file:
        data = file.read(reading.MAX_BYTES + 1)
    return take_in(data, owner, approve=approve, answer=answer)


def take_in(data: bytes, owner: User, *, approve: bool, answer: Answer = "") -> Taken:
    """Do what `import_file` does, with a file's bytes."""
    # Read before the transaction, in which nobody else can write on SQLite.
    found = preview(data, owner, answer)
    if found.problems:
        raise DataError(found.told_problems)
    if found.questions:
        raise SpoiltError([told(question) for question in found.told_questions])
    with transaction.atomic():
        # Of two imports at once, the second one knows what the first one brought.
        User.objects.select_for_update().get(pk=owner.pk)
        known = _known(owner)
        rows = [row for row in found.rows if _key(row.story) not in known]
        for row in rows:
            _add(owner, row.settings, row.story, approve)
    brought_meanwhile = len(found.rows) - len(rows)
    return found.taken._replace(added=len(rows), known=found.known + brought_meanwhile)


def told(question: Question) -> str:
    """Return a question as a sentence."""
    sentence = (
        gettext("%(where)s: %(reason)s: “%(excerpt)s”. Should it be “%(repair)s”?")
        if question.repair
        else gettext("%(where)s: %(reason)s: “%(excerpt)s”.")
    )
    return sentence % question._asdict()


def _question(where: str, reason: str, excerpt: str, repair: str) -> Question:
    return Question(telling.told(where), telling.told(reason), excerpt, repair)


def _row(entry: Entry, answer: Answer, found: Preview) -> Row | None:
    """Return the row as it is to be stored; else `found` is told why it isn't."""
    prompt, story = entry.prompt.strip(), _storable(entry.story).strip()
    if len(prompt) <= _LONGEST_PROMPT and len(story) <= MAX_TEXT_LENGTH and answer != "keep":
        odd = spoilt.look(prompt) or spoilt.look(story)
        if odd and not answer:
            found.questions.append(_question(entry.where, *odd))
        elif odd and (answer == "skip" or not odd.repair):
            found.skipped += 1
            return None
        elif odd:
            found.repaired += 1
            prompt, story = spoilt.repaired(prompt).strip(), spoilt.repaired(story).strip()
    asked = prompts.read_prompt(prompt)
    if asked is None:
        reason = gettext("the prompt is not worded as StorAIteller words it.")
    elif cleaning.clean_text(prompt) != prompt:
        reason = gettext("the prompt holds hidden characters, or a model's own tokens.")
    else:
        reason = _wrong(asked, story)
    if asked is None or reason:
        found.problems.append(f"{telling.told(entry.where)}: {reason}")
        return None
    return Row(entry.where, StorySettings(**asked.to_dict()), story)


def _storable(text: str) -> str:
    """Return `text` as a story would be stored, or as it is if it is too long for one."""
    return text if len(text) > MAX_TEXT_LENGTH else storable(text)


def _wrong(asked: Settings, story: str) -> str:
    if asked.genre not in Genre.values:
        return gettext("there is no genre %(genre)s.") % {"genre": asked.genre}
    if asked.register not in Register.values:
        return gettext("there is no register %(register)s.") % {"register": asked.register}
    if not prompts.MIN_WORDS <= asked.max_words <= prompts.MAX_WORDS:
        sentence = gettext(
            "a story can be asked for in %(least)s to %(most)s words, not in %(words)s."
        )
        return sentence % {
            "least": prompts.MIN_WORDS,
            "most": intcomma(prompts.MAX_WORDS),
            "words": intcomma(asked.max_words),
        }
    if not story:
        return gettext("the story is empty.")
    if len(story) > MAX_TEXT_LENGTH:
        sentence = gettext("the story has %(length)s characters, too many to keep.")
        return sentence % {"length": intcomma(len(story))}
    return _too_long(asked)


def _too_long(asked: Settings) -> str:
    if len(asked.main_characters) > prompts.MAX_FIELD_LENGTH:
        return gettext("the main characters are too long.")
    if len(asked.keywords) > prompts.MAX_FIELD_LENGTH:
        return gettext("the keywords are too long.")
    if len(asked.premise) > prompts.MAX_PREMISE_LENGTH:
        return gettext("what should happen is too long.")
    return ""


def _known(owner: User) -> set[bytes]:
    """Return the keys of what needs no importing: the owner's stories, and those marked as good.

    Of the owner's, also as they were brought in: one that was edited since is still known.
    """
    own = Story.objects.filter(owner=owner, deleted_at=None)
    marked = Q(story__in=Story.objects.good(), number=F("story__good_version"))
    brought = Q(story__in=own, origin=StoryVersion.Origin.IMPORT)
    return {_key(text) for text in _texts(own.values_list("text", flat=True))} | {
        _key(text)
        for text in _texts(
            StoryVersion.objects.filter(marked | brought).values_list("text", flat=True)
        )
    }


def _texts(query: QuerySet[Any, str]) -> Iterator[str]:
    return query.order_by().iterator(chunk_size=100)


def _key(story: str) -> bytes:
    """Return what two copies of a story have in common, however their spaces and accents are."""
    composed = (
        unicodedata.normalize("NFC", word) if len(word) <= _LONGEST_WORD else word
        for word in story.split()
    )
    return hashlib.sha256(" ".join(composed).encode(errors="ignore")).digest()


def _add(owner: User, settings: StorySettings, text: str, approve: bool) -> None:
    story = library.create_story(owner, settings)
    origin = StoryVersion.Origin.IMPORT
    add_version(story, text, origin, expected_version=0, editor=owner)
    library.set_good(story, True)
    if approve:
        Story.objects.filter(pk=story.pk).update(
            curation=Curation.APPROVED,
            curated_version=story.version,
            curated_by=owner,
            curated_at=timezone.now(),
            curation_reason=said("Imported as approved."),
        )
