"""`manage.py finetune_demo`: the whole loop on an embedded model, in an installation of its own."""

import subprocess
import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from finetuning import embedded
from finetuning.demo import loop, taste
from finetuning.demo.demonstrations import HOUSE, MARKED, PLAIN, BrokenPromiseError
from finetuning.pipeline.telling import StageError

SHOWN = {None: ("finetune", PLAIN), "marked": ("finetune", MARKED), "house": ("house", HOUSE)}


class Command(BaseCommand):
    """Runs the loop, checks what was promised, and says so in the last line."""

    help = "Show the whole fine-tune loop in DATA_DIR/finetune, in minutes on a CPU."
    # Nothing of this installation is used.
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the choice of what is shown."""
        shown = parser.add_mutually_exclusive_group()
        for name, text in (
            ("house", "SmolLM2, and all that was written for it: an hour or more"),
            ("marked", "SmolLM2, and sixty stories in a style"),
            ("taste", "the tiny model, stories, then 200 preferences"),
        ):
            shown.add_argument(
                f"--{name}", action="store_const", const=name, dest="shown", help=text
            )

    def handle(self, *args: Any, **options: Any) -> None:
        """Run to the end; an exit status other than 0 means that the promise was not kept."""
        started = time.monotonic()
        if options["shown"] == "taste":
            self._taste(started)
            return
        folder, shown = SHOWN[options["shown"]]
        data = settings.DATA_DIR / folder
        try:
            promoted = loop.run_loop(shown, data, self._tell)
            scores = loop.evaluation(data)
            self.stdout.write(f"\n{shown.check(scores)}")
        except subprocess.CalledProcessError as error:
            raise CommandError("This command failed; what it said stands above.") from error
        except (BrokenPromiseError, StageError, embedded.NotStartedError) as error:
            raise CommandError(str(error)) from error
        seconds = time.monotonic() - started
        self.stdout.write(
            f"verdict: {scores['verdict']}; promoted: {'yes' if promoted else 'no'}; "
            f"seconds: {seconds:.0f}"
        )

    def _taste(self, started: float) -> None:
        try:
            shown = taste.show(settings.DATA_DIR / "teach-demo", taste.Size(), self._tell)
            for line in taste.lines(shown):
                self.stdout.write(line)
            taste.check(shown)
        except subprocess.CalledProcessError as error:
            raise CommandError("This command failed; what it said stands above.") from error
        except (BrokenPromiseError, StageError, embedded.NotStartedError) as error:
            raise CommandError(str(error)) from error
        finally:
            self.stdout.flush()
        share, seconds = shown.share, time.monotonic() - started
        self.stdout.write(
            f"taste: before {share['before']:.0%} after {share['after']:.0%} "
            f"[{share['low']:+.2f}, {share['high']:+.2f}]; "
            f"random: {shown.at_random['verdict']}; seconds: {seconds:.0f}"
        )

    def _tell(self, text: str) -> None:
        self.stdout.write(text)
        # What the other processes say comes after it.
        self.stdout.flush()
