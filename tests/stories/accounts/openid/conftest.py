"""A provider, the settings that name it, and a browser that goes there and back."""

import re
from collections.abc import Callable, Iterator
from html import unescape
from typing import Any

import httpx
import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from stories.accounts.openid.configuration import OpenID
from stories.models import User
from tests.stories.accounts.openid.provider import CLIENT, SECRET, Provider, provider

ANNA = {
    "sub": "number-1",
    "preferred_username": "anna",
    "name": "Anna Berg",
    "email": "anna@school.example",
    "email_verified": True,
    "groups": ["pupils"],
}
PASSWORD = "correct horse battery"


@pytest.fixture
def school(db: None) -> Iterator[Provider]:
    """The provider of a school, where Anna is signed in; the app has an administrator already."""
    User.objects.create_superuser("boss", password=PASSWORD)
    with provider(**ANNA) as found:
        yield found


@pytest.fixture
def named(school: Provider, settings: Settings) -> Callable[..., None]:
    """Name the school in the settings, with `changes`."""

    def name(**changes: Any) -> None:
        settings.OIDC = OpenID(
            **{
                "issuer": school.issuer,
                "client_id": CLIENT,
                "client_secret": SECRET,
                "name": "School",
                "signup": True,
                **changes,
            }
        )

    name()
    return name


def goal_of(answer: Any) -> str:
    """Return where the page that goes on goes to."""
    found = re.search(r'http-equiv="refresh" content="0;url=([^"]+)"', answer.content.decode())
    assert found, answer.content.decode()
    return unescape(found[1])


def way_back(answer: Any) -> str:
    """Go where an answer leads, as a browser; return where the provider sends back to."""
    told = httpx.get(goal_of(answer), trust_env=False)
    assert told.status_code == 302, told.text
    address: str = told.headers["Location"]
    return address


def sign_in(client: Client, start: str = "openid_login", **data: str) -> Any:
    """Go the whole way; return the answer to who comes back."""
    left = client.post(reverse(start), data)
    return client.get(way_back(left)) if left.status_code == 200 else left
