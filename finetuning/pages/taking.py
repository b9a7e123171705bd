"""What a run has made, to take away: its recipe, and the files of its model."""

from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple, cast

from asgiref.sync import sync_to_async
from django.contrib import messages
from django.http import FileResponse, Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from finetuning import recipe_files
from finetuning.models import TrainingRun
from finetuning.pages.access import for_staff
from finetuning.recipes import RecipeError
from finetuning.services import lineage, model_files, storage
from stories.models import WriterModel
from stories.pages.common import SignedInRequest
from stories.telling import told

_MEANINGS = {
    "recipe": gettext_lazy("The recipe, for the next run here or on another site"),
    "adapter": gettext_lazy("The adapter, for Ollama and llama.cpp"),
    "modelfile": gettext_lazy("What Ollama makes the model from, beside the adapter"),
    "weights": gettext_lazy("The adapter, for PEFT"),
    "config": gettext_lazy("Its configuration, for PEFT"),
    "merged": gettext_lazy("The whole model, with its base"),
    "merged-modelfile": gettext_lazy("What Ollama makes it from, beside the whole model"),
}


class Entry(NamedTuple):
    """A file to take: its word in the address, its name, what it is, and its bytes."""

    word: str
    name: str
    means: Any
    size: int


class _Streamed(FileResponse):
    """A file that is sent block by block: an ASGI server would else be handed it whole."""

    block_size = 64 * 1024  # bytes

    async def __aiter__(self) -> AsyncIterator[bytes]:
        blocks = iter(cast("Iterator[bytes]", self.streaming_content))
        following = sync_to_async(lambda: next(blocks, b""), thread_sensitive=False)
        while block := await following():
            yield block


# ---- On the page of the run ----


def offered(run: TrainingRun) -> dict[str, Any]:
    """Return what the page of a run that has ended tells: its files, and how Ollama takes them."""
    found: dict[str, Any] = {"entries": list(_recipe(run)), "model": run.model}
    if run.model is None:
        return found
    try:
        entries = list(_files(run.model))
    except model_files.NoFilesError:
        return {**found, "gone": True, "elsewhere": storage.is_elsewhere(run.model)}
    words = {entry.word for entry in entries}
    return {
        "entries": [*found["entries"], *entries],
        "model": run.model,
        "command": model_files.create_command(run.model) if "modelfile" in words else "",
        "merged": "merged" in words,
        "withdrawn": lineage.withdrawn(run.model),
    }


def _recipe(run: TrainingRun) -> Iterator[Entry]:
    with suppress(RecipeError):
        yield _entry("recipe", _recipe_name(run), len(recipe_files.write(run.recipe_values)))


def _files(model: WriterModel) -> Iterator[Entry]:
    paths = model_files.on_disk(model)
    for word in ("adapter", "modelfile", "weights", "config", "merged", "merged-modelfile"):
        with suppress(OSError):  # gone since, or never made
            if word in paths:
                yield _entry(word, paths[word].name, paths[word].stat().st_size)
            elif word == "modelfile" or (word == "merged-modelfile" and "merged" in paths):
                yield _entry(word, "Modelfile", len(_modelfile(model, word).encode()))


def _entry(word: str, name: str, size: int) -> Entry:
    return Entry(word, name, _MEANINGS[word], size)


# ---- The files ----


@for_staff
@require_GET
def take(request: SignedInRequest, run_id: int, word: str) -> HttpResponseBase:
    """Answer with one of a run's files; back to its page, with a sentence, when it is not here."""
    run = get_object_or_404(TrainingRun.objects.select_related("model"), pk=run_id)
    if word not in _MEANINGS:
        raise Http404
    try:
        return _answer(run, word)
    except RecipeError as error:
        messages.error(request, " ".join(map(told, error.errors.values())))
    except (model_files.NoFilesError, OSError):
        messages.error(request, _not_here(run))
    return redirect("finetuning:run", run.pk)


def _not_here(run: TrainingRun) -> str:
    if run.model is not None and storage.is_elsewhere(run.model):
        told = _(
            "This file is on the machine that trained the model, in training/run-%(number)s of its "
            "data folder. “To take away” says how it is copied there."
        )
        return told % {"number": run.pk}
    return _("This file is not on this machine (any more).")


def _answer(run: TrainingRun, word: str) -> HttpResponseBase:
    """Return the file. Raises `RecipeError`, `NoFilesError` and `OSError`."""
    if word == "recipe":
        text = recipe_files.write(run.recipe_values)
        return _attached(text, _recipe_name(run), "application/toml; charset=utf-8")
    if run.model is None:
        raise model_files.NoFilesError
    if word.endswith("modelfile"):
        # As text, browsers would add an ending to its name.
        return _attached(_modelfile(run.model, word), "Modelfile", "application/octet-stream")
    path = model_files.on_disk(run.model).get(word)
    if path is None:
        raise model_files.NoFilesError
    return _streamed(path)


def _streamed(path: Path) -> FileResponse:
    kind = "application/json" if path.suffix == ".json" else "application/octet-stream"
    return _Streamed(path.open("rb"), as_attachment=True, content_type=kind)


def _attached(text: str, name: str, kind: str) -> HttpResponse:
    answer = HttpResponse(text, content_type=kind)
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _modelfile(model: WriterModel, word: str) -> str:
    return model_files.modelfile(model, merged=word == "merged-modelfile")


def _recipe_name(run: TrainingRun) -> str:
    return f"run-{run.pk}.toml"
