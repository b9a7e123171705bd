"""What a browser may keep: files with a hash in their names, and no page."""

from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import reverse

from storaiteller_site.middleware.never_stored import never_store
from stories.history import library
from stories.models import Story


def test_no_page_is_stored(client: Client, story: Story) -> None:
    library.save_text(story, story.owner, "Once upon a time.", story.version)
    paths = ["/", "/health/", "/accounts/login/", "/nowhere/"]
    for path in paths:
        assert "no-store" in client.get(path)["Cache-Control"], path
    client.force_login(story.owner)
    paths += [reverse(f"stories:{name}") for name in ("library", "new", "trash", "book")]
    own = ("story", "text", "report", "versions", "download")
    paths += [reverse(f"stories:{name}", args=[story.pk]) for name in own]
    paths += [reverse("stories:version", args=[story.pk, 1]), "/compare/", "/admin/"]
    for path in paths:
        assert "no-store" in client.get(path)["Cache-Control"], path


def test_what_a_view_says_itself_stands() -> None:
    kept = HttpResponse(headers={"Cache-Control": "max-age=60"})
    answer = never_store(lambda _: kept)(RequestFactory().get("/"))
    assert answer["Cache-Control"] == "max-age=60"
