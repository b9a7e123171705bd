"""The whole way in: who comes, as whom, and who does not."""

from collections.abc import Callable

import pytest
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount, SocialToken
from django.test import Client
from django.urls import reverse, set_script_prefix
from pytest_django import Settings

from stories.models import User
from tests.stories.accounts.openid.conftest import PASSWORD, goal_of, sign_in, way_back
from tests.stories.accounts.openid.provider import Provider

pytestmark = pytest.mark.django_db
Name = Callable[..., None]


def test_somebody_new_comes_in_and_comes_back(
    client: Client, school: Provider, named: Name
) -> None:
    answer = sign_in(client, next="/stories/new/")
    assert answer["Location"] == "/stories/new/"
    assert client.session.get_expire_at_browser_close()
    anna = User.objects.get(username="anna")
    assert (anna.first_name, anna.last_name) == ("Anna", "Berg")
    assert not anna.has_usable_password()
    assert not anna.is_staff
    assert client.get(reverse("stories:library")).status_code == 200
    account = SocialAccount.objects.get(user=anna)
    assert (account.provider, account.uid, account.extra_data) == (school.issuer, "number-1", {})
    assert not SocialToken.objects.exists()

    school.person |= {"preferred_username": "anna.berg", "email": "new@school.example"}
    again = Client()
    assert sign_in(again)["Location"] == reverse("stories:library")
    assert again.session["_auth_user_id"] == str(anna.pk), "by her number, whatever her name is"
    # Discovery and keys are asked for once.
    assert school.seen.count("/keys") == 1
    assert school.seen.count("/.well-known/openid-configuration") == 1


def test_names_and_claims_of_any_kind_make_an_account(
    client: Client, school: Provider, named: Name
) -> None:
    User.objects.create_user("anna", password=PASSWORD)
    school.person = {
        "sub": "x\u00e9 2",
        "preferred_username": "anna@school.example",
        "name": ["no", "text"],
        "given_name": "A\x00nna" * 200,
        "email": {"not": "an address"},
        "email_verified": "no",
    }
    school.faults.claims["family_name"] = "Berg\ud800"
    assert sign_in(client).status_code == 302
    made = SocialAccount.objects.get().user
    assert made.username not in {"anna", ""}
    assert made.first_name.startswith("AnnaAnna")
    assert made.last_name == "Berg"
    assert made.email == ""


@pytest.mark.parametrize(
    ("said", "is_confirmed"),
    [(True, True), ("true", True), (False, False), ("false", False), (1, False), (None, False)],
)
def test_only_what_the_provider_confirmed_is_confirmed(
    client: Client, school: Provider, named: Name, said: object, is_confirmed: bool
) -> None:
    school.person["email_verified"] = said
    sign_in(client)
    assert EmailAddress.objects.get().verified == is_confirmed


def test_nobody_new_where_sign_up_is_closed(client: Client, school: Provider, named: Name) -> None:
    named(signup=False)
    assert "Sign-up is closed" in sign_in(client).content.decode()
    assert User.objects.count() == 1


def test_the_first_account_is_an_administrators(
    client: Client, school: Provider, named: Name
) -> None:
    User.objects.all().delete()
    assert "Nobody runs this installation yet" in sign_in(client).content.decode()
    assert not User.objects.exists()
    named(admin_groups=frozenset(["pupils"]), signup=False)
    assert sign_in(Client()).status_code == 302
    assert User.objects.get().is_superuser


def test_a_group_may_be_needed(client: Client, school: Provider, named: Name) -> None:
    sign_in(client)
    named(required_groups=frozenset(["pupils", "staff"]))
    assert sign_in(Client()).status_code == 302
    school.person["groups"] = ["guests"]
    refused = sign_in(fresh := Client())
    assert refused.status_code == 403
    assert "none of the groups" in refused.content.decode()
    assert "_auth_user_id" not in fresh.session


