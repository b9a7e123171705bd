"""The blind comparison: nothing tells who wrote what, each pair counts once, within limits."""

from pathlib import Path

import pytest
from django.test import Client
from pytest_django import Settings

from finetuning.models import BlindVote, TrainingRun
from finetuning.pipeline.run_folder import write_json, write_rows
from finetuning.services import blind
from stories.history import library
from stories.models import Story, User, WriterModel
from tests.finetuning.conftest import SCORES, TINY

pytestmark = pytest.mark.django_db
PAGE = "/teach/compare/"
LONG = "Once upon a time there was a lamp on the stairs of the tower."


@pytest.fixture
def run(settings: Settings, tmp_path: Path) -> TrainingRun:
    """A run whose evaluation kept forty pairs."""
    settings.DATA_DIR = tmp_path
    model = WriterModel.objects.create(name="tuned", base="pocket")
    found = TrainingRun.objects.create(
        recipe=TINY.to_dict(), state="done", model=model, service="pocket"
    )
    common = {"genre": "Mystery", "register": "Vivid"}
    pairs = [
        {
            side: {**common, "model": side, "text": f"{side.upper()} {number}."}
            for side in ("service", "candidate")
        }
        for number in range(40)
    ]
    found.folder.made("evaluate")
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
    row = {"story": story.pk, "version": 1, "prompt": "Asked by one.", "text": LONG}
    write_rows(run.folder.stories, [row])
    pairs = run.folder.read_pairs()
    for number, pair in enumerate(pairs):
        for side in pair.values():
            side.update(prompt="Asked by one." if number == 0 else "Of nobody.", report={})
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
