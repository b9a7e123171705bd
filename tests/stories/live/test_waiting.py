"""While no word comes, the page is told whether the model is being loaded."""

import pytest
from pytest_django import Settings

from stories.models import Story
from stories.writing import waiting
from tests.conftest import ScriptedServer
from tests.support.sockets import StorySocket

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(("model", "loaded"), [("never", False), ("loads", True)])
async def test_what_the_first_word_is_waited_for(
    model_server: ScriptedServer,
    story: Story,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    model: str,
    loaded: bool,
) -> None:
    monkeypatch.setattr(waiting, "QUIET", 0.1)
    settings.STORY_MODEL = model
    async with StorySocket(story.owner, story.pk) as socket:
        await socket.send(type="write")
        begun = await socket.receive()
        frame = await socket.receive()
        assert frame == {"type": "waiting", "generation": begun["id"], "loaded": loaded}
        await socket.send(type="stop")
        followed = await socket.until_done()
    assert followed.done["status"] == "stopped"
