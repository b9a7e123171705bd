"""The pages' language: the browser's until another one is chosen, and then that one everywhere."""

import asyncio
import re
from collections.abc import Iterator
from http import HTTPStatus

import pytest
from django.conf import settings
from django.test import Client
from django.utils import translation

from storaiteller_site.languages.sockets import in_its_language, language_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _english_afterwards() -> Iterator[None]:
    """Leave no language behind: a request leaves its own active in its thread."""
    yield
    translation.activate("en")


def lang(client: Client, path: str = "/", **headers: str) -> str:
    """Return the language that the page at `path` says it is in."""
    page = client.get(path, headers=headers).content.decode()
    [found] = re.findall(r'<html lang="([\w-]+)"', page)
    return str(found)


def choose(client: Client, language: str, goal: str = "/") -> str:
    """Choose `language`; return where that leads."""
    answer = client.post("/language/", {"language": language, "next": goal})
    assert answer.status_code == HTTPStatus.FOUND
    return answer.headers["Location"]


def test_the_browsers_language_holds_until_another_one_is_chosen(client: Client) -> None:
    assert lang(client) == "en"
    assert lang(client, **{"accept-language": "de-AT,de;q=0.9,en;q=0.5"}) == "de"
    assert lang(client, **{"accept-language": "ja"}) == "en"
    assert choose(client, "fr", "/accounts/login/?next=/stories/").endswith("?next=/stories/")
    assert lang(client, **{"accept-language": "de"}) == "fr"
    assert lang(client, "/offline/") == "fr"
    assert lang(client, "/accounts/login/") == "fr"
    assert lang(client, "/not-here/", accept="text/html") == "fr"


def test_the_choice_is_a_lasting_cookie_of_our_own(client: Client) -> None:
    choose(client, "it")
    cookie = client.cookies[settings.LANGUAGE_COOKIE_NAME]
    assert (cookie.value, cookie["samesite"], cookie["path"]) == ("it", "Lax", "/")
    assert cookie["httponly"]
    assert cookie["max-age"] > 300 * 86_400
    assert settings.LANGUAGE_COOKIE_NAME.endswith("storaiteller_language")


def test_only_pages_of_ours_are_led_to_and_only_known_languages_kept(client: Client) -> None:
    for goal in ("https://elsewhere.example/", "//elsewhere.example/", "javascript:alert(1)", ""):
        assert choose(client, "de", goal) == "/"
    for language in ("nl", "tlh", "", "de\r\nX: y"):
        assert client.post("/language/", {"language": language}).status_code == 400
    assert client.get("/language/").status_code == 405
    stranger = Client(enforce_csrf_checks=True)
    assert stranger.post("/language/", {"language": "de"}).status_code == 403
    assert client.cookies[settings.LANGUAGE_COOKIE_NAME].value == "de"


def test_a_form_to_choose_is_on_every_page(client: Client, alices: Client) -> None:
    for browser, path in ((Client(), "/accounts/login/?next=/a"), (alices, "/stories/?q=b")):
        page = browser.get(path).content.decode()
        [form] = re.findall(r'<form class="languages".*?</form>', page, re.DOTALL)
        assert re.findall(r'value="(\w\w)" lang="\1"', form) == [c for c, _ in settings.LANGUAGES]
        assert f'name="next" value="{path}"' in form
        assert 'value="en" lang="en" aria-current="true"' in form


def test_the_admin_speaks_it_too(admin_client: Client) -> None:
    choose(admin_client, "de")
    assert lang(admin_client, "/admin/") == "de"
    assert "Abmelden" in admin_client.get("/admin/").content.decode()


def test_what_may_be_kept_is_kept_a_language(client: Client) -> None:
    for path in ("/offline/", "/manifest.webmanifest", "/worker.js"):
        answer = client.get(path)
        assert {"Cookie", "Accept-Language"} <= set(answer["Vary"].split(", "))
        assert "no-cache" in answer["Cache-Control"]
    assert "no-store" in client.get("/")["Cache-Control"]
    english = client.get("/worker.js").content
    choose(client, "es")
    assert client.get("/worker.js").content != english
    assert client.get("/manifest.webmanifest").json()["lang"] == "es"


def test_each_language_has_a_script_of_sentences(client: Client) -> None:
    choose(client, "de")
    page = client.get("/").content.decode()
    [address] = re.findall(r'<script src="(/language/[^"]+)" defer>', page)
    assert address.startswith("/language/de/")
    answer = Client().get(address)
    assert answer["Content-Type"] == "text/javascript"
    assert "immutable" in answer["Cache-Control"]
    assert "gettext" in answer.content.decode()
    assert "immutable" not in Client().get("/language/de/0.js").get("Cache-Control", "")
    assert Client().get("/language/nl/0.js").status_code == 404
    # Without a connection, too.
    assert address in client.get("/worker.js").content.decode()


def test_a_socket_speaks_its_pages_language() -> None:
    heard = []

    async def says(scope: object, receive: object, send: object) -> None:
        heard.append(translation.get_language())

    accepted = [(b"accept-language", b"it-CH, en;q=0.4")]
    for cookies in ({}, {settings.LANGUAGE_COOKIE_NAME: "es"}, {"other": "de"}):
        scope = {"headers": accepted, "cookies": cookies}
        asyncio.run(in_its_language(says)(scope, None, None))
    assert heard == ["it", "es", "it"]
    assert language_of({}) == "en"
