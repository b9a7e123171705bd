"""The figures: who may read them, what they say, and what holds when processes come and go."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from asgiref.testing import ApplicationCommunicator
from celery import shared_task
from django.utils import timezone
from prometheus_client import CollectorRegistry, generate_latest
from pytest_django import Settings

from modelserver import Server
from storaiteller_site.asgi import application
from storaiteller_site.operations import metrics, outcomes
from stories.models import Generation, Story
from stories.writing.figures import counting, files
from stories.writing.finishing import Outcome, finish
from stories.writing.opening import open_generation
from tests.support.processes import free_port

ROOT = Path(__file__).resolve().parents[3]
TOKEN = "a-token-of-the-tests"


@pytest.fixture
def counted(settings: Settings, tmp_path: Path) -> Iterator[Path]:
    """Count in a folder of the test's own, with a model server that is away."""
    settings.METRICS_TOKEN, settings.DATA_DIR = TOKEN, tmp_path
    settings.MODEL_SERVER = Server.at(f"http://somebody:secret@127.0.0.1:{free_port()}")
    settings.OTHER_MODEL_SERVERS = []
    yield tmp_path / "metrics"
    counting._figures.cache_clear()


async def ask(authorization: str) -> tuple[int, str]:
    """Return the status and the text of /metrics."""
    scope = {"type": "http", "path": "/metrics", "method": "GET"}
    headers = [(b"host", b"10.0.0.7"), (b"authorization", authorization.encode())]
    communicator: Any = ApplicationCommunicator  # asgiref has no types
    asked = communicator(application, {**scope, "headers": headers})
    start = await asked.receive_output(10)
    return start["status"], (await asked.receive_output(10))["body"].decode()


@pytest.mark.django_db(transaction=True)
async def test_only_who_shows_the_token_may_read(counted: Path, settings: Settings) -> None:
    status, text = await ask(f"Bearer {TOKEN}")
    assert status == 200
    server = settings.MODEL_SERVER.url.removeprefix("http://")
    for line in (
        "storaiteller_database_up 1.0",
        "storaiteller_waiting 0.0",
        f'storaiteller_streams{{server="{server}"}} 0.0',
        'storaiteller_training_runs{state="running"} 0.0',
    ):
        assert line in text.splitlines()
    assert "secret" not in text
    for wrong in (f"Bearer {TOKEN}x", f"Basic {TOKEN}", TOKEN, "Bearer ", "Bearer \xe9"):
        assert await ask(wrong) == (401, "Unauthorized\n")


def told(folder: Path) -> list[str]:
    """Return the lines of what was counted in `folder`."""
    registry = CollectorRegistry()
    files.collect(folder, registry)
    return generate_latest(registry).decode().splitlines()


@pytest.mark.django_db
def test_a_generation_that_ends_is_counted_and_says_nothing_of_the_story(
    counted: Path, settings: Settings, story: Story
) -> None:
    generation = open_generation(story.pk, story.owner, Generation.Kind.WRITE)
    begun = timezone.now()
    Generation.objects.filter(pk=generation.pk).update(
        created_at=begun - timedelta(seconds=7), started_at=begun
    )
    facts = {
        "first_token_at": begun + timedelta(seconds=1.5),
        "prompt_tokens": 40,
        "completion_tokens": 300,
    }
    ended = Outcome(Generation.Status.FAILED, "Once upon a time.", "unreachable", facts=facts)
    assert finish(generation, ended)
    assert not finish(generation, ended)  # nor is it counted twice
    server = settings.MODEL_SERVER.url.removeprefix("http://")
    lines = told(counted)
    for line in (
        f'storaiteller_generations_total{{kind="write",server="{server}",status="failed"}} 1.0',
        f'storaiteller_generation_errors_total{{code="unreachable",server="{server}"}} 1.0',
        f'storaiteller_tokens_total{{direction="written",server="{server}"}} 300.0',
        f'storaiteller_wait_seconds_bucket{{le="5.0",server="{server}"}} 0.0',
        f'storaiteller_wait_seconds_bucket{{le="10.0",server="{server}"}} 1.0',
        f'storaiteller_first_word_seconds_sum{{server="{server}"}} 1.5',
    ):
        assert line in lines
    text = "\n".join(lines)
    for private in ("Once upon", story.owner.username, generation.model, generation.prompt[:20]):
        assert private not in text


