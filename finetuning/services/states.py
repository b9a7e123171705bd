"""A run through its states. Every change is a compare-and-set; whoever changes no row has lost."""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from finetuning.models import TrainingRun
from finetuning.recipes import RECIPES, Recipe
from finetuning.services import lineage, storage
from modelserver import names
from prose import said
from stories.models import User
from stories.telling import told

MAX_ATTEMPTS = 5
# A queued run that no worker took for so long is announced again: its message may be lost.
_FORGOTTEN_AFTER = 60.0  # seconds
_State = TrainingRun.State


class CannotStartError(Exception):
    """The run can't be started (or resumed); the message says why."""


class AlreadyRunningError(CannotStartError):
    """Another run is queued or running."""

    def __init__(self) -> None:
        super().__init__(_("Another training run is queued or running: one at a time."))


@dataclass(frozen=True)
class Beat:
    """What a worker hears when it gives a sign of life."""

    lost: bool
    cancel: bool


def recipe_for_site() -> Recipe | None:
    """Return the recipe that tunes the model that this site writes with, if there is one."""
    if settings.TRAIN_RECIPE:
        return RECIPES.get(settings.TRAIN_RECIPE)
    wanted = settings.STORY_MODEL
    named = (recipe for recipe in RECIPES.values() if names.same(recipe.base_model, wanted))
    return next(named, None)


def start(recipe: Recipe, origin: TrainingRun.Origin, user: User | None = None) -> TrainingRun:
    """Store and return a queued run. Raises `CannotStartError`.

    The caller announces it to a worker, or claims it itself. The worker may be another machine's
    where Redis has the queue: without a trainer here, nothing is asked of this one.
    """
    if _trains_here():
        check_here(recipe)
    try:
        with transaction.atomic():
            return TrainingRun.objects.create(
                origin=origin, requested_by=user, recipe=recipe.to_dict()
            )
    except IntegrityError as error:
        raise AlreadyRunningError from error


def _trains_here() -> bool:
    """Tell whether this machine trains, as far as it can know."""
    return bool(settings.TRAIN_PYTHON or not settings.REDIS_URL)


def check_here(recipe: Recipe) -> None:
    """Raise `CannotStartError` where this machine can't train, or has no room for it."""
    if not settings.TRAIN_PYTHON:
        raise CannotStartError(
            _(
                "Training needs an environment of its own, and there is none: run `make "
                "train-env`, or name its Python in TRAIN_PYTHON."
            )
        )
    if reason := storage.lacking_space(recipe):
        raise CannotStartError(told(reason))


def claim(run: int) -> TrainingRun | None:
    """Take a queued run for the calling worker; None when somebody else was faster."""
    runner, now = secrets.token_hex(8), timezone.now()
    taken = TrainingRun.objects.filter(pk=run, state=_State.QUEUED).update(
        state=_State.RUNNING,
        runner=runner,
        lease_until=now + _lease(),
        started_at=now,
        finished_at=None,
        error="",
    )
    if not taken:
        return None
    found = TrainingRun.objects.get(pk=run)
    TrainingRun.objects.owned(run, runner).update(attempts=found.attempts + 1)
    found.attempts += 1
    return found


def beat(run: TrainingRun) -> Beat:
    """Extend the lease; tell whether the run was lost to another worker or is to be cancelled."""
    owned = TrainingRun.objects.owned(run.pk, run.runner)
    if not owned.update(lease_until=timezone.now() + _lease()):
        return Beat(lost=True, cancel=False)
    cancel = owned.values_list("cancel_requested", flat=True).first()
    return Beat(lost=False, cancel=bool(cancel))


def note(run: TrainingRun, **fields: Any) -> bool:
    """Store facts of a run that the caller holds; False when it does not any more."""
    changed = TrainingRun.objects.owned(run.pk, run.runner).update(**fields)
    if changed:
        for name, value in fields.items():
            setattr(run, name, value)
    return bool(changed)


