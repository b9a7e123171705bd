"""The admin's own content security policy: what it still allows, and nothing beside it."""

import base64
import hashlib
import re

import pytest
from django.test import Client
from django.urls import reverse

from stories.models import Story, User

pytestmark = pytest.mark.django_db
STYLE = re.compile(r"<style[^>]*>(.*?)</style>", re.DOTALL)


def policy_of(header: str) -> dict[str, list[str]]:
    """Return the sources of each directive."""
    return {words[0]: words[1:] for words in map(str.split, header.split(";")) if words}


@pytest.mark.parametrize(
    "page", ["index", "stories_story_changelist", "stories_user_add", "stories_user_changelist"]
)
def test_the_admin_allows_no_style_element_but_its_own(
    client: Client, story: Story, page: str
) -> None:
    client.force_login(User.objects.create_superuser("boss"))
    answer = client.get(reverse(f"admin:{page}"))
    policy = policy_of(answer["Content-Security-Policy"])
    elements = STYLE.findall(answer.content.decode())
    assert elements, "Unfold's colours"
    for element in elements:
        digest = base64.b64encode(hashlib.sha256(element.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy["style-src-elem"], "say the new hash in admin_site"
    assert policy["style-src"] == ["'self'"]
    assert "'unsafe-inline'" not in policy["style-src-elem"]
    assert policy["style-src-attr"] == ["'unsafe-inline'"]
    assert "'unsafe-inline'" not in policy["script-src"]
    assert policy["object-src"] == policy["base-uri"] == ["'none'"]
