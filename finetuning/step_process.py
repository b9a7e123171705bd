"""A step of the pipeline as a process of its own, in its own process group, heard line by line."""

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from django.conf import settings

import tracing
from finetuning.pipeline import STEPS
from finetuning.pipeline.run_folder import RunFolder
from finetuning.pipeline.telling import CANCELLED, FAILED
from modelserver import Server
from prose import said

_GRACE = 10.0  # seconds between asking and forcing
# For a trainer that shares the machine with writers.
QUIET = {
    "PYTHONUNBUFFERED": "1",
    "PYTHONWARNINGS": "ignore",
    "TQDM_DISABLE": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "HF_DATASETS_DISABLE_PROGRESS_BARS": "1",
    "TOKENIZERS_PARALLELISM": "false",
    # Threads that wait must sleep: on a busy machine, spinning ones cost ten times the time.
    "OMP_WAIT_POLICY": "PASSIVE",
}


class StepFailedError(Exception):
    """The step ended with a sentence for the person who started the run."""


class StepKilledError(Exception):
    """The step's process was ended by a signal."""

    def __init__(self, number: int) -> None:
        name = signal.Signals(number).name if number in signal.valid_signals() else str(number)
        super().__init__(
            said("The trainer was killed (%(signal)s); it may have run out of memory.", signal=name)
        )


class StepCancelledError(Exception):
    """The step stopped because the run was cancelled."""


Event = dict[str, Any]


class Trainer:
    """One running step; `events` yields what it says and, every second or so, None."""

    def __init__(self, step: str, run: RunFolder) -> None:
        python = settings.TRAIN_PYTHON if STEPS[step].in_trainer else sys.executable
        self._log = run.log.open("ab")
        self._process = subprocess.Popen(  # noqa: S603
            [python, "-m", "finetuning.pipeline", step, str(run.path)],
            cwd=settings.BASE_DIR,
            env=_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            start_new_session=True,
        )
        self._lines: queue.Queue[bytes | None] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    @property
    def pid(self) -> int:
        """The process, which leads its own group."""
        return self._process.pid

    def _read(self) -> None:
        assert self._process.stdout is not None  # noqa: S101
        for line in self._process.stdout:
            self._lines.put(line)
        self._lines.put(None)

    def events(self, tick: float) -> Iterator[Event | None]:
        """Yield events to the end, and None at least every `tick` seconds.

        Raises `StepFailedError`, `StepKilledError` and `StepCancelledError`.
        """
        message, ticked = "", time.monotonic()
        while True:
            try:
                line = self._lines.get(timeout=tick)
            except queue.Empty:
                line = b""
            if line is None:
                break
            event = self._event(line) if line else None
            if event and event["event"] == "error":
                message = event["message"]
            elif event:
                yield event
            if time.monotonic() - ticked >= tick:
                ticked = time.monotonic()
                yield None
        self._judge(self._process.wait(), message)

    def _event(self, line: bytes) -> Event | None:
        """Return the event in `line`; anything else, and log events too, goes into the log."""
        try:
            event: Any = json.loads(line)
        except ValueError:
            event = None
        if not isinstance(event, dict) or "event" not in event:
            self.write_log(line.decode(errors="replace").rstrip())
            return None
        if event["event"] == "log":
            self.write_log(event["text"])
        return event

    def write_log(self, text: str) -> None:
        """Put a line with the time into the log."""
        self._log.write(f"{time.strftime('%H:%M:%S')} {text}\n".encode())
        self._log.flush()

    def _judge(self, status: int, message: str) -> None:
        if status == CANCELLED:
            raise StepCancelledError
        if status < 0:
            raise StepKilledError(-status)
        if status == FAILED and message:
            raise StepFailedError(message)
        if status:
            raise StepFailedError(
                said(
                    "The trainer ended unexpectedly (status %(status)s); its log says why.",
                    status=status,
                )
            )

    def close(self) -> None:
        """End the process and its group, if they still run, and let go of the log."""
        if self._process.poll() is None:
            with suppress(ProcessLookupError, subprocess.TimeoutExpired):
                os.killpg(self._process.pid, signal.SIGTERM)
                self._process.wait(_GRACE)
        # Always: when the leader was killed, what it had started may still run.
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()
        self._log.close()


@contextmanager
def running(step: str, run: RunFolder) -> Iterator[Trainer]:
    """Run a step until the block ends."""
    trainer = Trainer(step, run)
    try:
        yield trainer
    finally:
        trainer.close()


def _environment() -> dict[str, str]:
    servers = [settings.MODEL_SERVER, *settings.OTHER_MODEL_SERVERS]
    here = {name.upper(): value for name, value in tracing.carrier().items()}
    return {**os.environ, **QUIET, **Server.environment_of(servers), **here}
