"""Books to publish: paragraphs, marked letters, right-to-left and Chinese text, hostile signs."""

from datetime import UTC, datetime

from stories.publishing import works
from stories.publishing.works import Book, Work

WHEN = datetime(2026, 3, 1, 12, 30, 15, 99, tzinfo=UTC)
# Letters with marks, composed and not; signs that mean something in one format or another.
MARKED = (
    "Zoë & Jürgen’s café cost <b>5</b> ‘crowns’.\n"
    "It was the second line, “quoted”, and they took it with her.\n\n"
    "# Not a heading\n\n"
    "1. Not *a list_item_ [here](x) `code` \\ &amp; ~no~ #set x = 1 $y$ @z {{ 7 }} {% if %}\n\n"
    "- e\u0301te\u0301 and Ελληνικά, Русский.\n\n"
    "The end."
)
HEBREW = "שלום עולם, אמרה אנה.\n\nהיא הדליקה את המנורה."
CHINESE = "安娜点亮了灯。她走了。\n\n「走吧，」他说。"
TITLES = ("Zoë & the <Lamp>", "מנורה", "安娜的灯")


def story(title: str = TITLES[0], text: str = MARKED) -> Work:
    """Return a story."""
    return Work(title, text, title, WHEN)


def single(text: str = MARKED) -> Book:
    """Return a story alone."""
    return works.bind("", "", [story(text=text)])


def book() -> Book:
    """Return a book of three stories."""
    texts = zip(TITLES, (MARKED, HEBREW, CHINESE), strict=True)
    return works.bind("Lamps & “more”", "Ada <L>", [story(*pair) for pair in texts])


def lines(text: str) -> list[str]:
    """Return the lines of a text that have words."""
    return [line.strip() for line in text.split("\n") if line.strip()]
