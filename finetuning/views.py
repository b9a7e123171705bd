"""The blind comparison, for every writer."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from finetuning.models import TrainingRun
from finetuning.services import blind
from stories.ids import row_id
from stories.pages.common import SignedInRequest


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def compare(request: SignedInRequest) -> HttpResponse:
    """Show two stories to choose between; POST `run`, `pair` and `choice` counts one."""
    if request.method == "POST":
        run, pair = (row_id(request.POST.get(name, "")) for name in ("run", "pair"))
        found = get_object_or_404(TrainingRun, pk=run, state=TrainingRun.State.DONE)
        choice = request.POST.get("choice", "")
        if pair is not None and blind.vote(request.user, found, pair, choice):
            messages.success(request, "Counted. Thank you.")
        else:
            messages.error(request, "This comparison is not here any more.")
        return redirect("finetuning:compare")
    return render(request, "finetuning/compare.html", {"pair": blind.next_pair(request.user)})
