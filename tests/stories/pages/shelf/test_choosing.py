"""What of a library is shown, in which order, and how quickly."""

import html
import re
from datetime import timedelta

import pytest
from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from stories.history import library, tags
from stories.models import Story, StorySettings, StoryTag, User
from stories.pages.shelf.choosing import Choice
from tests.conftest import story_settings

pytestmark = pytest.mark.django_db

URL = "/stories/"


@pytest.fixture
def shelf(alice: User, charlie: User) -> dict[str, Story]:
    """Alice's four stories, by title, the last one touched last; and one of Charlie's."""
    rows = (
        ("Zebra", "War", "llama", "A long one, with many words in it. " * 9, "sea"),
        ("äpfel", "Drama", "llama", "Short.", "sea, Winter"),
        ("Chapter 10", "War", "pocket", "It breaks off in the", ""),
        ("Chapter 9", "Comedy", "", "", ""),
    )
    found = {}
    for number, (title, genre, model, text, tagged) in enumerate(rows):
        story = library.create_story(alice, story_settings(genre=genre))
        library.set_title(story, title)
        if text:
            library.save_text(story, alice, text, 0)
        tags.add_tags(story, tagged)
        begun = timezone.now() - timedelta(days=9 - number)
        touched = timezone.now() - timedelta(hours=number)
        Story.objects.filter(pk=story.pk).update(model=model, created_at=begun, updated_at=touched)
        found[title] = story
    library.set_good(found["äpfel"], True)
    Story.objects.filter(title="äpfel").update(updated_at=timezone.now() - timedelta(hours=1))
    other = library.create_story(charlie, story_settings(genre="War"))
    tags.add_tags(other, "sea, secret")
    return found


def titles(client: Client, **query: str) -> list[str]:
    """Return the titles on a page of the library."""
    return [card.story.title for card in client.get(URL, query).context["cards"]]


def test_orders(alices: Client, shelf: dict[str, Story]) -> None:
    touched = ["Zebra", "äpfel", "Chapter 10", "Chapter 9"]
    assert titles(alices) == titles(alices, sort="touched") == titles(alices, sort="x") == touched
    assert titles(alices, sort="newest") == touched[::-1]
    assert titles(alices, sort="title") == ["äpfel", "Chapter 9", "Chapter 10", "Zebra"]
    assert titles(alices, sort="length") == ["Zebra", "Chapter 10", "äpfel", "Chapter 9"]
    library.save_text(shelf["Chapter 9"], shelf["Chapter 9"].owner, "Now.", 0)
    assert titles(alices)[0] == "Chapter 9"


def test_filters(alices: Client, shelf: dict[str, Story]) -> None:
    assert titles(alices, genre="War") == ["Zebra", "Chapter 10"]
    assert titles(alices, genre="Western") == titles(alices), "there is no such genre"
    assert titles(alices, model="llama") == ["Zebra", "äpfel"]
    assert titles(alices, model="nobody\0") == []
    assert titles(alices, good="1") == ["äpfel"]
    assert titles(alices, unfinished="1") == ["Chapter 10", "Chapter 9"]
    assert titles(alices, tag="SEA ") == ["Zebra", "äpfel"]
    assert titles(alices, tag="secret") == [], "another writer's"
    assert titles(alices, tag="sea", genre="War", model="llama", q="many words") == ["Zebra"]
    assert titles(alices, q="chapter", sort="title") == ["Chapter 9", "Chapter 10"]
    page = alices.get(URL).content.decode()
    assert "sea (2)" in page
    assert "secret" not in page
    assert "<option>llama</option>" in page


def test_an_address_says_what_is_shown_and_no_more(alices: Client, shelf: dict[str, Story]) -> None:
    typed = "q=a+%26+b&genre=War&model=&tag=sea&good=&unfinished=1&sort=length"
    choice = Choice.of(QueryDict(typed))
    assert choice.address() == "?q=a+%26+b&genre=War&tag=sea&unfinished=1&sort=length"
    assert Choice.of(QueryDict(choice.address()[1:])) == choice
    assert Choice().address() == ""
    assert [asked.label for asked in choice.asked] == [
        *("“a & b”", "War", "tag “sea”", "unfinished"),
    ]
    assert choice.asked[1].without == "?q=a+%26+b&tag=sea&unfinished=1&sort=length"
    page = alices.get(f"{URL}?genre=War&sort=title").content.decode()
    assert '<option value="War" selected>War</option>' in page
    assert '<option value="title" selected>Title</option>' in page


@pytest.mark.parametrize(
    ("before", "now", "header"),
    [
        ("", "q=sea&genre=&sort=touched", "HX-Replace-Url"),
        ("?q=se", "q=sea", "HX-Replace-Url"),
        ("", "q=&genre=War", "HX-Push-Url"),
        ("?genre=War", "q=sea&genre=War", "HX-Replace-Url"),
        ("?genre=War", "genre=", "HX-Push-Url"),
        ("", "sort=title", "HX-Push-Url"),
    ],
)
def test_back_leads_over_filters_and_not_over_letters(
    alices: Client, before: str, now: str, header: str
) -> None:
    headers = {"HX-Request": "true", "HX-Current-URL": f"http://testserver{URL}{before}"}
    answer = alices.get(f"{URL}?{now}", headers=headers)
    assert answer[header] == f"{URL}{Choice.of(QueryDict(now)).address()}"
    assert not {"HX-Replace-Url", "HX-Push-Url"} - {header} & set(answer.headers)
    assert not {"HX-Replace-Url", "HX-Push-Url"} & set(alices.get(f"{URL}?{now}").headers)


