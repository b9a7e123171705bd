"""The nouns of the loop: runs, and which story taught or tested which."""

from finetuning.models.run import ACTIVE_STATES, TrainingExample, TrainingRun

__all__ = ["ACTIVE_STATES", "TrainingExample", "TrainingRun"]
