"""What the views share."""

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django_htmx.middleware import HtmxDetails

from stories.models import Story, User


class SignedInRequest(HttpRequest):
    """A request behind `login_required`."""

    user: User
    htmx: HtmxDetails


def own_story(user: User | AnonymousUser, story_id: int) -> Story:
    """Return the user's story; 404 for another's, a deleted one, or none."""
    return get_object_or_404(Story.objects.visible_to(user).select_related("settings"), pk=story_id)
