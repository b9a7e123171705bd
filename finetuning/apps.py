"""The Django application `finetuning`."""

from django.apps import AppConfig
from django.db.models.signals import post_delete, post_save
from django.utils.translation import gettext_lazy as _


class FinetuningConfig(AppConfig):
    """Holds the training runs and what they taught."""

    name = "finetuning"
    verbose_name = _("Fine-tuning")

    def ready(self) -> None:
        """Listen for stories that are withdrawn; its models are loaded by now, and not before."""
        from finetuning import withdrawals
        from finetuning.models.wording import name_models

        name_models(self)
        post_save.connect(withdrawals.on_saved, sender="stories.Story")
        for sender in ("stories.Story", "finetuning.OwnPair"):
            post_delete.connect(withdrawals.on_deleted, sender=sender)