def test_empty_results_say_what_to_do(alices: Client, shelf: dict[str, Story]) -> None:
    def told(**query: str) -> str:
        return html.unescape(alices.get(URL, query).content.decode())

    assert "part of a word is enough" in told(q="nowhere")
    assert "No story of yours is found here: Horror." in told(genre="Horror")
    both = told(q="nowhere", genre="War", sort="title")
    assert "fits all of this" in both
    assert f'href="{URL}?genre=War&sort=title">Without “nowhere”<' in both
    assert f'href="{URL}?q=nowhere&sort=title">Without War<' in both
    library.set_good(Story.objects.get(title="äpfel"), False)
    assert "not marked a story as good yet" in told(good="1")
    Story.objects.update(is_unfinished=False)
    assert "they all come to an end" in told(unfinished="1")


def test_stories_of_one_title_are_told_apart(alices: Client, alice: User) -> None:
    for _ in range(2):
        library.create_story(alice, story_settings())
    library.create_story(alice, story_settings(main_characters="Only"))
    cards = alices.get(URL).context["cards"]
    assert [bool(card.apart) for card in cards] == [False, True, True]
    Story.objects.filter(pk=cards[1].story.pk).update(created_at="2026-01-02T03:04Z")
    page = alices.get(URL).content.decode()
    assert "Begun 2 January 2026, 03:04" in page
    assert 'aria-label="Delete “Anna and the Lantern”, begun 2 January 2026, 03:04"' in page
    # A namesake on another page or among the filtered ones counts too.
    assert alices.get(URL, {"q": "Only"}).context["cards"][0].apart == ""


@pytest.fixture
def many(alice: User) -> User:
    """A writer with 5,000 stories, of which every fifth is good."""
    settings = story_settings(owner=alice)
    settings.save()
    text = "Rain fell on the fence. " * 40
    Story.objects.bulk_create(
        Story(
            owner=alice,
            settings=settings,
            title=f"Story {n % 4000}",
            text=text,
            version=1,
            word_count=n % 700,
            model="pocket" if n % 3 else "llama",
            good=n % 5 == 0,
        )
        for n in range(5_000)
    )
    StoryTag.objects.bulk_create(
        StoryTag(story_id=pk, name="sea", key="sea")
        for pk in Story.objects.values_list("pk", flat=True)
    )
    return alice


def test_a_page_of_many_stories_asks_no_more_than_one_of_few(alices: Client, many: User) -> None:
    def queries(**query: str) -> int:
        with CaptureQueriesContext(
            connection,
        ) as asked:
            answer = alices.get(URL, query)
        assert len(answer.context["cards"]) == 12
        return len(asked)

    kinds = [{}, {"sort": "title"}, {"sort": "length", "page": "300"}, {"q": "fence", "good": "1"}]
    with_many = [queries(**kind) for kind in kinds]
    keep = Story.objects.filter(good=True).values_list("pk", flat=True)[:12]
    Story.objects.exclude(pk__in=list(keep)).delete()
    assert [queries(**{**kind, "page": "1"}) for kind in kinds] == with_many
    assert max(with_many) <= 16


def plans(queries: CaptureQueriesContext) -> list[tuple[str, str]]:
    """Return what was asked about stories, and how SQLite goes about it."""
    asked = [q["sql"] for q in queries.captured_queries if 'FROM "stories_story"' in q["sql"]]
    found = []
    with connection.cursor() as cursor:
        for sql in asked:
            cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
            found.append((sql, "; ".join(row[3] for row in cursor.fetchall())))
    return found


@pytest.mark.skipif(connection.vendor != "sqlite", reason="SQLite's words for its plan")
@pytest.mark.parametrize(
    ("query", "index"),
    [
        ({}, "INDEX library_by_updated_at"),
        ({"sort": "newest", "page": "3"}, "INDEX library_by_created_at"),
        ({"sort": "length", "page": "2"}, "INDEX library_by_word_count"),
        ({"model": "llama"}, "INDEX library_by_"),
        ({"sort": "title"}, "rowid=?"),
    ],
)
def test_a_page_is_read_off_an_index(
    alices: Client, many: User, query: dict[str, str], index: str
) -> None:
    with CaptureQueriesContext(connection) as asked:
        assert len(alices.get(URL, query).context["cards"]) == 12
    found = plans(asked)
    [page] = [plan for sql, plan in found if 'AS "beginning"' in sql]
    assert index in page.split(";")[0]
    for sql, plan in found:
        assert "TEMP B-TREE" not in plan, sql
        if plan != page:
            read = re.search("stories_story USING (COVERING INDEX|INTEGER PRIMARY KEY)", plan)
            assert read, f"of each story its text is read: {sql}"


def test_settings_of_a_page_are_not_asked_for_one_by_one(alices: Client, alice: User) -> None:
    for number in range(12):
        story = library.create_story(alice, story_settings(main_characters=f"Name{number}"))
        tags.add_tags(story, f"tag{number}, all")
    with CaptureQueriesContext(connection) as asked:
        alices.get(URL)
    about_settings = [
        q for q in asked.captured_queries if 'FROM "stories_storysettings"' in q["sql"]
    ]
    about_tags = [
        q for q in asked.captured_queries if re.search('FROM "stories_storytag"', q["sql"])
    ]
    assert about_settings == []
    assert len(about_tags) == 2, "of the cards, and the writer's own"
    assert StorySettings.objects.count() == 12
    assert reverse("stories:library") == URL
