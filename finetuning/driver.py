"""A claimed run from its first step to its end, whatever the end is.

The worker and `manage.py finetune` call this. Each step is a process; this keeps the lease, hears
what the steps say, and writes it into the row.
"""

import json
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db import DatabaseError

import modelserver
from finetuning import step_process
from finetuning.models import TrainingExample, TrainingRun
from finetuning.pipeline import STAGES, export, run_folder
from finetuning.pipeline.register import NAME, is_refused
from finetuning.pipeline.train import SERVICE
from finetuning.recipes import RecipeError
from finetuning.services import forgetting, lineage, promotion, storage
from finetuning.services import states as run_services
from stories.models import WriterModel

logger = logging.getLogger(__name__)

# Stage -> its steps. "merge" and a second "register" come in when the server refuses adapters.
STEPS = {
    "export": ("export",),
    "train": ("train",),
    "convert": ("convert",),
    "register": ("register",),
    "evaluate": ("compare", "measure", "judge"),
}
_MOST_KILLS = 3
_MOST_POINTS = 1000  # of the curve; beyond, every other one goes
_STORE_INTERVAL = 1.0  # seconds between two writes of the progress

Tell = Callable[[str], None]


class LostError(Exception):
    """Another worker holds the run now: this one must not touch it any more."""


@dataclass
class _Drive:
    run: TrainingRun
    tell: Tell
    stored_at: float = 0.0
    beaten_at: float = 0.0
    merge_asked: bool = False
    curve: list[Any] = field(default_factory=list)


def drive(run: TrainingRun, tell: Tell = lambda text: None) -> None:
    """Take the claimed `run` to its end; `tell` gets a line for each thing worth saying."""
    state = _Drive(run, tell)
    try:
        _prepare(run)
        state.curve = list(run.curve)
        for stage in STAGES:
            run_services.note(run, stage=stage, progress={})
            tell(f"{stage}…")
            _stage(state, stage)
            # A worker may die as often as it likes as long as the run gets on.
            run_services.note(run, attempts=1)
        _succeed(state)
    except LostError:
        logger.warning("Run %s was lost to another worker", run.pk)
    except step_process.StepCancelledError:
        run_services.finish(run, TrainingRun.State.CANCELLED)
        tell("Cancelled.")
    except (
        step_process.StepFailedError,
        step_process.StepKilledError,
        run_folder.StageError,
    ) as error:
        _fail(state, str(error))
    except (RecipeError, OSError) as error:
        _fail(state, f"The run can't go on: {error}")
    except Exception:
        logger.exception("Run %s failed", run.pk)
        _fail(state, "Something went wrong that should not have; the worker's log says what.")
        raise


def _fail(state: _Drive, message: str) -> None:
    run_services.finish(state.run, TrainingRun.State.FAILED, message)
    state.tell(message)


def _prepare(run: TrainingRun) -> None:
    """Lay out the folder: the recipe, the stories as they are approved now, who is in service.

    Once they are exported, they stay what they were, unless a story was withdrawn meanwhile: then
    everything that was made with it goes.
    """
    folder = run.folder
    folder.mkdir(parents=True, exist_ok=True)
    (folder / run_folder.CANCEL_FILE).unlink(missing_ok=True)
    recipe = run.recipe_values
    if reason := storage.lacking_space(recipe):
        raise run_folder.StageError(reason)
    service = WriterModel.objects.filter(
        state=WriterModel.State.ACTIVE, base=recipe.base_model
    ).first()
    _leave_withdrawn(run)
    if run_folder.manifest(folder, "export") is None:
        run_folder.write_rows(folder / export.STORIES, lineage.approved_rows(service))
        _write_service(run, service)
        run_folder.write_json(folder / "recipe.json", run.recipe)


def _leave_withdrawn(run: TrainingRun) -> None:
    path = run.folder / export.STORIES
    gone = lineage.withdrawn_rows(run_folder.read_rows(path)) if path.exists() else 0
    if not gone:
        return
    _log(run, f"Stories withdrawn since the run began: {gone}. It begins anew without them.")
    _unregister(run)
    forgetting.start_over(run)
    run_services.note(run, dataset={}, metrics={}, curve=[], progress={})


def _unregister(run: TrainingRun) -> None:
    """Take a model that was registered and never measured off the server, if that is there."""
    registered = run_folder.manifest(run.folder, "register")
    if registered is None:
        return
    try:
        storage.on_server(modelserver.delete(registered["model"]))
    except modelserver.ModelServerError as error:
        logger.warning("%s stays on the model server: %s", registered["model"], error)


def _write_service(run: TrainingRun, service: WriterModel | None) -> None:
    adapter = None
    if service is not None:
        taught = TrainingRun.objects.filter(model=service).first()
        if taught is None or not storage.has_weights(service):
            raise run_folder.StageError(
                f"The files of {service}, the model in service, are missing, so nothing can be "
                "compared with it. Retire it or promote another one first."
            )
        adapter = str(taught.folder / "train" / "adapter")
    name = service.name if service else run.recipe_values.base_model
    run_folder.write_json(run.folder / SERVICE, {"adapter": adapter, "model": name})
    run_services.note(run, service=name)


