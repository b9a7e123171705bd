"""The Django application `stories`."""

from django.apps import AppConfig
from django.urls import register_converter
from django.utils.translation import gettext_lazy as _

from stories.ids import IdConverter


class StoriesConfig(AppConfig):
    """Holds the whole library; its user model is the site's."""

    name = "stories"
    verbose_name = _("Story library")

    def ready(self) -> None:
        """Let routes have `<id:…>`: in these pages, at the socket, in the admin and elsewhere."""
        register_converter(IdConverter, "id")
