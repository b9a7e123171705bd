"""How far a run is, in words and in numbers."""

from itertools import takewhile
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from finetuning.models import TrainingRun
from finetuning.pipeline import STAGES
from finetuning.pipeline.judge import BETTER, NO_BETTER, WORSE

_State = TrainingRun.State
# How much of the whole a stage makes, in percent.
_SHARES = {
    "export": 2,
    "train": 55,
    "preferences": 8,
    "convert": 8,
    "register": 2,
    "evaluate": 25,
}
_STAGES = {
    "export": (gettext_lazy("Gather"), gettext_lazy("It gathers the approved stories.")),
    "train": (gettext_lazy("Learn"), gettext_lazy("It learns from the stories.")),
    "preferences": (
        gettext_lazy("Prefer"),
        gettext_lazy("It learns what people preferred to what."),
    ),
    "convert": (gettext_lazy("Pack"), gettext_lazy("What it learned is packed into a file.")),
    "register": (
        gettext_lazy("Hand over"),
        gettext_lazy("The model server is given the new model."),
    ),
    "evaluate": (
        gettext_lazy("Test"),
        gettext_lazy("Both models write the same stories, and are measured on unseen ones."),
    ),
}
_VERDICTS = {
    BETTER: (gettext_lazy("better"), gettext_lazy("The new model is better.")),
    NO_BETTER: (gettext_lazy("no better"), gettext_lazy("The new model is no better.")),
    WORSE: (gettext_lazy("worse"), gettext_lazy("The new model is worse.")),
}


def sentence(run: TrainingRun) -> str:
    """Return what is happening, or how it ended."""
    if run.is_active and run.cancel_requested:
        return _("It stops at the next step. What is done is kept.")
    ended = {
        _State.QUEUED: _("It waits for a worker to take it, which is a matter of seconds."),
        _State.FAILED: _("It could not be finished. The model in service goes on as before."),
        _State.CANCELLED: _("It was stopped. What was done is kept, and it can go on."),
        _State.DONE: _("It is done."),
    }
    if run.state in ended:
        return ended[_State(run.state)]
    return str(_STAGES[run.stage][1]) if run.stage in _STAGES else _("It begins.")


def verdict_name(verdict: str) -> str:
    """Return the verdict in the reader's language."""
    return str(_VERDICTS[verdict][0]) if verdict in _VERDICTS else verdict


def verdict_sentence(verdict: str) -> str:
    """Return the verdict as a sentence."""
    return str(_VERDICTS[verdict][1]) if verdict in _VERDICTS else ""


def percent(run: TrainingRun) -> int:
    """Return how much of the run is done."""
    if run.state == _State.DONE:
        return 100
    if run.stage not in STAGES:
        return 0
    before = takewhile(lambda stage: stage != run.stage, STAGES)
    step, steps = run.progress.get("step", 0), run.progress.get("steps", 0)
    share = _SHARES[run.stage] * step / steps if steps else 0
    return round(sum(_SHARES[stage] for stage in before) + share)


def stages(run: TrainingRun) -> list[tuple[Any, str]]:
    """Return each stage's name with "done", "now" or "later"."""
    known = list(STAGES)
    done = run.state == _State.DONE
    at = len(known) if done else known.index(run.stage) if run.stage in known else -1
    words = ("done", "now", "later")
    return [
        (_STAGES[stage][0], words[0 if index < at else 1 if index == at else 2])
        for index, stage in enumerate(known)
    ]


def time_left(run: TrainingRun) -> str:
    """Return about how long this stage still takes, if it is known."""
    left = run.progress.get("seconds_left") if run.state == _State.RUNNING else None
    if left is None:
        return ""
    if left < 60:
        return _("Less than a minute left in this part.")
    minutes = round(left / 60)
    told = ngettext(
        "About %(minutes)s minute left in this part.",
        "About %(minutes)s minutes left in this part.",
        minutes,
    )
    return told % {"minutes": minutes}
