"""A claimed run from its first step to its end, whatever the end is.

The worker and `manage.py finetune` call this. Each step is a process; this keeps the lease, hears
what the steps say, and writes it into the row.
"""

import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db import DatabaseError

import tracing
from finetuning import step_process
from finetuning.models import TrainingExample, TrainingRun
from finetuning.pipeline import STAGES
from finetuning.pipeline.register import is_refused
from finetuning.pipeline.run_folder import (
    InService,
    Names,
    Row,
    RunFolder,
    read_rows,
    write_json,
    write_rows,
)
from finetuning.pipeline.telling import StageError
from finetuning.recipes import Recipe, RecipeError
from finetuning.services import (
    choosing,
    forgetting,
    installation,
    lineage,
    model_store,
    pairs,
    promotion,
    states,
    storage,
)
from modelserver import names
from prose import said
from stories.models import WriterModel

logger = logging.getLogger(__name__)

_MOST_KILLS = 3
_LONGEST_BASE = 40  # characters of it in a model's name, of Ollama's 80
_MOST_POINTS = 1000  # of the curve; beyond, every other one goes
_STORE_INTERVAL = 1.0  # seconds between two writes of the progress
_LOOK_INTERVAL = 2.0  # seconds between two looks for stories that were withdrawn

Tell = Callable[[str], None]


class LostError(Exception):
    """Another worker holds the run now: this one must not touch it any more."""


class _WithdrawnError(Exception):
    """Stories that the run uses may not be used any more: it has to begin anew without them."""


@dataclass
class _Drive:
    run: TrainingRun
    tell: Tell
    stored_at: float = 0.0
    beaten_at: float = 0.0
    looked_at: float = 0.0
    rows: frozenset[tuple[int, int]] = frozenset()  # (story, version) that the run uses
    choices: frozenset[str] = frozenset()  # keys of the choices and marks that it uses
    begun_anew: bool = False
    merge_asked: bool = False
    curve: list[Any] = field(default_factory=list)


def drive(run: TrainingRun, tell: Tell = lambda text: None) -> None:
    """Take the claimed `run` to its end; `tell` gets a line for each thing worth saying."""
    with tracing.span("training run", attributes={"storaiteller.run": run.pk}) as span:
        _drive(run, tell)
        span.set({"storaiteller.state": str(run.state)})
        if run.state == TrainingRun.State.FAILED:
            span.fail("failed")


def _drive(run: TrainingRun, tell: Tell) -> None:
    state = _Drive(run, tell)
    try:
        while not _done(state):
            tell("Stories were withdrawn: the run begins anew without them.")
    except LostError:
        logger.warning("Run %s was lost to another worker", run.pk)
    except step_process.StepCancelledError:
        states.finish(run, TrainingRun.State.CANCELLED, log_end=run.log_tail())
        tell("Cancelled.")
    except (step_process.StepFailedError, step_process.StepKilledError, StageError) as error:
        _fail(state, str(error))
    except (RecipeError, OSError) as error:
        _fail(state, said("The run can't go on: %(reason)s", reason=error))
    except Exception:
        logger.exception("Run %s failed", run.pk)
        _fail(state, said("Something went wrong that should not have; the worker's log says what."))
        raise
    finally:
        # Whoever was withdrawn after the last look left the folder to us. It does nothing to a run
        # that somebody else has taken.
        forgetting.forget(run)


def _done(state: _Drive) -> bool:
    """Take the run through its stages; False when a story was withdrawn meanwhile."""
    run = state.run
    try:
        _beat(state)
        _prepare(state)
        state.curve = list(run.curve)
        for stage in STAGES:
            states.note(run, stage=stage, progress={})
            if stage == "preferences":
                state.curve = []  # of another loss, and from its first step on
            state.tell(f"{stage}…")
            _stage(state, stage)
            # A worker may die as often as it likes as long as the run gets on.
            states.note(run, attempts=1)
        _look(state)
        _succeed(state)
    except _WithdrawnError:
        state.begun_anew, state.merge_asked = True, False
        return False
    return True


