"""Why a run came out as it did, in plain words, and what would help.

Each piece of advice goes by a rule that is written beside its sentence; the first is the likeliest.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from finetuning.models import TrainingExample, TrainingRun
from finetuning.pipeline.export import ENOUGH
from finetuning.pipeline.judge import BETTER, MOST_COPIES, MOST_DRIFT
from finetuning.pipeline.run_folder import read_rows
from finetuning.services import gate, lineage
from finetuning.services.gate import People
from stories.models import StoryVersion

# With fewer, a model mostly learns these very stories.
FEW_STORIES = 40
_ALIKE = 0.8  # share of the stories of one genre and register
_NEAR = 0.2  # share that was left out as near-duplicates
_ITS_OWN = 0.7  # share that the model in service wrote, and nobody changed
_BY_HEART = 0.3  # training loss beside the held-out one
_RISE = 0.02  # share by which the held-out loss rose over its best, or still fell at the end
_BY_MODEL = (StoryVersion.Origin.WRITE, StoryVersion.Origin.CONTINUE)


class Remedy(StrEnum):
    """What would help."""

    MARK = "mark"  # more good stories, of other kinds
    APPROVE = "approve"
    GENTLE = "gentle"
    STRONG = "strong"
    JUDGE = "judge"  # compare blind, then decide


@dataclass(frozen=True)
class Advice:
    """Why, and what would help."""

    why: str
    remedy: Remedy


def advice(run: TrainingRun) -> list[Advice]:
    """Return what to make of a run that was judged; nothing before it was."""
    if not run.scores:
        return []
    found = gate.standing(run)
    if found.is_better:
        told = _("It foretells good stories better than the model in service. Now people decide.")
        return [Advice(told, Remedy.JUDGE)]
    reasons = [*_of_people(found.people), *_of_stories(run), *_of_steps(run), *_of_scores(run)]
    if not reasons and run.verdict != BETTER:
        told = _("Nothing stands out. More good stories, and of other kinds, help most often.")
        reasons = [Advice(told, Remedy.MARK)]
    return reasons


def _of_people(people: People) -> Iterator[Advice]:
    if people == People.LESS:
        told = _("It measured well, and people liked its stories less. Their taste counts.")
        yield Advice(told, Remedy.GENTLE)


# ---- The stories that taught it ----


def _of_stories(run: TrainingRun) -> Iterator[Advice]:
    taught, held_out = run.dataset.get("train", 0), run.dataset.get("held_out", 0)
    if run.scores["loss"].get("groups", ENOUGH) < ENOUGH or 0 < taught < FEW_STORIES:
        yield Advice(
            ngettext(
                "Only %(count)s story taught it, and %(held_out)s were kept apart to test it. "
                "That is too few to learn a way of writing, or to be sure of it.",
                "Only %(count)s stories taught it, and %(held_out)s were kept apart to test it. "
                "That is too few to learn a way of writing, or to be sure of it.",
                taught,
            )
            % {"count": taught, "held_out": held_out},
            Remedy.APPROVE,
        )
    if _is_alike(run):
        told = _("Its stories are much alike: one kind of story, told again and again.")
        yield Advice(told, Remedy.MARK)
    if taught and _of_its_own(run) / taught >= _ITS_OWN:
        yield Advice(
            _(
                "Most of its stories were written by the model in service and left unchanged: it "
                "could write them before. What people wrote or mended teaches more."
            ),
            Remedy.MARK,
        )


def _is_alike(run: TrainingRun) -> bool:
    left_out = run.dataset.get("dropped", {})
    near = len(left_out.get("near_duplicate", ())) + len(left_out.get("duplicate", ()))
    if near > _NEAR * run.dataset.get("approved", 0):
        return True
    kinds = Counter(
        (row["settings"]["genre"], row["settings"]["register"]) for row in _learned(run)
    )
    return kinds.total() > ENOUGH and max(kinds.values()) >= _ALIKE * kinds.total()


def _learned(run: TrainingRun) -> list[Any]:
    path = run.folder.train
    return read_rows(path) if path.exists() else lineage.taught_rows(run)


def _of_its_own(run: TrainingRun) -> int:
    """Return how many stories taught the model that its predecessor wrote, and nobody changed."""
    taught = TrainingExample.objects.filter(run=run, side=TrainingExample.Side.TRAIN)
    return taught.filter(
        text_version__origin__in=_BY_MODEL, text_version__generation__model=run.service
    ).count()


# ---- How long it learned ----


def _of_steps(run: TrainingRun) -> Iterator[Advice]:
    learned = [point[1] for point in run.curve if point[1] is not None]
    tested = [point[2] for point in run.curve if point[2] is not None]
    if len(tested) < 2 or not learned:
        return
    best, last = min(tested), tested[-1]
    if last > best * (1 + _RISE) or learned[-1] < _BY_HEART * last:
        yield Advice(
            _(
                "It learned too long: in the end it knew its own stories almost by heart, and "
                "foretold others less well. The best moment was kept."
            ),
            Remedy.GENTLE,
        )
    elif last == best and tested[-2] > last * (1 + _RISE):
        told = _("It was still getting better when the training ended.")
        yield Advice(told, Remedy.STRONG)


# ---- What was measured ----


def _of_scores(run: TrainingRun) -> Iterator[Advice]:
    scores = run.scores
    if scores["drift"]["difference"] > MOST_DRIFT:
        told = _("It has forgotten how the model in service writes: it changed too much at once.")
        yield Advice(told, Remedy.GENTLE)
    if scores["compliance"]["high"] < 0:
        told = _("It keeps to the settings less. Approve stories that keep to theirs.")
        yield Advice(told, Remedy.APPROVE)
    if scores["copies"]["candidate"] > MOST_COPIES * scores["pairs"]:
        told = _("It repeats stories that taught it, almost word for word.")
        yield Advice(told, Remedy.GENTLE)
