"""What people preferred, in and out of files; a file is taken in whole or not at all."""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from django.db import transaction
from django.utils.translation import gettext as _

from finetuning.models import ImportedPair, TrainingRun
from finetuning.pipeline.material import choices, datastories, spoilt
from finetuning.pipeline.material.reading import DataError
from finetuning.pipeline.material.reading.preferences import Preference, read
from finetuning.pipeline.run_folder import read_rows
from finetuning.services import choosing, lineage
from prose import cleaning, words
from stories.models import User

# A pair with a longer text is never learned from.
_MOST_WORDS = 20_000
_LONGEST_PROMPT = 10_000
_MOST_TOLD = 20  # problems at once


class Taken(NamedTuple):
    """What became of a file's pairs."""

    added: int
    known: int  # brought in before, by anybody
    repeated: int  # in the file before
    removed: int = 0  # that were replaced


# ---- Out ----


def export_pairs() -> str:
    """Return the choices that say something, in TRL's conversational preference form."""
    kept, _left_out = choices.telling(choosing.choices(), _MOST_WORDS)
    return datastories.lines(map(datastories.preference, kept))


def export_marks() -> str:
    """Return what curators approved and rejected, in TRL's form of unpaired preferences."""
    return datastories.lines(map(datastories.mark, choosing.marks()))


RUN_FORMS = ("prompt-completion", "preference", "kto")


def export_run(run: TrainingRun, form: str) -> str:
    """Return what `run` learned from, in one of `RUN_FORMS`; nothing where it had none of it.

    What was withdrawn since is not among it.
    """
    if form == "prompt-completion":
        rows = learned_stories(run)
        return datastories.lines(datastories.chat(row["prompt"], row["text"]) for row in rows)
    formed, side = {
        "preference": (datastories.preference, "chosen"),
        "kto": (datastories.mark, "good"),
    }[form]
    return datastories.lines(formed(row) for row in learned_choices(run) if side in row)


def learned_stories(run: TrainingRun) -> list[Any]:
    """Return the rows of the stories that `run` learned from, without those withdrawn since."""
    rows = [row for row in _rows(run.folder.train) if row["story"]]
    gone = lineage.withdrawn_from((row["story"], row["version"]) for row in rows)
    return [row for row in rows if row["story"] not in gone]


def learned_choices(run: TrainingRun) -> list[Any]:
    """Return the choices, or marks, that `run` learned from, without those withdrawn since."""
    rows = _rows(run.folder.choices_train)
    gone = choosing.withdrawn(row["key"] for row in rows)
    return [row for row in rows if row["key"] not in gone]


def _rows(path: Path) -> list[Any]:
    return read_rows(path) if path.exists() else []


# ---- In ----


def take_in(data: bytes, owner: User, *, replace: bool = False) -> Taken:
    """Add the pairs of a CSV or JSON Lines file; what was brought in before is not added again.

    With `replace`, all that anybody brought in before goes first. Raises `DataError` with the rows
    that are wrong; nothing is stored then.
    """
    found = read(data)
    problems = [problem for one in found if (problem := _wrong(one))]
    if problems:
        more = len(problems) - _MOST_TOLD
        rest = [_("… and %(count)s more.") % {"count": more}] if more > 0 else []
        raise DataError(problems[:_MOST_TOLD] + rest)
    pairs: dict[str, Preference] = {}
    for one in found:
        pairs.setdefault(_digest(one), one)
    with transaction.atomic():
        # Of two imports at once, the second one knows what the first one brought.
        User.objects.select_for_update().get(pk=owner.pk)
        removed = ImportedPair.objects.all().delete()[0] if replace else 0
        known = _known(pairs)
        ImportedPair.objects.bulk_create(
            ImportedPair(
                owner=owner,
                prompt=one.prompt.strip(),
                chosen=one.chosen.strip(),
                rejected=one.rejected.strip(),
                digest=digest,
            )
            for digest, one in pairs.items()
            if digest not in known
        )
    return Taken(len(pairs) - len(known), len(known), len(found) - len(pairs), removed)


def _known(digests: Iterable[str]) -> set[str]:
    asked = set(digests)
    return asked & set(ImportedPair.objects.values_list("digest", flat=True))


def _digest(one: Preference) -> str:
    """Return what tells a pair from others, however its spaces are."""
    texts = [" ".join(text.split()) for text in (one.prompt, one.chosen, one.rejected)]
    return hashlib.sha256(json.dumps(texts).encode()).hexdigest()


def _wrong(one: Preference) -> str:
    """Return a sentence on what is wrong with a row, or nothing."""
    where = {"where": one.where}
    if len(one.prompt) > _LONGEST_PROMPT:
        return _("%(where)s: the prompt is too long.") % where
    if max(words.count(text) for text in (one.chosen, one.rejected)) > _MOST_WORDS:
        return _("%(where)s: a text is too long.") % where
    for text in (one.prompt, one.chosen, one.rejected):
        if cleaning.clean_text(text) != text:
            return _("%(where)s: it holds hidden characters, or a model's own tokens.") % where
        if odd := spoilt.look(text):
            values = {**where, "reason": odd.reason, "excerpt": odd.excerpt}
            return _("%(where)s: %(reason)s: “%(excerpt)s”. Put it right first.") % values
    if " ".join(one.chosen.split()) == " ".join(one.rejected.split()):
        return _("%(where)s: both texts are the same.") % where
    return ""
