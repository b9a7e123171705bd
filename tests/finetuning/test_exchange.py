"""Stories in and out of the library: what is spoilt is asked about, and nothing comes in twice."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from finetuning import card
from finetuning.pipeline.material import datastories
from finetuning.services import exchange
from finetuning.services.exchange import SpoiltError, Taken
from stories.history import library
from stories.models import Curation, Story, StoryVersion, User
from stories.pages.publishing.imports import MAX_UPLOAD
from tests.conftest import story_settings

pytestmark = pytest.mark.django_db

CASES = Path(__file__).resolve().parents[1] / "cases"
PAGE = "/teach/files/"
PROMPT = story_settings().prompt
# As the app stores them: line feeds, no blank ends.
TEXT = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\r\x00"), min_size=1, max_size=60
).map(str.strip)


def csv_of(*pairs: tuple[str, str]) -> bytes:
    return datastories.write_csv(pairs).encode()


def take(owner: User, data: bytes, **how: object) -> Taken:
    return exchange.take_in(data, owner, **{"approve": True, **how})  # type: ignore[arg-type]


# ---- Twice ----


def test_a_file_adds_nothing_a_second_time(curator: User) -> None:
    data = csv_of((PROMPT, "One.\n\nZoë came."), (PROMPT, "Two."), (PROMPT, " Two.\n"))
    assert take(curator, data) == Taken(added=2, known=0, repeated=1, skipped=0)
    assert take(curator, data) == Taken(added=0, known=2, repeated=1, skipped=0)
    # With other line ends, spaces and accents it is the same story.
    again = csv_of((PROMPT, "One.\r\nZoe\u0308  came. "), (PROMPT, "Three."))
    assert take(curator, again) == Taken(added=1, known=1, repeated=0, skipped=0)
    assert Story.objects.count() == 3


def test_the_age_of_readers_comes_in_as_it_went_out(curator: User) -> None:
    settings = story_settings(reader_age=8, language="de", child_friendly=True)
    take(curator, csv_of((settings.prompt, "Eins.")))
    (story,) = Story.objects.all()
    assert (story.settings.reader_age, story.settings.language) == (8, "de")
    assert f"{settings.prompt},Eins." in exchange.export_csv().replace('"', "")


def test_what_was_edited_since_is_known_and_what_was_deleted_is_not(curator: User) -> None:
    data = csv_of((PROMPT, "One."), (PROMPT, "Two."))
    take(curator, data)
    one, two = Story.objects.order_by("pk")
    library.save_text(one, curator, "One, and more.", one.version)
    library.delete_story(two)
    assert take(curator, data) == Taken(added=1, known=1, repeated=0, skipped=0)


def test_the_good_stories_of_others_are_known_and_their_drafts_are_not(
    curator: User, story: Story
) -> None:
    library.save_text(story, story.owner, "Alice's own.", 0)
    data = csv_of((PROMPT, "Alice's own."))
    assert exchange.preview(data, curator).known == 0
    library.set_good(story, True)
    assert exchange.preview(data, curator).known == 1


def test_where_a_story_came_from_is_kept(curator: User) -> None:
    take(curator, csv_of((PROMPT, "One.")))
    assert StoryVersion.objects.get().origin == StoryVersion.Origin.IMPORT


# ---- Out and in ----


@pytest.mark.parametrize("form", ["csv", "jsonl", "prompt-completion", "messages"])
@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(texts=st.lists(TEXT.filter(bool), min_size=1, max_size=4))
def test_what_goes_out_comes_back(curator: User, form: str, texts: list[str]) -> None:
    Story.objects.all().delete()
    data = csv_of(*((PROMPT, text) for text in texts))
    take(curator, data, answer="keep")
    before = list(Story.objects.order_by("pk").values_list("text", flat=True))
    written = exchange.FORMS[form].write()
    assert take(curator, written.encode(), answer="keep").added == 0
    Story.objects.all().delete()
    assert take(curator, written.encode(), answer="keep").added == len(before)
    assert list(Story.objects.order_by("pk").values_list("text", flat=True)) == before
    assert exchange.FORMS[form].write() == written


def test_our_own_export_comes_in(curator: User) -> None:
    data = (CASES / "exported.jsonl").read_bytes()
    # Two of its stories were brought in spoilt once, by an import that asked nothing.
    assert {question.where for question in exchange.preview(data, curator).questions} == {
        "Row 11 (line 11)",
        "Row 12 (line 12)",
    }
    assert take(curator, data, answer="repair") == Taken(3, 0, repeated=11, skipped=0)


# ---- Spoilt ----


def test_spoilt_letters_are_asked_about(curator: User) -> None:
    data = (CASES / "mojibake.csv").read_bytes()
    with pytest.raises(SpoiltError) as asked:
        take(curator, data)
    assert "ZoÃ«, Ben" in asked.value.problems[0]
    assert "Should it be “names are Zoë, Ben" in asked.value.problems[0]
    assert "“Ã‰l llegÃ³. Fin.”. Should it be “Él llegó. Fin.”?" in asked.value.problems[1]
    assert not Story.objects.exists()


@pytest.mark.parametrize(
    ("answer", "texts", "names"),
    [
        (
            "repair",
            ['She said: "Wait; I’ll come."\n\nThen, night.\nIt was late…', "Él llegó. Fin."],
            "Zoë, Ben",
        ),
        (
            "keep",
            ['She said: "Wait; Iâ€™ll come."\n\nThen, night.\nIt was lateâ€¦', "Ã‰l llegÃ³. Fin."],
            "ZoÃ«, Ben",
        ),
        ("skip", [], ""),
    ],
)
def test_the_answer_is_followed(curator: User, answer: str, texts: list[str], names: str) -> None:
    data = (CASES / "mojibake.csv").read_bytes()
    taken = take(curator, data, answer=answer)
    assert (taken.added, taken.skipped) == (len(texts), 2 - len(texts))
    stories = list(Story.objects.order_by("pk"))
    assert [story.text for story in stories] == texts
    assert [story.settings.main_characters for story in stories[:1]] == [names][: len(texts)]
    assert take(curator, data, answer=answer).known == len(texts)


def test_lost_letters_are_left_out_of_what_is_put_right(curator: User) -> None:
    data = csv_of((PROMPT, "A caf\ufffd."), (PROMPT, "A cafÃ©."), (PROMPT, "A house."))
    assert take(curator, data, answer="repair") == Taken(2, 0, 0, skipped=1)
    assert set(Story.objects.values_list("text", flat=True)) == {"A café.", "A house."}


# ---- On the command line ----


def test_a_preview_stores_nothing(
    curator: User, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    call_command("import_stories", str(CASES / "semicolon.csv"), "--preview")
    said = capsys.readouterr().out
    assert "CSV, UTF-8, semicolon\nPrompt: Prompt. Story: Story." in said
    assert "2 stories would be imported." in said
    assert 'Row 1 (line 2): Fantasy, Vivid: She said: "Wait; I’ll come."' in said
    call_command("import_stories", str(CASES / "mojibake.csv"), "--preview")
    assert "Should it be “Él llegó. Fin.”?" in (said := capsys.readouterr().out)
    assert "say --spoilt repair, keep or skip" in said
    assert not Story.objects.exists()


def test_the_command_asks_and_is_answered(
    curator: User, capsys: pytest.CaptureFixture[str]
) -> None:
    file = str(CASES / "mojibake.csv")
    with pytest.raises(CommandError, match="say --spoilt repair, keep or skip"):
        call_command("import_stories", file)
    call_command("import_stories", file, "--spoilt", "repair")
    call_command("import_stories", file, "--spoilt", "repair")
    said = capsys.readouterr().out
    assert "Imported 2 stories of curator, waiting for a curator.\n" in said
    assert "Imported 0 stories of curator, waiting for a curator. 2 known already." in said


# ---- On the page ----


@pytest.fixture
def send(curator: User, client: Client) -> Callable[..., str]:
    """Post a file to the page as a curator; returns the page that comes."""
    client.force_login(curator)

    def post(data: bytes, **fields: str) -> str:
        file = SimpleUploadedFile("stories.csv", data)
        headers = {"HX-Request": "true"} if fields.pop("htmx", "") else {}
        answer = client.post(PAGE, {"file": file, **fields}, headers=headers, follow=True)
        return str(answer.content.decode())

    return post


def seen(page: str) -> str:
    return page.partition('name="seen" value="')[2].partition('"')[0]


def test_a_file_is_looked_at_and_then_taken_in(send: Callable[..., str]) -> None:
    data = (CASES / "utf16.csv").read_bytes()
    page = send(data, htmx="yes")
    assert "<html" not in page
    assert "UTF-16" in page
    assert "Bring in 2 stories" in page
    assert "Él llegó. Fin." in page
    assert not Story.objects.exists()
    # Another file than the one that was looked at is looked at first.
    assert "Bring in 1 story" in send(csv_of((PROMPT, "One.")), seen=seen(page))
    assert not Story.objects.exists()
    assert "2 stories are yours now" in send(data, seen=seen(page))
    assert set(Story.objects.values_list("curation", flat=True)) == {Curation.WAITING}
    page = send(data)
    assert "There is nothing new in this file." in page
    assert not seen(page)


def test_the_page_asks_about_spoilt_letters(send: Callable[..., str]) -> None:
    data = (CASES / "mojibake.csv").read_bytes()
    page = send(data)
    assert "2 rows look spoilt. What should be done?" in page
    assert not seen(page)
    page = send(data, spoilt="repair")
    # An answer other than the one that was looked at is looked at first.
    assert "Bring in 2 stories" in send(data, spoilt="keep", seen=seen(page))
    send(data, spoilt="repair", seen=seen(page))
    assert Story.objects.filter(text="Él llegó. Fin.").exists()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "Prompt and Story"),
        (b"Title\nx\n", "Prompt and Story"),
        (csv_of(("Write <b>.", "One.")), "Row 1 (line 2): the prompt is not worded"),
        (csv_of((PROMPT, "<script>x</script>")), "&lt;script&gt;x&lt;/script&gt;"),
        (b"x" * (MAX_UPLOAD + 1), "more than 3.5 MB"),
    ],
)
def test_what_can_not_be_taken_in_is_said(send: Callable[..., str], data: bytes, said: str) -> None:
    assert said in send(data)
    assert not Story.objects.exists()


def test_a_file_has_to_be_there_and_the_form_ours(curator: User, client: Client) -> None:
    client.force_login(curator)
    assert client.post(PAGE).status_code == 422
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(curator)
    assert strict.post(PAGE, {"file": SimpleUploadedFile("x.csv", b"x")}).status_code == 403


def test_a_download_opens_in_a_spreadsheet(curator: User, client: Client) -> None:
    take(curator, csv_of((PROMPT, "Él llegó.")))
    client.force_login(curator)
    answer = client.get("/teach/files/download/", {"form": "csv"})
    assert answer.content.startswith(b"\xef\xbb\xbf")
    assert 'filename="datastories.csv"' in answer["Content-Disposition"]
    assert "Él llegó." in answer.content.decode()
    answer = client.get("/teach/files/download/", {"form": "messages"})
    assert answer.content.startswith(b'{"messages": [{"role": "user"')


def test_the_card_counts_what_goes_out(curator: User, client: Client, tmp_path: Path) -> None:
    take(curator, csv_of((PROMPT, "The door was open, and she went in."), (PROMPT, "Жила-была.")))
    client.force_login(curator)
    answer = client.get("/teach/files/download/", {"form": "card"})
    said = answer.content.decode()
    assert said.startswith("---\nlanguage:\n- en\n- ru\nlicense: other\n")
    assert "| Stories | 2 |" in said
    assert "| Genres | Mystery 2 |" in said
    assert "To be said by who passes the file on" in said
    call_command("export_stories", str(tmp_path / "x.csv"), "--card", str(tmp_path / "README.md"))
    assert (tmp_path / "README.md").read_text() == said
    # The same stories are the same data, in whatever order.
    rows = [{"prompt": PROMPT, "text": text} for text in ("One.", "Two.")]
    assert card.digest(rows) == card.digest(rows[::-1]) != card.digest(rows[:1])


def test_the_card_of_nothing_is_a_card(curator: User) -> None:
    assert "| Words of a story | none |" in card.write()
