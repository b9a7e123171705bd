"""Names of models: any spelling of a base is known, and no installation takes another's name."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pytest_django import Settings

import modelserver
from finetuning import driver
from finetuning.models import TrainingRun
from finetuning.pipeline.run_folder import InService, write_json
from finetuning.recipes import RECIPES
from finetuning.services import promotion, states
from finetuning.services.installation import installation_id
from finetuning.services.promotion import PromotionError
from modelserver import Server
from stories.models import User, WriterModel, model_in_service
from tests.conftest import ScriptedServer
from tests.finetuning.conftest import TINY

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _environment(settings: Settings, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    settings.STORY_MODEL = "pocket"


@pytest.mark.parametrize(
    ("name", "recipe"),
    [
        ("llama3.2:latest", "llama3.2-3b"),
        ("LLAMA3.2", "llama3.2-3b"),
        ("library/llama3.2:1B", "llama3.2-1b"),
        ("Pocket:latest", "pocket"),
    ],
)
def test_a_recipe_is_found_by_any_name_of_its_base(
    settings: Settings, name: str, recipe: str
) -> None:
    settings.STORY_MODEL = name
    assert states.recipe_for_site() == RECIPES[recipe]


@pytest.mark.parametrize(
    ("model", "recipe", "said"),
    [("mistral", "", "No recipe tunes mistral"), ("pocket", "poket", "There is no recipe poket")],
)
def test_a_nightly_run_without_a_recipe_says_so(
    approved: int, settings: Settings, model: str, recipe: str, said: str
) -> None:
    settings.STORY_MODEL, settings.TRAIN_RECIPE = model, recipe
    with pytest.raises(states.CannotStartError, match=said):
        states.nightly()


def test_a_model_stays_in_service_when_its_base_is_spelled_otherwise(settings: Settings) -> None:
    WriterModel.objects.create(name="one", base="pocket", state=WriterModel.State.ACTIVE)
    for name in ("pocket", "pocket:latest", "POCKET", "library/pocket"):
        settings.STORY_MODEL = name
        assert model_in_service() == "one"
    settings.STORY_MODEL = "pocket:other"
    assert model_in_service() == "pocket:other"


def test_a_verdict_counts_beside_the_base_by_any_of_its_names(settings: Settings) -> None:
    model = WriterModel.objects.create(name="one", base="pocket")
    TrainingRun.objects.create(
        recipe=TINY.to_dict(),
        state=TrainingRun.State.DONE,
        verdict="better",
        service="pocket",
        model=model,
    )
    settings.STORY_MODEL = "Pocket:latest"
    assert promotion.passes_gate(model)
    settings.STORY_MODEL = "pocket:other"
    assert not promotion.passes_gate(model)


def chosen(data: Path, settings: Settings) -> str:
    """Return the name of the first model that an installation in `data` makes."""
    settings.DATA_DIR = data
    run = TrainingRun(pk=1, recipe=TINY.changed({}).to_dict())
    run.folder.path.mkdir(parents=True, exist_ok=True)
    run.folder.complete("export", {"hash": "1ac627ffff"})
    write_json(run.folder.service, InService(model="pocket", adapter=None))
    driver._choose_name(run)
    return run.folder.read_names()["model"]


def test_two_installations_with_the_same_stories_make_models_of_different_names(
    tmp_path: Path, settings: Settings
) -> None:
    one, other = chosen(tmp_path / "one", settings), chosen(tmp_path / "other", settings)
    assert one != other
    assert one.startswith("storaiteller-pocket-1-1ac627-")
    assert chosen(tmp_path / "one", settings) == one


def test_the_id_is_made_once_by_whoever_is_first(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = set(pool.map(lambda _: installation_id(), range(64)))
    assert len(made) == 1
    assert len(made.pop()) == 8
    assert [path.name for path in tmp_path.iterdir()] == ["installation-id"]


def test_a_base_that_was_pulled_again_needs_a_reason(
    curator: User,
    settings: Settings,
    scripted_server: ScriptedServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings.MODEL_SERVER = Server.at(scripted_server.url)
    model = WriterModel.objects.create(name="one", base="pocket")
    run = TrainingRun.objects.create(
        recipe=TINY.to_dict(),
        state=TrainingRun.State.DONE,
        verdict="better",
        service="pocket",
        model=model,
        metrics={"base_digest": "a" * 64},
    )
    present = "b" * 64

    async def digest(*_: object) -> str:
        return present

    monkeypatch.setattr(modelserver, "digest", digest)
    with pytest.raises(PromotionError, match="is another model on the model server now"):
        promotion.promote(model, curator)
    present = "a" * 64
    promotion.promote(model, curator)
    assert run.model_id == model.pk
    assert model_in_service() == "one"
