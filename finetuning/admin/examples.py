"""Which story taught or tested which model: searchable from both ends."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.db.models import Case, F, QuerySet, Value, When
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.urls import URLPattern, path
from django.views.decorators.csrf import csrf_exempt

from finetuning.admin import files
from finetuning.models import TrainingExample
from stories.admin.common import LookOnlyAdmin
from stories.models import Curation
from stories.models.visibility import marked_good
from stories.pages.publishing.imports import InMemory


@admin.register(TrainingExample)
class TrainingExampleAdmin(LookOnlyAdmin):
    """One row a story and run; a story that is its writer's alone again has no name here."""

    list_display = ("story_shown", "version", "side", "run", "model", "withdrawn")
    fields = readonly_fields = list_display
    list_filter = ("side", "run")
    list_select_related = ("story", "run__model")
    search_fields = ("shown_title", "run__model__name")
    ordering = ("-run", "story")
    list_before_template = "finetuning/_files_link.html"

    def get_urls(self) -> list[URLPattern]:
        """Add stories in and out of files."""
        page: Callable[[HttpRequest], HttpResponse] = self.admin_site.admin_view(self.files_view)

        @csrf_exempt  # by the admin's view below it, once it is known what takes the file
        def taking_files(request: HttpRequest) -> HttpResponse:
            request.upload_handlers = [InMemory(request)]
            answer: HttpResponse = page(request)
            return answer

        own = [
            path("files/", taking_files, name="finetuning_trainingexample_files"),
            path(
                "download/",
                self.admin_site.admin_view(self.download_view),
                name="finetuning_trainingexample_download",
            ),
        ]
        return [*own, *super().get_urls()]

    def files_view(self, request: HttpRequest) -> HttpResponse:
        """Show what a file of stories holds, and take it in."""
        if request.method not in {"GET", "HEAD", "POST"}:
            return HttpResponseNotAllowed(["GET", "POST"])
        shared = {**self.admin_site.each_context(request), "opts": TrainingExample._meta}
        return files.page(request, shared)

    def download_view(self, request: HttpRequest) -> HttpResponse:
        """Answer with the approved stories as a file."""
        if request.method not in {"GET", "HEAD"}:
            return HttpResponseNotAllowed(["GET"])
        return files.download(request)

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
