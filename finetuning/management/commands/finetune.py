"""`manage.py finetune --recipe pocket`: the whole loop in this terminal."""

import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

import modelserver
from finetuning import driver, embedded, recipe_files, tasks
from finetuning.models import TrainingRun
from finetuning.pipeline.run_folder import write_text
from finetuning.recipes import RECIPES, Recipe, RecipeError
from finetuning.services import promotion, states, storage

_PROBE_TIMEOUT = 5.0


class Command(BaseCommand):
    """Starts a run, does it in this process and says how it went."""

    help = "Tune a model on the approved stories, register it, measure it."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the recipe and what to change in it."""
        parser.add_argument("--recipe", choices=sorted(RECIPES), default="pocket")
        parser.add_argument("--recipe-file", type=Path, metavar="FILE", help="a recipe in TOML")
        parser.add_argument(
            "--save-recipe", type=Path, metavar="FILE", help="write it as TOML, and tune nothing"
        )
        parser.add_argument(
            "--set", action="append", default=[], metavar="NAME=VALUE", help="change the recipe"
        )
        parser.add_argument("--resume", type=int, metavar="RUN", help="go on with a stopped run")
        parser.add_argument("--queue", action="store_true", help="leave it to the worker")
        parser.add_argument("--promote", action="store_true", help="if it is measured as better")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run to the end; an exit status other than 0 means that there is no new model."""
        try:
            recipe = _changed(_begun(options), options["set"])
            if options["save_recipe"]:
                self._save(recipe, options["save_recipe"])
                return
            if options["queue"]:
                self._queue(recipe)
                return
            states.check_here(recipe)
            with _ending_in_order(), _model_server(recipe):
                run = self._run(recipe, options["resume"])
                if options["promote"]:
                    self._promote(run)
        except (states.CannotStartError, RecipeError) as error:
            raise CommandError(str(error)) from error

    def _save(self, recipe: Recipe, path: Path) -> None:
        try:
            write_text(path, recipe_files.write(recipe))
        except OSError as error:
            raise CommandError(f"{error.strerror}: {path}") from error
        self.stdout.write(f"Wrote {path}.")

    def _queue(self, recipe: Recipe) -> None:
        run = states.start(recipe, TrainingRun.Origin.COMMAND)
        tasks.announce(run.pk)
        self.stdout.write(f"Run {run.pk} waits for the worker. Its page in the admin shows more.")

    def _run(self, recipe: Recipe, resumed: int | None) -> TrainingRun:
        if resumed is None:
            run = states.start(recipe, TrainingRun.Origin.COMMAND)
        else:
            run = TrainingRun.objects.filter(pk=resumed).first() or _no_run(resumed)
            states.resume(run)
        claimed = states.claim(run.pk)
        if claimed is None:
            raise CommandError(f"A worker was faster: it does run {run.pk}. Its page shows how.")
        self.stdout.write(f"Run {run.pk}, in {claimed.folder.path}")
        started = time.monotonic()
        try:
            driver.drive(claimed, lambda text: self._tell(started, text))
        except (KeyboardInterrupt, SystemExit):
            states.finish(claimed, TrainingRun.State.CANCELLED)
            raise CommandError(f"Stopped. Go on with --resume {run.pk}") from None
        claimed.refresh_from_db()
        if claimed.state != TrainingRun.State.DONE:
            raise CommandError(f"The run ended as {claimed.state}. {claimed.error}".strip())
        self._report(claimed)
        return claimed

    def _tell(self, started: float, text: str) -> None:
        self.stdout.write(f"{time.monotonic() - started:6.0f} s  {text}")
        self.stdout.flush()

    def _report(self, run: TrainingRun) -> None:
        loss, kept = run.scores["loss"], run.scores["compliance"]
        self.stdout.write(
            f"Held-out loss {loss['before']:.3f} → {loss['after']:.3f} "
            f"(95 % interval of the difference {loss['low']:+.3f} to {loss['high']:+.3f})\n"
            f"Settings kept {kept['before']:.0%} → {kept['after']:.0%}\n"
            f"{_preferences(run)}"
            f"Model {run.model}: {run.verdict}"
        )

    def _promote(self, run: TrainingRun) -> None:
        assert run.model is not None  # noqa: S101 - a run that is done has one
        try:
            promotion.promote(run.model, None)
        except promotion.PromotionError as error:
            raise CommandError(f"Not promoted. {error}") from error
        self.stdout.write(f"{run.model} is in service.")


def _preferences(run: TrainingRun) -> str:
    """Return a line on the preferences: how far they are met, or why none were learned."""
    met = run.scores.get("preferences")
    if met is None:
        skipped = run.metrics.get("preferences", {}).get("skipped", "")
        return f"{skipped}\n" if skipped else ""
    alike = run.scores["alike"]
    return (
        f"Held-out preferences met {met['before']:+.1f} → {met['after']:+.1f} nats "
        f"({met['low']:+.1f} to {met['high']:+.1f})\n"
        f"Self-BLEU {alike['before']:.3f} → {alike['after']:.3f}\n"
    )


def _no_run(number: int) -> TrainingRun:
    raise CommandError(f"There is no run {number}.")


def _begun(options: dict[str, Any]) -> Recipe:
    """Return the recipe of the file, or the named one. Raises `RecipeError`."""
    path: Path | None = options["recipe_file"]
    if path is None:
        return RECIPES[options["recipe"]]
    try:
        with path.open("rb") as file:
            return recipe_files.read(file.read(recipe_files.MAX_BYTES + 1))
    except OSError as error:
        raise CommandError(f"{error.strerror}: {path}") from error


def _changed(recipe: Recipe, changes: list[str]) -> Recipe:
    values: dict[str, Any] = {}
    for change in changes:
        name, _, text = change.partition("=")
        kind: Any = type(getattr(recipe, name, ""))
        try:
            values[name] = text.lower() in {"1", "true", "yes"} if kind is bool else kind(text)
        except ValueError:
            raise CommandError(f"{change}: this is no {kind.__name__}.") from None
    return recipe.changed(values)


@contextmanager
def _ending_in_order() -> Iterator[None]:
    """Let SIGTERM end the block as an exception, so that it leaves no process behind."""

    def end(number: int, _: FrameType | None) -> None:
        sys.exit(128 + number)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _model_server(recipe: Recipe) -> Iterator[None]:
    """Use the model server that has the base; without one, run pocket for its own recipes."""
    if _has(recipe.base_model) or not recipe.is_embedded:
        yield
        return
    before = settings.MODEL_SERVER

    def is_ready(address: str) -> bool:
        settings.MODEL_SERVER = before.elsewhere(address)
        return _has(recipe.base_model)

    try:
        with embedded.pocket(settings.DATA_DIR / "pocket", is_ready):
            yield
    except embedded.NotStartedError as error:
        raise CommandError(str(error)) from error
    finally:
        settings.MODEL_SERVER = before


def _has(model: str) -> bool:
    server = replace(settings.MODEL_SERVER, load=_PROBE_TIMEOUT)
    try:
        storage.on_server(modelserver.model_facts(server, model))
    except modelserver.ModelServerError:
        return False
    return True
