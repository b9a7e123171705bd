"""Models in and out of service: the gate, the rollback, and what is kept on the disk."""

from pathlib import Path

import pytest
from django.test import Client
from pytest_django import Settings

from finetuning.models import TrainingExample, TrainingRun
from finetuning.services import lineage, promotion, storage
from finetuning.services.promotion import GateError, PromotionError
from modelserver import Server
from stories.history import library
from stories.models import Generation, Story, User, WriterModel, model_in_service
from stories.writing.finishing import Outcome, finish
from stories.writing.opening import open_generation
from tests.conftest import ScriptedServer
from tests.finetuning.conftest import TINY
from tests.support.processes import free_port

pytestmark = pytest.mark.django_db
State = WriterModel.State


@pytest.fixture(autouse=True)
def _environment(settings: Settings, tmp_path: Path, scripted_server: ScriptedServer) -> None:
    settings.DATA_DIR = tmp_path
    settings.STORY_MODEL = "pocket"
    settings.MODEL_SERVER = Server.at(scripted_server.url)


def candidate(
    name: str, verdict: str = "better", service: str = "pocket", base: str = "pocket"
) -> WriterModel:
    """Return a registered model with its run and files, as a run leaves them."""
    model = WriterModel.objects.create(name=name, base=base)
    run = TrainingRun.objects.create(
        recipe=TINY.to_dict(),
        state=TrainingRun.State.DONE,
        verdict=verdict,
        service=service,
        model=model,
    )
    run.folder.adapter.mkdir(parents=True)
    run.folder.made("convert")
    run.folder.made("export")
    return model


def state_of(model: WriterModel) -> str:
    model.refresh_from_db()
    return model.state


def test_the_next_story_is_written_with_the_promoted_model(story: Story, curator: User) -> None:
    model = candidate("one")
    assert model_in_service() == "pocket"
    promotion.promote(model, curator)
    assert (state_of(model), model.promoted_by) == (State.ACTIVE, curator)
    generation = open_generation(story.pk, story.owner, Generation.Kind.WRITE)
    assert generation.model == model_in_service() == "one"


@pytest.mark.parametrize("verdict", ["no better", "worse", ""])
def test_the_gate_holds_unless_somebody_gives_a_reason(verdict: str, curator: User) -> None:
    model = candidate("one", verdict)
    for reason in ("", "  \n "):
        with pytest.raises(GateError, match="needs a reason"):
            promotion.promote(model, curator, reason)
    assert state_of(model) == State.CANDIDATE
    promotion.promote(model, curator, "The writers like it better.")
    assert state_of(model) == State.ACTIVE
    assert model.promotion_reason == "The writers like it better."


def test_a_verdict_counts_beside_the_model_that_it_was_measured_with(curator: User) -> None:
    one, two = candidate("one"), candidate("two")
    assert promotion.passes_gate(one)
    promotion.promote(two, curator)
    assert not promotion.passes_gate(one)
    with pytest.raises(GateError, match="measured beside pocket, and two is in service now"):
        promotion.promote(one, None)
    assert (state_of(one), state_of(two)) == (State.CANDIDATE, State.ACTIVE)
    promotion.promote(one, curator, "The writers like it better.")
    assert (state_of(one), state_of(two)) == (State.ACTIVE, State.RETIRED)


def test_a_model_of_another_base_never_takes_the_place_of_one_that_writes(curator: User) -> None:
    one, other = candidate("one"), candidate("other", service="llama3.2", base="llama3.2")
    promotion.promote(one, curator)
    with pytest.raises(PromotionError, match="was tuned from"):
        promotion.promote(other, curator, "I want it.")
    assert model_in_service() == "one"


