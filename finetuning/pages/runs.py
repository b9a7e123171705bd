"""Runs: how one is started, its page while it goes on, and what came out of it."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_POST

from finetuning import tasks
from finetuning.models import TrainingRun
from finetuning.pages import curve, progress, recipe_upload, taking
from finetuning.pages.access import demand, for_staff, may_promote, may_start
from finetuning.pages.forms import RecipeForm, label_of
from finetuning.recipes import RECIPES, STRENGTHS, Recipe, RecipeError, Strength
from finetuning.services import gate, lineage, pairs, states
from finetuning.services.teaching import advice, loop
from modelserver import names
from stories.models import Story, model_in_service
from stories.pages.common import SignedInRequest
from stories.pages.publishing.imports import InMemory

SHOWN_PAIRS = 10
SHOWN_RUNS = 50
_STRENGTHS: dict[Strength, tuple[Any, Any]] = {
    "gentle": (
        gettext_lazy("Gentle"),
        gettext_lazy("Changes little. For few stories, or when it learned too much by heart."),
    ),
    "normal": (gettext_lazy("Normal"), gettext_lazy("What works most often. Begin here.")),
    "strong": (
        gettext_lazy("Strong"),
        gettext_lazy("Changes much. For many stories, or when it was still getting better."),
    ),
}


@for_staff
@require_http_methods(["GET", "HEAD"])
def runs(request: SignedInRequest) -> HttpResponse:
    """List the runs, the newest first."""
    found = TrainingRun.objects.select_related("model", "requested_by")[:SHOWN_RUNS]
    context = {
        "runs": [(run, progress.verdict_name(run.verdict)) for run in found],
        "may_start": may_start(request),
    }
    return render(request, "finetuning/runs.html", context)


# ---- Start ----


@csrf_exempt  # by the view below it, once it is known what takes the file
def start(request: HttpRequest) -> HttpResponse:
    """Show what a run may be started with; POST starts one, or reads a recipe's file."""
    request.upload_handlers = [InMemory(request)]
    answer: HttpResponse = _start_page(request)
    return answer


@csrf_protect
@for_staff
@require_http_methods(["GET", "HEAD", "POST"])
def _start_page(request: SignedInRequest) -> HttpResponse:
    """Show three strengths, and all values of the recipe under "more"; POST starts a run.

    POST with `look` starts nothing: it shows the values of the recipe in `file`.
    """
    demand(may_start(request))
    wanted = request.GET.get("recipe")
    recipe = RECIPES.get(wanted) if wanted else loop.site_recipe()
    if recipe is None:
        raise Http404
    looked = recipe_upload.look(request) if "look" in request.POST else None
    if looked:
        recipe = looked.recipe or recipe
    form = RecipeForm(recipe, None if looked else request.POST or None)
    if request.method == "POST" and not looked and form.is_valid():
        run = _start(request, form)
        if run is not None:
            return redirect("finetuning:run", run.pk)
    site, approved = states.recipe_for_site(), Story.objects.approved().count()
    asked = request.POST.get("strength") or request.GET.get("strength")
    context = {
        "form": form,
        "recipe": recipe,
        "recipes": RECIPES.values(),
        "strengths": _choices(recipe, approved),
        "strength": _strength(asked),
        "approved": approved,
        "new": lineage.newly_approved(),
        "missing": max(0, recipe.least_stories - approved),
        "for_this_site": site is not None and names.same(recipe.base_model, site.base_model),
        "service": model_in_service(),
        "looked": looked,
    }
    is_wrong = form.errors or (looked and looked.problems)
    return render(request, "finetuning/start.html", context, status=422 if is_wrong else 200)


def _choices(recipe: Recipe, stories: int) -> list[dict[str, Any]]:
    return [
        {
            "value": value,
            "name": name,
            "means": means,
            "minutes": loop.minutes_of(recipe, stories, value),
        }
        for value, (name, means) in _STRENGTHS.items()
    ]


def _strength(asked: str | None) -> Strength:
    return next((value for value in STRENGTHS if value == asked), "normal")


def _start(request: SignedInRequest, form: RecipeForm) -> TrainingRun | None:
    try:
        recipe = form.recipe.at(_strength(request.POST.get("strength")))
        run = states.start(recipe, TrainingRun.Origin.ADMIN, request.user)
    except (states.CannotStartError, RecipeError) as error:
        form.add_error(None, str(error))
        return None
    tasks.announce(run.pk)
    return run


# ---- One run ----


@for_staff
@require_http_methods(["GET", "HEAD"])
def run(request: SignedInRequest, run_id: int) -> HttpResponse:
    """Show a run; while it is active, its live part renews itself."""
    found = _run(run_id)
    recipe = [(label_of(name), value) for name, value in found.recipe.items()]
    return render(request, "finetuning/run.html", {"recipe": recipe, **_live(request, found)})


@for_staff
@require_http_methods(["GET", "HEAD"])
def live(request: SignedInRequest, run_id: int) -> HttpResponse:
    """Answer with the part of the page that changes; 286 tells htmx to ask no more."""
    found = _run(run_id)
    status = 200 if found.is_active else 286
    return render(request, "finetuning/_live.html", _live(request, found), status=status)


def _live(request: SignedInRequest, found: TrainingRun) -> dict[str, Any]:
    standing = gate.standing(found) if found.scores else None
    return {
        "run": found,
        "may_start": may_start(request),
        "may_promote": may_promote(request),
        "percent": progress.percent(found),
        "stages": progress.stages(found),
        "sentence": progress.sentence(found),
        "left": progress.time_left(found),
        "picture": curve.picture(found.curve),
        "log": found.log_tail(),
        "standing": standing,
        "verdict": progress.verdict_sentence(standing.verdict) if standing else "",
        "advice": advice.advice(found),
        "take": None if found.is_active else taking.offered(found),
        "step": loop.judging(loop.stand(), request.user) if standing else None,
    }


@for_staff
@require_POST
def act(request: SignedInRequest, run_id: int) -> HttpResponse:
    """Cancel, resume or retry (POST `action`)."""
    demand(may_start(request))
    found = _run(run_id)
    try:
        found = _act(request, found, request.POST.get("action", ""))
    except (states.CannotStartError, RecipeError) as error:
        messages.error(request, str(error))
    return redirect("finetuning:run", found.pk)


def _act(request: SignedInRequest, found: TrainingRun, action: str) -> TrainingRun:
    if action == "cancel":
        if not states.cancel(found):
            messages.warning(request, _("The run has ended already."))
    elif action == "resume":
        states.resume(found)
        tasks.announce(found.pk)
    elif action == "retry":
        found = states.retry(found, request.user)
        tasks.announce(found.pk)
    else:
        messages.error(request, _("There is no such action."))
    return found


# ---- The evaluation ----


@for_staff
@require_http_methods(["GET", "HEAD"])
def evaluation(request: SignedInRequest, run_id: int) -> HttpResponse:
    """Show what was measured, and stories of both models side by side."""
    found = _run(run_id)
    if not found.scores:
        raise Http404
    # Of stories still there.
    kept = [pair for pair in pairs.shown(found) if pair["service"]["prompt"]]
    scores = found.scores
    context = {
        "run": found,
        "scores": scores,
        "standing": gate.standing(found),
        "checks": [
            (name, share, scores["checks"]["candidate"][name])
            for name, share in scores["checks"]["service"].items()
        ],
        "pairs": kept[:SHOWN_PAIRS],
    }
    return render(request, "finetuning/evaluation.html", context)


def _run(number: int) -> TrainingRun:
    return get_object_or_404(TrainingRun.objects.select_related("model", "requested_by"), pk=number)
