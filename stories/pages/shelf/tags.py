"""A story's tags, edited on its page and on its card in the library."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from stories.errors import Refused
from stories.history import tags
from stories.models import Story
from stories.pages.common import SignedInRequest, own_story
from stories.pages.shelf.choosing import address_of

_SUGGESTED = 8


@login_required
@require_POST
def change_tags(request: SignedInRequest, story_id: int) -> HttpResponse:
    """Put tags on a story (POST `add`, separated by commas), or take one off (`remove`)."""
    story = own_story(request.user, story_id)
    error = ""
    try:
        if removed := request.POST.get("remove", ""):
            tags.remove_tag(story, removed)
        else:
            tags.add_tags(story, request.POST.get("add", ""))
    except Refused as refused:
        error = str(refused)
    in_library = request.POST.get("place") == "library"
    address = address_of(request.GET)
    back = (
        f"{reverse('stories:library')}{address}"
        if in_library
        else reverse("stories:story", args=[story.pk])
    )
    if not request.htmx and not error:
        return redirect(back)
    context = {
        "story": story,
        "place": "library" if in_library else "story",
        "address": address,
        "tags_open": True,
        "tag_error": error,
        "tried": request.POST.get("add", "") if error else "",
        "back": back,
        **tagging(story),
    }
    if request.htmx:
        return render(request, "stories/_tags.html", context)
    return render(request, "stories/tags.html", context, status=422)


def tagging(story: Story) -> dict[str, Any]:
    """Return what the tags of one story and their form show."""
    own = tags.own_tags(story.owner)
    there = {tag.key for tag in story.tags.all()}
    return {
        "own_tags": own,
        "longest_typed": tags.LONGEST_TYPED,
        "suggested": suggested(own, there),
    }


def suggested(own: list[tags.OwnTag], there: set[str]) -> list[tags.OwnTag]:
    """Return the writer's most used tags that are not `there`."""
    return sorted((tag for tag in own if tag.key not in there), key=lambda tag: -tag.stories)[
        :_SUGGESTED
    ]
