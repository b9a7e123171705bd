"""Training in the admin: start and watch runs, read evaluations, put models into service."""

from finetuning.admin.examples import TrainingExampleAdmin
from finetuning.admin.models import WriterModelAdmin
from finetuning.admin.runs import TrainingRunAdmin

__all__ = ["TrainingExampleAdmin", "TrainingRunAdmin", "WriterModelAdmin"]
