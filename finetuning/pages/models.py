"""The models that were taught here: every one with its run and stories; in and out of service."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from finetuning import tasks
from finetuning.models import TrainingExample, TrainingRun
from finetuning.pages import progress
from finetuning.pages.access import demand, for_staff, may_promote, may_start
from finetuning.services import blind, gate, lineage, promotion, storage
from modelserver import names
from stories.models import WriterModel, model_in_service
from stories.pages.common import SignedInRequest


@for_staff
@require_http_methods(["GET", "HEAD"])
def models(request: SignedInRequest) -> HttpResponse:
    """Show all models, the one in service first."""
    found = WriterModel.objects.select_related("promoted_by", "run").order_by("-pk")
    entries = sorted(
        (_entry(model) for model in found),
        key=lambda entry: entry["model"].state != WriterModel.State.ACTIVE,
    )
    context = {
        "entries": entries,
        "service": model_in_service(),
        "base": settings.STORY_MODEL,
        **_rights(request),
    }
    return render(request, "finetuning/models.html", context)


@for_staff
@require_http_methods(["GET", "HEAD"])
def model(request: SignedInRequest, model_id: int) -> HttpResponse:
    """Show one model with the stories that taught it."""
    known = WriterModel.objects.select_related("promoted_by", "run", "replaced")
    found = get_object_or_404(known, pk=model_id)
    examples = TrainingExample.objects.filter(run__model=found).select_related("story")
    examples = examples.exclude(side=TrainingExample.Side.LEFT_OUT)
    context = {
        "entry": _entry(found),
        "examples": examples.order_by("side", "story"),
        "modelfile": _modelfile(found),
        **_rights(request),
    }
    return render(request, "finetuning/model.html", context)


@for_staff
@require_POST
def act(request: SignedInRequest, model_id: int) -> HttpResponse:
    """Promote, roll back, retire or name (POST `action`, `reason`, `title`)."""
    demand(may_promote(request))
    found = get_object_or_404(WriterModel.objects.select_related("replaced"), pk=model_id)
    try:
        messages.success(request, _act(request, found))
        tasks.tidy_elsewhere()
    except promotion.PromotionError as error:
        messages.error(request, str(error))
    if request.POST.get("back") == "teach":
        return redirect("finetuning:teach")
    return redirect("finetuning:models")


def _act(request: SignedInRequest, found: WriterModel) -> str:
    action = request.POST.get("action")
    if action == "promote":
        promotion.promote(found, request.user, request.POST.get("reason", ""))
        told = _("%(model)s is in service: the next story is written with it.")
        return told % {"model": found}
    if action == "roll_back":
        previous = promotion.roll_back(found)
        told = _("%(model)s is in service again.")
        return told % {"model": previous or settings.STORY_MODEL}
    if action == "call":
        title = promotion.call(found, request.POST.get("title", ""))
        if not title:
            return _("%(model)s has no other name now.") % {"model": found}
        return _("%(model)s is called %(title)s now.") % {"model": found, "title": title}
    if action == "retire":
        promotion.retire(found)
        return _("%(model)s is out.") % {"model": found}
    raise promotion.PromotionError(_("There is no such action."))


def _rights(request: SignedInRequest) -> dict[str, bool]:
    return {"may_act": may_promote(request), "may_start": may_start(request)}


def _entry(found: WriterModel) -> dict[str, Any]:
    """Return what both pages show of a model."""
    run = TrainingRun.objects.filter(model=found).first()
    standing = gate.standing(run) if run else None
    return {
        "model": found,
        "run": run,
        "scores": run.scores if run else {},
        "verdict": progress.verdict_name(standing.verdict) if standing else "",
        "standing": standing,
        "better": promotion.passes_gate(found),
        "withdrawn": lineage.withdrawn(found),
        "tally": blind.tally(run) if run else None,
        "has_weights": storage.has_weights(found),
        "is_elsewhere": storage.is_elsewhere(found),
        "is_active": found.state == WriterModel.State.ACTIVE,
        "is_candidate": found.state == WriterModel.State.CANDIDATE,
        "resting": not names.same(found.base, settings.STORY_MODEL),
    }


def _modelfile(found: WriterModel) -> str:
    run = TrainingRun.objects.filter(model=found).first()
    try:
        return run.folder.modelfile.read_text() if run else ""
    except FileNotFoundError:
        return ""
