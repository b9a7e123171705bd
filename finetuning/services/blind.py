"""The blind comparison: pairs of stories that an evaluation wrote, before writers who don't know
which model wrote which."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, TextChoices
from django.utils.crypto import salted_hmac

from finetuning.models import BlindVote, TrainingRun
from finetuning.pipeline.statistics import wilson
from finetuning.services import pairs
from stories.models import Genre, Register, User

_Preferred = BlindVote.Preferred
# Older evaluations say nothing about models that anybody would still choose.
_RUNS = 5


@dataclass(frozen=True)
class Pair:
    """Two stories of the same settings; `first` and `second` hide who wrote them."""

    run: TrainingRun
    number: int
    first: str
    second: str
    genre: str
    register: str
    left: int  # pairs that the writer has not seen, this one included


@dataclass(frozen=True)
class Tally:
    """How often writers preferred the candidate; the interval is that of `wilson`."""

    preferred: int
    decided: int
    undecided: int
    low: float
    high: float


def next_pair(user: User) -> Pair | None:
    """Return a pair that `user` has not judged yet, of the newest evaluations first."""
    left, found = 0, None
    for run in TrainingRun.objects.filter(state=TrainingRun.State.DONE)[:_RUNS]:
        voted = BlindVote.objects.filter(run=run, voter=user)
        seen = set(voted.values_list("pair", flat=True))
        for number, stories in enumerate(pairs.shown(run)):
            if number in seen or not _can_be_told_apart(stories):
                continue
            left += 1
            found = found or (run, number, stories)
    if found is None:
        return None
    run, number, stories = found
    order = _order(run, number, user)
    return Pair(
        run=run,
        number=number,
        first=stories[order[0]]["text"],
        second=stories[order[1]]["text"],
        genre=_label(Genre, stories["service"]["genre"]),
        register=_label(Register, stories["service"]["register"]),
        left=left,
    )


def _label(choices: type[TextChoices], value: str) -> str:
    return str(choices(value).label) if value in choices.values else value


def vote(user: User, run: TrainingRun, number: int, choice: str) -> bool:
    """Count the choice "first", "second" or "neither"; False for one that can't be counted.

    A second vote on the same pair changes nothing.
    """
    shown = pairs.shown(run)
    is_there = number < len(shown) and _can_be_told_apart(shown[number])
    if not is_there or choice not in {"first", "second", "neither"}:
        return False
    order = _order(run, number, user)
    sides: dict[str, str] = {"first": order[0], "second": order[1]}
    preferred = sides.get(choice, _Preferred.NEITHER)
    BlindVote.objects.get_or_create(
        run=run, pair=number, voter=user, defaults={"preferred": preferred}
    )
    return True


def tally(run: TrainingRun) -> Tally:
    """Return the votes on the pairs of `run`."""
    counts: dict[str, int] = dict(
        BlindVote.objects.filter(run=run)
        .values_list("preferred")
        .annotate(count=Count("pk"))
        .order_by()
    )
    preferred, other = counts.get("candidate", 0), counts.get("service", 0)
    low, high = wilson(preferred, preferred + other)
    return Tally(preferred, preferred + other, counts.get("neither", 0), low, high)


def _can_be_told_apart(stories: dict[str, Any]) -> bool:
    """Tell whether there is something to choose; blanked stories are the same."""
    return bool(stories["candidate"]["text"] != stories["service"]["text"])


def _order(run: TrainingRun, number: int, user: User) -> tuple[str, str]:
    """Return which side is first: the same each time, and nobody can work it out."""
    digest = salted_hmac("finetuning.blind", f"{run.pk} {number} {user.pk}").digest()
    return ("candidate", "service") if digest[0] % 2 else ("service", "candidate")
