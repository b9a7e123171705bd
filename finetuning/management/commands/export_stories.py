"""`manage.py export_stories`: approved stories, or preferences, as CSV or JSON Lines."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from finetuning import card
from finetuning.models import TrainingRun
from finetuning.pipeline.run_folder import write_text
from finetuning.services import exchange, preferences


class Command(BaseCommand):
    """Writes what a model can be tuned on, here or elsewhere."""

    help = "Write the approved stories to a file: Prompt,Story as CSV, or JSON Lines for trainers."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the file and its format."""
        parser.add_argument("file", type=Path, nargs="?", default=Path("datastories.csv"))
        parser.add_argument(
            "--format", "--form", choices=tuple(exchange.FORMS), help="else by the file's name"
        )
        parser.add_argument("--run", type=int, help="instead, what this run has learned from")
        parser.add_argument("--card", type=Path, help="a file for the dataset card, in Markdown")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write each file whole or not at all."""
        path: Path = options["file"]
        run = None if options["run"] is None else _run(options["run"])
        kind = options["format"] or ("jsonl" if path.suffix == ".jsonl" else "csv")
        self._write(path, exchange.FORMS[kind].write() if run is None else _learned(run, kind))
        if options["card"]:
            self._write(options["card"], card.write(run))

    def _write(self, path: Path, text: str) -> None:
        try:
            write_text(path, text)
        except OSError as error:
            raise CommandError(f"{error.strerror}: {path}") from error
        self.stdout.write(f"Wrote {path}.")


def _run(number: int) -> TrainingRun:
    run = TrainingRun.objects.filter(pk=number).first()
    if run is None:
        raise CommandError(f"There is no run {number}.")
    return run


def _learned(run: TrainingRun, kind: str) -> str:
    kind = "prompt-completion" if kind == "jsonl" else kind
    if kind not in preferences.RUN_FORMS:
        raise CommandError(f"Of a run, --format is one of {', '.join(preferences.RUN_FORMS)}.")
    if not run.folder.path.exists():
        raise CommandError(
            f"What {run} has learned from is not on this machine, but on the one that trained it, "
            f"in training/{run.folder.path.name} of its data folder: call this there."
        )
    return preferences.export_run(run, kind)
