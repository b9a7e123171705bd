"""Held-out rewrites: asked for as the app asks, and judged at their seams."""

import json
from pathlib import Path

import pytest

from pocket.measuring import rewriting
from pocket.measuring.asking import Answer, ModelServer
from pocket.measuring.record import Desk, Record
from pocket.measuring.rewriting import Rewrite
from prose import passage, prompts
from prose.settings import Settings
from stories.models import Generation, StorySettings
from stories.writing import rewrite_request
from tests.conftest import ScriptedServer

ASKED = Settings("Zoë, Ben", "key", "Drama", "Direct", False, 100, True)
BEFORE = "Zoë had lost the key to the mill."
CORE = "Ben looked for it under every sack in the yard. He found a mouse."
AFTER = "In the evening it hung on its nail, where Zoë had put it."
TEXT = f"{BEFORE} {CORE} {AFTER}"


def rewrite(mode: str = "expand", core: str = CORE, instruction: str = "") -> Rewrite:
    start = TEXT.index(core)
    return Rewrite(
        prompt=prompts.story_prompt(ASKED),
        text=TEXT,
        start=start,
        end=start + len(core),
        mode=mode,
        register="Formal",
        instruction=instruction,
        replacement="Ben looked.",
    )


def answer(text: str, *, ended: bool = True) -> Answer:
    return Answer(text, ended, 0.0, 0.0)


@pytest.mark.parametrize("mode", Generation.Mode.values)
@pytest.mark.parametrize("core", [CORE, "under every sack in the yard", BEFORE, AFTER, "mouse"])
def test_a_rewrite_is_asked_for_as_the_app_does(mode: str, core: str) -> None:
    one = rewrite(mode, core, "Make it rain.")
    row = Generation(
        settings=StorySettings(**ASKED.to_dict()),
        mode=mode,
        register="Formal",
        instruction="Make it rain.",
        model="tiny",
    )
    theirs = rewrite_request.Rewrite(row, passage.cut(TEXT, one["start"], one["end"])).request(8192)
    ours = rewriting.asked_for(one, 1)
    assert (ours.prompt, ours.prefill) == (theirs.prompt, theirs.prefill)
    assert (ours.num_predict, list(ours.stop)) == (theirs.num_predict, theirs.stop)


NEW = "Ben looked under the sacks, behind the cart and in the well. Nothing but a mouse was there."


@pytest.mark.parametrize(
    ("text", "ended"),
    [(f" {NEW}", True), (f" {NEW} {AFTER}", False), (f"{NEW} In the evening it hung on", False)],
)
def test_what_comes_to_the_text_after_it_joins(text: str, ended: bool) -> None:
    made = rewriting.rewritten(rewrite(), answer(text, ended=ended))
    assert (made.core, made.faults) == (NEW, ())
    assert made.text == f"{BEFORE} {NEW} {AFTER}"
    assert made.outside_same


@pytest.mark.parametrize(
    ("text", "ended", "fault"),
    [
        ("", True, "nothing written"),
        (CORE, True, "the same as before"),
        (NEW, False, "the text after it is not reached"),
        (f"{NEW} {BEFORE}", True, "a sentence of the surroundings again"),
        ("...and (looked) for it everywhere.", True, "no whole sentence at the start"),
    ],
)
def test_each_fault_at_the_seams_is_named(text: str, ended: bool, fault: str) -> None:
    assert rewriting.rewritten(rewrite(), answer(text, ended=ended)).faults == (fault,)


@pytest.mark.parametrize(
    ("mode", "core", "obeys"),
    [
        ("expand", "word " * 19, True),  # of 14
        ("expand", "word " * 18, False),
        ("shorten", "word " * 9, True),
        ("shorten", "word " * 10, False),
        ("shorten", "", False),
        ("dialogue", 'He said "No" and left.', True),
        ("dialogue", "He said “No, never” and left.", True),
        ("dialogue", "He said that he'd left the boys' room.", False),
        ("dialogue", 'He had 3" nails.', False),
        ("vivid", "word", None),
        ("register", "word", None),
    ],
)
def test_what_was_asked_is_counted(mode: str, core: str, obeys: bool | None) -> None:
    assert rewriting.obeys(rewrite(mode), core) is obeys


def test_what_says_nothing_new_is_asked_for_again(
    scripted_server: ScriptedServer, tmp_path: Path
) -> None:
    with ModelServer(scripted_server.url, "empty") as server:
        desk = Desk(server, Record(tmp_path / "a.jsonl"), 2)
        [row] = rewriting.measure(desk, [rewrite(core="He found a mouse.")], seed=31)
    asked = [chat["body"]["options"]["seed"] for chat in scripted_server.chats("empty")]
    assert asked[-3:] == [31, 32, 33]
    assert row["faults"] == ["nothing written"]


def test_a_rewrite_is_measured_through_the_server(
    scripted_server: ScriptedServer, tmp_path: Path
) -> None:
    with ModelServer(scripted_server.url, "rewriter") as server:
        desk = Desk(server, Record(tmp_path / "a.jsonl"), 2)
        rows = rewriting.measure(desk, [rewrite(), rewrite("free", instruction="Calm it.")], seed=1)
    told = "A quiet wind crossed the yard, and Zoë 🙂 slept."
    assert [(row["replacement"], row["faults"], row["obeys"]) for row in rows] == [
        (told, [], False),
        (told, [], None),
    ]
    assert rewriting.for_readers(rows) == f"1. Calm it.\n\nwas: {CORE}\n\nis: {told}\n"


def test_a_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "rewrites.jsonl"
    path.write_text(json.dumps({**rewrite(), "more": 1}) + "\n")
    assert rewriting.read(path) == [rewrite()]
    path.write_text(json.dumps({**rewrite(), "prompt": "Write."}) + "\n")
    with pytest.raises(rewriting.RewriteFileError, match="not worded as ours"):
        rewriting.read(path)
    path.write_text('{"prompt": 1}\n')
    with pytest.raises(rewriting.RewriteFileError, match="no file of rewrites"):
        rewriting.read(path)
