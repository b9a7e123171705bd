"""What people are shown the loop's models and fields as (see `stories.models.wording`)."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from stories.models.wording import give_names

_MODELS = {
    "TrainingRun": (_("training run"), _("training runs")),
    "TrainingExample": (_("training example"), _("training examples")),
    "BlindVote": (_("blind vote"), _("blind votes")),
}
_FIELDS = {
    "attempts": _("attempts"),
    "created_at": _("created at"),
    "error": _("error"),
    "finished_at": _("finished at"),
    "model": _("model"),
    "origin": _("origin"),
    "preferred": _("preferred"),
    "progress": _("progress"),
    "queued_at": _("queued at"),
    "recipe": _("recipe"),
    "requested_by": _("requested by"),
    "run": _("run"),
    "scores": _("scores"),
    "service": _("service"),
    "side": _("side"),
    "stage": _("stage"),
    "started_at": _("started at"),
    "state": _("state"),
    "story": _("story"),
    "verdict": _("verdict"),
    "version": _("version"),
}


def name_models(config: AppConfig) -> None:
    """Give the models and fields these names, once they are loaded."""
    give_names(config, _MODELS, _FIELDS)
