"""The gate before service counts people: whom they like less is never better."""

from pathlib import Path

import pytest
from pytest_django import Settings

from finetuning import tasks
from finetuning.models import BlindVote, TrainingRun
from finetuning.services import gate, promotion
from finetuning.services.gate import People
from modelserver import Server
from stories.models import User, WriterModel
from tests.conftest import ScriptedServer
from tests.finetuning.conftest import TINY

pytestmark = pytest.mark.django_db


@pytest.fixture
def run() -> TrainingRun:
    """A run that was measured as better."""
    model = WriterModel.objects.create(name="tuned", base="pocket")
    return TrainingRun.objects.create(
        recipe=TINY.to_dict(),
        state="done",
        model=model,
        service="pocket",
        verdict="better",
        scores={"verdict": "better", "reason": "It expects the held-out stories more."},
    )


def voted(run: TrainingRun, user: User, *, won: int = 0, lost: int = 0, tied: int = 0) -> None:
    sides = ["candidate"] * won + ["service"] * lost + ["neither"] * tied
    BlindVote.objects.bulk_create(
        BlindVote(run=run, pair=pair, voter=user, preferred=side) for pair, side in enumerate(sides)
    )


@pytest.mark.parametrize(
    ("won", "lost", "tied", "people", "verdict"),
    [
        (0, 0, 0, People.FEW, "better"),
        (0, 7, 0, People.FEW, "better"),
        (0, 7, 40, People.FEW, "better"),  # ties count for neither
        (1, 7, 0, People.LESS, "no better"),
        (3, 7, 0, People.EVEN, "better"),
        (30, 60, 0, People.LESS, "no better"),
        (9, 1, 5, People.MORE, "better"),
    ],
)
def test_votes_stand_beside_the_verdict(
    run: TrainingRun, alice: User, won: int, lost: int, tied: int, people: People, verdict: str
) -> None:
    voted(run, alice, won=won, lost=lost, tied=tied)
    found = gate.standing(run)
    assert (found.people, found.verdict, found.measured) == (people, verdict, "better")
    assert found.is_better == (verdict == "better")
    assert found.reason == "It expects the held-out stories more."
    assert str(won + lost) in found.told or not won + lost


def test_votes_make_no_model_better_that_was_not_measured_so(run: TrainingRun, alice: User) -> None:
    voted(run, alice, won=40)
    for measured in ("worse", "no better", ""):
        run.verdict = measured
        assert gate.standing(run).verdict == measured


def test_a_model_that_people_like_less_needs_a_reason_and_is_never_promoted_by_itself(
    run: TrainingRun,
    alice: User,
    settings: Settings,
    scripted_server: ScriptedServer,
    tmp_path: Path,
) -> None:
    settings.DATA_DIR = tmp_path
    settings.MODEL_SERVER = Server.at(scripted_server.url)
    settings.STORY_MODEL = "pocket"
    settings.TRAIN_PROMOTE = True
    model = run.model
    assert model is not None
    assert promotion.passes_gate(model)
    voted(run, alice, won=1, lost=9)
    assert not promotion.passes_gate(model)
    with pytest.raises(promotion.GateError, match=r"1 of 10 blind votes.*like it less.*reason"):
        promotion.promote(model, None)
    run.origin = TrainingRun.Origin.NIGHTLY
    tasks._promote_nightly(run)
    model.refresh_from_db()
    assert model.state == "candidate"
    promotion.promote(model, alice, "They voted on an earlier draft.")
    model.refresh_from_db()
    assert model.state == "active"
