"""`/healthz` and `/readyz`, for what starts, stops and balances processes.

Answered before anything else: no session, no host, no redirect to TLS has a part in it. `/healthz`
touches nothing; a process that can't answer it should be started anew. `/readyz` is 503 while the
database, Redis or migrations are missing: requests should go elsewhere. A model server that is away
is told and changes nothing, since the library can be read without it.
"""

import asyncio
import json
import logging
from typing import Any

import redis
from channels.db import database_sync_to_async
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from stories.writing.background import hold
from stories.writing.servers.health import Health, health_of, servers

logger = logging.getLogger(__name__)
_REDIS_PATIENCE = 2.0  # seconds
_MODEL_PATIENCE = 0.3  # seconds; who probes waits a second, as a rule
# Migrations are never taken back under a running process: once complete, they aren't read again.
_migrated: set[str] = set()


def with_probes(application: Any) -> Any:
    """Return the ASGI `application` with the two probes in front of it."""

    async def answer(scope: Any, receive: Any, send: Any) -> Any:
        if scope["type"] == "http" and scope["path"] in {"/healthz", "/readyz"}:
            if scope["method"] not in {"GET", "HEAD"}:
                return await _send(send, scope, 405, {"status": "method not allowed"})
            if scope["path"] == "/healthz":
                return await _send(send, scope, 200, {"status": "ok"})
            told = await readiness()
            return await _send(send, scope, 200 if told["status"] == "ok" else 503, told)
        return await application(scope, receive, send)

    return answer


async def readiness() -> dict[str, str]:
    """Return how each part is: "ok" or what is wrong, by class; `status` sums up."""
    told = await database_sync_to_async(_services)()
    status = "ok" if set(told.values()) == {"ok"} else "not ready"
    found = await model_servers()
    answering = "unknown"
    if found is not None:
        answering = f"{sum(each.trouble is None for each in found)} of {len(found)} answer"
    return {"status": status, **told, "model_servers": answering}


def _services() -> dict[str, str]:
    told = {"database": "ok", "migrations": "ok"}
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        if not _is_migrated():
            told["migrations"] = "missing"
    except DatabaseError as error:
        logger.warning("The database does not answer: %s", type(error).__name__)
        told |= {"database": "unavailable", "migrations": "unknown"}
    if settings.REDIS_URL:
        told["redis"] = "ok" if redis_answers() else "unavailable"
    return told


def _is_migrated() -> bool:
    name = str(connection.settings_dict["NAME"])
    if name not in _migrated:
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            return False
        _migrated.add(name)
    return True


def redis_answers() -> bool:
    """Tell whether Redis answers within two seconds."""
    try:
        with redis.Redis.from_url(
            settings.REDIS_URL,
            socket_timeout=_REDIS_PATIENCE,
            socket_connect_timeout=_REDIS_PATIENCE,
        ) as client:
            return bool(client.ping())
    except redis.RedisError as error:
        logger.warning("Redis does not answer: %s", type(error).__name__)
        return False


async def model_servers() -> list[Health] | None:
    """Return how the model servers are, or None if that takes too long to be told now."""
    asking = hold(health_of(servers()))
    done, _ = await asyncio.wait({asking}, timeout=_MODEL_PATIENCE)
    if not done or asking.exception() is not None:
        return None  # it is asked on, for the next probe
    return asking.result()


async def _send(send: Any, scope: Any, status: int, told: dict[str, str]) -> None:
    await send_plainly(send, scope, status, json.dumps(told).encode(), "application/json")


async def send_plainly(
    send: Any, scope: Any, status: int, body: bytes, kind: str, *more: tuple[bytes, bytes]
) -> None:
    """Answer with `body` of the content type `kind`, and `more` headers; nobody may keep it."""
    headers = [
        (b"content-type", kind.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
        *more,
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})
