"""The administrator's page of model servers: who answers, what is written where, how quickly."""

from collections import Counter, defaultdict
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import datetime
from functools import wraps
from statistics import median
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from stories.models import Generation
from stories.writing.figures.counting import label_of
from stories.writing.servers.health import Health, health_of, servers

_LAST = 100  # generations that are looked at, of all servers
_View = Callable[[HttpRequest], Coroutine[Any, Any, HttpResponse]]


@dataclass(frozen=True)
class _Last:
    """What the last answers of a server took."""

    speeds: list[float] = field(default_factory=list)  # tokens a second
    first_words: list[float] = field(default_factory=list)  # seconds

    def add(self, tokens: int, started: datetime, first: datetime, ended: datetime) -> None:
        spent = (ended - first).total_seconds()
        if spent > 0:
            self.speeds.append(tokens / spent)
        self.first_words.append(max(0.0, (first - started).total_seconds()))


def _for_administrators(view: _View) -> Any:
    """Let administrators open `view`; nobody else finds it."""

    @wraps(view)
    async def answer(request: HttpRequest) -> HttpResponse:
        user = await request.auser()
        if not (user.is_active and user.is_superuser):
            raise Http404
        return await view(request)

    return login_required(require_safe(answer))


@_for_administrators
async def page(request: HttpRequest) -> HttpResponse:
    """Show the servers; the part that changes renews itself."""
    return await _shown(request, "operations/servers.html")


@_for_administrators
async def live(request: HttpRequest) -> HttpResponse:
    """Answer with the part of the page that changes."""
    return await _shown(request, "operations/_servers.html")


async def _shown(request: HttpRequest, template: str) -> HttpResponse:
    found = await health_of(servers())
    return await sync_to_async(_answer)(request, template, found)


def _answer(request: HttpRequest, template: str, found: list[Health]) -> HttpResponse:
    active = list(Generation.objects.active().order_by().values_list("status", "server"))
    written = Counter(label_of(server) for status, server in active if status == "running")
    waiting = sum(status == Generation.Status.QUEUED for status, _ in active)
    last = _last_answers()
    context = {
        "waiting": waiting,
        "servers": [_told(each, written, last[label_of(each.server.url)]) for each in found],
    }
    return render(request, template, context)


def _told(health: Health, written: Counter[str], last: _Last) -> dict[str, Any]:
    label = label_of(health.server.url)
    return {
        "name": label,
        "address": health.server.url,
        "is_drained": health.server.is_drained,
        "trouble": str(health.trouble) if health.trouble else "",
        "loaded": [each.name for each in health.models if each.is_loaded],
        "installed": len(health.models),
        "taken": written[label],
        "slots": health.server.slots or settings.SERVER_SLOTS,
        "speed": median(last.speeds) if last.speeds else None,
        "first_word": median(last.first_words) if last.first_words else None,
    }


def _last_answers() -> defaultdict[str, _Last]:
    """Return what the newest answers took, by their servers' labels."""
    ended = Generation.objects.filter(
        completion_tokens__gt=0,
        started_at__isnull=False,
        first_token_at__isnull=False,
        finished_at__isnull=False,
    ).order_by("-pk")
    fields = ("completion_tokens", "started_at", "first_token_at", "finished_at")
    found: defaultdict[str, _Last] = defaultdict(_Last)
    for server, *facts in ended.values_list("server", *fields)[:_LAST]:
        found[label_of(server)].add(*facts)
    return found