def test_an_account_with_the_same_address_is_not_taken_over(
    client: Client, school: Provider, named: Name
) -> None:
    anna = User.objects.create_user("old", "anna@school.example", PASSWORD)
    answer = sign_in(client)
    assert answer.status_code == 409
    assert "Sign in to it with its password" in answer.content.decode()
    assert "_auth_user_id" not in client.session
    # As the page says: with the password first, which is asked for once more, then connected.
    client.post(reverse("account_login"), {"login": "old", "password": PASSWORD})
    asked = client.post(reverse("openid_connect"))
    assert asked["Location"].startswith(reverse("account_reauthenticate"))
    left = client.post(asked["Location"], {"password": PASSWORD})
    page = client.get(way_back(left), follow=True).content.decode()
    assert "Connected: from now on you sign in with School." in page
    assert SocialAccount.objects.get().user == anna
    assert sign_in(new := Client()).status_code == 302
    assert new.session["_auth_user_id"] == str(anna.pk)
    # From now on the provider is the way in.
    told = Client().post(reverse("account_login"), {"login": "old", "password": PASSWORD})
    assert "sign in with School" in told.content.decode()


def test_a_confirmed_address_finds_its_account_where_that_is_allowed(
    school: Provider, named: Name
) -> None:
    anna = User.objects.create_user("old", "anna@school.example", PASSWORD)
    named(trust_email=True)
    school.person["email_verified"] = "false"
    assert sign_in(Client()).status_code == 409
    school.person["email_verified"] = True
    User.objects.filter(pk=anna.pk).update(is_staff=True)
    assert sign_in(Client()).status_code == 409, "an account with rights"
    User.objects.filter(pk=anna.pk).update(is_staff=False)
    assert sign_in(Client()).status_code == 302
    anna.refresh_from_db()
    assert not anna.has_usable_password(), "whoever opened it with her address is out"
    school.person["sub"] = "number-2"
    assert sign_in(Client()).status_code == 409, "somebody else got her address"


def test_who_is_somebody_elses_already_is_not_connected(school: Provider, named: Name) -> None:
    sign_in(Client())
    charlie = Client()
    User.objects.create_user("charlie", password=PASSWORD)
    charlie.post(reverse("account_login"), {"login": "charlie", "password": PASSWORD})
    asked = charlie.post(reverse("openid_connect"))
    left = charlie.post(asked["Location"], {"password": PASSWORD})
    page = charlie.get(way_back(left), follow=True).content.decode()
    assert "belongs to another account here already" in page
    assert SocialAccount.objects.get().user.username == "anna"


def test_an_account_that_is_switched_off(client: Client, school: Provider, named: Name) -> None:
    sign_in(Client())
    User.objects.filter(username="anna").update(is_active=False)
    answer = sign_in(client)
    assert "switched off" in client.get(answer["Location"]).content.decode()
    assert "_auth_user_id" not in client.session


def test_passwords_for_administrators_alone(
    client: Client, school: Provider, named: Name, settings: Settings
) -> None:
    settings.ALLOW_SIGNUP = True
    named(only=True)
    User.objects.create_user("charlie", password=PASSWORD)
    login = reverse("account_login")
    told = client.post(login, {"login": "charlie", "password": PASSWORD})
    assert "ask the administrator of this installation" in told.content.decode()
    assert client.post(login, {"login": "boss", "password": PASSWORD}).status_code == 302
    page = Client().get(login).content.decode()
    assert "For administrators" in page
    assert reverse("account_signup") not in page
    assert "Sign-up is closed" in Client().get(reverse("account_signup")).content.decode()


