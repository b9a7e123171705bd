"""A story's tags, edited on its page and on its card in the library."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST
from django_htmx.http import retarget

from stories.errors import Refused
from stories.history import tags
from stories.models import Story
from stories.pages.common import SignedInRequest, own_story
from stories.pages.shelf.choosing import address_of
from stories.pages.shelf.listing import listing
from stories.telling import told


@login_required
@require_POST
def change_tags(request: SignedInRequest, story_id: int) -> HttpResponse:
    """Put tags on a story (POST `add`, separated by commas), or take one off (`remove`).

    `place` tells whose part of a page is answered to htmx: a card's in the "library", or the
    story's own.
    """
    story = own_story(request.user, story_id)
    if not {"add", "remove"} & set(request.POST):
        raise BadRequest("Neither `add` nor `remove` was sent.")
    error = _change(story, request)
    in_library = request.POST.get("place") == "library"
    if request.htmx:
        return _part(request, story, in_library, error)
    address = address_of(request.GET)
    back = (
        f"{reverse('stories:library')}{address}"
        if in_library
        else reverse("stories:story", args=[story.pk])
    )
    if not error:
        return redirect(back)
    context = {**_form(request, story, in_library, error), "back": back}
    return render(request, "stories/tags.html", context, status=422)


def _change(story: Story, request: SignedInRequest) -> str:
    """Do what is asked for; return why not, as a sentence, or nothing."""
    try:
        if "remove" in request.POST:
            tags.remove_tag(story, request.POST["remove"])
        else:
            tags.add_tags(story, request.POST["add"])
    except Refused as refused:
        return told(str(refused))
    return ""


def _part(request: SignedInRequest, story: Story, in_library: bool, error: str) -> HttpResponse:
    """Answer with the tags of `story`, and with what else on the page depends on them."""
    context = _form(request, story, in_library, error)
    # Buttons are named, and the one that was pressed is gone; a field keeps the focus by its id.
    context["refocus"] = bool(request.htmx.trigger_name)
    if not in_library or error:
        return render(request, "stories/_tags_of_story.html", {**context, "changed": not error})
    found = listing(request.user, request.GET)
    card = next((card for card in found["cards"] if card.story.pk == story.pk), None)
    if card is None:
        # The list is of a tag that the story had: it is another list now.
        answer = render(request, "stories/_tags_of_list.html", {**found, "refocus": True})
        return retarget(answer, "#found")
    return render(request, "stories/_tags_of_card.html", {**found, **context, "card": card})


def _form(request: SignedInRequest, story: Story, in_library: bool, error: str) -> dict[str, Any]:
    return {
        "story": story,
        "place": "library" if in_library else "story",
        "address": address_of(request.GET),
        "tags_open": True,
        "tag_error": error,
        "tried": request.POST.get("add", "") if error else "",
        **tagging(story),
    }


def tagging(story: Story) -> dict[str, Any]:
    """Return what the tags of one story and their form show."""
    own = tags.own_tags(story.owner)
    there = {tag.key for tag in story.tags.all()}
    return {
        "own_tags": own,
        "longest_typed": tags.LONGEST_TYPED,
        "suggested": tags.suggested(own, there),
    }
