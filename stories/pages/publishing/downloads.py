"""Stories taken along as files: one, a choice of them bound as a book, or all in an archive."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Sum
from django.db.models.functions import Length
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import content_disposition_header
from django.utils.timezone import localtime
from django.utils.translation import gettext, override
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from stories.errors import Refused
from stories.models import Story, User
from stories.pages.common import SignedInRequest, own_story
from stories.pages.publishing.turns import turn
from stories.publishing import formats, plain, works
from stories.publishing.works import Work
from stories.telling import told
from stories.writing import rates

# Of one writer, in a minute.
FILES_PER_MINUTE = 30
# Of those to choose from; Django takes a thousand fields of a form.
_MOST_STORIES = 900
_LONGEST_LINE = 120


class BookForm(forms.Form):
    """What a book is made of, and what it is called."""

    ALL, GOOD, CHOSEN = "all", "good", "chosen"

    title = forms.CharField(label=_("Title"), max_length=_LONGEST_LINE, required=False)
    author = forms.CharField(label=_("Author"), max_length=_LONGEST_LINE, required=False)
    ending = forms.ChoiceField(
        label=_("Format"),
        widget=forms.RadioSelect,
        initial="epub",
    )
    which = forms.ChoiceField(
        label=_("Stories"),
        choices=[
            (ALL, _("All of them")),
            (GOOD, _("The good ones")),
            (CHOSEN, _("Those marked here")),
        ],
        widget=forms.RadioSelect,
        initial=ALL,
    )
    stories = forms.TypedMultipleChoiceField(coerce=int, required=False)

    def __init__(self, *arguments: Any, user: User, **options: Any) -> None:
        """Offer the stories of `user` that have a text, the oldest first; the newest, if many."""
        super().__init__(*arguments, **{"label_suffix": "", **options})
        kinds = [(found.ending, told(found.label)) for found in formats.FORMATS.values()]
        cast("forms.ChoiceField", self.fields["ending"]).choices = kinds
        own = Story.objects.visible_to(user).exclude(text="").order_by("created_at", "pk")
        self.own = own
        newest = list(own.reverse().only("title", "created_at", "good")[: _MOST_STORIES + 1])
        self.offered = newest[:_MOST_STORIES][::-1]
        self.has_older = len(newest) > _MOST_STORIES
        field = cast("forms.ChoiceField", self.fields["stories"])
        field.choices = [(story.pk, str(story)) for story in self.offered]
        self.fields["title"].widget.attrs["placeholder"] = _("My stories")
        self.fields["title"].widget.attrs["autocomplete"] = "off"

    def clean(self) -> dict[str, object]:
        """See to it that there are stories."""
        found = super().clean() or {}
        if found.get("which") == self.CHOSEN and not found.get("stories"):
            self.add_error("stories", gettext("Mark at least one story."))
        return found

    def chosen(self) -> list[Story]:
        """Return the stories that were chosen, the oldest first; raises `Refused`: too long."""
        found, chosen = self.cleaned_data, self.own
        if found["which"] == self.GOOD:
            chosen = chosen.good()
        elif found["which"] == self.CHOSEN:
            chosen = chosen.filter(pk__in=found["stories"])
        # Before their texts are read.
        works.check_length(chosen.aggregate(length=Sum(Length("text")))["length"] or 0)
        return list(chosen.select_related("settings"))


@login_required
@require_safe
def download(request: SignedInRequest, story_id: int) -> HttpResponse:
    """Send one story as a file; `format` is its ending, "txt" unless another is asked for."""
    story = own_story(request.user, story_id)
    try:
        _count(request.user)
        kind = formats.format_of(request.GET.get("format", formats.PLAIN))
        with turn():
            return _book(kind, str(story), request.user.get_full_name(), [story])
    except Refused as refused:
        messages.error(request, told(str(refused)))
        return redirect("stories:story", story.pk)


@login_required
@require_safe
def download_all(request: SignedInRequest) -> HttpResponse:
    """Send all of my stories as text files in one archive, the oldest first."""
    mine = Story.objects.visible_to(request.user).select_related("settings")
    stories = mine.order_by("created_at", "pk")
    try:
        _count(request.user)
        with turn():
            packed = plain.archive(map(_work, stories.iterator()))
    except Refused as refused:
        messages.error(request, told(str(refused)))
        return redirect("stories:library")
    return _file(packed, "My stories.zip", "application/zip")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def book(request: SignedInRequest) -> HttpResponse:
    """Show what a book can be made of; POST sends it."""
    author = request.user.get_full_name() or request.user.get_username()
    form = BookForm(
        request.POST if request.method == "POST" else None,
        user=request.user,
        initial={"author": author},
    )
    status = 200
    if form.is_bound and form.is_valid():
        found = form.cleaned_data
        try:
            _count(request.user)
            kind = formats.format_of(found["ending"])
            title = found["title"] or gettext("My stories")
            with turn():
                return _book(kind, title, found["author"], form.chosen())
        except Refused as refused:
            form.add_error(None, told(str(refused)))
            status = refused.status
    elif form.is_bound:
        status = 422
    return render(request, "stories/book.html", {"form": form}, status=status)


def _count(user: User) -> None:
    if seconds := rates.count("files", user.pk, FILES_PER_MINUTE):
        sentence = gettext("You have taken %(count)s files within a minute.")
        raise rates.too_often(sentence % {"count": FILES_PER_MINUTE}, seconds)


def _book(kind: formats.Format, title: str, author: str, stories: Sequence[Story]) -> HttpResponse:
    made = works.bind(title, author, [_work(story) for story in stories], kind.most_lines)
    with override(made.language if made.language in dict(settings.LANGUAGES) else "en"):
        made = replace(made, summary=told(made.summary))
    return _file(kind.write(made), kind.name(made), kind.media_type)


def _work(story: Story) -> Work:
    # The number alone is another story's in another installation.
    key = f"{story.pk} {story.created_at.isoformat()}"
    changed = localtime(story.updated_at)
    return Work(str(story), story.text, key, changed, story.settings.language)


def _file(content: bytes, name: str, content_type: str) -> HttpResponse:
    disposition = str(content_disposition_header(as_attachment=True, filename=name))
    return HttpResponse(content, content_type, headers={"Content-Disposition": disposition})
