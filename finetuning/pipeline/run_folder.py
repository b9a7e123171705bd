"""The folder of a run: the one place that knows where its files lie and what they are called.

Runs of an installation lie side by side. What is written is there whole or not at all.
"""

import json
import os
import shutil
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NotRequired, TypedDict

from finetuning.pipeline import STAGES
from finetuning.pipeline.telling import CancelledError, StageError
from prose import said

SIDES = ("candidate", "service")
_MANIFEST = "manifest.json"
_DRAFT = ".part"
_WITH_WEIGHTS = ("train", "preferences", "convert")  # stages


class Row(TypedDict):
    """One approved story as the stages pass it on; `story` is its id, 0 for one from a file.

    Of a text that is `given` up to a place, only the rest is learned; one that `is_open` is learned
    without its end.
    """

    story: int
    version: int
    prompt: str
    text: str
    settings: dict[str, Any]
    given: NotRequired[int]  # code points
    is_open: NotRequired[bool]


class InService(TypedDict):
    """The model in service when the run began; without an adapter, it is the base."""

    model: str  # its name on the server
    adapter: str | None  # a folder, of another run


class Names(TypedDict):
    """The names on the server of the model to make and of the one that it is compared with."""

    model: str
    service: str


@dataclass(frozen=True)
class RunFolder:
    """The files of one run, in folder `path`."""

    path: Path

    @classmethod
    def of_adapter(cls, adapter: Path) -> "RunFolder":
        """Return the run whose `adapter` is given."""
        return cls(adapter.parents[1])

    # ---- Laid out by the driver ----

    @property
    def recipe(self) -> Path:
        """The run's recipe, as JSON."""
        return self.path / "recipe.json"

    @property
    def stories(self) -> Path:
        """The approved stories when the run began: rows, with `taught` and `tested`.

        These tell which of them the model in service was trained or tested on.
        """
        return self.path / "stories.jsonl"

    @property
    def choices(self) -> Path:
        """What people preferred when the run began: rows of `Choice` (material/choices.py)."""
        return self.path / "choices.jsonl"

    @property
    def marks(self) -> Path:
        """What curators approved and rejected: rows of `Mark` (material/choices.py)."""
        return self.path / "marks.jsonl"

    @property
    def service(self) -> Path:
        """The model in service: an `InService`."""
        return self.path / "service.json"

    @property
    def names(self) -> Path:
        """What the model to make is called: `Names`."""
        return self.path / "name.json"

    @property
    def log(self) -> Path:
        """What the steps said."""
        return self.path / "log.txt"

    # ---- Shared with the other runs ----

    @property
    def bases(self) -> Path:
        """The bases that were unpacked for the trainer."""
        return self.path.parent / "bases"

    @property
    def lock(self) -> Path:
        """What a step holds, so that there are never two."""
        return self.path.parent / "trainer.lock"

    # ---- Shared with all of the data folder ----

    @property
    def converters(self) -> Path:
        """llama.cpp's scripts, where the project's own folder can't keep them."""
        return self.path.parents[1] / "llama.cpp"

    # ---- Left by the stages ----

    @property
    def csv(self) -> Path:
        """The stories used, as datastories.csv."""
        return self.path / "export" / "datastories.csv"

    @property
    def train(self) -> Path:
        """The rows to learn from."""
        return self.path / "export" / "train.jsonl"

    @property
    def held_out(self) -> Path:
        """The rows to measure with."""
        return self.path / "export" / "held-out.jsonl"

    @property
    def adapter(self) -> Path:
        """The folder of the adapter that the run made, in safetensors: that of its last stage."""
        preferred = self.manifest("preferences")
        return self.trained if not preferred or preferred["skipped"] else self.preferred

    @property
    def trained(self) -> Path:
        """The folder of the adapter after the stories."""
        return self.path / "train" / "adapter"

    @property
    def preferred(self) -> Path:
        """The folder of the adapter after the preferences too."""
        return self.path / "preferences" / "adapter"

    def checkpoints(self, stage: str) -> Path:
        """Return the folder of a training's checkpoints, while it goes on."""
        return self.path / stage / "checkpoints"

    @property
    def choices_train(self) -> Path:
        """The choices, or marks, to learn from."""
        return self.path / "preferences" / "train.jsonl"

    @property
    def choices_held_out(self) -> Path:
        """The choices, or marks, to measure with."""
        return self.path / "preferences" / "held-out.jsonl"

    @property
    def chosen(self) -> Path:
        """What was made of the choices: how many were left out, and why."""
        return self.path / "preferences" / "chosen.json"

    @property
    def adapter_gguf(self) -> Path:
        """The adapter for the model server."""
        return self.path / "convert" / "adapter.gguf"

    @property
    def merged(self) -> Path:
        """The folder of the merged checkpoint, while it is converted."""
        return self.path / "convert" / "merged"

    @property
    def merged_gguf(self) -> Path:
        """The merged model for a server that refuses adapters."""
        return self.path / "convert" / "merged.gguf"

    @property
    def refused(self) -> Path:
        """The server's answer to the adapter, when it refuses it."""
        return self.path / "register" / "refused.json"

    @property
    def modelfile(self) -> Path:
        """What `ollama create` makes the same model from."""
        return self.path / "register" / "Modelfile"

    @property
    def calls(self) -> Path:
        """The requests that made the model."""
        return self.path / "register" / "calls.json"

    def written(self, side: str) -> Path:
        """Return where the stories lie that the model of one of `SIDES` wrote: rows, in order."""
        return self.path / "evaluate" / f"{side}.jsonl"

    @property
    def losses(self) -> Path:
        """The losses of both models, story by story."""
        return self.path / "evaluate" / "losses.json"

    @property
    def pairs(self) -> Path:
        """The judged stories of both models: a list of {side: story}; votes know their places."""
        return self.path / "evaluate" / "stories.json"

    # ---- Stages ----

    def made(self, stage: str) -> Path:
        """Return the stage's own folder, made if it is missing."""
        folder = self.path / stage
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def manifest(self, stage: str) -> dict[str, Any] | None:
        """Return the manifest of a complete stage, or None."""
        try:
            found: dict[str, Any] = read_json(self.path / stage / _MANIFEST)
        except FileNotFoundError:
            return None
        return found

    def need(self, stage: str) -> dict[str, Any]:
        """Return the manifest of a stage that has to be complete. Raises `StageError`."""
        found = self.manifest(stage)
        if found is None:
            raise StageError(said("The stage %(stage)s is not complete.", stage=stage))
        return found

    def complete(self, stage: str, facts: dict[str, Any]) -> None:
        """Write the manifest: the stage is complete."""
        write_json(self.made(stage) / _MANIFEST, facts)

    # ---- Documents ----

    def read_names(self) -> Names:
        """Return what the driver chose."""
        found: Names = read_json(self.names)
        return found

    def read_service(self) -> InService:
        """Return the model in service when the run began."""
        found: InService = read_json(self.service)
        return found

    @property
    def service_adapter(self) -> Path | None:
        """The folder of the adapter in service; None when the base itself is."""
        adapter = self.read_service()["adapter"] if self.service.exists() else None
        return Path(adapter) if adapter else None

    def read_pairs(self) -> list[dict[str, Any]]:
        """Return the pairs; none before the evaluation."""
        try:
            found: list[dict[str, Any]] = read_json(self.pairs)
        except FileNotFoundError:
            return []
        return found

    # ---- Cancelling ----

    @property
    def cancel(self) -> Path:
        """A file that is there when the run is to stop at its next step."""
        return self.path / "cancel"

    @property
    def is_cancelled(self) -> bool:
        """Whether somebody cancelled the run."""
        return self.cancel.exists()

    def check_cancelled(self) -> None:
        """Raise `CancelledError` if somebody cancelled the run."""
        if self.is_cancelled:
            raise CancelledError

    # ---- Removing ----

    @property
    def has_weights(self) -> bool:
        """Whether anything with weights is there."""
        return any((self.path / stage).exists() for stage in _WITH_WEIGHTS)

    def remove_weights(self) -> None:
        """Remove what is heavy; manifests of other stages, logs and evaluations stay."""
        for stage in _WITH_WEIGHTS:
            shutil.rmtree(self.path / stage, ignore_errors=True)

    def remove_drafts(self) -> None:
        """Remove what was being written when a process was killed."""
        for path in self.path.rglob(f"*{_DRAFT}"):
            path.unlink(missing_ok=True)

    def clear(self) -> None:
        """Remove all that the run has made, so that it begins anew; the log stays.

        Raises `OSError`, and what says which stories are here is still there then.
        """
        for stage in STAGES:
            with suppress(FileNotFoundError):
                shutil.rmtree(self.path / stage)
        self.remove_drafts()
        # What says that the folder is laid out goes last.
        laid_out = (self.names, self.service, self.recipe, self.choices, self.marks, self.stories)
        for path in laid_out:
            path.unlink(missing_ok=True)


def read_json(path: Path) -> Any:
    """Return the value in a JSON file."""
    return json.loads(path.read_text(encoding="utf-8"))


def write_json(path: Path, value: Any) -> None:
    """Write `value` aside and put it in place."""
    write_text(path, json.dumps(value, indent=1, ensure_ascii=False) + "\n")


def write_text(path: Path, text: str) -> None:
    """Write `text` aside and put it in place; line ends stay as they are."""
    draft = path.with_name(f"{path.name}{_DRAFT}")
    with draft.open("w", encoding="utf-8", newline="") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def write_rows(path: Path, rows: Iterable[Any]) -> None:
    """Write a JSON Lines file."""
    write_text(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))


def read_rows(path: Path) -> list[Any]:
    """Read a JSON Lines file. Lines end at line feeds and nowhere else."""
    lines = path.read_text(encoding="utf-8").split("\n")
    return [json.loads(line) for line in lines if line]
