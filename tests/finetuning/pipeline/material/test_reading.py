"""Stories from files of any origin: delimiters, encodings, columns, trainers' forms."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finetuning.pipeline.material import datastories, reading
from finetuning.pipeline.material.reading import DataError, Reading
from tests.conftest import story_settings

CASES = Path(__file__).resolve().parents[3] / "cases"
ASKED = story_settings(genre="Fantasy", register="Vivid", max_words=300, keywords="lamp")
ZOE = story_settings(
    main_characters="Zoë, Ben", genre="Fantasy", register="Vivid", max_words=300, keywords="lamp"
).prompt
ANA = ZOE.replace("Zoë, Ben", "Ana")
STORIES = [
    (
        ZOE,
        "She said: “Wait; I’ll come.”\n\nThen, night.\nIt was late…".replace("“", '"').replace(
            "”", '"'
        ),
    ),
    (ANA, "Él llegó. Fin."),
]
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


def pairs(found: Reading) -> list[tuple[str, str]]:
    assert found.problems == []
    return [(entry.prompt, entry.story) for entry in found.entries]


# ---- Whole files, as they were sent ----


@pytest.mark.parametrize(
    ("name", "form", "encoding", "delimiter"),
    [
        ("semicolon.csv", "CSV", "UTF-8", "semicolon"),
        ("utf16.csv", "CSV", "UTF-16", "tab"),
        ("exported.jsonl", "JSON Lines", "UTF-8", ""),
    ],
)
def test_a_file_is_read_as_it_was_meant(
    name: str, form: str, encoding: str, delimiter: str
) -> None:
    found = reading.read((CASES / name).read_bytes())
    assert (found.form, found.encoding, found.delimiter) == (form, encoding, delimiter)
    assert pairs(found)[:2] == STORIES
    assert found.notes == found.ignored == []


# ---- Tables ----


def table(rows: list[list[str]], delimiter: str, quoting: Any = csv.QUOTE_MINIMAL) -> str:
    output = io.StringIO(newline="")
    csv.writer(output, delimiter=delimiter, quoting=quoting).writerows(rows)
    return output.getvalue()


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]
)
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("lead", ["", "sep={}\r\n", '"sep={}"\r\n', "\r\n"])
@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
def test_every_spreadsheets_way(encoding: str, delimiter: str, lead: str, quoting: Any) -> None:
    text = lead.format(delimiter) + table(
        [["Prompt", "Story"], *map(list, STORIES)], delimiter, quoting
    )
    assert pairs(reading.read(text.encode(encoding))) == STORIES


@given(
    st.lists(st.tuples(TEXT, TEXT, TEXT), min_size=1),
    st.sampled_from(",;\t|"),
    st.permutations([0, 1, 2]),
)
def test_any_quoted_table_is_read_cell_by_cell(
    rows: list[tuple[str, str, str]], delimiter: str, order: list[int]
) -> None:
    rows = [(f"x{a}", b, c) for a, b, c in rows]
    header = ["Rating", "Story", "Prompt"]
    cells = [[row[index] for index in order] for row in [tuple(header), *rows]]
    found = reading.read(table(cells, delimiter, csv.QUOTE_ALL).encode())
    wanted = [tuple(map(as_read, (prompt, story))) for _, story, prompt in rows]
    assert pairs(found) == wanted
    assert found.ignored == ["Rating"]


def as_read(cell: str) -> str:
    """Return a cell after the reader's one change to it, to line ends and formulas."""
    return datastories.restored(cell.replace("\r\n", "\n").replace("\r", "\n"))


@pytest.mark.parametrize(
    ("header", "prompt", "story"),
    [
        ("Story,Prompt", "Prompt", "Story"),
        ("PROMPT , STORY", "PROMPT", "STORY"),
        ("id,instruction,output", "instruction", "output"),
        ("Text,Prompt,Story", "Prompt", "Story"),
        ("text,question", "question", "text"),
        ("prompt_text,full-story", "prompt_text", "full-story"),
    ],
)
def test_columns_are_known_by_their_names(header: str, prompt: str, story: str) -> None:
    names = [name.strip() for name in header.split(",")]
    cells = {prompt: ZOE, story: "One."}
    row = [cells.get(name, "aside") for name in names]
    found = reading.read((header + "\n" + table([row], ",")).encode())
    assert pairs(found) == [(ZOE, "One.")]
    assert (found.prompt, found.story) == (prompt, story)
    assert found.ignored == [name for name in names if name not in cells]
    assert (f"Left aside: {', '.join(found.ignored)}." in found.notes) == bool(found.ignored)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (
            b"Title,Author\na,b\n",
            "Line 1: the header has to name Prompt and Story; there is no Prompt",
        ),
        (b"Prompt,Title\na,b\n", "there is no Story in: Prompt, Title"),
        (b"Prompt,Text,Output\na,b,c\n", "several columns could be the story: Text, Output"),
        (b"Prompt;Story\na;b;c\n", "Row 1 (line 2): 3 cells instead of 2"),
        (b"sep=;\nPrompt;Story\n\na;b\nc\n", "Row 2 (line 5): 1 cells"),
        (b'sep="\nPrompt"Story\n', "sep= has to name"),
        (b"\xff\xfeP\x00r\x00", "has to name"),
        (b"\xff\xfeP\x00r\x00o", "begins as UTF-16"),
        (b"\xef\xbb\xbfcaf\xe9", "the byte 0xe9 is not UTF-8"),
        (b"Prompt,Story\n" + b"a,b\n" * 10_001, "more than 10,000 rows"),
    ],
)
def test_what_is_unclear_is_said(data: bytes, said: str) -> None:
    with pytest.raises(DataError) as refused:
        datastories.read_csv(data)
    assert said in str(refused.value)


