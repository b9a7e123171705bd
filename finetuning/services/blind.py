"""The blind comparison: pairs of stories before people who don't know which model wrote which.

The pairs are those of an evaluation, and those that somebody had written for settings of their own
(`finetuning.services.own_pairs`). Some are shown again after a while, the other way round: whoever
then prefers the other story has gone by the order, and is counted for neither.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, TextChoices
from django.utils.crypto import salted_hmac

from finetuning.models import BlindVote, OwnPair, TrainingRun
from finetuning.pipeline.statistics import wilson
from finetuning.services import consent, pairs
from stories.models import Genre, Register, User

_Preferred = BlindVote.Preferred
Choice = str  # "first", "second" or "neither"
CHOICES = frozenset({"first", "second", "neither"})
# Older evaluations say nothing about models that anybody would still choose.
_RUNS = 5
# One pair of so many is shown again, when so many others have been judged meanwhile.
_EVERY, _MEANWHILE = 4, 3


@dataclass(frozen=True)
class Pair:
    """Two stories of the same settings; `first` and `second` hide who wrote them."""

    run: TrainingRun
    number: int
    first: str
    second: str
    genre: str
    register: str
    left: int  # pairs that the user has not seen, this one included
    seen: int  # judged before, of the same runs
    again: bool  # for the second time


@dataclass(frozen=True)
class Tally:
    """How often people preferred the candidate; the interval is that of `wilson`.

    Of the `undecided`, `turned` went by the order of the stories.
    """

    preferred: int
    decided: int
    undecided: int
    low: float
    high: float
    turned: int = 0


def next_pair(user: User) -> Pair | None:
    """Return a pair that `user` has to judge, of the newest evaluations first."""
    left = seen = 0
    found: tuple[TrainingRun, int, dict[str, Any], bool] | None = None
    for run in TrainingRun.objects.filter(state=TrainingRun.State.DONE)[:_RUNS]:
        votes = {vote.pair: vote for vote in BlindVote.objects.filter(run=run, voter=user)}
        unseen = []
        for number, stories in _open_pairs(run, user):
            if number in votes:
                seen += 1
            else:
                unseen.append((run, number, stories, False))
        again = _due_again(run, user, votes, is_last=not unseen)
        left += len(unseen) + len(again)
        found = found or next(iter([*again, *unseen]), None)
    if found is None:
        return None
    run, number, stories, is_again = found
    first, second = _order(run, number, user, again=is_again)
    return Pair(
        run=run,
        number=number,
        first=stories[first]["text"],
        second=stories[second]["text"],
        genre=_label(Genre, stories["service"]["genre"]),
        register=_label(Register, stories["service"]["register"]),
        left=left,
        seen=seen,
        again=is_again,
    )


def _label(choices: type[TextChoices], value: str) -> str:
    return str(choices(value).label) if value in choices.values else value


def left(user: User, run: TrainingRun) -> int:
    """Return how many pairs of `run` the user has not judged once."""
    judged = set(BlindVote.objects.filter(run=run, voter=user).values_list("pair", flat=True))
    return sum(number not in judged for number, _ in _open_pairs(run, user))


def _open_pairs(run: TrainingRun, user: User) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the pairs of `run` with their numbers that `user` may be shown and can tell apart."""
    is_shown = consent.shown_to(user, pairs.asked(run))
    for number, stories in enumerate(pairs.shown(run)):
        if _can_be_told_apart(stories) and is_shown(stories["candidate"].get("prompt", "")):
            yield number, stories


def _due_again(
    run: TrainingRun, user: User, votes: dict[int, BlindVote], *, is_last: bool
) -> list[tuple[TrainingRun, int, dict[str, Any], bool]]:
    """Return the pairs that are to be shown once more now."""
    last = max((vote.pk for vote in votes.values()), default=0)
    due = []
    for number, stories in _open_pairs(run, user):
        vote = votes.get(number)
        if vote is None or vote.again or not is_shown_again(run, number, user):
            continue
        since = sum(vote.pk < other.pk <= last for other in votes.values())
        if since >= _MEANWHILE or (is_last and since):
            due.append((run, number, stories, True))
    return due


def vote(user: User, run: TrainingRun, number: int, choice: Choice, *, again: bool = False) -> bool:
    """Count `choice`, or the one of the second time; False for one that can't be counted.

    A vote that was counted before changes nothing.
    """
    shown = dict(_open_pairs(run, user))
    if number not in shown or choice not in CHOICES:
        return False
    order = _order(run, number, user, again=again)
    sides: dict[str, str] = {"first": order[0], "second": order[1]}
    preferred = sides.get(choice, _Preferred.NEITHER)
    if again:
        return _count_again(user, run, number, preferred)
    BlindVote.objects.get_or_create(
        run=run, pair=number, voter=user, defaults={"preferred": preferred}
    )
    return True


def _count_again(user: User, run: TrainingRun, number: int, preferred: str) -> bool:
    once = BlindVote.objects.filter(run=run, pair=number, voter=user)
    first = once.first()
    if first is None:
        return False
    turned = first.preferred != preferred
    kept = _Preferred.NEITHER if turned else first.preferred
    once.filter(again=False).update(again=True, turned=turned, preferred=kept)
    return True


def tally(run: TrainingRun) -> Tally:
    """Return what people said of the pairs of `run`, and of their own."""
    return _tally(BlindVote.objects.filter(run=run), OwnPair.objects.filter(run=run))


def tally_of(user: User, run: TrainingRun) -> Tally:
    """Return what `user` alone said."""
    own = OwnPair.objects.filter(run=run, voter=user)
    return _tally(BlindVote.objects.filter(run=run, voter=user), own)


def _tally(votes: Any, own: Any) -> Tally:
    counts: dict[str, int] = {}
    for found in (votes, own.exclude(preferred="")):
        for side, count in found.values_list("preferred").annotate(c=Count("pk")).order_by():
            counts[side] = counts.get(side, 0) + count
    preferred, other = counts.get("candidate", 0), counts.get("service", 0)
    low, high = wilson(preferred, preferred + other)
    turned = votes.filter(turned=True).count()
    return Tally(preferred, preferred + other, counts.get("neither", 0), low, high, turned)


def _can_be_told_apart(stories: dict[str, Any]) -> bool:
    """Tell whether there is something to choose; blanked stories are the same."""
    return bool(stories["candidate"]["text"] != stories["service"]["text"])


def _digest(run: TrainingRun, number: int, user: User) -> bytes:
    return salted_hmac("finetuning.blind", f"{run.pk} {number} {user.pk}").digest()


def _order(run: TrainingRun, number: int, user: User, *, again: bool = False) -> tuple[str, str]:
    """Return which side is first: the same each time, and nobody can work it out."""
    is_candidate_first = bool(_digest(run, number, user)[0] % 2) is not again
    return ("candidate", "service") if is_candidate_first else ("service", "candidate")


def is_shown_again(run: TrainingRun, number: int, user: User) -> bool:
    """Tell whether the pair is one of those that `user` judges twice."""
    return _digest(run, number, user)[1] % _EVERY == 0
