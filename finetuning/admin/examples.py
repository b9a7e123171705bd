"""Which story taught or tested which model: searchable from both ends."""

from typing import Any

from django.contrib import admin
from django.db.models import Case, F, QuerySet, Value, When
from django.http import HttpRequest

from finetuning.models import TrainingExample
from stories.admin.common import LookOnlyAdmin
from stories.models import Curation
from stories.models.visibility import marked_good


@admin.register(TrainingExample)
class TrainingExampleAdmin(LookOnlyAdmin):
    """One row a story and run; a story that is its writer's alone again has no name here."""

    list_display = ("story_shown", "version", "side", "run", "model", "withdrawn")
    fields = readonly_fields = list_display
    list_filter = ("side", "run")
    list_select_related = ("story", "run__model")
    search_fields = ("shown_title", "run__model__name")
    ordering = ("-run", "story")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return all examples, to be found by the titles that staff may read."""
        title = Case(When(marked_good("story__"), then=F("story__title")), default=Value(""))
        found: QuerySet[Any] = super().get_queryset(request).annotate(shown_title=title)
        return found

    @admin.display(description="story", ordering="story")
    def story_shown(self, example: TrainingExample) -> str:
        """Return the story's title."""
        return str(example.shown_story or "withdrawn or deleted")

    @admin.display(ordering="run__model__name")
    def model(self, example: TrainingExample) -> str:
        """Return the model that came out of the run."""
        return str(example.run.model or "none")

    @admin.display(boolean=True)
    def withdrawn(self, example: TrainingExample) -> bool:
        """Tell whether the story may not train any more, or is gone."""
        story = example.shown_story
        return story is None or story.curation != Curation.APPROVED
