"""Several people sign up at the same moment, on real databases and through a real web process."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from tests.conftest import ScriptedServer
from tests.support.processes import free_port
from tests.support.seats import CSRF, take_seats
from tests.support.servers import postgres_server
from tests.support.web import installation, web
from tests.support.worker import manage

PEOPLE = 6
SHOW = (
    "from stories.models import User;"
    "print(User.objects.count(), User.objects.filter(is_superuser=True).count())"
)


@pytest.fixture(params=["sqlite", "postgresql"])
def environment(
    request: pytest.FixtureRequest, tmp_path: Path, scripted_server: ScriptedServer
) -> Iterator[dict[str, str]]:
    """An installation without an account."""
    for name in ("data", "postgres"):
        (tmp_path / name).mkdir()
    found = installation(
        tmp_path / "data", scripted_server.url, "steady", DJANGO_SETTINGS_MODULE="tests.settings"
    )
    with ExitStack() as stack:
        if request.param == "postgresql":
            found["DATABASE_URL"] = stack.enter_context(postgres_server(tmp_path / "postgres"))
        take_seats(found, 0)
        yield found


def sign_up_at_once(environment: dict[str, str], ports: list[str]) -> list[httpx.Response]:
    """Let everybody fill in the form first, then all send it."""
    ready = threading.Barrier(PEOPLE)
    answers: list[httpx.Response] = []

    def sign_up(number: int) -> None:
        site = f"http://127.0.0.1:{ports[number % len(ports)]}"
        with httpx.Client(base_url=site, trust_env=False, timeout=60) as browser:
            browser.get("/accounts/signup/")
            data = {"username": f"person{number}", "csrfmiddlewaretoken": browser.cookies[CSRF]}
            data["password1"] = data["password2"] = "a long password 9"
            ready.wait(60)
            answers.append(browser.post("/accounts/signup/", data=data))

    people = [threading.Thread(target=sign_up, args=(number,)) for number in range(PEOPLE)]
    for person in people:
        person.start()
    for person in people:
        person.join()
    return answers


def test_of_six_at_once_one_gets_in(environment: dict[str, str]) -> None:
    """Two web processes: what one of them does in turn, two do at once."""
    other = str(free_port())
    with web(environment), web(environment, other):
        answers = sign_up_at_once(environment, [environment["PORT"], other])
    assert sorted(answer.status_code for answer in answers) == [200] * (PEOPLE - 1) + [302]
    told = [answer.text for answer in answers if answer.status_code == 200]
    assert all("Sign-up is closed" in page for page in told)
    assert manage(environment, "shell", "-v", "0", "-c", SHOW).split() == ["1", "1"]


def test_where_sign_up_is_open_all_get_in(environment: dict[str, str]) -> None:
    with web({**environment, "ALLOW_SIGNUP": "true"}):
        answers = sign_up_at_once(environment, [environment["PORT"]])
    assert {answer.status_code for answer in answers} == {302}
    assert manage(environment, "shell", "-v", "0", "-c", SHOW).split() == [str(PEOPLE), "1"]
