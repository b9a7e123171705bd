"""Every route of the site, tried as nobody, as another writer, as a curator and as the owner.

A route that is not in the tables below fails the test: whoever adds one says who may use it.
"""

import re
from collections.abc import Iterator
from enum import Enum
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from finetuning.models import OwnPair, TrainingRun
from stories.history import library, links
from stories.models import Generation, Story, StorySettings, StoryVersion, User, WriterModel
from stories.writing.opening import open_generation
from tests.conftest import story_settings

pytestmark = pytest.mark.django_db

PRIVATE = "Words-of-one-writer-only"
METHODS = ("get", "post", "put", "delete")


class May(Enum):
    """Who gets an answer; everybody else is sent to sign in, or told that nothing is there."""

    ANYBODY = 1
    SIGNED_IN = 2  # about what is one's own
    OWNER = 3
    STAFF = 4  # curators and the administrator
    BOSS = 5  # the administrator


ROUTES = {
    "manifest": May.ANYBODY,
    "set_language": May.ANYBODY,
    "language_script": May.ANYBODY,
    "worker": May.ANYBODY,
    "offline": May.ANYBODY,
    "servers": May.BOSS,
    "servers_live": May.BOSS,
    "stories:home": May.ANYBODY,
    "stories:health": May.ANYBODY,
    "stories:delete_account": May.SIGNED_IN,
    "stories:install_model": May.STAFF,
    "stories:guide": May.SIGNED_IN,
    "stories:guide_steps": May.SIGNED_IN,
    "stories:writer": May.OWNER,
    "stories:presets": May.SIGNED_IN,
    "stories:preset": May.OWNER,
    "stories:delete_preset": May.OWNER,
    "stories:library": May.SIGNED_IN,
    "stories:download_all": May.SIGNED_IN,
    "stories:download": May.OWNER,
    "stories:trash": May.SIGNED_IN,
    "stories:empty_trash": May.SIGNED_IN,
    "stories:remove": May.OWNER,
    "stories:tags": May.OWNER,
    "stories:book": May.SIGNED_IN,
    "stories:import": May.SIGNED_IN,
    "stories:link": May.OWNER,
    "stories:read": May.ANYBODY,
    "stories:new": May.SIGNED_IN,
    "stories:story": May.OWNER,
    "stories:settings": May.OWNER,
    "stories:text": May.OWNER,
    "stories:differences": May.OWNER,
    "stories:report": May.OWNER,
    "stories:summary": May.OWNER,
    "stories:title": May.OWNER,
    "stories:good": May.OWNER,
    "stories:delete": May.OWNER,
    "stories:undelete": May.OWNER,
    "stories:take": May.OWNER,
    "stories:versions": May.OWNER,
    "stories:version": May.OWNER,
    "stories:restore": May.OWNER,
    "stories:undo": May.OWNER,
    "stories:redo": May.OWNER,
    "stories:keep": May.OWNER,
    "stories:discard": May.OWNER,
    "finetuning:teach": May.SIGNED_IN,
    "finetuning:take_back": May.OWNER,
    "finetuning:consent": May.SIGNED_IN,
    "finetuning:read": May.STAFF,
    "finetuning:read_story": May.STAFF,
    "finetuning:runs": May.STAFF,
    "finetuning:start": May.BOSS,
    "finetuning:run": May.STAFF,
    "finetuning:run_live": May.STAFF,
    "finetuning:run_act": May.BOSS,
    "finetuning:evaluation": May.STAFF,
    "finetuning:take": May.STAFF,
    "finetuning:models": May.STAFF,
    "finetuning:model": May.STAFF,
    "finetuning:model_act": May.BOSS,
    "finetuning:files": May.STAFF,
    "finetuning:download": May.STAFF,
    "finetuning:compare": May.SIGNED_IN,
    "finetuning:own": May.SIGNED_IN,
    "finetuning:own_pair": May.OWNER,
    "finetuning:own_story": May.OWNER,
    "finetuning:old_compare": May.ANYBODY,
    "finetuning:old_runs": May.ANYBODY,
    "finetuning:old_start": May.ANYBODY,
    "finetuning:old_run": May.ANYBODY,
    "finetuning:old_evaluation": May.ANYBODY,
    "finetuning:old_files": May.ANYBODY,
    "finetuning:old_models": May.ANYBODY,
    "finetuning:old_model": May.ANYBODY,
    "finetuning:old_queue": May.ANYBODY,
    "finetuning:old_story": May.ANYBODY,
    "openid_login": May.ANYBODY,
    "openid_callback": May.ANYBODY,
    "openid_connect": May.SIGNED_IN,
    "account_login": May.ANYBODY,
    "account_logout": May.ANYBODY,
    "account_inactive": May.ANYBODY,
    "account_signup": May.ANYBODY,
    "account_reauthenticate": May.SIGNED_IN,
    "account_email": May.SIGNED_IN,
    "account_email_verification_sent": May.ANYBODY,
    "account_change_password": May.SIGNED_IN,
    "account_set_password": May.SIGNED_IN,
    "account_reset_password": May.ANYBODY,
    "account_confirm_login_code": May.ANYBODY,
    "account_confirm_email": May.ANYBODY,
    "account_reset_password_from_key": May.ANYBODY,
    "account_reset_password_from_key_done": May.ANYBODY,
    "account_reset_password_done": May.ANYBODY,
    "admin:index": May.STAFF,
    "admin:search": May.STAFF,
    "admin:login": May.STAFF,
    "admin:logout": May.STAFF,
    "admin:password_change": May.STAFF,
    "admin:password_change_done": May.STAFF,
    "admin:autocomplete": May.STAFF,
    "admin:jsi18n": May.STAFF,
    "admin:view_on_site": May.STAFF,
    "admin:app_list": May.STAFF,
    "admin:auth_user_password_change": May.BOSS,
}
# The admin's models: who may look. Nobody but the administrator adds, changes or deletes.
ADMIN_MODELS = {
    "auth_group": May.BOSS,
    "account_emailaddress": May.BOSS,
    "stories_user": May.BOSS,
    "stories_story": May.STAFF,
    "stories_storysettings": May.STAFF,
    "stories_generation": May.STAFF,
    "stories_sharedstory": May.STAFF,
    "stories_preferencepair": May.STAFF,
    "finetuning_trainingexample": May.STAFF,
}
LOOKING = {"changelist", "change", "history"}
# The admin's own way in and out leads to the site's.
DOORS = {"admin:login", "admin:logout"}


