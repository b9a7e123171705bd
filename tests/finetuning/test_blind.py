"""The blind comparison: nothing tells who wrote what, each pair counts once, within limits."""

from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from finetuning.models import BlindVote, TrainingRun
from finetuning.pipeline.run_folder import read_rows, write_json, write_rows
from finetuning.services import blind, consent
from stories.history import library
from stories.models import Story, User, WriterModel
from tests.conftest import story_settings
from tests.finetuning.conftest import SCORES, TINY

pytestmark = pytest.mark.django_db
PAGE = "/teach/compare/"
PROMPT = "Of nobody."
LONG = "Once upon a time there was a lamp on the stairs of the tower."


def approved_story() -> Story:
    """Return somebody's approved story."""
    teller = User.objects.create_user("teller", password="x")
    found = library.create_story(teller, story_settings())
    Story.objects.filter(pk=found.pk).update(good=True, curation="approved", curated_version=1)
    return found


def row(story: int, prompt: str, **asked: str) -> dict[str, Any]:
    """Return a row of a run's stories."""
    return {"story": story, "version": 1, "prompt": prompt, "text": LONG, "settings": asked}


@pytest.fixture
def run(settings: Settings, tmp_path: Path) -> TrainingRun:
    """A run whose evaluation kept forty pairs."""
    settings.DATA_DIR = tmp_path
    model = WriterModel.objects.create(name="tuned", base="pocket")
    found = TrainingRun.objects.create(
        recipe=TINY.to_dict(), state="done", model=model, service="pocket"
    )
    common = {"genre": "Mystery", "register": "Vivid", "prompt": PROMPT}
    pairs = [
        {
            side: {**common, "model": side, "text": f"{side.upper()} {number}."}
            for side in ("service", "candidate")
        }
        for number in range(40)
    ]
    found.folder.made("evaluate")
    write_rows(found.folder.stories, [row(approved_story().pk, PROMPT)])
    write_json(found.folder.pairs, pairs)
    return found


def test_both_orders_come_up_and_stay(run: TrainingRun, alice: User, charlie: User) -> None:
    orders = {
        user.pk: [blind._order(run, number, user) for number in range(40)]
        for user in (alice, charlie)
    }
    for user in (alice, charlie):
        assert 8 < sum(order[0] == "candidate" for order in orders[user.pk]) < 32
        assert orders[user.pk] == [blind._order(run, number, user) for number in range(40)]
    assert orders[alice.pk] != orders[charlie.pk]


def test_the_page_tells_no_model_and_a_choice_counts_for_its_writer(
    run: TrainingRun, alice: User, client: Client
) -> None:
    client.force_login(alice)
    shown = client.get(PAGE).content.decode()
    assert "40 to compare" in shown
    assert "tuned" not in shown
    assert 'value="candidate"' not in shown
    first = "candidate" if shown.index("CANDIDATE 0") < shown.index("SERVICE 0") else "service"
    for _ in range(2):  # a second click, as by the back button, changes nothing
        client.post(PAGE, {"run": run.pk, "pair": 0, "choice": "first"})
    assert BlindVote.objects.get().preferred == first
    assert "39 to compare" in client.get(PAGE).content.decode()


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"run": "999"}, 404),
        ({"run": "x"}, 404),
        ({"pair": "40"}, 302),
        ({"choice": "third"}, 302),
        ({"choice": ""}, 302),
    ],
)
def test_what_cannot_be_counted_is_not(
    run: TrainingRun, alice: User, client: Client, changes: dict[str, str], status: int
) -> None:
    client.force_login(alice)
    data = {"run": str(run.pk), "pair": "0", "choice": "first", **changes}
    assert client.post(PAGE, data).status_code == status
    assert not BlindVote.objects.exists()