def _look(state: _Drive) -> None:
    """Raise `_WithdrawnError` when a story that the run uses was withdrawn or is gone.

    It asks the database, so that no way of withdrawing a story, and no lost message, is missed.
    """
    state.looked_at = time.monotonic()
    try:
        withdrawn = lineage.withdrawn_from(state.rows) or choosing.withdrawn(state.choices)
    except DatabaseError as error:
        logger.warning("Run %s: not looked for withdrawn stories: %s", state.run.pk, error)
        return
    if withdrawn:
        raise _WithdrawnError


def _fail(state: _Drive, message: str) -> None:
    if state.begun_anew:
        message = said(
            "Stories were withdrawn while it ran, and it began anew without them. %(outcome)s",
            outcome=message,
        )
    states.finish(state.run, TrainingRun.State.FAILED, message, log_end=state.run.log_tail())
    state.tell(message)


def _prepare(state: _Drive) -> None:
    """Lay out the folder: the recipe, the stories as they are approved now, who is in service.

    Once they are exported, they stay what they were, unless a story was withdrawn meanwhile: then
    everything that was made with it goes.
    """
    run, folder = state.run, state.run.folder
    folder.path.mkdir(parents=True, exist_ok=True)
    folder.cancel.unlink(missing_ok=True)
    recipe = run.recipe_values
    if reason := storage.lacking_space(recipe):
        raise StageError(reason)
    service = WriterModel.objects.in_service(recipe.base_model)
    with forgetting.alone():
        _leave_withdrawn(run)
        if folder.manifest("export") is None:
            write_rows(folder.stories, lineage.approved_rows(service))
            _write_choices(folder, recipe)
            _write_service(run, service)
            write_json(folder.recipe, run.recipe)
    state.rows, state.choices = _used(run), choosing.keys(folder)


def _write_choices(folder: RunFolder, recipe: Recipe) -> None:
    if recipe.preferences == "dpo":
        write_rows(folder.choices, choosing.choices())
    elif recipe.preferences == "kto":
        write_rows(folder.marks, choosing.marks())


def _used(run: TrainingRun) -> frozenset[tuple[int, int]]:
    return frozenset((row["story"], row["version"]) for row in read_rows(run.folder.stories))


def _leave_withdrawn(run: TrainingRun) -> None:
    gone = lineage.withdrawn_from(_used(run)) if run.folder.stories.exists() else set()
    if not gone and not choosing.withdrawn(choosing.keys(run.folder)):
        return
    _log(run, f"Stories withdrawn since the run began: {len(gone)}. It begins anew without them.")
    forgetting.start_over(run)
    states.note(run, dataset={}, metrics={}, curve=[], progress={})


def _write_service(run: TrainingRun, service: WriterModel | None) -> None:
    adapter = None
    if service is not None:
        taught = TrainingRun.objects.filter(model=service).first()
        if taught is None or not storage.has_weights(service):
            raise StageError(
                said(
                    "The files of %(model)s, the model in service, are missing, so nothing can be "
                    "compared with it. Retire it or promote another one first.",
                    model=service,
                )
            )
        adapter = str(taught.folder.adapter)
    name = service.name if service else run.recipe_values.base_model
    write_json(run.folder.service, InService(model=name, adapter=adapter))
    states.note(run, service=name)


def _stage(state: _Drive, stage: str) -> None:
    if stage == "register":
        _choose_name(state.run)
        _keep_in_store(state)
        if is_refused(state.run.folder):  # a worker that died meanwhile had heard of it
            _step(state, "merge")
    for step in STAGES[stage]:
        _step(state, step)
    if stage == "register" and state.merge_asked:
        _step(state, "merge")
        _step(state, "register")
    _after(state, stage)


