"""`manage.py finetune_demo`: the whole loop on the pocket model, in an installation of its own."""

import subprocess
import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from finetuning.demo import loop


class Command(BaseCommand):
    """Runs the loop, checks what was promised, shows a story."""

    help = "Show the whole fine-tune loop in DATA_DIR/finetune, in minutes on a CPU."
    # Nothing of this installation is used.
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        """Run to the end; an exit status other than 0 means that the promise was not kept."""
        started = time.monotonic()
        try:
            scores = loop.run_loop(settings.DATA_DIR / "finetune", self._tell)
            found = loop.check(scores)
        except subprocess.CalledProcessError as error:
            raise CommandError("This command failed; what it said stands above.") from error
        except loop.BrokenPromiseError as error:
            raise CommandError(str(error)) from error
        seconds = time.monotonic() - started
        self.stdout.write(f"\n{loop.marked_story(scores)}\n\n{found}\n{seconds:.0f} seconds.")

    def _tell(self, text: str) -> None:
        self.stdout.write(text)
        # What the other processes say comes after it.
        self.stdout.flush()
