"""Stories in and out of files in the admin: a file is looked at before anything is stored."""

import hashlib
from typing import Any, cast, get_args

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from unfold.widgets import UnfoldAdminFileFieldWidget

from finetuning import card
from finetuning.pipeline.material.reading import DataError
from finetuning.services import exchange
from finetuning.services.exchange import Answer, Preview
from stories.errors import Refused
from stories.models import Story, User
from stories.pages.publishing.imports import MAX_UPLOAD, InMemory
from stories.pages.publishing.turns import turn
from stories.writing import rates

# Of one curator, in a minute; each answer about spoilt rows is a look of its own.
LOOKS_PER_MINUTE = 30
SHOWN_ROWS = 5
# As the admin draws it; its script looks for the parts of this widget.
_FILE = UnfoldAdminFileFieldWidget(
    attrs={
        "required": True,
        "aria-label": "File of stories",
        "accept": ".csv,.tsv,.txt,.json,.jsonl,.ndjson",
    }
)
_ANSWERS = (
    ("repair", "Put them right, and leave out those whose letters are lost"),
    ("keep", "Take them as they are"),
    ("skip", "Leave all of them out"),
)


def page(request: HttpRequest, shared: dict[str, Any]) -> HttpResponse:
    """Show the form; POST answers with what a file holds, or takes in what was looked at."""
    context = {
        **shared,
        "title": "Stories in files",
        "approved": Story.objects.approved().count(),
        "file": _FILE.render("file", None, {"id": "file"}),
        "megabytes": f"{MAX_UPLOAD / 1e6:.1f}",
    }
    if request.method == "POST":
        try:
            with turn():
                done = _read(request, context)
        except DataError as error:
            context["refusals"] = error.problems
        except Refused as refused:
            context["refusals"] = [str(refused)]
        else:
            if done:
                return done
    part = "_preview" if request.headers.get("HX-Request") else "files"
    # A browser without scripts has forgotten the file that it sent.
    context["again"] = part == "files"
    # htmx puts no answer into the page that says it is an error.
    status = 422 if "refusals" in context and part == "files" else 200
    return TemplateResponse(request, f"finetuning/{part}.html", context, status=status)


def _read(request: HttpRequest, context: dict[str, Any]) -> HttpResponse | None:
    """Look at the file, or take it in and go to the queue; raises what says why not."""
    user = cast("User", request.user)
    if seconds := rates.count("examples", user.pk, LOOKS_PER_MINUTE):
        raise rates.too_often("Too many files within a minute.", seconds)
    data = _data(request)
    digest = hashlib.sha256(data).hexdigest()
    wanted = request.POST.get("spoilt", "")
    answer: Answer = cast("Answer", wanted) if wanted in get_args(Answer) else ""
    # What is taken in is the file that was looked at, with the answer that was given then.
    if request.POST.get("seen") == f"{digest}{answer}":
        taken = exchange.take_in(data, user, approve=False, answer=answer)
        told = f"{taken.added:,} stories are yours now, and wait for a curator.{taken.beside}"
        messages.success(request, told)
        return redirect("admin:finetuning_trainingexample_files")
    found = exchange.preview(data, user, answer)
    context |= _shown(found, f"{digest}{answer}", answer)
    return None


def _data(request: HttpRequest) -> bytes:
    handler = request.upload_handlers[0]
    file = cast("UploadedFile[bytes] | None", request.FILES.get("file"))
    if isinstance(handler, InMemory) and handler.too_large:
        limit = f"{MAX_UPLOAD / 1e6:.1f} MB"
        sentence = f"The file has more than {limit}. manage.py import_stories reads larger ones."
        raise Refused("too_large", sentence, 422)
    if file is None:
        raise Refused("no_file", "Choose a file.", 422)
    data: bytes = file.read()
    return data


def _shown(found: Preview, seen: str, answer: str) -> dict[str, Any]:
    return {
        "preview": found,
        "first": found.rows[:SHOWN_ROWS],
        "seen": seen,
        "answer": answer,
        "answers": _ANSWERS,
        "asks": bool(found.questions or answer),
        "may_import": bool(found.rows) and not found.problems and not found.questions,
    }


def download(request: HttpRequest) -> HttpResponse:
    """Answer with the approved stories in the form that was asked for, or with their card."""
    if request.GET.get("form") == "card":
        answer = HttpResponse(card.write(), content_type="text/markdown; charset=utf-8")
        answer["Content-Disposition"] = 'attachment; filename="README.md"'
        return answer
    form = exchange.FORMS.get(request.GET.get("form", "csv"), exchange.FORMS["csv"])
    answer = HttpResponse(form.write(), content_type=form.content_type)
    answer["Content-Disposition"] = f'attachment; filename="{form.file_name}"'
    return answer
