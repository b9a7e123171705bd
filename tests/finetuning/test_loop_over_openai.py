"""The whole loop over OpenAI's API: stories teach a model that llama.cpp's own server serves."""

from collections.abc import AsyncIterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from asgiref.sync import sync_to_async
from pytest_django import Settings

import modelserver
from finetuning import driver
from finetuning.demo.demonstrations import MARKED_STORIES
from finetuning.models import TrainingRun
from finetuning.pipeline.run_folder import read_rows
from finetuning.services import exchange, model_store, promotion, states
from modelserver import Server, names
from stories.history import curation, library
from stories.models import Generation, Story, User, WriterModel, model_in_service
from tests.conftest import story_settings
from tests.finetuning.conftest import TINY
from tests.support.llama_server import llama_server
from tests.support.rewriting import AFTER, BEFORE, TEXT, keep, rewritten, stored
from tests.support.sockets import StorySocket

pytestmark = pytest.mark.django_db(transaction=True)
BASE = "pocket"


class Engine:
    """llama.cpp's server as an operator runs it: for another adapter it is started again."""

    def __init__(self, settings: Settings) -> None:
        self._settings, self._stack = settings, ExitStack()

    def start(self, *adapters: Path) -> None:
        """Serve the base with these adapters, in place of what was served."""
        self.stop()
        more = [word for path in adapters for word in ("--adapter", str(path))]
        url = self._stack.enter_context(llama_server("--name", BASE, *more))
        self._settings.MODEL_SERVER = Server.at(url)

    def stop(self) -> None:
        """End it."""
        self._stack.close()


@pytest.fixture
async def engine(
    settings: Settings, tmp_path: Path, trains: None, store: None
) -> AsyncIterator[Engine]:
    """The server that the settings point to, with the base only; its adapters come by a store."""
    settings.DATA_DIR, settings.STORY_MODEL = tmp_path, BASE
    engine = Engine(settings)
    engine.start()
    yield engine
    await modelserver.close()
    engine.stop()


async def written(story: Story) -> Generation:
    """Let a story be written; return the stored row."""
    async with StorySocket(story.owner, story.pk) as socket:
        await socket.send(type="write")
        followed = await socket.until_done()
    assert followed.errors == []
    assert followed.text
    return await Generation.objects.aget(pk=followed.generation["id"])


def marked(story: Story, curator: User) -> None:
    """Mark a story as good, and approve it."""
    library.set_good(story, True)
    curation.approve(story, curator, story.version)


def driven(run: TrainingRun) -> TrainingRun:
    """Take a queued run to its end."""
    claimed = states.claim(run.pk)
    assert claimed is not None
    driver.drive(claimed)
    claimed.refresh_from_db()
    return claimed


def taught(engine: Engine, curator: User) -> WriterModel:
    """Teach a model: the run says how the server is to be started, and goes on from there."""
    exchange.import_file(MARKED_STORIES, curator, approve=True)
    run = driven(states.start(TINY, TrainingRun.Origin.ADMIN))
    assert run.state == TrainingRun.State.FAILED
    file = run.folder.adapter_gguf.with_name(
        names.adapter_file_name(run.folder.read_names()["model"])
    )
    assert f"--lora {file.resolve()} --lora-init-without-apply" in run.error
    [*_, fetched] = model_store.fetch(run.pk, run.folder.path.parents[1] / "another-machine")
    engine.start(fetched.rename(fetched.with_name(file.name)))
    states.resume(run)
    run = driven(run)
    assert run.state == TrainingRun.State.DONE, run.error
    assert run.model is not None
    assert run.metrics["mode"] == "attached"
    for side, model in (("service", BASE), ("candidate", run.model.name)):
        stories = read_rows(run.folder.written(side))
        assert [each["model"] for each in stories] == [model] * TINY.pairs
        assert all(each["text"] for each in stories)
    return run.model


@pytest.mark.timeout(400)
async def test_stories_teach_a_model_that_writes_the_next_one_and_is_taken_back(
    engine: Engine, alice: User, settings: Settings
) -> None:
    curator = await sync_to_async(User.objects.create_superuser)("curator", password="a-long-one")
    story = await sync_to_async(library.create_story)(alice, story_settings(max_words=40))
    # By another one, the tiny model may have nothing to say.
    await Story.objects.filter(pk=story.pk).aupdate(seed=7)
    assert (await written(story)).model == BASE
    here = await stored(story)
    await sync_to_async(library.save_text)(here, alice, TEXT, here.version)
    here = await stored(story)
    replaced = await rewritten(story, version=here.version)
    assert replaced.status == Generation.Status.DONE
    if replaced.replacement:
        await keep(story, replaced, version=here.version)
    here = await stored(story)
    assert here.text.startswith(BEFORE)
    assert here.text.endswith(AFTER)
    await sync_to_async(marked)(here, curator)

    model = await sync_to_async(taught)(engine, curator)
    assert await sync_to_async(model.run.examples.filter(story=story).exists)()
    await sync_to_async(promotion.promote)(model, curator, "It is as good as four steps can be.")
    again = await written(story)
    assert again.model == model.name
    await sync_to_async(promotion.roll_back)(model)
    assert await sync_to_async(model_in_service)() == BASE
    assert (await written(story)).model == BASE
