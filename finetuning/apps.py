"""The Django application `finetuning`."""

from django.apps import AppConfig


class FinetuningConfig(AppConfig):
    """Holds the training runs and what they taught."""

    name = "finetuning"
    verbose_name = "Fine-tuning"
