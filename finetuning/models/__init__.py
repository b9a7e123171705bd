"""The nouns of the loop: runs, which story taught or tested which, and what people preferred."""

from finetuning.models.imported import ImportedPair
from finetuning.models.pair import EvaluationPair
from finetuning.models.run import ACTIVE_STATES, TrainingExample, TrainingRun
from finetuning.models.vote import BlindVote, ComparisonConsent, OwnPair

__all__ = [
    "ACTIVE_STATES",
    "BlindVote",
    "ComparisonConsent",
    "EvaluationPair",
    "ImportedPair",
    "OwnPair",
    "TrainingExample",
    "TrainingRun",
]