def _stage(state: _Drive, stage: str) -> None:
    if stage == "register":
        _choose_name(state.run)
        if is_refused(state.run.folder):  # a worker that died meanwhile had heard of it
            _step(state, "merge")
    for step in STEPS[stage]:
        _step(state, step)
    if stage == "register" and state.merge_asked:
        _step(state, "merge")
        _step(state, "register")
    _after(state, stage)


def _choose_name(run: TrainingRun) -> None:
    """Name the model to make, once; the data's hash tells two installations on a server apart."""
    path = run.folder / NAME
    if path.exists():
        return
    base = run.recipe_values.base_model.split(":")[0]
    made = run_folder.need(run.folder, "export")["hash"][:6]
    service = json.loads((run.folder / SERVICE).read_text())["model"]
    name = f"storaiteller-{base}-{run.pk}-{made}"
    run_folder.write_json(path, {"model": name, "service": service})


def _after(state: _Drive, stage: str) -> None:
    run = state.run
    facts = run_folder.need(run.folder, stage)
    if stage == "export":
        lineage.record_examples(run, _sides(run, facts))
        run_services.note(run, dataset=facts)
    elif stage == "train":
        run_services.note(run, metrics=facts, curve=state.curve)
    elif stage == "register":
        (run.folder / "convert" / "merged.gguf").unlink(missing_ok=True)
        run_services.note(run, metrics={**run.metrics, "mode": facts["mode"]})


def _sides(
    run: TrainingRun, facts: dict[str, Any]
) -> dict[TrainingExample.Side, list[run_folder.Row]]:
    side = TrainingExample.Side
    dropped = {story for found in facts["dropped"].values() for story in found}
    approved = run_folder.read_rows(run.folder / export.STORIES)
    return {
        side.TRAIN: run_folder.read_rows(run.folder / "export" / "train.jsonl"),
        side.HELD_OUT: run_folder.read_rows(run.folder / "export" / "held-out.jsonl"),
        side.LEFT_OUT: [row for row in approved if row["story"] in dropped],
    }


def _step(state: _Drive, step: str) -> None:
    """Run a step to its end; one that is killed goes on from its checkpoint a few times."""
    for kill in range(_MOST_KILLS):
        try:
            _once(state, step)
        except step_process.StepKilledError as error:
            if kill + 1 == _MOST_KILLS:
                raise
            _log(state.run, f"{error} Going on from what is there.")
        else:
            return


def _once(state: _Drive, step: str) -> None:
    run = state.run
    _beat(state)
    tick = settings.TRAIN_LEASE_SECONDS / 6
    with step_process.running(step, run.folder, run.log_file) as process:
        for event in process.events(min(1.0, tick)):
            if event is not None:
                _hear(state, event)
            if time.monotonic() - state.beaten_at >= tick:
                _beat(state)


def _hear(state: _Drive, event: step_process.Event) -> None:
    kind = event.pop("event")
    if kind == "log":
        state.tell(event["text"])
    elif kind == "merge":
        state.merge_asked = True
    elif kind == "progress":
        _hear_progress(state, event)


def _hear_progress(state: _Drive, event: step_process.Event) -> None:
    step, loss, held_out = event["step"], event.get("loss"), event.get("held_out")
    if loss is not None or held_out is not None:
        # Steps that are done again after a kill are drawn once.
        state.curve = [point for point in state.curve if point[0] <= step]
        if loss is not None:
            state.curve = [point for point in state.curve if point[0] < step]
        state.curve.append([step, loss, held_out])
        if len(state.curve) > _MOST_POINTS:
            state.curve = [
                point for at, point in enumerate(state.curve) if at % 2 == 0 or point[2] is not None
            ]
    last = {name: value for name, value in event.items() if value is not None}
    state.run.progress = {**state.run.progress, **last}
    now = time.monotonic()
    if now - state.stored_at >= _STORE_INTERVAL or step == event.get("steps"):
        state.stored_at = now
        try:
            run_services.note(state.run, progress=state.run.progress, curve=state.curve)
        except DatabaseError as error:
            logger.warning("Run %s: progress not stored: %s", state.run.pk, error)


def _beat(state: _Drive) -> None:
    """Give a sign of life. Raises `LostError`; passes on that the run is to be cancelled."""
    state.beaten_at = time.monotonic()
    try:
        heard = run_services.beat(state.run)
    except DatabaseError as error:
        logger.warning("Run %s: no sign of life: %s", state.run.pk, error)
        return
    if heard.lost:
        raise LostError
    if heard.cancel and not run_folder.is_cancelled(state.run.folder):
        step_process.ask_to_stop(state.run.folder)


def _log(run: TrainingRun, text: str) -> None:
    with run.log_file.open("a", encoding="utf-8") as log:
        log.write(f"{time.strftime('%H:%M:%S')} {text}\n")


def _succeed(state: _Drive) -> None:
    run = state.run
    scores = run_folder.need(run.folder, "evaluate")
    name = run_folder.need(run.folder, "register")["model"]
    promotion.candidate_of(run, name)
    run_services.finish(
        run,
        TrainingRun.State.DONE,
        scores=scores,
        verdict=scores["verdict"],
        service=json.loads((run.folder / NAME).read_text())["service"],
        progress={},
    )
    state.tell(f"Done: {scores['verdict']}. {scores['reason']}")
    storage.tidy()