def test_a_model_that_is_retired_meanwhile_is_not_promoted(
    curator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, asked = candidate("one"), promotion._check_on_server

    def retired_meanwhile(found: WriterModel) -> None:
        asked(found)
        promotion.retire(WriterModel.objects.get(pk=model.pk))

    monkeypatch.setattr(promotion, "_check_on_server", retired_meanwhile)
    with pytest.raises(PromotionError, match="Load the page again"):
        promotion.promote(model, curator)
    assert state_of(model) == State.REJECTED
    assert model_in_service() == "pocket"


def test_one_is_active_and_a_rollback_brings_back_the_one_before(curator: User) -> None:
    one, two = candidate("one"), candidate("two", service="one")
    promotion.promote(one, curator)
    promotion.promote(two, curator)
    assert (state_of(one), state_of(two)) == (State.RETIRED, State.ACTIVE)
    with pytest.raises(PromotionError, match="in service already"):
        promotion.promote(two, curator)
    assert promotion.roll_back(two) == one
    assert (state_of(one), state_of(two)) == (State.ACTIVE, State.RETIRED)
    with pytest.raises(PromotionError, match="Load the page again"):
        promotion.roll_back(two)
    assert promotion.roll_back(one) is None
    assert model_in_service() == "pocket"


def test_retiring_a_candidate_and_the_active_model(curator: User) -> None:
    one, two = candidate("one"), candidate("two")
    promotion.retire(one)
    assert state_of(one) == State.REJECTED
    promotion.promote(two, curator)
    promotion.retire(two)
    assert state_of(two) == State.RETIRED
    with pytest.raises(PromotionError):
        promotion.retire(two)


def test_a_model_that_the_server_lost_is_not_promoted(curator: User, settings: Settings) -> None:
    settings.MODEL_SERVER = Server.at("http://127.0.0.1:9")
    model = candidate("one")
    with pytest.raises(PromotionError, match="can't be reached"):
        promotion.promote(model, curator)
    assert state_of(model) == State.CANDIDATE


def test_a_model_for_another_base_rests(curator: User, settings: Settings) -> None:
    promotion.promote(candidate("one"), curator)
    settings.STORY_MODEL = "llama3.2"
    assert model_in_service() == "llama3.2"


def test_a_person_gives_a_model_its_name(curator: User) -> None:
    model = candidate("one")
    assert promotion.call(model, "  Grandmother’s\n voice<|eot_id|> ") == "Grandmother’s voice"
    model.refresh_from_db()
    assert model.title == "Grandmother’s voice"
    assert len(promotion.call(model, "x" * 200)) == promotion.MAX_TITLE
    assert promotion.call(model, " ") == ""


# ---- Files ----


def has_files(model: WriterModel) -> bool:
    return storage.has_weights(model)


def test_files_of_the_active_and_the_previous_model_are_kept(curator: User) -> None:
    order = [("one", "pocket"), ("two", "one"), ("three", "two")]
    models = [candidate(name, service=service) for name, service in order]
    for model in models:
        promotion.promote(model, curator)
    assert [has_files(model) for model in models] == [False, True, True]
    run = TrainingRun.objects.get(model=models[0])
    assert (run.folder.path / "export").exists()
    fresh = candidate("four")
    promotion.roll_back(models[2])
    assert [has_files(model) for model in (models[1], models[2], fresh)] == [True, True, True]
    promotion.retire(fresh)
    assert not has_files(fresh)


def test_files_stay_while_the_server_cannot_be_told(curator: User, settings: Settings) -> None:
    model = candidate("one")
    settings.MODEL_SERVER = Server.at("http://127.0.0.1:9")
    promotion.retire(model)
    assert has_files(model)


# ---- Lineage ----


def test_which_stories_taught_which_models(story: Story, curator: User) -> None:
    library.save_text(story, story.owner, "A story.", 0)
    library.set_good(story, True)
    Story.objects.filter(pk=story.pk).update(curation="approved", curated_version=1)
    story.refresh_from_db()
    one, two = candidate("one"), candidate("two")
    for model, side in ((one, "train"), (two, "held-out")):
        run = TrainingRun.objects.get(model=model)
        TrainingExample.objects.create(run=run, story=story, version=1, side=side)
    assert list(lineage.taught_by(story)) == [one]
    assert lineage.withdrawn(one) == 0
    library.set_good(story, False)
    assert (lineage.withdrawn(one), lineage.withdrawn(two)) == (1, 0)
    library.set_good(story, True)
    Story.objects.filter(pk=story.pk).update(curation="approved")
    assert lineage.withdrawn(one) == 0
    library.delete_story(story)
    assert lineage.withdrawn(one) == 1
    story.delete()
    assert lineage.withdrawn(one) == 1, "a story that is gone is withdrawn too"


def test_a_story_says_when_an_older_model_wrote_it(
    story: Story, curator: User, client: Client
) -> None:
    generation = open_generation(story.pk, story.owner, Generation.Kind.WRITE)
    finish(generation, Outcome(Generation.Status.DONE, "A story."))
    page = f"/stories/{story.pk}/"
    client.force_login(story.owner)
    assert "writes next" not in client.get(page).content.decode()
    promotion.promote(candidate("one"), curator)
    shown = client.get(page).content.decode()
    assert "Written by <strong>pocket</strong>; " in shown
    assert "</strong> writes next" in shown
    assert "<strong>one</strong>" in shown


def test_a_model_is_looked_for_and_removed_on_every_server(
    settings: Settings, scripted_server: ScriptedServer, curator: User
) -> None:
    dead = Server.at(f"http://127.0.0.1:{free_port()}")
    settings.MODEL_SERVER, settings.OTHER_MODEL_SERVERS = dead, [Server.at(scripted_server.url)]
    model = candidate("elsewhere")
    promotion.promote(model, curator, "It is on the other one.")
    assert state_of(model) == State.ACTIVE
    assert not storage.remove_from_servers("steady", 1.0), "one can't be told"
