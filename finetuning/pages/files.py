"""Stories in and out of files: a file is looked at before anything is stored."""

import hashlib
from typing import Any, cast, get_args

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods

from finetuning import card
from finetuning.pages.access import for_staff
from finetuning.pipeline.material.reading import DataError
from finetuning.services import exchange
from finetuning.services.exchange import Answer, Preview
from stories.errors import Refused
from stories.models import Story
from stories.pages.common import SignedInRequest
from stories.pages.publishing.imports import MAX_UPLOAD, InMemory
from stories.pages.publishing.turns import turn
from stories.writing import rates

# Of one curator, in a minute; each answer about spoilt rows is a look of its own.
LOOKS_PER_MINUTE = 30
SHOWN_ROWS = 5
_ANSWERS = (
    ("repair", gettext_lazy("Put them right, and leave out those whose letters are lost")),
    ("keep", gettext_lazy("Take them as they are")),
    ("skip", gettext_lazy("Leave all of them out")),
)


@csrf_exempt  # by the view below it, once it is known what takes the file
def files(request: HttpRequest) -> HttpResponse:
    """Show what a file of stories holds, and take it in."""
    request.upload_handlers = [InMemory(request)]
    answer: HttpResponse = _page(request)
    return answer


@csrf_protect
@for_staff
@require_http_methods(["GET", "HEAD", "POST"])
def _page(request: SignedInRequest) -> HttpResponse:
    """Show the form; POST answers with what a file holds, or takes in what was looked at."""
    context: dict[str, Any] = {
        "approved": Story.objects.approved().count(),
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
    return render(request, f"finetuning/{part}.html", context, status=status)


def _read(request: SignedInRequest, context: dict[str, Any]) -> HttpResponse | None:
    """Look at the file, or take it in and go to the queue; raises what says why not."""
    user = request.user
    if seconds := rates.count("examples", user.pk, LOOKS_PER_MINUTE):
        raise rates.too_often(_("Too many files within a minute."), seconds)
    data = _data(request)
    digest = hashlib.sha256(data).hexdigest()
    wanted = request.POST.get("spoilt", "")
    answer: Answer = cast("Answer", wanted) if wanted in get_args(Answer) else ""
    # What is taken in is the file that was looked at, with the answer that was given then.
    if request.POST.get("seen") == f"{digest}{answer}":
        taken = exchange.take_in(data, user, approve=False, answer=answer)
        told = ngettext(
            "%(count)s story is yours now, and waits for a curator.",
            "%(count)s stories are yours now, and wait for a curator.",
            taken.added,
        )
        messages.success(request, f"{told % {'count': f'{taken.added:,}'}}{taken.beside}")
        return redirect("finetuning:files")
    found = exchange.preview(data, user, answer)
    context |= _shown(found, f"{digest}{answer}", answer)
    return None


def _data(request: HttpRequest) -> bytes:
    handler = request.upload_handlers[0]
    file = cast("UploadedFile[bytes] | None", request.FILES.get("file"))
    if isinstance(handler, InMemory) and handler.too_large:
        sentence = _(
            "The file has more than %(most)s MB. manage.py import_stories reads larger ones."
        )
        raise Refused("too_large", sentence % {"most": f"{MAX_UPLOAD / 1e6:.1f}"}, 422)
    if file is None:
        raise Refused("no_file", _("Choose a file."), 422)
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


@for_staff
@require_http_methods(["GET", "HEAD"])
def download(request: SignedInRequest) -> HttpResponse:
    """Answer with the approved stories in the form that was asked for, or with their card."""
    if request.GET.get("form") == "card":
        answer = HttpResponse(card.write(), content_type="text/markdown; charset=utf-8")
        answer["Content-Disposition"] = 'attachment; filename="README.md"'
        return answer
    form = exchange.FORMS.get(request.GET.get("form", "csv"), exchange.FORMS["csv"])
    answer = HttpResponse(form.write(), content_type=form.content_type)
    answer["Content-Disposition"] = f'attachment; filename="{form.file_name}"'
    return answer
