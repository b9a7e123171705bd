"""The models page: every version, its run, stories and scores; promote, roll back, retire."""

from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from finetuning.models import TrainingExample, TrainingRun
from finetuning.services import blind, lineage, promotion, storage
from modelserver import names
from stories.admin.common import LookOnlyAdmin
from stories.ids import row_id
from stories.models import WriterModel, model_in_service


@admin.register(WriterModel)
class WriterModelAdmin(LookOnlyAdmin):
    """Staff read; who may change models puts them into service."""

    search_fields = ("name",)

    def get_urls(self) -> list[URLPattern]:
        """Add the actions."""
        act = path(
            "<id:model_id>/act/",
            self.admin_site.admin_view(self.act_view),
            name="stories_writermodel_act",
        )
        return [act, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Show all models, the one in service first."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        found = WriterModel.objects.select_related("promoted_by", "run").order_by("-pk")
        entries = sorted(
            (_entry(model) for model in found),
            key=lambda entry: entry["model"].state != WriterModel.State.ACTIVE,
        )
        context = {
            "title": "Models",
            "entries": entries,
            "service": model_in_service(),
            "base": settings.STORY_MODEL,
            "new": lineage.newly_approved(),
            "train_after": settings.TRAIN_AFTER,
            **self._rights(request),
        }
        return self._page(request, "finetuning/models.html", context)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Show one model with the stories that taught it."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        models = WriterModel.objects.select_related("promoted_by", "run", "replaced")
        model = get_object_or_404(models, pk=row_id(object_id))
        examples = TrainingExample.objects.filter(run__model=model).select_related("story")
        examples = examples.exclude(side=TrainingExample.Side.LEFT_OUT)
        context = {
            "title": str(model),
            "entry": _entry(model),
            "examples": examples.order_by("side", "story"),
            "modelfile": _modelfile(model),
            **self._rights(request),
        }
        return self._page(request, "finetuning/model.html", context)

    def act_view(self, request: HttpRequest, model_id: int) -> HttpResponse:
        """Promote, roll back, retire or name (POST `action`, `reason`, `title`)."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not self._may_act(request):
            raise PermissionDenied
        model = get_object_or_404(WriterModel.objects.select_related("replaced"), pk=model_id)
        try:
            messages.success(request, self._act(request, model))
        except promotion.PromotionError as error:
            messages.error(request, str(error))
        back = request.POST.get("back") == "model"
        if back:
            return redirect("admin:stories_writermodel_change", model.pk)
        return redirect("admin:stories_writermodel_changelist")

    def _act(self, request: HttpRequest, model: WriterModel) -> str:
        action = request.POST.get("action")
        user: Any = request.user
        if action == "promote":
            promotion.promote(model, user, request.POST.get("reason", ""))
            return f"{model} is in service: the next story is written with it."
        if action == "roll_back":
            previous = promotion.roll_back(model)
            return f"{previous or settings.STORY_MODEL} is in service again."
        if action == "call":
            title = promotion.call(model, request.POST.get("title", ""))
            return f"{model} is called {title} now." if title else f"{model} has no other name now."
        if action == "retire":
            promotion.retire(model)
            return f"{model} is out."
        raise promotion.PromotionError("There is no such action.")

    def _may_act(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("stories.change_writermodel"))

    def _rights(self, request: HttpRequest) -> dict[str, bool]:
        return {
            "may_act": self._may_act(request),
            "may_start": bool(request.user.has_perm("finetuning.add_trainingrun")),
        }

    def _page(self, request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
        shared = {**self.admin_site.each_context(request), "opts": self.model._meta}
        return TemplateResponse(request, template, {**shared, **context})


def _entry(model: WriterModel) -> dict[str, Any]:
    """Return what both pages show of a model."""
    run = TrainingRun.objects.filter(model=model).first()
    scores = run.scores if run else {}
    return {
        "model": model,
        "run": run,
        "scores": scores,
        "evaluation": bool(scores) and run is not None and _evaluation_url(run),
        "better": promotion.passes_gate(model),
        "withdrawn": lineage.withdrawn(model),
        "tally": blind.tally(run) if run else None,
        "has_weights": storage.has_weights(model),
        "is_active": model.state == WriterModel.State.ACTIVE,
        "is_candidate": model.state == WriterModel.State.CANDIDATE,
        "resting": not names.same(model.base, settings.STORY_MODEL),
    }


def _evaluation_url(run: TrainingRun) -> str:
    return reverse("admin:finetuning_trainingrun_evaluation", args=[run.pk])


def _modelfile(model: WriterModel) -> str:
    run = TrainingRun.objects.filter(model=model).first()
    try:
        return run.folder.modelfile.read_text() if run else ""
    except FileNotFoundError:
        return ""