def routes() -> Iterator[tuple[str, URLPattern]]:
    """Yield every route's full name and its pattern; a nameless one has its path for a name."""
    yield from _walk(get_resolver().url_patterns, "", "/")


def _walk(patterns: list[Any], space: str, path: str) -> Iterator[tuple[str, URLPattern]]:
    for pattern in patterns:
        below = path + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            name = f"{space}{pattern.namespace}:" if pattern.namespace else space
            yield from _walk(pattern.url_patterns, name, below)
        else:
            yield (f"{space}{pattern.name}" if pattern.name else below), pattern


def rule(name: str) -> tuple[May, str]:
    """Return who may use the route, and what of a model it does."""
    model, _, action = name.removeprefix("admin:").rpartition("_")
    if name in ROUTES:
        return ROUTES[name], ""
    assert model in ADMIN_MODELS, f"{name} is new: say in this file who may use it"
    return ADMIN_MODELS[model], action


NAMED = [name for name, pattern in routes() if pattern.name]
NAMELESS = {name for name, pattern in routes() if not pattern.name}


def test_every_route_is_known() -> None:
    for name in NAMED:
        rule(name)
    # The admin's: an object's old address, and everything that is nowhere.
    assert all(
        re.fullmatch(r"/admin/(.*<path:object_id>/|\(\?P<url>\.\*\)\$)", n) for n in NAMELESS
    )
    known = set(NAMED)
    assert not ROUTES.keys() - known, "gone, and still in the table"
    assert all(f"admin:{model}_changelist" in known for model in ADMIN_MODELS)


@pytest.fixture
def secrets(story: Story) -> dict[str, Any]:
    """Alice's things, all of them with her words in, as the routes' arguments."""
    alice = story.owner
    kept = library.save_preset(alice, story_settings(keywords=PRIVATE), PRIVATE)
    library.change_settings(story, story_settings(keywords=PRIVATE))
    library.save_text(story, alice, PRIVATE, 0)
    library.set_good(story, True)
    links.make_link(story)
    generation = open_generation(story.pk, alice, Generation.Kind.WRITE)
    Generation.objects.filter(pk=generation.pk).update(status="done", text=PRIVATE)
    return {
        "story_id": story.pk,
        "number": 1,
        "take": 1,
        "preset_id": kept.pk,
        "generation_id": generation.pk,
        "model_id": (model := WriterModel.objects.create(name="tuned", base="pocket")).pk,
        "run_id": (run := TrainingRun.objects.create(recipe={}, state="done", model=model)).pk,
        "pair_id": OwnPair.objects.create(
            run=run, voter=alice, prompt=PRIVATE, max_words=9, seed=1, candidate=PRIVATE
        ).pk,
        "place": "first",
        "word": "recipe",
        "object_id": story.pk,
        "id": alice.pk,
        "content_type_id": 1,
        "key": "x-y",
        "link": "not-the-link-of-any-story",
        "language": "en",
        "version": "x",
        "uidb36": "1",
        "app_label": "stories",
    }


def address(name: str, arguments: dict[str, Any]) -> str:
    """Return the route's address, about Alice's things."""
    [pattern] = [found for known, found in routes() if known == name]
    own = dict(arguments)
    if name.startswith("admin:stories_generation"):
        own["object_id"] = Generation.objects.get().pk
    elif name.startswith("admin:stories_storysettings"):
        own["object_id"] = own["preset_id"]
    elif name.startswith(("admin:stories_user", "admin:auth", "admin:account")):
        own["object_id"] = own["id"]
    wanted = {*pattern.pattern.converters, *pattern.pattern.regex.groupindex}
    return reverse(name, kwargs={key: own[key] for key in wanted})


