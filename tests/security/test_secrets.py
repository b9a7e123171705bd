"""What must not get about: nothing private in the logs, and no request to where we didn't ask."""

import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from aiohttp import web as aio
from aiohttp.test_utils import TestServer

import modelserver
from modelserver import Server
from tests.conftest import ScriptedServer
from tests.support.processes import stop, wait_until_ready
from tests.support.seats import CSRF, SESSION, Seat
from tests.support.web import client, installation

PROMPT = "prompt-canary"
PASSWORD = "password-canary-9x"
WRONG = "wrong-password-canary"
FRAME = "frame-canary"
TEXT = "text-canary"
ADDRESS = "mail-canary@example.org"
SETTINGS = {"genre": "War", "register": "Vivid", "max_words": "100"}


@pytest.mark.parametrize(("level", "model"), [("WARNING", "errs"), ("DEBUG", "steady")])
def test_nothing_private_is_in_the_logs(
    tmp_path: Path, scripted_server: ScriptedServer, level: str, model: str
) -> None:
    """A whole visit to a real `manage.py serve`, with everything that can go wrong in it."""
    environment = installation(tmp_path, scripted_server.url, model, LOG_LEVEL=level)
    log = tmp_path / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "serve"],
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            wait_until_ready(f"http://127.0.0.1:{environment['PORT']}/health/", process)
            secrets = visit(environment)
        finally:
            process.send_signal(signal.SIGINT)
            stop(process, grace=30)
    secrets.append((tmp_path / "secret_key").read_text())
    written = log.read_text(errors="replace")
    assert "ready at" in written
    assert level == "WARNING" or "DEBUG" in written, "the log was asked to say everything"
    for secret in secrets:
        assert len(secret) > 8
        assert secret not in written


def visit(environment: dict[str, str]) -> list[str]:
    """Do what people do, also wrongly; return what nobody else may read."""
    site = f"http://127.0.0.1:{environment['PORT']}"
    with httpx.Client(base_url=site, trust_env=False, timeout=60) as browser:
        twice = {"password1": PASSWORD, "password2": PASSWORD}
        post(browser, "/accounts/signup/", username="anna", email=ADDRESS, **twice)
        settings = {**SETTINGS, "main_characters": PROMPT, "keywords": PROMPT}
        page = post(browser, "/stories/new/", **settings)
        story = int(page.headers["Location"].strip("/").split("/")[-1])
        seat = Seat(browser.cookies[SESSION], story)
        with client(environment, seat) as socket:
            socket.send(type=FRAME)
            socket.receive()
            socket.send(type="write")
            socket.follow()
            written = socket.text
        browser.post(f"/stories/{story}/text/", json={"text": TEXT})  # without a form token
        browser.get(f"/stories/{story}/nowhere/", params={"q": TEXT})
        post(browser, "/stories/new/", **{**settings, "max_words": PROMPT})
        post(browser, "/accounts/password/reset/", email=ADDRESS)
        with httpx.Client(base_url=site, trust_env=False, timeout=60) as stranger:
            post(stranger, "/accounts/login/", login="anna", password=WRONG)
        secrets = [browser.cookies[SESSION], browser.cookies[CSRF], written[:40]]
    return [*secrets, PROMPT, PASSWORD, WRONG, FRAME, TEXT, ADDRESS]


def post(browser: httpx.Client, path: str, **fields: str) -> httpx.Response:
    """Fetch a page and send its form."""
    page = browser.get(path)
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
    assert token is not None
    return browser.post(path, data={**fields, "csrfmiddlewaretoken": token[1]})


@asynccontextmanager
async def serving(app: aio.Application) -> AsyncIterator[str]:
    """Run a small web server; yields its address."""
    async with TestServer(app) as server:
        yield str(server.make_url("/"))


async def test_the_model_server_sends_nobody_elsewhere(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A redirection is not followed, and no proxy of the environment is used."""
    visited: list[str] = []

    async def trap(request: aio.Request) -> aio.Response:
        visited.append(request.path)
        return aio.json_response({"message": {"content": "x"}, "done": True, "models": []})

    inner = aio.Application()
    inner.router.add_route("*", "/{path:.*}", trap)
    async with serving(inner) as elsewhere:

        async def away(request: aio.Request) -> aio.Response:
            raise aio.HTTPTemporaryRedirect(elsewhere + request.path.lstrip("/"))

        outer = aio.Application()
        outer.router.add_route("*", "/{path:.*}", away)
        async with serving(outer) as address:
            for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
                monkeypatch.setenv(name, elsewhere)
            server = Server.at(address)
            with pytest.raises(modelserver.ModelServerError):
                async for _ in modelserver.chat(server, "m", [], {}):
                    pass
            with pytest.raises(modelserver.ModelServerError):
                await modelserver.abilities(server, "m")
            with pytest.raises(modelserver.ModelServerError):
                async for _ in modelserver.pull(server, "m"):
                    pass
            await modelserver.close()
    assert visited == []
