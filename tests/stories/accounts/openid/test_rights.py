"""Groups decide who curates and who administers: rights come and go with them."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse

from stories.accounts.openid.groups import groups_of
from stories.models import User
from tests.stories.accounts.openid.conftest import PASSWORD, sign_in, way_back
from tests.stories.accounts.openid.provider import Provider

pytestmark = pytest.mark.django_db
Name = Callable[..., None]
CURATORS, ADMINS = frozenset(["curators"]), frozenset(["heads"])


def rights(name: str) -> tuple[bool, bool]:
    """Return whether an account is a curator's, and an administrator's."""
    user = User.objects.get(username=name)
    return user.is_staff, user.is_superuser


@pytest.mark.parametrize(
    ("claims", "name", "found"),
    [
        ({"groups": ["a", "b", "a"]}, "groups", {"a", "b"}),
        ({"groups": "a, b"}, "groups", {"a, b"}),
        ({"groups": [1, None, ["a"], {"a": 1}, "b"]}, "groups", {"b"}),
        ({"groups": {"a": True}}, "groups", set()),
        ({"groups": 7}, "groups", set()),
        ({}, "groups", set()),
        ({"realm": {"roles": ["a"]}}, "realm.roles", {"a"}),
        ({"realm": ["roles"]}, "realm.roles", set()),
        ({"https://x.example/groups": ["a"]}, "https://x.example/groups", {"a"}),
        ({"groups": [f"g{n}" for n in range(1_000_000)]}, "groups", None),
        (
            {"groups": ["/a/b", "Üben ✓", "<b>", "%s", ""]},
            "groups",
            {"/a/b", "Üben ✓", "<b>", "%s", ""},
        ),
    ],
    ids=range(11),
)
def test_a_claim_of_any_form(claims: dict[str, Any], name: str, found: set[str] | None) -> None:
    groups = groups_of(claims, name)
    assert len(groups) == 1_000_000 if found is None else groups == found


def test_rights_come_and_go(school: Provider, named: Name) -> None:
    named(curator_groups=CURATORS, admin_groups=ADMINS)
    for groups, expected in [
        (["pupils"], (False, False)),
        (["curators"], (True, False)),
        (["curators", "heads"], (True, True)),
        ("heads", (True, True)),
        (["pupils"], (False, False)),
        (["curators"], (True, False)),
        (["Curators", "curators "], (False, False)),
    ]:
        school.person["groups"] = groups
        sign_in(Client())
        assert rights("anna") == expected, groups
    del school.person["groups"]
    User.objects.filter(username="anna").update(is_staff=True)
    sign_in(Client())
    assert rights("anna") == (False, False), "no claim, no rights"
    told = LogEntry.objects.filter(object_id=str(User.objects.get(username="anna").pk))
    assert "Neither curator nor administrator any more" in told[0].get_change_message()


def test_what_no_group_is_named_for_stays_as_it_was_set(school: Provider, named: Name) -> None:
    sign_in(Client())
    User.objects.filter(username="anna").update(is_staff=True, is_superuser=True)
    sign_in(Client())
    assert rights("anna") == (True, True)
    named(curator_groups=CURATORS)
    sign_in(Client())
    assert rights("anna") == (True, True)
    User.objects.filter(username="anna").update(is_superuser=False)
    named(admin_groups=ADMINS)
    sign_in(Client())
    assert rights("anna") == (True, False)


def test_groups_may_stand_in_the_id_token_alone(school: Provider, named: Name) -> None:
    named(curator_groups=CURATORS)
    del school.person["groups"]
    school.faults.claims["groups"] = ["curators"]
    sign_in(Client())
    assert rights("anna") == (True, False)


def test_the_last_administrator_with_a_password_stays_one(school: Provider, named: Name) -> None:
    named(curator_groups=CURATORS, admin_groups=ADMINS)
    boss = Client()
    boss.post(reverse("account_login"), {"login": "boss", "password": PASSWORD})
    asked = boss.post(reverse("openid_connect"))
    boss.get(way_back(boss.post(asked["Location"], {"password": PASSWORD})))
    sign_in(Client())
    assert rights("boss") == (True, True)
    # One who comes through the provider alone could not help if it is down.
    other = User.objects.create(username="other", is_staff=True, is_superuser=True)
    other.set_unusable_password()
    other.save()
    sign_in(Client())
    assert rights("boss") == (True, True)
    assert (
        Client().post(reverse("account_login"), {"login": "boss", "password": PASSWORD}).status_code
        == 302
    )
    User.objects.create_superuser("second", password=PASSWORD)
    sign_in(Client())
    assert rights("boss") == (False, False)
