"""Which story taught or tested which model: searchable from both ends."""

from django.contrib import admin

from finetuning.models import TrainingExample
from stories.admin.common import LookOnlyAdmin


@admin.register(TrainingExample)
class TrainingExampleAdmin(LookOnlyAdmin):
    """One row a story and run."""

    list_display = ("story", "version", "side", "run", "model", "withdrawn")
    list_filter = ("side", "run")
    list_select_related = ("story", "run__model")
    search_fields = ("story__title", "run__model__name")
    ordering = ("-run", "story")

    @admin.display(ordering="run__model__name")
    def model(self, example: TrainingExample) -> str:
        """Return the model that came out of the run."""
        return str(example.run.model or "none")

    @admin.display(boolean=True)
    def withdrawn(self, example: TrainingExample) -> bool:
        """Tell whether the story may not train any more, or is gone."""
        story = example.story
        return story is None or not (
            story.good and story.curation == "approved" and story.deleted_at is None
        )
