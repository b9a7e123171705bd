"""The Django application `stories`."""

from django.apps import AppConfig


class StoriesConfig(AppConfig):
    """Holds the whole library; its user model is the site's."""

    name = "stories"
    verbose_name = "Story library"
