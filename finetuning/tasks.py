"""What the worker does for training. A task carries the number of a run and nothing else."""

import logging

from celery import shared_task
from django.conf import settings
from django.db import transaction

from finetuning import driver
from finetuning.models import TrainingRun
from finetuning.services import forgetting, promotion, states, storage

logger = logging.getLogger(__name__)


def announce(run: int) -> None:
    """Tell a worker about a queued run. If that fails, `recover` will do it later."""

    def send() -> None:
        try:
            train.delay(run)
        except (train.OperationalError, OSError) as error:
            logger.warning("Run %s could not be announced: %s", run, error)

    transaction.on_commit(send)


@shared_task
def train(run: int) -> None:
    """Take a queued run to its end; a second delivery finds it taken and does nothing.

    So does a worker without a trainer: `recover` announces the run until one with a trainer hears.
    """
    claimed = states.claim(run) if settings.TRAIN_PYTHON else None
    if claimed is None:
        return
    driver.drive(claimed)
    _promote_nightly(claimed)


def _promote_nightly(run: TrainingRun) -> None:
    nightly = run.origin == TrainingRun.Origin.NIGHTLY
    if not (settings.TRAIN_PROMOTE and nightly and run.model and promotion.passes_gate(run.model)):
        return
    try:
        promotion.promote(run.model, None)
    except promotion.PromotionError as error:
        logger.warning("Run %s: %s", run.pk, error)


@shared_task
def recover() -> None:
    """Queue the run of a dead worker again, and announce what was not taken."""
    for run in states.recover():
        announce(run)


@shared_task
def train_nightly() -> None:
    """Train when enough newly approved stories wait."""
    try:
        run = states.nightly()
    except states.CannotStartError as error:
        logger.warning("No nightly training: %s", error)
        return
    if run is not None:
        announce(run.pk)


@shared_task
def forget_gone_stories() -> int:
    """Remove from the runs' files the text of stories that were withdrawn or are gone."""
    return forgetting.forget_gone_stories()


def tidy_elsewhere() -> None:
    """Let the machine that trains, where it is another one, remove what is kept no more.

    If that word is lost, it does so when it next ends a run.
    """
    if settings.REDIS_URL:
        try:
            tidy.apply_async(retry=False)
        except (tidy.OperationalError, OSError) as error:
            logger.warning("No worker could be told that models were replaced: %s", error)


@shared_task
def tidy() -> None:
    """Remove here the weights that are kept no more."""
    storage.tidy()
