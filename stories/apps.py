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
        """Let routes have `<id:…>`, in the admin too; name the models, which are loaded by now."""
        from stories.models.wording import name_models

        register_converter(IdConverter, "id")
        name_models(self)
