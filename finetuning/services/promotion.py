"""Putting models into service and taking them out; a person decides, the measurements are the gate.

What changes is which row is `active`: the next story reads it, so nothing has to be restarted.
"""

from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

import modelserver
from finetuning.models import TrainingRun
from finetuning.services import gate, storage
from modelserver import names
from prose import cleaning
from stories.models import User, WriterModel, model_in_service

_State = WriterModel.State
MAX_REASON, MAX_TITLE = 300, 80


class PromotionError(Exception):
    """The model can't be put into, or taken out of, service; the message says why."""


class GateError(PromotionError):
    """The measurements don't speak for the model, and nobody gave a reason."""

    def __init__(self, run: TrainingRun | None, service: str) -> None:
        super().__init__(_lacking(run, service))


def _lacking(run: TrainingRun | None, service: str) -> str:
    """Return what the gate misses, as a sentence."""
    if run is None or not run.verdict:
        return _("This model was not measured: promoting it needs a reason.")
    found = gate.standing(run)
    if found.measured != found.verdict:
        return _("%(votes)s Promoting it needs a reason.") % {"votes": found.told}
    if not found.is_better:
        sentence = _("This model was measured as “%(verdict)s”: promoting it needs a reason.")
        return sentence % {"verdict": run.verdict}
    return _(
        "This model was measured beside %(other)s, and %(service)s is in service now: promoting "
        "it needs a reason."
    ) % {"other": run.service or _("another model"), "service": service}


def candidate_of(run: TrainingRun, name: str) -> WriterModel:
    """Keep the registered model `name` as the run's candidate; again is no error."""
    base = run.recipe_values.base_model
    model, _ = WriterModel.objects.get_or_create(name=name, defaults={"base": base})
    TrainingRun.objects.filter(pk=run.pk).update(model=model)
    run.model = model
    return model


def passes_gate(model: WriterModel) -> bool:
    """Tell whether `model` is better than the very model that is in service now.

    It was measured so, and people don't like it less.
    """
    return _passes(TrainingRun.objects.filter(model=model).first(), model_in_service())


def _passes(run: TrainingRun | None, service: str) -> bool:
    if run is None or not names.same(run.service, service):
        return False
    return gate.standing(run).is_better


def promote(model: WriterModel, user: User | None, reason: str = "") -> None:
    """Put `model` into service in place of the one that is. Raises `PromotionError`."""
    model.refresh_from_db()
    if not names.same(model.base, settings.STORY_MODEL):
        raise PromotionError(
            f"{model} was tuned from {model.base}, and this site writes with "
            f"{settings.STORY_MODEL}: it can't be put into service here."
        )
    _check_on_server(model)
    reason = " ".join(reason.split())[:MAX_REASON]
    if not reason:
        _check_base(model)
    try:
        with transaction.atomic():
            _put_into_service(model, user, reason)
    except IntegrityError as error:
        raise PromotionError("Somebody else has just promoted another model.") from error
    storage.tidy()


def _put_into_service(model: WriterModel, user: User | None, reason: str) -> None:
    old = WriterModel.objects.select_for_update().filter(state=_State.ACTIVE).first()
    if old == model:
        raise PromotionError(f"{model} is in service already.")
    # Asked for here and not before: what was measured counts beside the model that is replaced.
    run, service = TrainingRun.objects.filter(model=model).first(), model_in_service()
    if not reason and not _passes(run, service):
        raise GateError(run, service)
    if old is not None:
        _move(old, _State.ACTIVE, _State.RETIRED)
    # One that somebody retired in between has lost its weights.
    _move(
        model,
        _State(model.state),
        _State.ACTIVE,
        promoted_at=timezone.now(),
        promoted_by=user,
        promotion_reason=reason,
        replaced=old,
    )


def roll_back(model: WriterModel) -> WriterModel | None:
    """Take the active `model` out and put the one that it replaced back; None is the base.

    Raises `PromotionError`.
    """
    model.refresh_from_db()
    previous = model.replaced
    if previous is not None:
        _check_on_server(previous)
    with transaction.atomic():
        _move(model, _State.ACTIVE, _State.RETIRED)
        if previous is not None:
            _move(previous, _State.RETIRED, _State.ACTIVE)
    storage.tidy()
    return previous


def retire(model: WriterModel) -> None:
    """Take `model` out for good: a candidate is rejected; after the active one the base writes.

    Raises `PromotionError`.
    """
    model.refresh_from_db()
    if model.state == _State.CANDIDATE:
        _move(model, _State.CANDIDATE, _State.REJECTED)
    else:
        _move(model, _State.ACTIVE, _State.RETIRED)
    storage.tidy()


def _move(model: WriterModel, old: WriterModel.State, new: WriterModel.State, **more: Any) -> None:
    if not WriterModel.objects.filter(pk=model.pk, state=old).update(state=new, **more):
        raise PromotionError(f"{model} is not “{old.label.lower()}” any more. Load the page again.")


def _check_base(model: WriterModel) -> None:
    """Raise `PromotionError` if another model was pulled under the name of the base since.

    What was measured is not what would be replaced, or gone back to, then.
    """
    run = TrainingRun.objects.filter(model=model).first()
    measured = run.metrics.get("base_digest") if run else None
    if not measured:
        return  # of a version that did not ask, or nobody knew
    try:
        present = storage.on_server(modelserver.digest(settings.MODEL_SERVER, model.base))
    except modelserver.ModelServerError as error:
        raise PromotionError(str(error)) from error
    if present != measured:
        raise PromotionError(
            f"{model.base} is another model on the model server now than when {model} was tuned "
            "from it and measured: promoting it needs a reason."
        )


def call(model: WriterModel, title: str) -> str:
    """Give `model` the name that writers see, or none; return it, tidied."""
    model.title = " ".join(cleaning.clean_text(title).split())[:MAX_TITLE]
    model.save(update_fields=["title"])
    return model.title


def _check_on_server(model: WriterModel) -> None:
    """Raise `PromotionError` unless the model server has `model`."""
    try:
        storage.on_server(modelserver.model_facts(settings.MODEL_SERVER, model.name))
    except modelserver.ModelMissingError as error:
        raise PromotionError(f"{model} is not on the model server any more.") from error
    except modelserver.ModelServerError as error:
        raise PromotionError(str(error)) from error
