"""What people are shown models and fields as whose names Django makes of Python's.

In the classes themselves, each name would be a migration, for words alone.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

# Of a model: one, and several.
_MODELS = {
    "Story": (_("story"), _("stories")),
    "StoryVersion": (_("story version"), _("story versions")),
    "Generation": (_("generation"), _("generations")),
    "PreferencePair": (_("preference pair"), _("preference pairs")),
    "StorySummary": (_("story summary"), _("story summaries")),
    "StoryTag": (_("story tag"), _("story tags")),
    "WriterModel": (_("model"), _("models")),
}
_FIELDS = {
    "base": _("base"),
    "completion_tokens": _("completion tokens"),
    "created_at": _("created at"),
    "curated_at": _("curated at"),
    "curated_by": _("curated by"),
    "curation": _("curation"),
    "curation_reason": _("curation reason"),
    "deleted_at": _("deleted at"),
    "error_code": _("error code"),
    "finished_at": _("finished at"),
    "first_token_at": _("first token at"),
    "good_version": _("good version"),
    "kind": _("kind"),
    "model": _("model"),
    "name": _("name"),
    "owner": _("owner"),
    "promoted_at": _("promoted at"),
    "promoted_by": _("promoted by"),
    "promotion_reason": _("promotion reason"),
    "prompt_tokens": _("prompt tokens"),
    "replaced": _("replaced"),
    "seed": _("seed"),
    "source": _("source"),
    "started_at": _("started at"),
    "state": _("state"),
    "status": _("status"),
    "story": _("story"),
    "temperature": _("temperature"),
    "text": _("text"),
    "title": _("title"),
    "updated_at": _("updated at"),
    "version": _("version"),
    "words_at_once": _("words at once"),
}


def name_models(config: AppConfig) -> None:
    """Give the library's models and fields these names, once they are loaded."""
    give_names(config, _MODELS, _FIELDS)


def give_names(
    config: AppConfig,
    models: "Mapping[str, tuple[StrOrPromise, StrOrPromise]]",
    fields: "Mapping[str, StrOrPromise]",
) -> None:
    """Name the `models` of an app, by their classes, and the `fields` that have no name yet."""
    for model in config.get_models():
        options = model._meta
        if model.__name__ in models:
            options.verbose_name, options.verbose_name_plural = models[model.__name__]
        for field in options.local_fields:
            # As Django makes it of the field's own; what a class says is marked there.
            if field.verbose_name == field.name.replace("_", " ") and field.name in fields:
                field.verbose_name = fields[field.name]