def browser(role: str) -> Client:
    """Return a browser in which somebody is signed in."""
    client = Client(raise_request_exception=True)
    if role == "charlie":
        client.force_login(User.objects.create_user("charlie", password="x"))
    elif role == "curator":
        client.force_login(User.objects.create_user("curator", password="x", is_staff=True))
    return client


def fate(answer: Any) -> str:
    """Return what became of a request: "answer", "none", "forbidden", "sign in" or "elsewhere"."""
    assert answer.status_code < 500, answer
    if answer.status_code in {404, 405}:
        return "none"
    if answer.status_code == 403:
        return "forbidden"
    if answer.status_code in {301, 302}:
        path = answer["Location"].split("?")[0]
        return "sign in" if path in {"/accounts/login/", "/admin/login/"} else "elsewhere"
    return "answer"


def check(role: str, who: May, action: str, name: str, got: str) -> bool:
    """Tell whether it is right that `got` became of it; that nothing changed is checked apart."""
    if who == May.ANYBODY or name in DOORS:
        return got in {"answer", "none", "sign in", "elsewhere"}
    if role == "nobody":
        return got == "sign in"
    if role == "charlie" and who in {May.STAFF, May.BOSS}:
        # The admin sends writers to its door; the app says that nothing is there.
        return got in {"sign in", "none"}
    if who == May.OWNER:
        return got == "none"
    if who == May.BOSS:
        return got in {"forbidden", "none", "elsewhere"}
    if action and action not in LOOKING:
        return got == "forbidden"
    return got in {"answer", "none", "elsewhere", "forbidden"}


@pytest.mark.parametrize("role", ["nobody", "charlie", "curator"])
def test_nobody_else_gets_at_it(secrets: dict[str, Any], role: str) -> None:
    before, wrong = snapshot(), []
    client = browser(role)
    for name in NAMED:
        who, action = rule(name)
        url = address(name, secrets)
        for method in METHODS:
            answer = getattr(client, method)(url)
            got = fate(answer)
            if not check(role, who, action, name, got):
                wrong.append(f"{method} {url}: {got}")
            reads = role == "curator" and who == May.STAFF
            if not (reads or getattr(answer, "streaming", False)):
                shown = text_of(answer).lower()
                assert PRIVATE.lower() not in shown, url
                assert "alice" not in shown, url
            if name in {"account_logout", "admin:logout"} and role != "nobody":
                client.force_login(User.objects.get(username=role))
        assert snapshot() == before, name
    assert not wrong, "\n".join(wrong)


def text_of(answer: Any) -> str:
    """Return what an answer says, an archive's files unpacked."""
    if answer.get("Content-Type") != "application/zip":
        return str(answer.content.decode())
    with ZipFile(BytesIO(answer.content)) as packed:
        return "\n".join(
            [*packed.namelist(), *(packed.read(n).decode() for n in packed.namelist())]
        )


def snapshot() -> list[Any]:
    """Return Alice's things, as they are in the database."""
    models = (Story, StoryVersion, StorySettings, Generation, WriterModel, OwnPair)
    rows = [list(model._default_manager.order_by("pk").values()) for model in models]
    return [*rows, list(User.objects.filter(username="alice").values())]


@pytest.mark.parametrize("path", ["/admin/stories/story/{}/", "/admin/nowhere/", "/admin/x"])
def test_the_admins_other_addresses(secrets: dict[str, Any], path: str) -> None:
    url = path.format(secrets["story_id"])
    assert fate(browser("nobody").get(url)) in {"sign in", "elsewhere"}
    writers = browser("charlie").get(url, follow=True)
    assert PRIVATE not in writers.content.decode()
    curators = browser("curator").get(url, follow=True)
    assert curators.status_code in {200, 404}


def test_the_owner_gets_at_it(secrets: dict[str, Any], alice: User, client: Client) -> None:
    client.force_login(alice)
    seen = 0
    for name in NAMED:
        if (
            rule(name)[0] == May.OWNER
            and fate(answer := client.get(address(name, secrets))) != "none"
        ):
            assert answer.status_code == 200
            seen += PRIVATE in answer.content.decode()
    assert seen >= 5
    assert PRIVATE in text_of(client.get(address("stories:download_all", secrets)))


@pytest.mark.parametrize("goal", ["https://evil.example/", "//evil.example/", "javascript:x"])
def test_signing_in_never_leads_to_another_site(alice: User, goal: str) -> None:
    cache.clear()  # of the tries to sign in that tests before have counted
    for url in (reverse("account_login"), reverse("admin:login")):
        page = Client().get(url, {"next": goal}, follow=True)
        assert page.status_code == 200
        data = {"login": "alice", "password": "alice's-long-password", "next": goal}
        answer = Client().post(f"{reverse('account_login')}", data)
        assert answer.status_code == 302
        assert answer["Location"].startswith("/")
        assert not answer["Location"].startswith("//")


def test_every_form_of_ours_needs_its_token(secrets: dict[str, Any], alice: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    before = snapshot()
    for name in NAMED:
        if name.startswith("stories:"):
            answer = client.post(address(name, secrets))
            assert answer.status_code in {403, 405}, name
    assert snapshot() == before
