"""`manage.py export_model NAME FOLDER`: a tuned model as files, for another machine's Ollama."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from finetuning import step_process
from finetuning.services import model_files, storage
from stories.models import WriterModel


class Command(BaseCommand):
    """Copies the adapter, or makes and copies the merged model."""

    help = "Write the files of a tuned model into a folder, with a Modelfile for ollama create."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the model and where its files go."""
        parser.add_argument("model", help="its name on the model server")
        parser.add_argument("folder", type=Path)
        parser.add_argument(
            "--merged", action="store_true", help="one file with the base in it, as GGUF"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the files, and say how Ollama takes them."""
        model = WriterModel.objects.filter(name=options["model"]).first()
        if model is None:
            raise CommandError(f"There is no model {options['model']}.")
        if storage.is_elsewhere(model):
            raise CommandError(
                f"The files of {model} are on the machine that trained it, in training/"
                f"run-{model.run.pk} of its data folder: call this there."
            )
        merged: bool = options["merged"]
        try:
            folder = model_files.folder_of(model)
            was_there = folder.merged_gguf.exists()
            if merged and not was_there:
                with step_process.running("merge", folder) as process:
                    for event in process.events(1.0):
                        if event and event["event"] == "log":
                            self.stdout.write(event["text"])
            for path in model_files.write(model, options["folder"], merged):
                self.stdout.write(f"Wrote {path}.")
            if merged and not was_there:
                folder.merged_gguf.unlink()  # it can be made again
        except OSError as error:
            raise CommandError(f"{error.strerror}: {error.filename}") from error
        except (
            model_files.NoFilesError,
            step_process.StepFailedError,
            step_process.StepKilledError,
            step_process.StepCancelledError,
        ) as error:
            raise CommandError(str(error) or "Cancelled.") from error
        self.stdout.write(f"There: {model_files.create_command(model)}")