def finish(run: TrainingRun, state: TrainingRun.State, error: str = "", **fields: Any) -> bool:
    """End a run that the caller holds; False when it does not any more."""
    return note(
        run,
        state=state,
        error=error[:500],
        lease_until=None,
        runner="",
        cancel_requested=False,
        finished_at=timezone.now(),
        **fields,
    )


def cancel(run: TrainingRun) -> bool:
    """Cancel a queued run at once, a running one at its next step; False when it has ended."""
    queued = TrainingRun.objects.filter(pk=run.pk, state=_State.QUEUED)
    if queued.update(state=_State.CANCELLED, finished_at=timezone.now()):
        return True
    running = TrainingRun.objects.filter(pk=run.pk, state=_State.RUNNING)
    return bool(running.update(cancel_requested=True))


def resume(run: TrainingRun) -> None:
    """Queue a failed or cancelled run again; it goes on from its last whole stage or checkpoint.

    Raises `CannotStartError`.
    """
    if _trains_here() and (reason := storage.lacking_space(run.recipe_values)):
        raise CannotStartError(told(reason))
    stopped = TrainingRun.objects.filter(
        pk=run.pk, state__in=(_State.FAILED, _State.CANCELLED), model=None
    )
    try:
        with transaction.atomic():
            changed = stopped.update(
                state=_State.QUEUED,
                queued_at=timezone.now(),
                attempts=0,
                cancel_requested=False,
                error="",
                finished_at=None,
            )
    except IntegrityError as error:
        raise AlreadyRunningError from error
    if not changed:
        raise CannotStartError(_("Only a run that failed or was cancelled can be resumed."))


def retry(run: TrainingRun, user: User | None) -> TrainingRun:
    """Start a new run with the recipe of `run`. Raises `CannotStartError`."""
    return start(run.recipe_values, TrainingRun.Origin.ADMIN, user)


def recover() -> list[int]:
    """Queue again the run whose worker died; return the runs that have to be announced.

    A run that has killed its workers `MAX_ATTEMPTS` times is failed instead.
    """
    now = timezone.now()
    for run in TrainingRun.objects.abandoned():
        owned = TrainingRun.objects.owned(run.pk, run.runner)
        held = owned.filter(lease_until=run.lease_until)  # not renewed since
        if run.cancel_requested:
            held.update(state=_State.CANCELLED, runner="", lease_until=None, finished_at=now)
        elif run.attempts >= MAX_ATTEMPTS:
            held.update(
                state=_State.FAILED,
                runner="",
                lease_until=None,
                finished_at=now,
                error=said(
                    "The worker died %(count)s times at this run; it may lack memory.",
                    count=run.attempts,
                ),
            )
        elif held.update(state=_State.QUEUED, runner="", lease_until=None, queued_at=now):
            return [run.pk]
    return [run.pk for run in TrainingRun.objects.forgotten(_FORGOTTEN_AFTER) if _bumped(run)]


def _bumped(run: TrainingRun) -> bool:
    """Count its waiting anew, so that one message at a time is under way for it."""
    waiting = TrainingRun.objects.filter(pk=run.pk, state=_State.QUEUED, queued_at=run.queued_at)
    return bool(waiting.update(queued_at=timezone.now()))


def nightly() -> TrainingRun | None:
    """Start a run by itself when enough newly approved stories wait; None when not.

    Raises `CannotStartError`.
    """
    if not settings.TRAIN_AFTER or lineage.newly_approved() < settings.TRAIN_AFTER:
        return None
    recipe = recipe_for_site()
    if recipe is None:
        raise CannotStartError(
            _("There is no recipe %(recipe)s: TRAIN_RECIPE is one of %(recipes)s.")
            % {"recipe": settings.TRAIN_RECIPE, "recipes": ", ".join(RECIPES)}
            if settings.TRAIN_RECIPE
            else _(
                "No recipe tunes %(model)s. TRAIN_RECIPE names one of another base; TRAIN_AFTER=0 "
                "ends these runs."
            )
            % {"model": settings.STORY_MODEL}
        )
    return start(recipe, TrainingRun.Origin.NIGHTLY)


def _lease() -> timedelta:
    return timedelta(seconds=settings.TRAIN_LEASE_SECONDS)
