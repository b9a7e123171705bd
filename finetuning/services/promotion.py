"""Putting models into service and taking them out; a person decides, the measurements are the gate.

What changes is which row is `active`: the next story reads it, so nothing has to be restarted.
"""

from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext, pgettext_lazy

import modelserver
from finetuning.models import TrainingRun
from finetuning.services import gate, storage
from modelserver import names
from prose import cleaning
from stories.models import User, WriterModel, model_in_service
from stories.telling import told

_State = WriterModel.State
MAX_REASON, MAX_TITLE = 300, 80


# As the states are called within a sentence.
_STATES = {
    _State.CANDIDATE: pgettext_lazy("state of a model", "candidate"),
    _State.ACTIVE: pgettext_lazy("state of a model", "in service"),
    _State.RETIRED: pgettext_lazy("state of a model", "retired"),
    _State.REJECTED: pgettext_lazy("state of a model", "rejected"),
}


class PromotionError(Exception):
    """The model can't be put into, or taken out of, service; the message says why."""


class GateError(PromotionError):
    """The measurements don't speak for the model, and nobody gave a reason."""

    def __init__(self, run: TrainingRun | None, service: str) -> None:
        super().__init__(_lacking(run, service))


def _lacking(run: TrainingRun | None, service: str) -> str:
    """Return what the gate misses, as a sentence."""
    if run is None or not run.verdict:
        return gettext("This model was not measured: promoting it needs a reason.")
    found = gate.standing(run)
    if found.measured != found.verdict:
        return gettext("%(votes)s Promoting it needs a reason.") % {"votes": found.told}
    if not found.is_better:
        sentence = gettext("This model was measured as “%(verdict)s”: promoting it needs a reason.")
        return sentence % {"verdict": told(run.verdict)}
    if not run.service:
        return gettext(
            "This model was measured beside another model, and %(service)s is in service now: "
            "promoting it needs a reason."
        ) % {"service": service}
    return gettext(
        "This model was measured beside %(other)s, and %(service)s is in service now: "
        "promoting it needs a reason."
    ) % {"other": run.service, "service": service}


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
            gettext(
                "%(model)s was tuned from %(base)s, and this site writes with %(writes)s: it can't "
                "be put into service here."
            )
            % {"model": model, "base": model.base, "writes": settings.STORY_MODEL}
        )
    _check_on_server(model)
    reason = " ".join(reason.split())[:MAX_REASON]
    if not reason:
        _check_base(model)
    try:
        with transaction.atomic():
            _put_into_service(model, user, reason)
    except IntegrityError as error:
        raise PromotionError(gettext("Somebody else has just promoted another model.")) from error
    storage.tidy()


def _put_into_service(model: WriterModel, user: User | None, reason: str) -> None:
    old = WriterModel.objects.select_for_update().filter(state=_State.ACTIVE).first()
    if old == model:
        raise PromotionError(gettext("%(model)s is in service already.") % {"model": model})
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
        sentence = gettext("%(model)s is not “%(state)s” any more. Load the page again.")
        raise PromotionError(sentence % {"model": model, "state": _STATES[old]})


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
        raise PromotionError(told(str(error))) from error
    if present != measured:
        raise PromotionError(
            gettext(
                "%(base)s is another model on the model server now than when %(model)s was tuned "
                "from it and measured: promoting it needs a reason."
            )
            % {"base": model.base, "model": model}
        )


def call(model: WriterModel, title: str) -> str:
    """Give `model` the name that writers see, or none; return it, tidied."""
    model.title = " ".join(cleaning.clean_text(title).split())[:MAX_TITLE]
    model.save(update_fields=["title"])
    return model.title


def _check_on_server(model: WriterModel) -> None:
    """Raise `PromotionError` unless a model server has `model`; stories go to those that do."""
    failed: list[modelserver.ModelServerError] = []
    for server in storage.servers():
        try:
            storage.on_server(modelserver.model_facts(server, model.name))
        except modelserver.ModelServerError as error:
            failed.append(error)
        else:
            return
    if isinstance(failed[0], modelserver.ModelMissingError):
        raise PromotionError(
            gettext("%(model)s is not on the model server any more.") % {"model": model}
        ) from failed[0]
    raise PromotionError(told(str(failed[0]))) from failed[0]
