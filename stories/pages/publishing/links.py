"""A link to read: its writer turns it on and off; whoever has it sees the story's text."""

import ipaddress
from contextlib import suppress
from typing import cast

from allauth.account.adapter import get_adapter
from allauth.core.ratelimit import respond_429
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from prose.languages.recognition import language_of
from stories.history import links
from stories.models import Story
from stories.pages.common import SignedInRequest, own_story
from stories.publishing import works
from stories.writing import rates

# From one address: a class behind one router reads too.
READINGS_PER_MINUTE = 120
_HOME = 64  # bits of an IPv6 address that are one household's


@login_required
@require_POST
def change_link(request: SignedInRequest, story_id: int) -> HttpResponse:
    """Make the story's link, or with `on` "0" take it back."""
    story = own_story(request.user, story_id)
    if request.POST.get("on") == "1":
        links.make_link(story)
    else:
        links.take_link_back(story)
    if not request.htmx:
        return redirect("stories:story", story.pk)
    return render(request, "stories/_link.html", {"story": story})


@never_cache  # a link that was taken back shows nothing any more
@require_safe
def read(request: HttpRequest, link: str) -> HttpResponse:
    """Show the story's text as it stands, and nothing else of its writer's; 404 for no link."""
    if rates.count("readings", _reader(request), READINGS_PER_MINUTE):
        refused = cast("HttpResponse", respond_429(request))
        # Django would log the address, which is a key as long as the link is on.
        refused._has_been_logged = True  # type: ignore[attr-defined]
        return refused
    story = get_object_or_404(Story.objects.read_by(link).select_related("settings"))
    context = {
        "title": str(story),
        "paragraphs": works.paragraphs(works.cleaned(story.text)),
        "language": language_of(story.text, story.settings.language),
    }
    response = render(request, "stories/read.html", context)
    response["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    # The address is the key: no other site is told of it.
    response["Referrer-Policy"] = "no-referrer"
    return response


def _reader(request: HttpRequest) -> str:
    """Return whom readings are counted for: an address, or a household's of IPv6."""
    address = str(get_adapter().get_client_ip(request))
    with suppress(ValueError):
        if ipaddress.ip_address(address).version == 6:
            return str(ipaddress.ip_network(f"{address}/{_HOME}", strict=False))
    return address
