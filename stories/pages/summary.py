"""What the model is told of a long story's beginning: shown to the writer, and in their words."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from modelserver import names
from prose.cleaning import clean_text
from prose.languages.recognition import language_of
from stories.history import standing
from stories.history.provenance import last_generation
from stories.models import Story, StorySummary, model_in_service
from stories.pages.common import SignedInRequest, own_story
from stories.writing.long_story import LONGEST, take_of


def report_context(story: Story) -> dict[str, Any]:
    """Return what is told of the text: the report on it, who wrote it, what the model knows."""
    return {
        "story": story,
        "generation": last_generation(story),
        "report": standing.report_on(story),
        "language": language_of(story.text, story.settings.language),
        "by": _by(standing.authors(story), story.writer or model_in_service()),
        "summary": StorySummary.objects.filter(story=story).first(),
        "longest_summary": LONGEST,
    }


def _by(authors: standing.Authors, following: str) -> dict[str, Any]:
    """Return who wrote the text, the writer as None, and the model `following` if another."""
    is_among = any(names.same(model, following) for model in authors.models)
    writers = [*([None] if authors.writer else []), *authors.models]
    is_news = not is_among and (authors.models or not writers)
    return {"writers": writers, "next": following if is_news else ""}


@login_required
@require_POST
def change_summary(request: SignedInRequest, story_id: int) -> HttpResponse:
    """Keep the writer's words; empty ones let the model read the story anew when it goes on."""
    story = own_story(request.user, story_id)
    text = clean_text(request.POST.get("summary", "")[:LONGEST]).strip()
    own = StorySummary.objects.filter(story=story)
    summary = own.first()
    if summary is not None and not text:
        own.delete()
    elif text and (summary is None or text != summary.text):
        summary = summary or StorySummary(story=story, take=take_of(story.pk, story.version))
        summary.text, summary.is_own = text, True
        summary.save()
    if not request.htmx:
        return redirect("stories:story", story.pk)
    return render(request, "stories/_report.html", {**report_context(story), "kept": True})
