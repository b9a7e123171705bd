"""The probes answer whom they are for, and say what is missing."""

import json
from typing import Any

import pytest
from asgiref.testing import ApplicationCommunicator
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from pytest_django import Settings

from modelserver import Server
from storaiteller_site.asgi import application
from storaiteller_site.operations import probes
from tests.support.processes import free_port


async def ask(path: str, method: str = "GET") -> tuple[int, dict[str, Any]]:
    """Return the status and the JSON that is answered to a host that is not ours."""
    scope = {"type": "http", "path": path, "method": method, "headers": [(b"host", b"10.0.0.7")]}
    communicator: Any = ApplicationCommunicator  # asgiref has no types
    asked = communicator(application, scope)
    start = await asked.receive_output(5)
    body = (await asked.receive_output(5))["body"]
    return start["status"], json.loads(body) if body else {}


async def test_a_process_that_lives_says_so_without_a_database() -> None:
    assert await ask("/healthz") == (200, {"status": "ok"})  # pytest-django refuses any query
    assert await ask("/healthz", "HEAD") == (200, {})
    assert (await ask("/healthz", "POST"))[0] == 405


@pytest.mark.django_db(transaction=True)
async def test_a_model_server_that_is_away_is_told_and_fails_nothing(settings: Settings) -> None:
    settings.MODEL_SERVER = Server.at(f"http://127.0.0.1:{free_port()}")
    settings.OTHER_MODEL_SERVERS = []
    status, told = await ask("/readyz")
    assert (status, told["database"], told["migrations"]) == (200, "ok", "ok")
    assert told["model_servers"] in {"0 of 1 answer", "unknown"}


@pytest.mark.django_db(transaction=True)
async def test_redis_that_is_away_makes_it_unready(settings: Settings) -> None:
    settings.REDIS_URL = f"redis://127.0.0.1:{free_port()}/0"
    status, told = await ask("/readyz")
    assert (status, told["redis"], told["database"]) == (503, "unavailable", "ok")


@pytest.mark.django_db
def test_a_missing_migration_makes_it_unready(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probes, "_migrated", set())
    newest = MigrationRecorder(connection).migration_qs.filter(app="stories").order_by("-name")
    newest.filter(pk=newest.values_list("pk", flat=True)[0]).delete()
    assert probes._services() == {"database": "ok", "migrations": "missing"}