def _keep_in_store(state: _Drive) -> None:
    """Store the adapter before a model server on another machine is asked to serve it."""
    run = state.run
    if run.folder.manifest("register") is not None:
        return
    with ThreadPoolExecutor(1) as pool:
        keeping = pool.submit(model_store.keep, run.pk, run.folder)
        while not wait([keeping], settings.TRAIN_LEASE_SECONDS / 6).done:
            _beat(state)
    try:
        if keeping.result():
            _log(run, f"Stored in {settings.MODEL_STORE} as run-{run.pk}.")
    except model_store.StoreError as error:
        raise StageError(str(error)) from error


def _choose_name(run: TrainingRun) -> None:
    """Name the model to make, once; the installation's id keeps it apart from others' models."""
    folder = run.folder
    if folder.names.exists():
        return
    base = names.parse(run.recipe_values.base_model).model[:_LONGEST_BASE]
    made = folder.need("export")["hash"][:6]
    name = f"storaiteller-{base}-{run.pk}-{made}-{installation.installation_id()}"
    write_json(folder.names, Names(model=name, service=folder.read_service()["model"]))


def _after(state: _Drive, stage: str) -> None:
    run = state.run
    facts = run.folder.need(stage)
    if stage == "export":
        lineage.record_examples(run, _sides(run, facts))
        states.note(run, dataset=facts)
    elif stage == "train":
        states.note(run, metrics=facts, curve=state.curve)
    elif stage == "preferences":
        states.note(run, metrics={**run.metrics, "preferences": {**facts, "curve": state.curve}})
        state.curve = list(run.curve)
    elif stage == "register":
        run.folder.merged_gguf.unlink(missing_ok=True)
        kept = {"mode": facts["mode"], "base_digest": facts.get("base", "")}
        states.note(run, metrics={**run.metrics, **kept})


def _sides(run: TrainingRun, facts: dict[str, Any]) -> dict[TrainingExample.Side, list[Row]]:
    side = TrainingExample.Side
    dropped = {story for found in facts["dropped"].values() for story in found}
    approved = read_rows(run.folder.stories)
    return {
        side.TRAIN: read_rows(run.folder.train),
        side.HELD_OUT: read_rows(run.folder.held_out),
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
    _look(state)
    tick = settings.TRAIN_LEASE_SECONDS / 6
    with tracing.span(f"step {step}"), step_process.running(step, run.folder) as process:
        for event in process.events(min(1.0, tick)):
            if event is not None:
                _hear(state, event)
            if time.monotonic() - state.beaten_at >= tick:
                _beat(state)
            if time.monotonic() - state.looked_at >= _LOOK_INTERVAL:
                _look(state)


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
            of_stories = {} if state.run.stage == "preferences" else {"curve": state.curve}
            said_last = state.run.log_tail()
            states.note(state.run, progress=state.run.progress, log_end=said_last, **of_stories)
        except DatabaseError as error:
            logger.warning("Run %s: progress not stored: %s", state.run.pk, error)


def _beat(state: _Drive) -> None:
    """Give a sign of life. Raises `LostError`; passes on that the run is to be cancelled."""
    state.beaten_at = time.monotonic()
    try:
        heard = states.beat(state.run)
    except DatabaseError as error:
        logger.warning("Run %s: no sign of life: %s", state.run.pk, error)
        return
    if heard.lost:
        raise LostError
    if heard.cancel:
        state.run.folder.cancel.touch()


def _log(run: TrainingRun, text: str) -> None:
    with run.folder.log.open("a", encoding="utf-8") as log:
        log.write(f"{time.strftime('%H:%M:%S')} {text}\n")


def _succeed(state: _Drive) -> None:
    run = state.run
    scores = run.folder.need("evaluate")
    promotion.candidate_of(run, run.folder.need("register")["model"])
    _beat(state)
    pairs.keep(run)
    states.finish(
        run,
        TrainingRun.State.DONE,
        scores=scores,
        verdict=scores["verdict"],
        service=run.folder.read_names()["service"],
        progress={},
        log_end=run.log_tail(),
    )
    state.tell(f"Done: {scores['verdict']}. {scores['reason']}")
    storage.tidy()
