"""Traces, as a collector on a port is sent them by real processes; nothing at all without one."""

import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from asgiref.testing import ApplicationCommunicator
from pytest_django import Settings

import tracing
from storaiteller_site.operations import traces
from storaiteller_site.operations.request_ids import JsonLines, WithRequestId
from stories.errors import Refused
from tests.conftest import ScriptedServer
from tests.site.operations.collector import Collector, Seen, collector
from tests.support.processes import free_port, stop
from tests.support.seats import CSRF, SESSION, take_seats
from tests.support.servers import redis_server
from tests.support.web import client, installation, web
from tests.support.worker import ROOT, manage, wait_for_end, worker

SERVER, CLIENT, CONSUMER = 2, 3, 5
SAMPLED = 1
MODEL = "one-that-is-told"
# Of the seats' settings and names, and of what the scripted server writes.
PRIVATE = (b"Anna", b"lantern", b"Elegant", b"writer-", b"counting its stones")


def act(server: ScriptedServer, script: str) -> None:
    """Let the model follow a script."""
    httpx.post(f"{server.url}/act", json={MODEL: script}, trust_env=False).raise_for_status()


def assert_below(parent: Seen, *spans: Seen) -> None:
    """Assert that the spans stand below each other, in this order."""
    for span in spans:
        assert (span.trace, span.parent) == (parent.trace, parent.number), span.name
        parent = span


# ---- Real processes ----


def test_one_trace_from_the_click_to_the_last_token(
    tmp_path: Path, scripted_server: ScriptedServer
) -> None:
    for name in ("data", "redis"):
        (tmp_path / name).mkdir()
    with collector() as sent, redis_server(tmp_path / "redis") as redis_url:
        environment = installation(
            tmp_path / "data",
            scripted_server.url,
            MODEL,
            REDIS_URL=redis_url,
            GENERATION_SLOTS="1",
            **sent.environment,
        )
        seats, other_port = take_seats(environment, 2), str(free_port())
        # What the other process has seen is sent as it ends.
        late = {**environment, "OTEL_BSP_SCHEDULE_DELAY": "600000"}
        act(scripted_server, "slow")
        with web(environment), client(environment, seats[0]) as one:
            with web(late, other_port) as leaving, client(environment, seats[0], other_port) as tab:
                one.send(type="write")
                tab.follow(50)
                with client(environment, seats[1]) as waiting:
                    waiting.send(type="write")
                    assert waiting.receive()["status"] == "queued"
                    act(scripted_server, "steady")
                    tab.send(type="stop")
                    one.follow()
                    waiting.follow()
                assert sent.named("websocket stop") == []
                stop(leaving)
            whole = sent.wait_for("store", lambda span: bool(sent.named("chat", span.trace)))
            sent.wait_for("generation", lambda span: span.trace != whole.trace)
    assert one.done["status"] == "stopped"
    assert waiting.done["status"] == "done"
    _assert_stopped_from_another_process(sent)
    _assert_waited_and_written(sent, scripted_server)
    told = b"".join(sent.bodies)
    assert [word for word in PRIVATE if word in told] == []


def _of(sent: Collector, status: str) -> tuple[Seen, Seen, Seen]:
    """Return the command, its generation that ended as `status`, and the answer."""
    [generation] = [
        span
        for span in sent.named("generation")
        if span.attributes["storaiteller.status"] == status
    ]
    [command] = sent.named("websocket write", generation.trace)
    [answer] = sent.named("chat", generation.trace)
    assert (command.parent, command.kind, answer.kind) == ("", SERVER, CLIENT)
    assert_below(command, generation, answer)
    return command, generation, answer


def _assert_stopped_from_another_process(sent: Collector) -> None:
    command, generation, answer = _of(sent, "stopped")
    [told] = sent.named("tell another tab", command.trace)
    [stopped] = sent.named("websocket stop")
    assert_below(command, told)
    assert told.resource["process.pid"] == stopped.resource["process.pid"]
    assert told.resource["process.pid"] != command.resource["process.pid"]
    assert "stop" in generation.events
    assert generation.links == [stopped.number]
    assert answer.events == ["first word", "cancelled"]
    assert [span.name for span in (generation, answer, stopped) if span.is_error] == []


def _assert_waited_and_written(sent: Collector, server: ScriptedServer) -> None:
    command, generation, answer = _of(sent, "done")
    [wait] = sent.named("wait in line", command.trace)
    [asked] = [
        span
        for span in sent.named("POST /api/chat", command.trace)
        if span.attributes["http.response.status_code"] == 200
    ]
    [stored] = sent.named("store", command.trace)
    assert_below(command, wait)
    assert_below(answer, asked)
    assert_below(generation, stored)
    assert answer.events == ["first word"]
    assert answer.attributes["gen_ai.request.model"] == MODEL
    assert answer.attributes["gen_ai.usage.input_tokens"] == 99
    assert answer.attributes["gen_ai.usage.output_tokens"] > 0
    [*_, chat] = server.chats(MODEL)
    assert chat["traceparent"] == f"00-{asked.trace}-{asked.number}-{chat['traceparent'][-2:]}"
    spans = [command, wait, generation, answer, stored]
    assert {span.attributes["storaiteller.request_id"] for span in spans} == {chat["request_id"]}
    assert command.resource["service.name"] == "storaiteller"
    assert command.resource["storaiteller.process"] == "web"


