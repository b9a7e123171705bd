"""Runs in the admin: the list, the form that starts one, its live page and its evaluation."""

from itertools import takewhile
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone

from finetuning import tasks
from finetuning.admin import curve
from finetuning.forms import RecipeForm
from finetuning.models import TrainingRun
from finetuning.pipeline import STAGES
from finetuning.recipes import RECIPES, RecipeError
from finetuning.services import lineage, pairs, states
from modelserver import names
from stories.admin.common import LookOnlyAdmin
from stories.ids import row_id
from stories.models import Story, model_in_service

# How much of the whole a stage makes, in percent.
_SHARES = {"export": 2, "train": 63, "convert": 8, "register": 2, "evaluate": 25}
SHOWN_PAIRS = 10


@admin.register(TrainingRun)
class TrainingRunAdmin(LookOnlyAdmin):
    """Staff watch; who may add runs starts, cancels, resumes and retries them."""

    list_display = ("__str__", "state", "stage", "origin", "verdict", "model", "created_at")
    list_filter = ("state", "verdict", "origin")
    list_select_related = ("model",)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Starting a run is a permission of its own; administrators have it."""
        return bool(request.user.has_perm("finetuning.add_trainingrun"))

    def get_urls(self) -> list[URLPattern]:
        """Add the live part, the actions and the evaluation."""
        own = [
            ("live", self.live_view),
            ("act", self.act_view),
            ("evaluation", self.evaluation_view),
        ]
        routes = [
            path(
                f"<id:run_id>/{name}/",
                self.admin_site.admin_view(view),
                name=f"finetuning_trainingrun_{name}",
            )
            for name, view in own
        ]
        return [*routes, *super().get_urls()]

    # ---- Start ----

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Show the recipe with all its values; POST starts a run."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        wanted = request.GET.get("recipe")
        site = states.recipe_for_site()
        recipe = RECIPES.get(wanted) if wanted else site or RECIPES["pocket"]
        if recipe is None:
            raise Http404
        form = RecipeForm(recipe, request.POST or None)
        if request.method == "POST" and form.is_valid():
            run = self._start(request, form)
            if run is not None:
                return redirect("admin:finetuning_trainingrun_change", run.pk)
        context = {
            "title": "Tune a model",
            "form": form,
            "recipe": recipe,
            "recipes": RECIPES.values(),
            "approved": Story.objects.approved().count(),
            "new": lineage.newly_approved(),
            "for_this_site": site is not None and names.same(recipe.base_model, site.base_model),
            "service": model_in_service(),
        }
        return self._page(request, "finetuning/start.html", context)

    def _start(self, request: HttpRequest, form: RecipeForm) -> TrainingRun | None:
        try:
            run = states.start(form.recipe, TrainingRun.Origin.ADMIN, _user(request))
        except states.CannotStartError as error:
            form.add_error(None, str(error))
            return None
        tasks.announce(run.pk)
        return run

    # ---- One run ----

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Show a run; while it is active, its live part renews itself."""
        if request.method == "POST":
            return HttpResponseNotAllowed(["GET"])
        if not self.has_view_permission(request):
            raise PermissionDenied
        run = self._run(row_id(object_id))
        context = {
            "title": str(run),
            "recipe": _recipe_rows(run),
            "examples_url": _examples_url(run),
            **self._live(request, run),
        }
        return self._page(request, "finetuning/run.html", context)

    def live_view(self, request: HttpRequest, run_id: int) -> HttpResponse:
        """Answer with the part of the page that changes; 286 tells htmx to ask no more."""
        found = self._run(run_id)
        return TemplateResponse(
            request,
            "finetuning/_live.html",
            self._live(request, found),
            status=200 if found.is_active else 286,
        )

    def _live(self, request: HttpRequest, run: TrainingRun) -> dict[str, Any]:
        return {
            "run": run,
            "may_act": self.has_add_permission(request),
            "percent": _percent(run),
            "stages": _stages(run),
            "picture": curve.picture(run.curve),
            "log": run.log_tail(),
            "seconds": _seconds(run),
        }

    def act_view(self, request: HttpRequest, run_id: int) -> HttpResponse:
        """Cancel, resume or retry (POST `action`)."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not self.has_add_permission(request):
            raise PermissionDenied
        run = self._run(run_id)
        try:
            run = self._act(request, run, request.POST.get("action", ""))
        except (states.CannotStartError, RecipeError) as error:
            messages.error(request, str(error))
        return redirect("admin:finetuning_trainingrun_change", run.pk)

    def _act(self, request: HttpRequest, run: TrainingRun, action: str) -> TrainingRun:
        if action == "cancel":
            if not states.cancel(run):
                messages.warning(request, "The run has ended already.")
        elif action == "resume":
            states.resume(run)
            tasks.announce(run.pk)
        elif action == "retry":
            run = states.retry(run, _user(request))
            tasks.announce(run.pk)
        else:
            messages.error(request, "There is no such action.")
        return run

    # ---- The evaluation ----

    def evaluation_view(self, request: HttpRequest, run_id: int) -> HttpResponse:
        """Show what was measured, and stories of both models side by side."""
        run = self._run(run_id)
        if not run.scores:
            raise Http404
        # Of stories still there.
        kept = [pair for pair in pairs.shown(run) if pair["service"]["prompt"]]
        context = {
            "title": f"Evaluation of {run.model or run}",
            "run": run,
            "scores": run.scores,
            "checks": [
                (name, share, run.scores["checks"]["candidate"][name])
                for name, share in run.scores["checks"]["service"].items()
            ],
            "pairs": kept[:SHOWN_PAIRS],
        }
        return self._page(request, "finetuning/evaluation.html", context)

    def _run(self, number: int | None) -> TrainingRun:
        return get_object_or_404(
            TrainingRun.objects.select_related("model", "requested_by"), pk=number
        )

    def _page(self, request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
        shared = {**self.admin_site.each_context(request), "opts": self.model._meta}
        return TemplateResponse(request, template, {**shared, **context})


def _user(request: HttpRequest) -> Any:
    return request.user


def _percent(run: TrainingRun) -> int:
    if run.state == TrainingRun.State.DONE:
        return 100
    if run.stage not in STAGES:
        return 0
    before = takewhile(lambda stage: stage != run.stage, STAGES)
    step, steps = run.progress.get("step", 0), run.progress.get("steps", 0)
    share = _SHARES[run.stage] * step / steps if steps else 0
    return round(sum(_SHARES[stage] for stage in before) + share)


def _stages(run: TrainingRun) -> list[tuple[str, str]]:
    """Return each stage with "done", "now" or "later"."""
    if run.state == TrainingRun.State.DONE:
        return [(stage, "done") for stage in STAGES]
    stages = list(STAGES)
    at = stages.index(run.stage) if run.stage in stages else -1
    words = ("done", "now", "later")
    return [(s, words[0 if i < at else 1 if i == at else 2]) for i, s in enumerate(stages)]


def _seconds(run: TrainingRun) -> int | None:
    if run.started_at is None:
        return None
    return round(((run.finished_at or timezone.now()) - run.started_at).total_seconds())


def _recipe_rows(run: TrainingRun) -> list[tuple[str, Any]]:
    return [(name.replace("_", " "), value) for name, value in run.recipe.items()]


def _examples_url(run: TrainingRun) -> str:
    return f"{reverse('admin:finetuning_trainingexample_changelist')}?run__id__exact={run.pk}"