def test_a_pair_about_a_story_that_was_withdrawn_is_gone_at_once(
    run: TrainingRun, alice: User, story: Story, client: Client
) -> None:
    """No worker has been there yet."""
    library.save_text(story, alice, "Once upon a time.", 0)
    library.set_good(story, True)
    Story.objects.update(curation="approved", curated_version=1)
    others = read_rows(run.folder.stories)
    write_rows(run.folder.stories, [row(story.pk, "Asked by one."), *others])
    pairs = run.folder.read_pairs()
    for number, pair in enumerate(pairs):
        for side in pair.values():
            side.update(prompt="Asked by one." if number == 0 else PROMPT, report={})
    pairs[1]["candidate"]["text"] = f"{LONG} Nearly so."
    write_json(run.folder.pairs, pairs)
    TrainingRun.objects.update(scores=SCORES)
    alice.is_staff = True
    alice.save()
    client.force_login(alice)
    evaluation = f"/teach/runs/{run.pk}/evaluation/"

    def shown() -> list[str]:
        return [client.get(url).content.decode() for url in (PAGE, evaluation)]

    compared, evaluated = shown()
    assert "40 to compare" in compared
    assert "Asked by one." in evaluated
    assert "a lamp on the stairs" in evaluated
    library.delete_story(story)
    compared, evaluated = shown()
    assert "38 to compare" in compared
    assert "CANDIDATE 2." in compared
    assert "Asked by one." not in evaluated
    assert "a lamp on the stairs" not in evaluated
    assert "CANDIDATE 2." in evaluated
    for number, counted in ((0, False), (1, False), (2, True)):
        assert blind.vote(alice, run, number, "first") is counted


def test_nobody_votes_without_an_account(run: TrainingRun, client: Client) -> None:
    assert client.get(PAGE).status_code == 302
    assert client.post(PAGE, {"run": run.pk, "pair": 0, "choice": "first"}).status_code == 302
    assert not BlindVote.objects.exists()


def test_without_pairs_the_page_says_so(alice: User, client: Client) -> None:
    client.force_login(alice)
    assert "Nothing to compare" in client.get(PAGE).content.decode()


def test_votes_are_counted_on_the_models_page(
    run: TrainingRun, alice: User, client: Client
) -> None:
    for number in range(10):
        preferred = "candidate" if number < 7 else "service"
        BlindVote.objects.create(run=run, pair=number, voter=alice, preferred=preferred)
    BlindVote.objects.create(run=run, pair=11, voter=alice, preferred="neither")
    tally = blind.tally(run)
    assert (tally.preferred, tally.decided, tally.undecided) == (7, 10, 1)
    client.force_login(User.objects.create_user("staff", password="x", is_staff=True))
    shown = client.get("/teach/models/").content.decode()
    assert "preferred to pocket 7 of 10 times (40% to 89%)" in shown


def test_names_of_others_are_shown_with_their_consent_alone(
    run: TrainingRun, alice: User, charlie: User, story: Story
) -> None:
    write_rows(run.folder.stories, [row(story.pk, PROMPT, keywords="lantern")])
    Story.objects.update(good=True, curation="approved", curated_version=1)
    assert blind.left(alice, run) == 40, "her own"
    assert blind.left(charlie, run) == 0
    assert not blind.vote(charlie, run, 0, "first")
    consent.consent(alice, given=True)
    assert blind.left(charlie, run) == 40
    consent.consent(alice, given=False)
    assert blind.next_pair(charlie) is None
    charlie.is_staff = True
    assert blind.left(charlie, run) == 40, "curators read good stories"


def test_some_pairs_come_again_turned_and_what_turns_with_them_is_a_tie(
    run: TrainingRun, alice: User
) -> None:
    texts: dict[int, set[str]] = {}
    again: list[int] = []
    while (pair := blind.next_pair(alice)) and len(again) < 2:
        if pair.again:
            again.append(pair.number)
        shown = texts.setdefault(pair.number, set())
        assert pair.first not in shown, "the other one stands first the second time"
        shown.add(pair.first)
        assert blind.vote(alice, run, pair.number, "first", again=pair.again)
    first, second = (BlindVote.objects.get(pair=number) for number in again)
    for vote in (first, second):
        assert (vote.again, vote.turned, vote.preferred) == (True, True, "neither")
    tally = blind.tally(run)
    assert (tally.turned, tally.undecided) == (2, 2)
    assert not any(vote.turned for vote in BlindVote.objects.exclude(pair__in=again))


def test_whoever_stays_with_a_story_is_counted_once(run: TrainingRun, alice: User) -> None:
    number = next(n for n in range(40) if blind.is_shown_again(run, n, alice))
    blind.vote(alice, run, number, "first")
    preferred = BlindVote.objects.get().preferred
    for _ in range(2):
        blind.vote(alice, run, number, "second", again=True)
    blind.vote(alice, run, number, "first", again=True)
    found = BlindVote.objects.get()
    assert (found.again, found.turned, found.preferred) == (True, False, preferred)
