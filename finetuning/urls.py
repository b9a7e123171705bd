"""Routes of teaching, and the old addresses of what was in the admin before."""

from typing import Any, cast

from django.urls import path
from django.views.generic import RedirectView

from finetuning.pages import compare, files, models, read, runs, taking, teach

app_name = "finetuning"


def _route(route: str, view: object, name: str) -> Any:
    # Views behind `login_required` narrow the request's type, which `path` does not know.
    return path(route, cast("Any", view), name=name)


def _moved(route: str, name: str, to: str) -> Any:
    return path(route, RedirectView.as_view(pattern_name=f"finetuning:{to}"), name=name)


urlpatterns = [
    _route("teach/", teach.teach, "teach"),
    _route("teach/back/<id:story_id>/", teach.take_back, "take_back"),
    _route("teach/consent/", teach.give_consent, "consent"),
    _route("teach/read/", read.read, "read"),
    _route("teach/read/<id:story_id>/", read.read_story, "read_story"),
    _route("teach/runs/", runs.runs, "runs"),
    _route("teach/runs/new/", runs.start, "start"),
    _route("teach/runs/<id:run_id>/", runs.run, "run"),
    _route("teach/runs/<id:run_id>/live/", runs.live, "run_live"),
    _route("teach/runs/<id:run_id>/act/", runs.act, "run_act"),
    _route("teach/runs/<id:run_id>/evaluation/", runs.evaluation, "evaluation"),
    _route("teach/runs/<id:run_id>/take/<slug:word>/", taking.take, "take"),
    _route("teach/models/", models.models, "models"),
    _route("teach/models/<id:model_id>/", models.model, "model"),
    _route("teach/models/<id:model_id>/act/", models.act, "model_act"),
    _route("teach/files/", files.files, "files"),
    _route("teach/files/download/", files.download, "download"),
    _route("teach/compare/", compare.compare, "compare"),
    _route("teach/compare/own/", compare.own, "own"),
    _route("teach/compare/own/<id:pair_id>/", compare.own_pair, "own_pair"),
    _route("teach/compare/own/<id:pair_id>/<slug:place>/", compare.own_story, "own_story"),
    # Where these were before.
    _moved("compare/", "old_compare", "compare"),
    _moved("admin/finetuning/trainingrun/", "old_runs", "runs"),
    _moved("admin/finetuning/trainingrun/add/", "old_start", "start"),
    _moved("admin/finetuning/trainingrun/<id:run_id>/change/", "old_run", "run"),
    _moved("admin/finetuning/trainingrun/<id:run_id>/evaluation/", "old_evaluation", "evaluation"),
    _moved("admin/finetuning/trainingexample/files/", "old_files", "files"),
    _moved("admin/stories/writermodel/", "old_models", "models"),
    _moved("admin/stories/writermodel/<id:model_id>/change/", "old_model", "model"),
    _moved("admin/stories/waitingstory/", "old_queue", "read"),
    _moved("admin/stories/waitingstory/<id:story_id>/change/", "old_story", "read_story"),
]