PREPARE = """
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from finetuning.models import TrainingRun
from finetuning.recipes import RECIPES
from stories.models import User
user = User.objects.create_superuser("administrator")
TrainingRun.objects.create(recipe=RECIPES["pocket-tiny"].to_dict(), state="failed")
session = SessionStore()
session[SESSION_KEY] = str(user.pk)
session[BACKEND_SESSION_KEY] = "allauth.account.auth_backends.AuthenticationBackend"
session[HASH_SESSION_KEY] = user.get_session_auth_hash()
session.save()
print("session=" + session.session_key)
"""


def test_one_trace_from_a_request_to_a_step_of_the_training(tmp_path: Path) -> None:
    """The run lacks stories, which its first step says: what it does before is trace enough."""
    for name in ("queue", "control"):
        (tmp_path / "celery" / name).mkdir(parents=True)
    away = f"http://127.0.0.1:{free_port()}"
    with collector() as sent:
        more = {**sent.environment, "OTEL_SERVICE_NAME": "the-school", "TRUSTED_PROXY_COUNT": "1"}
        environment = installation(tmp_path, away, "pocket", **more)
        manage(environment, "migrate")
        key = manage(environment, "shell", "--command", PREPARE).partition("session=")[2].strip()
        cookies = {SESSION: key, CSRF: "x" * 32}
        proxy = "00-0123456789abcdef0123456789abcdef-0123456789abcdef-01"
        # What the worker has done is sent as it ends.
        late = {**environment, "OTEL_BSP_SCHEDULE_DELAY": "600000"}
        with web(environment), worker(late):
            answered = httpx.post(
                f"http://127.0.0.1:{environment['PORT']}/teach/runs/1/act/",
                data={"action": "resume", "csrfmiddlewaretoken": "x" * 32},
                headers={"traceparent": proxy, "x-request-id": "of-the-proxy"},
                cookies=cookies,
                trust_env=False,
            )
            assert answered.headers["location"] == "/teach/runs/1/"
            assert wait_for_end(tmp_path)["state"] == "failed"
        [task] = sent.named("task finetuning.tasks.train")
    [request] = sent.named("POST /teach/runs/<id:run_id>/act/")
    [run] = sent.named("training run")
    [step] = sent.named("step export")
    assert (request.trace, request.parent) == tuple(proxy.split("-")[1:3])
    assert_below(request, task, run, step)
    assert (request.kind, task.kind) == (SERVER, CONSUMER)
    assert request.attributes["http.response.status_code"] == 302
    assert (run.is_error, run.attributes["storaiteller.state"]) == (True, "failed")
    assert (step.is_error, step.attributes["error.type"]) == (True, "StepFailedError")
    assert {each.attributes["storaiteller.request_id"] for each in (request, task, run, step)} == {
        "of-the-proxy"
    }
    assert {each.resource["service.name"] for each in sent.spans} == {"the-school"}
    assert task.resource["storaiteller.process"] == "worker"


WITHOUT = """
import sys, traceback
class Hidden:
    "As where the packages are not installed; redis-py looks for them by itself."
    def find_spec(self, name, *_):
        if name.partition(".")[0] == "opentelemetry":
            if not any("/redis/" in frame.filename for frame in traceback.extract_stack()):
                print("asked for", name)
            raise ModuleNotFoundError(name=name)
sys.meta_path.insert(0, Hidden())
import storaiteller_site.asgi, finetuning.tasks, modelserver.connection, tracing
with tracing.span("x", "server", {"a": 1}) as span, tracing.going_on({"traceparent": "x"}):
    span.event("y")
    assert (tracing.carrier(), tracing.trace_id(), tracing.outgoing()) == ({}, "", [])
"""


def test_without_the_variable_nothing_of_it_is_imported(tmp_path: Path) -> None:
    environment = installation(tmp_path, "http://127.0.0.1:9", "pocket")
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT], env=environment, cwd=ROOT, check=True, capture_output=True
    )
    assert done.stdout == b""


def test_a_worker_that_can_not_send_what_is_asked_for_does_not_start(tmp_path: Path) -> None:
    asked = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4317",
        "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc",
    }
    environment = installation(tmp_path, "http://127.0.0.1:9", "pocket", **asked)
    command = [sys.executable, "-m", "celery", "--app", "storaiteller_site", "worker"]
    done = subprocess.run(
        [*command, "--pool", "solo"], env=environment, cwd=ROOT, capture_output=True, check=False
    )
    assert done.returncode
    assert "OTEL_EXPORTER_OTLP_PROTOCOL: traces are sent by http/protobuf" in done.stderr.decode()


# ---- In this process ----


