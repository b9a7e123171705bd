"""The nouns of the loop: runs, and which story taught or tested which."""

from finetuning.models.run import ACTIVE_STATES, TrainingExample, TrainingRun
from finetuning.models.vote import BlindVote

__all__ = ["ACTIVE_STATES", "BlindVote", "TrainingExample", "TrainingRun"]