def test_an_account_of_before_where_passwords_are_for_administrators_alone(
    client: Client, school: Provider, named: Name
) -> None:
    anna = User.objects.create_user("old", "anna@school.example", PASSWORD)
    login = {"login": "old", "password": PASSWORD}
    client.post(reverse("account_login"), login)
    named(only=True)
    for answer in (Client().post(reverse("account_login"), login), sign_in(Client())):
        assert "To have them connected, ask the admin" in answer.content.decode()
    # A session of before is enough for doing it oneself,
    asked = client.post(reverse("openid_connect"))
    client.get(way_back(client.post(asked["Location"], {"password": PASSWORD})))
    assert SocialAccount.objects.get().user == anna
    told = Client().post(reverse("account_login"), login)
    assert "A password does not open your account: sign in with School." in told.content.decode()
    # and without one the address, if the administrator lets it count.
    SocialAccount.objects.all().delete()
    named(only=True, trust_email=True)
    sign_in(new := Client())
    assert new.session["_auth_user_id"] == str(anna.pk)


def test_without_a_password_of_ours(client: Client, school: Provider, named: Name) -> None:
    sign_in(client)
    page = client.get(reverse("account_change_password"), follow=True).content.decode()
    assert "you sign in with School" in page
    leave = reverse("stories:delete_account")
    assert "Your user name" in client.get(leave).content.decode()
    assert client.post(leave, {"username": "boss"}).status_code == 422
    assert client.post(leave, {"username": "anna"}).status_code == 302
    assert not User.objects.filter(username="anna").exists()
    assert not SocialAccount.objects.exists()


def test_only_a_form_of_ours_leads_there(client: Client, school: Provider, named: Name) -> None:
    answer = client.get(reverse("openid_login"), {"next": "/stories/new/"})
    assert answer["Location"] == f"{reverse('account_login')}?next=%2Fstories%2Fnew%2F"
    assert Client(enforce_csrf_checks=True).post(reverse("openid_login")).status_code == 403
    back = sign_in(client, next="https://evil.example/")
    assert back["Location"] == reverse("stories:library")


def test_it_is_asked_for_no_oftener_than_a_password(school: Provider, named: Name) -> None:
    answers = [Client().post(reverse("openid_login")).status_code for _ in range(32)]
    assert answers == [200] * 30 + [429] * 2


def test_below_a_path(client: Client, school: Provider, named: Name) -> None:
    school.return_to = "http://testserver/below/accounts/openid/callback/"
    set_script_prefix("/below/")
    try:
        assert way_back(client.post("/accounts/openid/")).startswith(school.return_to)
    finally:
        set_script_prefix("/")


def test_the_providers_address_may_have_a_query(
    client: Client, school: Provider, named: Name
) -> None:
    school.faults.configuration["authorization_endpoint"] = f"{school.issuer}/authorize?policy=a"
    goal = goal_of(client.post(reverse("openid_login")))
    assert goal.startswith(f"{school.issuer}/authorize?policy=a&client_id=stories")


@pytest.mark.parametrize("name", ["openid_login", "openid_callback", "openid_connect"])
def test_while_it_is_off_nothing_is_there(alices: Client, name: str) -> None:
    assert alices.get(reverse(name)).status_code == 404
    page = Client().get(reverse("account_login")).content.decode()
    assert "openid" not in page.lower()


def test_the_admin_shows_who_is_who(client: Client, school: Provider, named: Name) -> None:
    sign_in(Client())
    client.force_login(User.objects.get(username="boss"))
    anna = User.objects.get(username="anna")
    address = reverse("admin:stories_user_change", args=[anna.pk])
    page = client.get(address).content.decode()
    assert school.issuer in page
    assert "number-1" in page
    form = {"username": "anna", "date_joined_0": "2026-11-29", "date_joined_1": "12:00:00"}
    rows = {"TOTAL_FORMS": 1, "INITIAL_FORMS": 1, "0-user": anna.pk, "0-DELETE": "on"}
    rows["0-id"] = SocialAccount.objects.get().pk
    form |= {f"socialaccount_set-{name}": str(value) for name, value in rows.items()}
    assert client.post(address, form).status_code == 302
    assert not SocialAccount.objects.exists()
    assert User.objects.filter(pk=anna.pk).exists()
