"""A story for children: what is found in it is shown, or held back before anybody sees it."""

from collections.abc import Callable, Iterator
from threading import Event, current_thread

import pytest
from asgiref.sync import sync_to_async
from django.test import Client
from pytest_django import Settings

from prose.children import check
from prose.children.gate import Gate
from stories.history import library, looking
from stories.history.standing import report_on
from stories.models import Generation, Story
from tests.conftest import ScriptedServer
from tests.support.model_server import GENTLE
from tests.support.sockets import Followed, StorySocket

pytestmark = pytest.mark.django_db(transaction=True)


async def told(story: Story, settings: Settings, check: str) -> tuple[Followed, Story, Generation]:
    """Let a model tell what isn't for children; return what was seen, and what is stored."""
    settings.STORY_MODEL, settings.CHILD_CHECK = "grim", check
    story.settings.child_friendly, story.settings.reader_age = True, 14
    await sync_to_async(story.settings.save)()
    async with StorySocket(story.owner, story.pk) as socket:
        await socket.send(type="write")
        followed = await socket.until_done()
    fresh = await sync_to_async(Story.objects.get)(pk=story.pk)
    generation = await sync_to_async(Generation.objects.get)(story=story)
    return followed, fresh, generation


async def test_what_is_found_is_shown_and_nothing_is_changed(
    model_server: ScriptedServer, story: Story, settings: Settings, alices: Client
) -> None:
    followed, fresh, generation = await told(story, settings, "show")
    assert followed.errors == []
    assert fresh.text.endswith("Then everybody had cake.")
    (found,) = generation.report["children"]["findings"]
    assert found["category"] == "violence"
    assert found["sentence"].startswith("The murderer stabbed")
    page = (await sync_to_async(alices.get)(f"/stories/{story.pk}/")).content.decode()
    assert "1 place to look at" in page
    assert found["sentence"] in page
    assert f"for about {generation.report['reading']['age']} years; asked for 14" in page
    assert "for about 14 years</span>" in page


async def test_where_the_site_says_so_it_is_never_seen(
    model_server: ScriptedServer, story: Story, settings: Settings
) -> None:
    followed, fresh, generation = await told(story, settings, "hold")
    assert fresh.text == GENTLE
    assert followed.text.strip() == GENTLE
    assert [error["code"] for error in followed.errors] == ["not_for_children"]
    assert "may show violence" in generation.error_message
    assert generation.report["children"]["findings"] == []


async def test_a_passage_is_looked_at_off_the_event_loop(
    model_server: ScriptedServer, story: Story, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[str] = []
    judged = check.judged

    def noted(passage: str) -> check.Verdict:
        threads.append(current_thread().name)
        return judged(passage)

    monkeypatch.setattr(check, "judged", noted)
    _, fresh, _ = await told(story, settings, "hold")
    assert fresh.text == GENTLE
    assert threads
    assert all(name.startswith("children-") for name in threads), threads


def _broken(passage: str) -> check.Verdict:
    raise RuntimeError(passage)


@pytest.fixture
def hanging() -> Iterator[Callable[[str], check.Verdict]]:
    """Give a check that comes to no end before the test does."""
    over = Event()

    def judged(passage: str) -> check.Verdict:
        over.wait(60)
        return check.Verdict("", 0.0)

    yield judged
    over.set()


@pytest.mark.parametrize("how", ["broken", "hangs"])
async def test_a_check_that_fails_takes_no_text_away(
    how: str,
    hanging: Callable[[str], check.Verdict],
    model_server: ScriptedServer,
    story: Story,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(check, "judged", _broken if how == "broken" else hanging)
    monkeypatch.setattr(looking, "MOST_A_PASSAGE", 0.2)
    monkeypatch.setattr(looking, "END", 0.2)
    looking._known.clear()  # other tests asked the same
    followed, fresh, generation = await told(story, settings, "hold")
    assert fresh.text.endswith("Then everybody had cake.")
    assert followed.text.strip() == fresh.text
    assert [error["code"] for error in followed.errors] == ["not_checked"]
    why = {"broken": "failed", "hangs": "pending"}[how]
    assert generation.report["children"]["why_not"] == why
    # Looked at once more for the page.
    monkeypatch.undo()
    if how == "broken":
        monkeypatch.setattr(looking, "PAGE", 60)
        report = await sync_to_async(report_on)(fresh)
        assert report["children"]["checked"]


def test_a_page_does_not_wait_for_a_long_text(
    story: Story,
    alices: Client,
    hanging: Callable[[str], check.Verdict],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(check, "judged", hanging)
    story.settings.child_friendly = True
    story.settings.save()
    library.save_text(story, story.owner, f"{GENTLE} Nobody saw.", story.version)
    address = f"/stories/{story.pk}/report/"
    page = alices.get(address).content.decode()
    assert "being checked…" in page
    assert f'hx-get="{address}"' in page
    monkeypatch.setattr(looking, "_HUNG", 0)
    assert "not checked: the check failed" in alices.get(address).content.decode()


def test_the_end_of_an_answer_that_broke_off_is_kept_too(monkeypatch: pytest.MonkeyPatch) -> None:
    gate = Gate()
    gate.due("Once upon a time")
    monkeypatch.setattr(check, "judged", _broken)
    assert looking.rest(gate, ", and so") == "Once upon a time, and so"
    assert gate.is_open
