"""The blind comparison: an evaluation's pairs, and pairs for settings of one's own."""

import json
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

import modelserver
from finetuning.models import OwnPair, TrainingRun
from finetuning.services import blind, own_pairs
from stories.errors import Refused
from stories.ids import row_id
from stories.pages.common import SignedInRequest
from stories.pages.forms import StorySettingsForm
from stories.writing import rates

# Of one person, in a minute: each is two stories.
PAIRS_PER_MINUTE = 6


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def compare(request: SignedInRequest) -> HttpResponse:
    """Show two stories to choose between; POST `run`, `pair` and `choice` counts one."""
    if request.method == "POST":
        run, pair = (row_id(request.POST.get(name, "")) for name in ("run", "pair"))
        found = get_object_or_404(TrainingRun, pk=run, state=TrainingRun.State.DONE)
        choice, again = request.POST.get("choice", ""), "again" in request.POST
        if pair is None or not blind.vote(request.user, found, pair, choice, again=again):
            messages.error(request, _("This comparison is not here any more."))
        return redirect("finetuning:compare")
    pair_shown = blind.next_pair(request.user)
    last = TrainingRun.objects.filter(state=TrainingRun.State.DONE).first()
    context = {
        "pair": pair_shown,
        "tally": blind.tally_of(request.user, last) if last and not pair_shown else None,
        "run": last,
        "may_write": own_pairs.run_to_compare() is not None,
    }
    return render(request, "finetuning/compare.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def own(request: SignedInRequest) -> HttpResponse:
    """Show the settings; POST opens a pair that both models write for them."""
    run = own_pairs.run_to_compare()
    if run is None:
        messages.info(request, _("There is no new model to compare at the moment."))
        return redirect("finetuning:compare")
    form = StorySettingsForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        seconds = rates.count("own_pairs", request.user.pk, PAIRS_PER_MINUTE)
        if not seconds:
            pair = own_pairs.open_pair(request.user, run, form.save(commit=False))
            return redirect("finetuning:own_pair", pair.pk)
        form.add_error(None, str(rates.too_often(_("Too many pairs within a minute."), seconds)))
    status = 422 if form.errors else 200
    return render(request, "finetuning/own.html", {"form": form}, status=status)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def own_pair(request: SignedInRequest, pair_id: int) -> HttpResponse:
    """Show a pair of one's own being written; POST `choice` decides, or takes it "back"."""
    pair = get_object_or_404(OwnPair.objects.select_related("run__model"), pk=pair_id)
    if pair.voter_id != request.user.pk:
        raise Http404
    if request.POST.get("choice") == "back":
        pair.delete()
        return redirect("finetuning:own")
    if request.method == "POST":
        if not own_pairs.vote(pair, request.POST.get("choice", "")):
            messages.error(request, _("This comparison is not here any more."))
        return redirect("finetuning:own_pair", pair.pk)
    sides = {place: own_pairs.side_at(pair, place) for place in ("first", "second")}
    context = {
        "pair": pair,
        "first": getattr(pair, sides["first"]),
        "second": getattr(pair, sides["second"]),
        "names": {place: _name(pair, side) for place, side in sides.items()},
    }
    return render(request, "finetuning/own_pair.html", context)


def _name(pair: OwnPair, side: str) -> str:
    """Return the model's name; it is told when there is nothing left to decide."""
    return str(pair.run.model or "") if side == "candidate" else pair.run.service


@login_required
async def own_story(request: HttpRequest, pair_id: int, place: str) -> Any:
    """Answer with JSON lines while a story of the pair is written: `add`, at the end `text`."""
    user = await request.auser()
    found = await OwnPair.objects.filter(pk=pair_id, voter=user.pk).afirst()
    if found is None or place not in {"first", "second"} or request.method != "POST":
        raise Http404
    lines = _lines(found, place)
    return StreamingHttpResponse(lines, content_type="application/jsonl; charset=utf-8")


async def _lines(pair: OwnPair, place: str) -> AsyncIterator[str]:
    try:
        async with aclosing(own_pairs.write(pair, place)) as told:
            async for piece in told:
                yield json.dumps(piece, ensure_ascii=False) + "\n"
    except modelserver.ModelServerError as error:
        yield json.dumps({"error": f"{error} {error.hint}".strip()}) + "\n"
    except Refused as refused:
        yield json.dumps({"error": str(refused)}) + "\n"
