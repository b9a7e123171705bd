"""datastories.csv out and in: quotes, commas, formulas, encodings, and nothing by halves."""

import codecs
import csv
import io
import re
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from hypothesis import given
from hypothesis import strategies as st

from finetuning.pipeline.material import datastories
from finetuning.pipeline.material.datastories import DataError
from finetuning.services import exchange
from prose import prompts
from stories.models import Curation, Story, StorySettings, User
from tests.conftest import story_settings
from tests.finetuning.conftest import marked_rows

PROMPT = story_settings(keywords="lantern, old map, =1+1").prompt
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\x00"), max_size=60)


def read(text: str) -> list[tuple[str, str]]:
    return [(entry.prompt, entry.story) for entry in datastories.read_csv(text.encode())]


@given(st.lists(st.tuples(TEXT, TEXT).filter(lambda pair: any(c.strip() for c in pair))))
def test_what_is_written_is_read_again(pairs: list[tuple[str, str]]) -> None:
    if pairs:
        assert read(datastories.write_csv(pairs)) == pairs


@pytest.mark.parametrize("cell", ["=SUM(A1)", "+1", "-1", "@x", "\tx", "'=x", "''-x"])
def test_no_cell_is_a_formula(cell: str) -> None:
    written = datastories.write_csv([(PROMPT, cell)])
    [_, [_, stored]] = csv.reader(io.StringIO(written, newline=""))
    assert stored[0] == "'"
    assert datastories.restored(stored) == cell


@pytest.mark.parametrize("twist", [True, False])
@pytest.mark.parametrize("child", [True, False])
def test_a_prompt_gives_back_its_settings(twist: bool, child: bool) -> None:
    settings = story_settings(final_twist=twist, child_friendly=child, main_characters="A. B, C")
    found = prompts.read_prompt(settings.prompt)
    assert found is not None
    assert StorySettings(**found.to_dict()).prompt == settings.prompt
    assert (found.final_twist, found.child_friendly) == (twist, child)
    assert prompts.read_prompt("Write me a story.") is None


def test_prompts_without_quotes_keep_their_commas() -> None:
    story = 'She said, "Go."\nThen she went, and how.'
    assert read(f"Prompt,Story\n{PROMPT},{story}\n{PROMPT},Another, one.\n") == [
        (PROMPT, story),
        (PROMPT, "Another, one."),
    ]
    assert read(f'Prompt,Story\n{PROMPT},"Quoted, ""here""."\n') == [(PROMPT, 'Quoted, "here".')]


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("start", ["", "\ufeff"])
def test_line_ends_and_byte_order_marks_are_taken(ending: str, start: str) -> None:
    text = f'{start}Prompt,Story{ending}"{PROMPT}","One.{ending}Two."{ending}'
    assert read(text) == [(PROMPT, "One.\nTwo.")]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "header"),
        (b"Story,Title\n", "header"),
        (b"Prompt,Story\n", "no stories"),
        ("Prompt,Story\nx,сказка\n".encode("cp1251"), "Line 2 (near row 1): the byte 0xf1"),
        (b'Prompt,Story\n"a","b"\n"c"\n', "Row 2 (line 3): 1 cells"),
        (b'Prompt,Story\n"a","b"\n"c","d', "Row 2 (line 3)"),
        (f"Prompt,Story\n{PROMPT} no comma\n".encode(), "Row 1 (line 2)"),
    ],
)
def test_a_faulty_file_is_refused_with_its_row(data: bytes, said: str) -> None:
    with pytest.raises(DataError) as refused:
        datastories.read_csv(data)
    assert said in str(refused.value)


# ---- Into and out of the library ----


def write(folder: Path, *pairs: tuple[str, str]) -> Path:
    path = folder / "stories.csv"
    path.write_text(datastories.write_csv(pairs), newline="")
    return path