def test_blank_cells_at_the_end_are_nothing() -> None:
    data = f'Prompt,Story,,\n"{ZOE}",One.,,\n,,,\n"{ANA}",Two.,,,,\n'
    assert pairs(reading.read(data.encode())) == [(ZOE, "One."), (ANA, "Two.")]


def test_a_space_after_the_delimiter_is_no_part_of_a_cell() -> None:
    data = f'"Prompt", "Story"\n"{ZOE}", "One, ""two""."\n'
    assert pairs(reading.read(data.encode())) == [(ZOE, 'One, "two".')]


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_speech_at_the_start_of_an_unquoted_story_opens_no_cell(delimiter: str) -> None:
    stories = ['"Come, said Ann.\nThey went; and came.', 'He sat. "Bye."']
    rows = "".join(f"{ZOE}{delimiter}{story}\n" for story in stories)
    found = reading.read(f"Prompt{delimiter}Story\n{rows}".encode())
    assert pairs(found) == [(ZOE, story) for story in stories]


# ---- Windows-1252 ----


@pytest.mark.parametrize(
    "story",
    [
        "Zoë — “Él llegó”… l’été, 5 °C à Köln. ¿Qué?",
        "Die Tür fiel zu; größer.",
        "Ça va, Noël!",
        "café",
    ],
)
def test_western_letters_of_windows_are_read_and_told(story: str) -> None:
    found = reading.read(f'Prompt,Story\n"{ZOE}","{story}"\n'.encode("cp1252"))
    assert pairs(found) == [(ZOE, story)]
    assert found.encoding == "Windows-1252"
    assert "Windows-1252" in found.notes[0]


@pytest.mark.parametrize(
    ("story", "encoding"),
    [
        ("Жила-была девочка.", "cp1251"),
        ("Ήταν μια φορά.", "cp1253"),
        ("Był raz król, który miał córkę.", "cp1250"),
        ("Bir varmış bir yokmuş, ağaç.", "cp1254"),
        ("Das Mädchen fiel.", "cp850"),
        ("The café’s door, Mädchen.", "mac_roman"),
        ("昔々あるところに", "shift_jis"),
        ("从前有一个女孩", "gb18030"),
    ],
)
def test_other_letters_are_not_guessed_at(story: str, encoding: str) -> None:
    with pytest.raises(DataError, match="Save the file as UTF-8"):
        reading.read(f"Prompt,Story\nx,{story}\n".encode(encoding))


# ---- JSON ----

USER, ASSISTANT = {"role": "user", "content": ZOE}, {"role": "assistant", "content": "One."}


@pytest.mark.parametrize(
    "record",
    [
        {"prompt": ZOE, "completion": "One."},
        {"Story": "One.", "Prompt": ZOE},
        {"prompt": [USER], "completion": [ASSISTANT]},
        {"prompt": [{"role": "system", "content": "x"}, USER], "completion": [ASSISTANT]},
        {"messages": [USER, ASSISTANT], "id": 1},
        {"messages": [{"role": "system", "content": "x"}, USER, ASSISTANT]},
        {"conversations": [{"from": "human", "value": ZOE}, {"from": "gpt", "value": "One."}]},
        {"messages": [{"role": "user", "content": [{"type": "text", "text": ZOE}]}, ASSISTANT]},
    ],
)
@pytest.mark.parametrize("whole", [True, False])
def test_every_trainers_form(record: dict[str, Any], whole: bool) -> None:
    text = json.dumps([record] * 2, indent=1) if whole else f"{json.dumps(record)}\r\n\n" * 2
    found = reading.read(text.encode("utf-8-sig"))
    assert pairs(found) == [(ZOE, "One.")] * 2
    assert ("“system”" in str(found.notes)) == ("system" in text)
    assert found.ignored == [name for name in record if name == "id"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"prompt": "a"', "no whole JSON: expecting"),
        ("[1]", "an object in braces"),
        ('{"prompt": "a"}', "there is no Story in: prompt"),
        ('{"prompt": "a", "completion": 3}', "have to be texts"),
        ('{"prompt": "a", "completion": "\\ud800"}', "broken in two"),
        ('{"messages": [1, 2]}', "a role and a content"),
        ('{"messages": []}', "one message of the user is read, and here are 0"),
        (json.dumps({"messages": [USER, ASSISTANT] * 2}), "here are 2"),
        ('{"messages": ' + "[" * 100_000, "nested too deeply"),
        (f'{{"prompt": {"9" * 5000}}}', "a number is too long"),
    ],
)
def test_what_is_wrong_with_a_line_is_said(line: str, said: str) -> None:
    found = reading.read(f'{{"prompt": "a", "completion": "b"}}\n\n{line}\n'.encode())
    assert len(found.entries) == 1
    [problem] = found.problems
    assert problem.startswith("Row 2 (line 3): ")
    assert said in problem


def test_a_list_that_breaks_off_is_refused() -> None:
    with pytest.raises(DataError, match="no whole JSON"):
        reading.read(b'[{"prompt": "a", "completion": "b"},')


@given(st.lists(st.tuples(TEXT, TEXT), min_size=1))
def test_chats_are_read_again_as_they_were(written: list[tuple[str, str]]) -> None:
    lines = (json.dumps(datastories.chat(*pair), ensure_ascii=False) + "\n" for pair in written)
    assert pairs(reading.read("".join(lines).encode())) == written


def test_a_file_that_is_too_large_is_refused() -> None:
    with pytest.raises(DataError, match="at most 50 MB"):
        reading.read(b" " * (reading.MAX_BYTES + 1))
