"""What people preferred: from the database to what is learned, in and out of files."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django import Settings

from finetuning import card, driver
from finetuning.models import BlindVote, ImportedPair, OwnPair, TrainingRun
from finetuning.pipeline.material.reading import DataError
from finetuning.pipeline.run_folder import read_rows, write_json, write_rows
from finetuning.services import choosing, exchange, forgetting, lineage, preferences, states
from prose import prompts
from prose.settings import Settings as Asked
from stories.history import library
from stories.models import Curation, PreferencePair, Story, User
from tests.conftest import story_settings
from tests.finetuning.conftest import TINY

pytestmark = pytest.mark.django_db
CHOSEN = "Zoe lit the lamp and went up. “Who is there?” she asked."
REJECTED = "Nobody came that night, and the wind blew out every window of the house."


@pytest.fixture(autouse=True)
def _environment(settings: Settings, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path


@pytest.fixture
def story(alice: User) -> Story:
    """An approved story, one take of which was preferred to another one."""
    made = library.create_story(alice, story_settings())
    library.save_text(made, alice, CHOSEN, 0)
    library.set_good(made, True)
    Story.objects.filter(pk=made.pk).update(
        curation=Curation.APPROVED, curated_version=made.version
    )
    pair(made)
    made.refresh_from_db()
    return made


def pair(story: Story, source: str = "take", prompt: str = "Write.") -> PreferencePair:
    return PreferencePair.objects.create(
        story=story, source=source, prompt=prompt, chosen=CHOSEN, rejected=REJECTED
    )


# ---- What counts ----


def test_only_the_choices_of_approved_stories_count(story: Story) -> None:
    [found] = choosing.choices()
    assert (found["story"], found["chosen"], found["rejected"]) == (story.pk, CHOSEN, REJECTED)
    for state in (Curation.WAITING, Curation.REJECTED):
        Story.objects.filter(pk=story.pk).update(curation=state)
        assert choosing.choices() == []


def own_pair(run: TrainingRun, voter: User, preferred: str, prompt: str = "Tell.") -> OwnPair:
    return OwnPair.objects.create(
        run=run, voter=voter, prompt=prompt, max_words=60, seed=1,
        candidate=CHOSEN, service=REJECTED, preferred=preferred,
    )  # fmt: skip


def test_a_choice_of_ones_own_pair_counts_until_it_is_taken_back(
    alice: User, client: Client
) -> None:
    run = TrainingRun.objects.create(recipe=TINY.to_dict(), state="done")
    for undecided in ("", "neither"):
        own_pair(run, alice, undecided)
    pair = own_pair(run, alice, "service")
    [found] = choosing.choices()
    assert (found["key"], found["story"]) == (f"own:{pair.pk}", 0)
    assert (found["prompt"], found["chosen"]) == ("Tell.", REJECTED)
    assert choosing.withdrawn([found["key"]]) == set()
    client.force_login(alice)
    page = f"/teach/compare/own/{pair.pk}/"
    assert "Take back" in client.get(page).content.decode()
    client.post(page, {"choice": "back"})
    assert choosing.choices() == []
    assert choosing.withdrawn([found["key"]]) == {found["key"]}


def test_a_pair_of_ones_own_that_tells_of_a_withdrawn_story_is_not_learned(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair = own_pair(
        TrainingRun.objects.create(recipe=TINY.to_dict(), state="done"), alice, "candidate"
    )
    gone = [{"prompt": "Another.", "text": REJECTED}]
    monkeypatch.setattr(lineage, "left_and_gone", lambda _: ([], gone))
    assert choosing.choices() == []
    assert choosing.withdrawn([f"own:{pair.pk}"]) == {f"own:{pair.pk}"}


def test_a_passage_is_learned_as_it_was_asked_for(story: Story) -> None:
    asked = Asked.of(story.settings)
    wish = prompts.rewrite_wish("vivid", "", "", REJECTED)
    pair(story, "passage", prompts.rewrite_prompt(asked, "It was late.", "So it ended.") + wish)
    pair(story, "try", prompts.rewrite_prompt(asked, "", ""))
    _take, passage, whole = choosing.choices()
    assert (passage["given"], passage["is_open"]) == ("It was late.", True)
    assert (whole["given"], whole["is_open"]) == ("", False)


@pytest.mark.parametrize(
    ("votes", "chosen"),
    [
        ({"candidate": 1}, "candidate"),
        ({"candidate": 1, "service": 2}, "service"),
        ({"candidate": 1, "service": 1}, None),
        ({"neither": 1}, None),
        ({"candidate": 2, "service": 1, "neither": 1}, None),
    ],
)
def test_votes_are_a_choice_when_most_agree(
    alice: User, votes: dict[str, int], chosen: str | None
) -> None:
    run = voted(votes)
    found = choosing.choices()
    assert [one["chosen"] for one in found] == ([f"By the {chosen}."] if chosen else [])
    assert all(one["key"] == f"vote:{run.pk}:1" for one in found)


def voted(votes: dict[str, int]) -> TrainingRun:
    run = TrainingRun.objects.create(recipe=TINY.to_dict(), state="done")
    sides = {
        side: {"prompt": "Write.", "text": f"By the {side}."} for side in ("candidate", "service")
    }
    run.folder.made("evaluate")
    write_json(run.folder.pairs, [sides, sides])
    for side in [side for side, count in votes.items() for _ in range(count)]:
        voter = User.objects.create_user(f"voter-{BlindVote.objects.count()}")
        BlindVote.objects.create(run=run, pair=1, voter=voter, preferred=side)
    return run


def test_marks_are_what_curators_decided(story: Story, alice: User) -> None:
    other = library.create_story(alice, story_settings())
    library.save_text(other, alice, REJECTED, 0)
    library.set_good(other, True)
    Story.objects.filter(pk=other.pk).update(curation=Curation.REJECTED)
    assert [(one["text"], one["good"]) for one in choosing.marks()] == [
        (CHOSEN, True),
        (REJECTED, False),
    ]
    assert choosing.withdrawn({f"mark:{other.pk}", f"mark:{story.pk}"}) == set()
    library.set_good(other, False)
    assert choosing.withdrawn({f"mark:{other.pk}", f"mark:{story.pk}"}) == {f"mark:{other.pk}"}


# ---- Taken back ----


def prepared(**values: Any) -> TrainingRun:
    """Return a run that a worker holds, laid out."""
    run = TrainingRun.objects.create(recipe={**TINY.to_dict(), **values})
    claimed = states.claim(run.pk)
    assert claimed is not None
    driver._prepare(driver._Drive(claimed, print))
    return claimed


def withdraw_story(story: Story) -> None:
    library.set_good(story, False)


def take_back_choice(story: Story) -> None:
    story.preference_pairs.all().delete()


def leave(story: Story) -> None:
    story.owner.delete()


@pytest.mark.parametrize(
    "withdraw", [withdraw_story, take_back_choice, leave, library.delete_story]
)
def test_what_is_taken_back_leaves_pairs_files_and_exports(
    story: Story, withdraw: Any, alice: User
) -> None:
    other = library.create_story(User.objects.create_user("bruno"), story_settings())
    library.save_text(other, other.owner, f"{CHOSEN} And so on.", 0)
    library.set_good(other, True)
    Story.objects.filter(pk=other.pk).update(curation=Curation.APPROVED, curated_version=1)
    run = prepared()
    rows = read_rows(run.folder.choices)
    assert [row["chosen"] for row in rows] == [CHOSEN]
    run.folder.made("preferences")
    for path in (run.folder.choices_train, run.folder.choices_held_out):
        write_rows(path, rows)
    state = driver._Drive(run, print, choices=choosing.keys(run.folder))
    driver._look(state)
    TrainingRun.objects.filter(pk=run.pk).update(state="done")
    assert REJECTED in preferences.export_run(run, "preference")
    assert REJECTED in exchange.FORMS["preference"].write()
    assert "| Preferences, pairs of texts | 1 |" in card.write(run)

    withdraw(story)
    with pytest.raises(driver._WithdrawnError):
        driver._look(state)
    assert preferences.export_run(run, "preference") == ""
    assert exchange.FORMS["preference"].write() == ""
    assert "| Preferences, pairs of texts | 0 |" in card.write(run)
    forgetting.forget(run)
    files = [path for path in run.folder.path.rglob("*") if path.is_file()]
    assert files
    assert not any(REJECTED in path.read_text() for path in files)


def test_a_vote_goes_with_the_story_that_its_texts_tell(story: Story) -> None:
    run = voted({"candidate": 1})
    asked = {"story": story.pk, "version": story.version, "prompt": "Write.", "text": CHOSEN}
    write_rows(run.folder.stories, [asked])
    assert choosing.withdrawn({f"vote:{run.pk}:1"}) == set()
    library.set_good(story, False)
    assert choosing.withdrawn({f"vote:{run.pk}:1"}) == {f"vote:{run.pk}:1"}
    assert choosing.choices() == []


# ---- Files ----

TABLE = "prompt,chosen,rejected\nA.,Ann sang.,Ben slept.\nWrite.,Ann sang.,Ben slept.\n"


def test_a_file_is_taken_in_once(alice: User, tmp_path: Path) -> None:
    path = tmp_path / "pairs.csv"
    path.write_text(f"{TABLE}Write.,Ann  sang.,Ben slept.\n")
    said = io.StringIO()
    for _ in range(2):
        call_command("import_preferences", str(path), "--owner", "alice", stdout=said)
    assert "Imported 2 preferences of alice. 0 known already, 1 in the file" in said.getvalue()
    assert "Imported 0 preferences of alice. 2 known already" in said.getvalue()
    assert [one["chosen"] for one in choosing.choices()] == ["Ann sang."] * 2
    path.write_text("prompt,chosen,rejected\nTell.,Zoe left.,Zoe came.\n")
    call_command("import_preferences", str(path), "--owner", "alice", "--replace", stdout=said)
    assert ImportedPair.objects.get().prompt == "Tell."
    key = f"import:{ImportedPair.objects.get().pk}"
    alice.delete()
    assert choosing.withdrawn({key}) == {key}


def test_an_export_comes_in_as_it_went_out(story: Story, alice: User) -> None:
    exported = exchange.FORMS["preference"].write()
    preferences.take_in(exported.encode(), alice)
    found = ImportedPair.objects.get()
    assert (found.prompt, found.chosen, found.rejected) == ("Write.", CHOSEN, REJECTED)
    [marked] = exchange.FORMS["kto"].write().splitlines()
    assert json.loads(marked)["label"] is True


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("Write.,Ann sang.,Ann  sang.", "both texts are the same"),
        ("Write.,Ann <|eot_id|> sang.,Ben slept.", "a model's own tokens"),
        ("Write.,The CafÃ© was shut.,Ben slept.", "looks wrongly decoded"),
        (f"{'Write. ' * 2000},Ann sang.,Ben slept.", "the prompt is too long"),
    ],
)
def test_a_wrong_row_stores_nothing(alice: User, row: str, told: str) -> None:
    with pytest.raises(DataError, match=told):
        preferences.take_in(f"{TABLE}{row}\n".encode(), alice)
    assert not ImportedPair.objects.exists()


def test_a_run_is_exported_by_its_number(story: Story, tmp_path: Path) -> None:
    run = prepared()
    run.folder.made("export")
    write_rows(run.folder.train, read_rows(run.folder.stories))
    file, written = tmp_path / "learned.jsonl", tmp_path / "README.md"
    more = ("--run", str(run.pk), "--form", "prompt-completion", "--card", str(written))
    call_command("export_stories", str(file), *more, stdout=io.StringIO())
    assert json.loads(file.read_text())["completion"][0]["content"] == CHOSEN
    assert "| Stories | 1 |" in written.read_text()
    for wrong in (("--run", "999"), ("--run", str(run.pk), "--form", "csv")):
        with pytest.raises(CommandError):
            call_command("export_stories", str(file), *wrong, stdout=io.StringIO())