@contextmanager
def recording(monkeypatch: pytest.MonkeyPatch, **variables: str) -> Iterator[None]:
    """Record in this process, until the block ends."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    traces.begin("tests")
    try:
        yield
    finally:
        tracing.end()


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    """What this process has sent by the end of the test's own `tracing.end()`."""
    with collector() as found, recording(monkeypatch, **found.environment):
        yield found


def test_what_an_error_says_is_not_sent(sent: Collector) -> None:
    with pytest.raises(ValueError), tracing.span("faulty"):
        raise ValueError("Anna lifted the lantern")

    def refuse() -> None:
        with tracing.span("refused") as span:
            span.refuse("queue_full")
            raise Refused("queue_full", "Anna has to wait.")

    with pytest.raises(Refused):
        refuse()
    tracing.end()
    [faulty], [refused] = sent.named("faulty"), sent.named("refused")
    assert (faulty.is_error, faulty.attributes["error.type"]) == (True, "ValueError")
    assert (refused.is_error, refused.attributes["error.type"]) == (False, "queue_full")
    assert b"Anna" not in b"".join(sent.bodies)


async def _answered(path: str, status: int, **headers: str) -> None:
    async def application(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": status})

    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }
    communicator: Any = ApplicationCommunicator
    await communicator(traces.with_traces(application), scope).receive_output(5)


async def test_of_an_address_only_the_pattern_is_told(sent: Collector, settings: Settings) -> None:
    from_a_browser = {"traceparent": f"00-{'1' * 32}-{'2' * 16}-01"}
    await _answered("/read/the-secret-of-a-link/", 500, **from_a_browser)
    await _answered("/no-such-page/of-anna", 404)
    await _answered(f"{settings.STATIC_URL}css/base.css", 200)
    tracing.end()
    link, missing = sent.spans
    assert link.name == "GET /read/<slug:link>/"
    assert (link.is_error, link.parent) == (True, "")
    assert (missing.name, missing.is_error) == ("GET", False)
    told = b"".join(sent.bodies)
    assert b"secret" not in told
    assert b"anna" not in told


def test_a_task_goes_on_from_who_asked_for_it_and_leaves_its_thread_as_it_was(
    sent: Collector,
) -> None:
    headers: dict[str, Any] = {}
    with tracing.span("asks"):
        traces.send_along(headers=headers)
    task = SimpleNamespace(name="a.task", request=SimpleNamespace(**headers))
    traces.take_up(task=task)
    assert tracing.trace_id() == headers["traceparent"].split("-")[1]
    traces.put_down(task=task, state="FAILURE", retval=OSError("Anna"))
    assert tracing.trace_id() == ""
    tracing.end()
    [asks], [done] = sent.named("asks"), sent.named("task a.task")
    assert_below(asks, done)
    assert done.attributes["error.type"] == "OSError"


def test_a_log_line_has_the_number_of_its_trace(sent: Collector) -> None:
    def lines() -> tuple[str, str]:
        record = logging.LogRecord("site", logging.ERROR, "", 1, "It is so", (), None)
        WithRequestId().filter(record)
        plain = logging.Formatter("{message}{under}", style="{").format(record)
        return plain, JsonLines().format(record)

    with tracing.span("logs"):
        number, (plain, told) = tracing.trace_id(), lines()
    assert (plain, json.loads(told)["trace_id"]) == (f"It is so [{number}]", number)
    plain, told = lines()
    assert (plain, "trace_id" in told) == ("It is so", False)


def test_a_collector_that_is_away_costs_spans_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    variables = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{free_port()}",
        "OTEL_EXPORTER_OTLP_TIMEOUT": "1",
        "OTEL_BSP_SCHEDULE_DELAY": "10",
        "OTEL_BSP_MAX_QUEUE_SIZE": "50",
        "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "10",
    }
    with recording(monkeypatch, **variables):
        for number in range(5_000):
            with tracing.span("lost", attributes={"number": number}):
                pass
    assert not tracing.is_on()


def test_the_sampler_is_the_variables_to_choose(monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        collector() as found,
        recording(monkeypatch, OTEL_TRACES_SAMPLER="always_off", **found.environment),
    ):
        with tracing.span("unsampled"):
            flags = tracing.carrier()["traceparent"].rpartition("-")[2]
            assert not int(flags, 16) & SAMPLED
        tracing.end()
    assert found.spans == []


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": " "},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318", "OTEL_SDK_DISABLED": "true"},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318", "OTEL_TRACES_EXPORTER": "none"},
    ],
)
def test_nothing_is_recorded_unless_it_is_asked_for(variables: dict[str, str]) -> None:
    assert not tracing.is_asked_for(variables)


def test_what_is_wrong_is_said_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(tracing.TracingError, match="is no address"):
        tracing.check({"OTEL_EXPORTER_OTLP_ENDPOINT": "collector:4318"})
    asked = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318"}
    tracing.check(asked)
    monkeypatch.setattr(tracing, "_PACKAGES", ("opentelemetry.nowhere",))
    with pytest.raises(tracing.TracingError, match="make tracing"):
        tracing.check(asked)
