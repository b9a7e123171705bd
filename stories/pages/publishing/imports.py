"""Files that a person brings: read in memory, and not kept."""

from io import BytesIO
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.files.uploadedfile import SimpleUploadedFile, UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, StopUpload
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.formats import number_format
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods

from stories.errors import Refused
from stories.history.imports import Written, add_stories
from stories.models import Genre, Register, Story, StorySettings
from stories.pages.common import SignedInRequest
from stories.pages.publishing.turns import turn
from stories.publishing.reading import files
from stories.telling import told
from stories.writing import rates

# Of one writer, in a minute.
FILES_PER_MINUTE = 20
# Bytes of all files together; the server takes little more of a form (`serving.web.MAX_BODY`).
MAX_UPLOAD = 3_500_000
_MOST_FILES = 20
_CHAPTERS = _("Each chapter or main heading becomes a story of its own")


class InMemory(FileUploadHandler):
    """Keeps files of up to `MAX_UPLOAD` together in memory; beyond it, none."""

    too_large = False

    def __init__(self, request: Any = None) -> None:
        """Begin with nothing."""
        super().__init__(request)
        self._received = 0
        self._parts = BytesIO()

    def new_file(self, *arguments: Any, **named: Any) -> None:
        """Begin the next file."""
        super().new_file(*arguments, **named)
        self._parts = BytesIO()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Take in a part of a file."""
        self._received += len(raw_data)
        if self._received > MAX_UPLOAD:
            self.too_large = True
            raise StopUpload(connection_reset=False)
        self._parts.write(raw_data)

    def file_complete(self, file_size: int) -> UploadedFile[bytes]:
        """Return the file."""
        return SimpleUploadedFile(self.file_name or "", self._parts.getvalue())


class ImportForm(forms.Form):
    """What the stories in the files are said to be, and whether a file is one or several."""

    genre = forms.ChoiceField(label=_("Genre"), choices=Genre)
    register = forms.ChoiceField(label=_("Register"), choices=Register)
    split = forms.BooleanField(label=_CHAPTERS, required=False)


@csrf_exempt  # by the view below it, once it is known what takes the files
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def bring_in(request: SignedInRequest) -> HttpResponse:
    """Show the form; POST opens stories of the files' texts, all of a file or none of it."""
    handler = InMemory(request)
    request.upload_handlers = [handler]
    return _bring_in(request, handler)


@csrf_protect
def _bring_in(request: SignedInRequest, handler: InMemory) -> HttpResponse:
    if request.method != "POST":
        return _page(request, ImportForm(initial=_last(request), label_suffix=""), [], 200)
    form, status = ImportForm(request.POST, label_suffix=""), 422
    brought = request.FILES.getlist("files")
    if handler.too_large:
        sentence = gettext("The files have more than %(most)s MB. Bring fewer at a time.")
        refusals = [sentence % {"most": _megabytes()}]
    elif len(brought) > _MOST_FILES:
        sentence = gettext("These are %(count)s files; at most %(most)s are read at a time.")
        refusals = [sentence % {"count": len(brought), "most": _MOST_FILES}]
    elif not brought:
        refusals = [gettext("Choose at least one file.")]
    elif not form.is_valid():
        refusals = []
    else:
        stories, refusals, status = _stories(request, form, brought)
        if stories:
            for refusal in refusals:
                messages.error(request, refusal)
            return _shown(request, stories)
    return _page(request, form, refusals, status)


def _stories(
    request: SignedInRequest, form: ImportForm, brought: list[UploadedFile[bytes]]
) -> tuple[list[Story], list[str], int]:
    """Return the stories that were opened, why files were refused, and the status of that.

    A sentence for each file; the status is 422, or says that trying again later may help.
    """
    stories, refusals, status, about = [], [], 422, form.cleaned_data
    for file in brought:
        try:
            if seconds := rates.count("imports", request.user.pk, FILES_PER_MINUTE):
                raise rates.too_often(gettext("too many files within a minute."), seconds)
            with turn():
                drafts = files.read(file.name or "", file.read(), split=about["split"])
                written = [Written(draft.title, draft.text) for draft in drafts]
                stories += add_stories(request.user, written, about["genre"], about["register"])
        except Refused as refused:
            sentence = gettext("“%(file)s” was not taken in: %(reason)s")
            refusals.append(sentence % {"file": file.name, "reason": told(str(refused))})
            if refused.code == "too_long" and not about["split"]:
                hint = gettext("Has it chapters? Mark “%(label)s”.") % {"label": _CHAPTERS}
                refusals[-1] += f" {hint}"
            status = max(status, refused.status)
    return stories, refusals, status


def _shown(request: SignedInRequest, stories: list[Story]) -> HttpResponse:
    """Go to the story that came in, or to the library if there are several."""
    if len(stories) == 1:
        return redirect("stories:story", stories[0].pk)
    sentence = ngettext(
        "%(count)s story is in your library now.",
        "%(count)s stories are in your library now.",
        len(stories),
    )
    messages.success(request, sentence % {"count": len(stories)})
    return redirect("stories:library")


def _last(request: SignedInRequest) -> dict[str, str]:
    """Return the genre and register that the writer chose last."""
    settings = StorySettings.objects.filter(owner=request.user).order_by("-pk").first()
    return {"genre": settings.genre, "register": settings.register} if settings else {}


def _megabytes() -> str:
    return number_format(MAX_UPLOAD / 1e6, 1)


def _page(
    request: SignedInRequest, form: ImportForm, refusals: list[str], status: int
) -> HttpResponse:
    context = {
        "form": form,
        "refusals": refusals,
        "accepted": ",".join(files.ENDINGS),
        "most": MAX_UPLOAD,
        "megabytes": _megabytes(),
    }
    return render(request, "stories/import.html", context, status=status)
