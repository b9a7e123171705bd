"""The disk: room before a run, and the rule by which old files go.

Kept are the adapters and models of: the model in service, the one that it replaced, the one that a
rollback last took out, and every candidate that nobody has decided on. Of all others the weights
are removed, here and on the model server; manifests, logs, Modelfiles and evaluations stay.
Checkpoints go when their training is complete, merged files when the server has its own copy.
"""

import asyncio
import logging
import shutil
from collections.abc import Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import Q

import modelserver
from finetuning.models import TrainingRun
from finetuning.recipes import Recipe
from finetuning.services import model_store
from modelserver import Server
from prose import said
from stories.models import WriterModel

logger = logging.getLogger(__name__)


def lacking_space(recipe: Recipe) -> str:
    """Return a sentence when the disk has less room than the recipe needs, else ""."""
    folder = Path(settings.DATA_DIR)
    free = shutil.disk_usage(folder).free / 1e9
    if free >= recipe.disk:
        return ""
    return said(
        "The recipe needs %(needed)s GB of free disk space and %(free)s GB are left in the data "
        "folder.",
        needed=f"{recipe.disk:g}",
        free=f"{free:.1f}",
    )


def kept_models() -> set[int]:
    """Return the numbers of the models whose weights are kept, by this module's rule."""
    active = WriterModel.objects.filter(state=WriterModel.State.ACTIVE).first()
    kept = WriterModel.objects.filter(state=WriterModel.State.CANDIDATE)
    numbers = set(kept.values_list("pk", flat=True))
    if active is not None:
        numbers.add(active.pk)
        if active.replaced_id is not None:
            numbers.add(active.replaced_id)
    taken_out = (
        WriterModel.objects.filter(replaced=active, state=WriterModel.State.RETIRED)
        .order_by("-promoted_at")
        .first()
    )
    if taken_out is not None:
        numbers.add(taken_out.pk)
    return numbers


def tidy() -> None:
    """Remove what the rule lets go. The model server may be down: then its copies stay a while."""
    gone = WriterModel.objects.exclude(pk__in=kept_models())
    for run in TrainingRun.objects.filter(model__in=gone).select_related("model"):
        if run.folder.has_weights and _removed_elsewhere(run):
            run.folder.remove_weights()
    left_over = ~Q(state__in=(TrainingRun.State.QUEUED, TrainingRun.State.RUNNING)) & Q(model=None)
    for run in TrainingRun.objects.filter(left_over).order_by("-pk")[1:]:  # the last can resume
        if run.folder.has_weights and _removed_elsewhere(run):
            run.folder.remove_weights()


def _removed_elsewhere(run: TrainingRun) -> bool:
    """Remove what the run registered and stored, if anything; False when somebody can't be told."""
    registered = (run.folder.manifest("register") or {}).get("model")
    name = run.model.name if run.model else registered
    if name is None:
        return remove_from_store(run)
    return remove_from_servers(name) and remove_from_store(run)


def remove_from_store(run: TrainingRun) -> bool:
    """Remove the adapter of `run` from the store; False when it can't be used, which is logged."""
    try:
        model_store.remove(run.pk)
    except model_store.StoreError as error:
        logger.warning("The adapter of run %s stays in the store: %s", run.pk, error)
        return False
    return True


def remove_from_servers(model: str, patience: float | None = None) -> bool:
    """Remove `model` from every model server; False when one can't be told, which is logged.

    `patience`: the seconds that one that does not answer has, in place of its own.
    """
    told = True
    for server in servers():
        try:
            on_server(modelserver.delete(replace(server, load=patience or server.load), model))
        except modelserver.ModelServerError as error:
            logger.warning("%s stays on the model server %s: %s", model, server.url, error)
            told = False
    return told


def servers() -> list[Server]:
    """Return all model servers, the first one first."""
    return [settings.MODEL_SERVER, *settings.OTHER_MODEL_SERVERS]


def has_weights(model: WriterModel) -> bool:
    """Tell whether the files of `model` are still here."""
    run = TrainingRun.objects.filter(model=model).first()
    return run is not None and run.folder.adapter.is_dir()


def is_elsewhere(model: WriterModel) -> bool:
    """Tell whether the files of `model`, by the rule kept, are on the machine that trained it."""
    run = TrainingRun.objects.filter(model=model).first()
    return run is not None and not run.folder.path.exists() and model.pk in kept_models()


def on_server(call: Coroutine[Any, Any, Any]) -> Any:
    """Return what a call of `modelserver` gives, in an event loop of its own."""

    async def closing() -> Any:
        try:
            return await call
        finally:
            await modelserver.close()

    return asyncio.run(closing())
