"""The gate before service: what was measured and what people said, put together by a written rule.

A model passes when its run's verdict is *better* and people don't like it less. They do when, of
at least `ENOUGH_VOTES` decided blind votes, so few are for it that the 95 % interval of their
share (Wilson's) lies wholly under a half: it is then *no better* at most. Ties count for neither
side, and so do answers that turn with the order of the two stories.
"""

from dataclasses import dataclass
from enum import StrEnum

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from finetuning.models import TrainingRun
from finetuning.pipeline.judge import BETTER, NO_BETTER
from finetuning.services import blind
from finetuning.services.blind import Tally

# With fewer, nobody's taste is told from chance.
ENOUGH_VOTES = 8
_HALF = 0.5


class People(StrEnum):
    """What blind votes say of a model beside the one that was in service."""

    FEW = "few"  # too few to tell
    MORE = "more"  # they like it more, for sure
    LESS = "less"  # they like it less, for sure
    EVEN = "even"  # no sure difference


@dataclass(frozen=True)
class Standing:
    """Where a run's model stands: `verdict` counts people in, `measured` is the evaluation's own.

    Both are "" before the evaluation. `reason` is the evaluation's sentence, `told` the votes'.
    """

    verdict: str
    measured: str
    reason: str
    people: People
    told: str
    tally: Tally

    @property
    def is_better(self) -> bool:
        """Whether it may go into service without a reason."""
        return self.verdict == BETTER


def standing(run: TrainingRun) -> Standing:
    """Return where the model of `run` stands, by the measurements and the votes of now."""
    tally = blind.tally(run)
    people = judged(tally)
    less = people == People.LESS and run.verdict == BETTER
    return Standing(
        verdict=NO_BETTER if less else run.verdict,
        measured=run.verdict,
        reason=run.scores.get("reason", ""),
        people=people,
        told=_told(tally, people),
        tally=tally,
    )


def judged(tally: Tally) -> People:
    """Return what the votes say, by this module's rule."""
    if tally.decided < ENOUGH_VOTES:
        return People.FEW
    if tally.high < _HALF:
        return People.LESS
    return People.MORE if tally.low > _HALF else People.EVEN


def _told(tally: Tally, people: People) -> str:
    if not tally.decided:
        return _("Nobody has preferred one to the other yet.")
    values = {
        "preferred": tally.preferred,
        "decided": tally.decided,
        "low": f"{tally.low:.0%}",
        "high": f"{tally.high:.0%}",
    }
    counted = ngettext(
        "It was preferred in %(preferred)d of %(decided)d blind vote (%(low)s to %(high)s).",
        "It was preferred in %(preferred)d of %(decided)d blind votes (%(low)s to %(high)s).",
        tally.decided,
    )
    meant = {
        People.FEW: _("That is too few to tell."),
        People.LESS: _("People like it less than the model that was in service."),
        People.MORE: _("People like it more than the model that was in service."),
        People.EVEN: _("There is no sure difference."),
    }
    return f"{counted % values} {meant[people]}"
