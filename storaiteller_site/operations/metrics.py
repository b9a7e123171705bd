"""`/metrics`, for Prometheus: what all processes counted, and what is so at this moment.

What is so now (streams, the line, runs, who answers) is read when it is asked for, from where it is
the truth for all processes. It is answered like the probes, before anything else, and only to who
shows `METRICS_TOKEN`; without one there is no such address.
"""

import asyncio
import hmac
from collections import Counter
from collections.abc import Iterator
from typing import Any

from channels.db import database_sync_to_async
from django.conf import settings
from django.db import DatabaseError
from django.db.models import Count
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from finetuning.models import TrainingRun
from storaiteller_site.operations.probes import model_servers, redis_answers, send_plainly
from stories.models import Generation
from stories.writing.figures.counting import folder, label_of
from stories.writing.figures.files import collect
from stories.writing.servers.health import Health, servers

_PLAIN = "text/plain; charset=utf-8"


def with_metrics(application: Any) -> Any:
    """Return the ASGI `application` with `/metrics` in front of it, if there is a token."""

    async def answer(scope: Any, receive: Any, send: Any) -> Any:
        asked = scope["type"] == "http" and scope["path"] == "/metrics"
        if not (asked and settings.METRICS_TOKEN):
            return await application(scope, receive, send)
        if not _shows_token(scope):
            challenge = (b"www-authenticate", b"Bearer")
            return await send_plainly(send, scope, 401, b"Unauthorized\n", _PLAIN, challenge)
        if scope["method"] not in {"GET", "HEAD"}:
            return await send_plainly(send, scope, 405, b"Method not allowed\n", _PLAIN)
        return await send_plainly(send, scope, 200, await exposition(), CONTENT_TYPE_LATEST)

    return answer


def _shows_token(scope: Any) -> bool:
    scheme, _, token = dict(scope.get("headers", ())).get(b"authorization", b"").partition(b" ")
    right = hmac.compare_digest(token.strip(), settings.METRICS_TOKEN.encode())
    return right and scheme.lower() == b"bearer"


async def exposition() -> bytes:
    """Return all figures in Prometheus' text form."""
    now = await database_sync_to_async(_from_database)()
    now += _of_servers(await model_servers())
    if settings.REDIS_URL:
        up = await asyncio.to_thread(redis_answers)
        now.append(_gauge("redis_up", "Whether Redis answers.", up))
    return await asyncio.to_thread(_written, now)


def _written(now: list[Metric]) -> bytes:
    registry = CollectorRegistry()
    collect(folder(), registry)
    registry.register(_Now(now))
    return generate_latest(registry)


class _Now(Collector):
    """Tells what was read for this answer."""

    def __init__(self, metrics: list[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterator[Metric]:
        yield from self._metrics


def _from_database() -> list[Metric]:
    try:
        active = Generation.objects.active().order_by().values_list("status", "server")
        rows = list(active.annotate(Count("pk")))
        runs = dict(TrainingRun.objects.order_by().values_list("state").annotate(Count("pk")))
    except DatabaseError:
        return [_gauge("database_up", "Whether the database answers.", 0)]
    streams = Counter(dict.fromkeys((label_of(each.url) for each in servers()), 0))
    for status, server, count in rows:
        if status == Generation.Status.RUNNING:
            streams[label_of(server)] += count
    waiting = sum(row[2] for row in rows if row[0] == Generation.Status.QUEUED)
    states = {state.value: runs.get(state, 0) for state in TrainingRun.State}
    return [
        _gauge("database_up", "Whether the database answers.", 1),
        _gauges("streams", "Generations that are being written.", "server", streams),
        _gauge("waiting", "Generations that wait for their turn.", waiting),
        _gauges("training_runs", "Training runs, by state.", "state", states),
    ]


def _of_servers(found: list[Health] | None) -> list[Metric]:
    """Return slots, and who answers; one that is slow to say so is left out this time."""
    slots, up = Counter[str](), Counter[str]()
    for server in servers():
        slots[label_of(server.url)] += server.slots or settings.SERVER_SLOTS
    for each in found or ():
        up[label_of(each.server.url)] = int(each.trouble is None)
    return [
        _gauges("slots", "Generations that a server writes at a time.", "server", slots),
        _gauges("model_server_up", "Whether the model server answers.", "server", up),
    ]


def _gauge(name: str, means: str, value: float) -> Metric:
    return GaugeMetricFamily(f"storaiteller_{name}", means, value=value)


def _gauges(name: str, means: str, label: str, found: dict[str, int]) -> Metric:
    family = GaugeMetricFamily(f"storaiteller_{name}", means, labels=[label])
    for value, count in found.items():
        family.add_metric([value], count)
    return family