def test_stories_come_in_and_go_out_the_same(curator: User, tmp_path: Path) -> None:
    pairs = [(PROMPT, "=A formula, she said.\n\nNo more."), (story_settings().prompt, "Zoë 🙂.")]
    path = write(tmp_path, *pairs)
    call_command("import_stories", str(path), "--approve", verbosity=0)
    stories = Story.objects.order_by("pk")
    assert [story.text for story in stories] == [story for _, story in pairs]
    assert {(story.owner, story.curation) for story in stories} == {(curator, Curation.APPROVED)}
    output = tmp_path / "out.csv"
    call_command("export_stories", str(output), verbosity=0)
    # With a mark, by which a spreadsheet knows the encoding.
    assert output.read_bytes() == codecs.BOM_UTF8 + path.read_bytes()
    call_command("export_stories", str(tmp_path / "out.jsonl"), verbosity=0)
    assert '"role": "assistant"' in (tmp_path / "out.jsonl").read_text().splitlines()[1]


def test_without_approval_a_curator_decides(curator: User, tmp_path: Path) -> None:
    exchange.import_file(write(tmp_path, (PROMPT, "One.")), curator, approve=False)
    assert Story.objects.waiting().count() == 1


@pytest.mark.parametrize(
    ("prompt", "story", "said"),
    [
        ("Write me a story.", "Fine.", "not worded"),
        (PROMPT.replace("Mystery", "Mysterious"), "Fine.", "no genre Mysterious"),
        (PROMPT.replace("Elegant", "Odd"), "Fine.", "no register Odd"),
        (PROMPT, "   ", "the story is empty"),
        (PROMPT, "x" * 400_001, "too many to keep"),
        (PROMPT.replace("lantern", "<|eot_id|>"), "Fine.", "a model's own tokens"),
        (PROMPT.replace("lantern", "lan\x00tern"), "Fine.", "hidden characters"),
        (story_settings(keywords="k" * 301).prompt, "Fine.", "keywords are too long"),
    ],
)
def test_all_or_nothing(curator: User, tmp_path: Path, prompt: str, story: str, said: str) -> None:
    path = write(tmp_path, (PROMPT, "Fine."), (prompt, story))
    with pytest.raises(CommandError) as refused:
        call_command("import_stories", str(path))
    assert "Row 2" in str(refused.value)
    assert said in str(refused.value)
    assert not Story.objects.exists()


def test_an_owner_has_to_be_there(db: None, tmp_path: Path) -> None:
    path = write(tmp_path, (PROMPT, "Fine."))
    for arguments in ([], ["--owner", "nobody"]):
        with pytest.raises(CommandError, match="need an owner"):
            call_command("import_stories", str(path), *arguments)


def test_a_file_that_is_not_there(curator: User, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="No such file"):
        call_command("import_stories", str(tmp_path / "none.csv"))
    with pytest.raises(CommandError, match="No such file"):
        call_command("export_stories", str(tmp_path / "no folder" / "out.csv"))


@pytest.mark.parametrize(
    ("cell", "story"),
    [
        ('"Hello," said Ann. They went. "Goodbye."', '"Hello," said Ann. They went. "Goodbye."'),
        ('"""Hello,"" said Ann. ""Goodbye."""', '"Hello," said Ann. "Goodbye."'),
        ('"They went, and came."', "They went, and came."),
    ],
)
def test_a_story_between_two_speeches_keeps_its_quotes(cell: str, story: str) -> None:
    prompt = marked_rows(1)[0]["prompt"]
    [entry] = datastories.read_csv(f"Prompt,Story\n{prompt},{cell}\n".encode())
    assert entry.story == story


@pytest.mark.parametrize("words", [0, 19, 5001, 999999])
def test_a_number_of_words_that_the_form_refuses_is_refused(
    curator: User, tmp_path: Path, words: int
) -> None:
    prompts = [row["prompt"] for row in marked_rows(2)]
    prompts[1] = re.sub(r"maximum \d+ words", f"maximum {words} words", prompts[1])
    file = tmp_path / "stories.csv"
    file.write_text(datastories.write_csv((p, "A story.") for p in prompts), newline="")
    with pytest.raises(DataError, match=r"Row 2 \(line 3\): .* 20 to 5,000 words"):
        exchange.import_file(file, curator, approve=True)
    assert not Story.objects.exists()
