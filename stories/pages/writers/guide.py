"""The way from pocket to Ollama and Llama 3.2: steps that look by themselves whether they are done.

Only the operator's own addresses are asked, never one from a request.
"""

from http import HTTPStatus
from typing import Any, NamedTuple

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

import modelserver
from modelserver import ModelServerError, Server, names
from stories.telling import told

# What the README names, and what is offered to whoever has no model yet.
_RECOMMENDED = "llama3.2"


class Way(NamedTuple):
    """How far the way is gone; `trouble` says what stands in it."""

    server: Server
    model: str
    answers: bool
    has_model: bool
    is_used: bool
    trouble: str

    @property
    def done(self) -> str:
        """Which steps are done, as signs that a page can send back."""
        return "".join(str(int(step)) for step in (self.answers, self.has_model, self.is_used))


async def _way() -> Way:
    embedded = settings.STORY_MODEL_IS_EMBEDDED
    server = Server() if embedded else settings.MODEL_SERVER
    model = _RECOMMENDED if embedded else settings.STORY_MODEL
    try:
        about = await modelserver.about(server)
        if about.is_pocket or about.engine != "Ollama":
            name = "pocket" if about.is_pocket else about.engine
            trouble = _("What answers is %(name)s.") % {"name": name}
            return Way(server, model, False, False, False, trouble)
        there = await modelserver.installed(server)
    except ModelServerError as error:
        return Way(server, model, False, False, False, told(str(error)))
    has_model = any(names.same(each.name, model) for each in there)
    return Way(server, model, True, has_model, not embedded, "")


@login_required
@require_safe
async def guide(request: HttpRequest) -> HttpResponse:
    """Show the steps."""
    return await _page(request, "stories/guide.html", await _way())


@login_required
@require_safe
async def steps(request: HttpRequest) -> HttpResponse:
    """Show how far it is; 204 to a page that shows just that already (`?done=`)."""
    way = await _way()
    if request.GET.get("done") == way.done:
        return HttpResponse(status=HTTPStatus.NO_CONTENT)
    return await _page(request, "stories/_guide_steps.html", way)


async def _page(request: HttpRequest, template: str, way: Way) -> HttpResponse:
    await request.auser()
    context: dict[str, Any] = {"way": way}
    answer: HttpResponse = await sync_to_async(render)(request, template, context)
    return answer