@pytest.mark.django_db
def test_what_can_not_be_counted_costs_no_story(counted: Path, story: Story) -> None:
    counted.write_text("a file where the folder should be")
    generation = open_generation(story.pk, story.owner, Generation.Kind.WRITE)
    assert finish(generation, Outcome(Generation.Status.DONE, "Once upon a time."))


@shared_task(name="tests.breaks")
def breaks() -> None:
    """Fail."""
    raise ValueError


def test_tasks_are_counted_by_their_outcome(counted: Path) -> None:
    breaks.apply()
    outcomes.count_outcome(breaks, "SUCCESS")
    lines = told(counted)
    assert 'storaiteller_tasks_total{outcome="failure",task="tests.breaks"} 1.0' in lines
    assert 'storaiteller_tasks_total{outcome="success",task="tests.breaks"} 1.0' in lines


_PROCESS = """
import sys
from pathlib import Path
from prometheus_client import Counter
from stories.writing.figures.files import keep_in
keep_in(Path(sys.argv[1]))
Counter("things", "Things.", ["kind"], registry=None).labels("one").inc()
print("counted", flush=True)
sys.stdin.read()
"""


def test_sums_never_fall_when_processes_come_and_go(tmp_path: Path) -> None:
    def start() -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", _PROCESS, str(tmp_path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "counted\n"
        return process

    first, second = start(), start()
    assert 'things_total{kind="one"} 2.0' in told(tmp_path)
    first.kill()
    first.communicate()
    third = start()
    assert 'things_total{kind="one"} 3.0' in told(tmp_path)
    # It goes on in the file of the one that was killed.
    assert len(list(tmp_path.glob("counter_*.db"))) == 2
    for process in (second, third):
        process.communicate()


async def test_without_a_token_it_is_not_there(settings: Settings) -> None:
    settings.METRICS_TOKEN = ""
    passed_on = []

    async def site(scope: object, receive: object, send: object) -> None:
        passed_on.append(scope)

    scope = {"type": "http", "path": "/metrics", "method": "GET", "headers": []}
    await metrics.with_metrics(site)(scope, None, None)
    assert passed_on == [scope]


@pytest.mark.django_db(transaction=True)
async def test_the_dashboard_shows_every_figure_and_no_other(
    counted: Path, settings: Settings, story: Story
) -> None:
    settings.REDIS_URL = f"redis://127.0.0.1:{free_port()}/0"
    generation = open_generation(story.pk, story.owner, Generation.Kind.WRITE)
    Generation.objects.filter(pk=generation.pk).update(started_at=timezone.now())
    first = {"first_token_at": timezone.now()}
    assert finish(generation, Outcome(Generation.Status.FAILED, "", "unreachable", facts=first))
    outcomes.count_outcome(breaks, "SUCCESS")
    text = (await metrics.exposition()).decode()
    samples = set(re.findall(r"^(storaiteller_\w+)", text, re.M))
    shown = set(re.findall(r"storaiteller_\w+", _expressions()))
    assert shown - samples == set()
    figures = set(re.findall(r"^# TYPE (storaiteller_\w+)", text, re.M))
    assert {name.removesuffix("_bucket") for name in shown} == figures


def _expressions() -> str:
    dashboard = json.loads((ROOT / "docker" / "grafana-dashboard.json").read_text())
    return "\n".join(each["expr"] for panel in dashboard["panels"] for each in panel["targets"])
