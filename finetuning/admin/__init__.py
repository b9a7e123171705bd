"""In the admin: which story taught or tested which model, searchable from both ends."""

from finetuning.admin.examples import TrainingExampleAdmin

__all__ = ["TrainingExampleAdmin"]
