"""A story's page in a browser: until it takes a key on a cold cache, and a key in a long text.

    python -m benchmarks.page   # part of `make bench`; Chromium as the browser tests have it

The baseline is the same page, text and style with no script of ours, its text editable by the
browser alone. A key's time is from its event to the end of the frame that shows it; its CPU is what
the page's main thread used for it, which other programs' work does not change. A task is long from
50 ms on, as browsers report it; of the rounds, the one with the least of them counts.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from benchmarks.relay.processes import model_server, web_process
from benchmarks.results import keep
from tests.support.processes import CHROMIUM, FLAGS
from tests.support.seats import CSRF, SESSION, Seat, session_cookie, take_seats

SHORT = 300  # words, in paragraphs: a story as it is written
LONG = 20_000  # words, in paragraphs
LENGTHS = (100_000, 390_000)  # characters, in one paragraph
KEYS = 30
PAUSE = 60  # milliseconds between a shown key and the next
SAVED = 2000  # milliseconds in which what was typed is saved, counted and searched
QUERY = "the"
BARE, OURS, FINDING = "bare page", "StorAIteller", "StorAIteller, find bar open"
RESULTS = Path(__file__).with_name("page.json")
_SENTENCE = "The lantern swung in the wind, and nobody came to put it out. "
_TOKEN = "a" * 32  # of a form, in its cookie and its header alike

_OBSERVE = """() => {
  Object.assign(window, { shifted: 0, longTasks: [], shown: [] });
  const observe = (type, note) => {
    const observer = new PerformanceObserver((list) => list.getEntries().forEach(note));
    observer.observe({ type, buffered: true });
  };
  observe("layout-shift", (shift) => { if (!shift.hadRecentInput) shifted += shift.value; });
  observe("longtask", (task) => longTasks.push(task.duration));
  const channel = new MessageChannel();
  let [pressed, isShown] = [null, null];
  window.untilShown = () => new Promise((resolve) => (isShown = resolve));
  channel.port1.onmessage = () => {
    shown.push(performance.now() - pressed);
    isShown(performance.now());
  };
  addEventListener("keydown", (event) => {
    pressed = event.timeStamp;
    requestAnimationFrame(() => channel.port2.postMessage(null));
  }, true);
  const everything = { subtree: true, childList: true, attributes: true };
  window.started = new Promise((resolve) => {
    const look = () =>
      document.getElementById("story")?.dataset.started === "" && resolve(performance.now());
    new MutationObserver(look).observe(document, everything);
  });
}"""

_CARET = """(part) => {
  const story = document.getElementById("story-text");
  const walker = document.createTreeWalker(story, NodeFilter.SHOW_TEXT);
  let place = Math.floor(story.textContent.length * part);
  let node = walker.nextNode();
  for (; node.data.length < place; node = walker.nextNode()) place -= node.data.length;
  story.focus({ preventScroll: true });
  getSelection().collapse(node, place);
  const range = document.createRange();
  range.setStart(node, Math.max(0, place - 1));
  range.setEnd(node, place);
  scrollBy(0, range.getBoundingClientRect().top - innerHeight / 3);
}"""


@dataclass(frozen=True)
class Load:
    """A cold load, medians; times in milliseconds from the navigation's start."""

    side: str
    painted: float  # its first content
    takes_keys: float | None  # the editor is at work
    shows_key: float | None  # that was typed as soon as it was
    shift: float  # cumulative layout shift


@dataclass(frozen=True)
class Keys:
    """Keys in a long text; times in milliseconds."""

    side: str
    text: str
    place: str
    median: float
    worst: float
    cpu_median: float
    cpu_worst: float
    longest_task: float | None  # of 50 or more, in the best round; saving included


def repeated(characters: int) -> str:
    """Return one paragraph of so many characters."""
    return (_SENTENCE * (characters // len(_SENTENCE) + 1))[:characters].strip()


def in_paragraphs(words: int) -> str:
    """Return a story of so many words, in paragraphs of four sentences."""
    paragraph = (_SENTENCE * 4).strip()
    return "\n\n".join([paragraph] * (words // len(paragraph.split())))


# The texts that are typed in, by what the report calls them.
TEXTS = {f"{LONG:,} words in paragraphs": in_paragraphs(LONG)} | {
    f"{length:,} characters in one": repeated(length) for length in LENGTHS
}


def give(address: str, seat: Seat, text: str) -> None:
    """Store `text` as the seat's story."""
    page = f"{address}/stories/{seat.story_id}"
    headers = {"Cookie": f"{session_cookie(seat)}; {CSRF}={_TOKEN}", "X-CSRFToken": _TOKEN}
    with httpx.Client(headers=headers, trust_env=False, timeout=60) as client:
        version = client.get(f"{page}/text/").raise_for_status().json()["version"]
        sent = {"version": version, "text": text}
        client.post(f"{page}/text/", json=sent).raise_for_status()


@contextmanager
def cold(browser: Browser, address: str, seat: Seat, side: str) -> Iterator[Page]:
    """Lend a page of a context without a cache, signed in, that observes itself."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.add_cookies([{"name": SESSION, "value": seat.session_key, "url": address}])
    context.add_init_script(f"({_OBSERVE})()")
    if side == BARE:
        _without_scripts(context)
    try:
        yield context.new_page()
    finally:
        context.close()


def _without_scripts(context: BrowserContext) -> None:
    context.route("**/*.js", lambda route: route.abort())
    context.route("**/jsi18n/**", lambda route: route.abort())


def load(browser: Browser, address: str, seat: Seat, side: str) -> Load:
    """Open the seat's page once, cold, and type into it as soon as that can be done."""
    with cold(browser, address, seat, side) as page:
        page.goto(f"{address}/stories/{seat.story_id}/", wait_until="commit")
        takes_keys = shows_key = None
        if side == OURS:
            takes_keys = page.evaluate("started")
            page.evaluate(_CARET, 0.5)
            shows_key = press(page, "x")
            if "x" not in page.locator("#story-text").inner_text():
                raise RuntimeError("the key was lost")
        page.wait_for_load_state("load")
        page.wait_for_timeout(1000)
        paint = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
        return Load(side, page.evaluate(paint), takes_keys, shows_key, page.evaluate("shifted"))


def press(page: Page, key: str) -> float:
    """Press a key; returns when it was shown, in milliseconds from the navigation's start."""
    page.evaluate("window.coming = untilShown(); null")
    page.keyboard.press(key)
    shown: float = page.evaluate("coming")
    return shown


class Typist:
    """Types in an open page, and tells what each key took."""

    def __init__(self, page: Page, side: str) -> None:
        self.page = page
        self.cdp = page.context.new_cdp_session(page)
        self.cdp.send("Performance.enable", {"timeDomain": "threadTicks"})
        if side == BARE:
            page.evaluate("document.getElementById('story-text').contentEditable = 'true'")
        if side == FINDING:
            page.evaluate("document.getElementById('find-open').click()")
            page.locator("#find-query").fill(QUERY)
            page.wait_for_function("CSS.highlights.get('found')?.size")

    def cpu(self) -> float:
        """Return the seconds that the main thread has used."""
        told = self.cdp.send("Performance.getMetrics")["metrics"]
        return float(next(each["value"] for each in told if each["name"] == "TaskDuration"))

    def round(self, part: float) -> tuple[list[float], list[float], float]:
        """Type `KEYS` keys at that part of the text: times, CPU, and the longest task or 0."""
        self.page.evaluate(_CARET, part)
        self.page.wait_for_timeout(SAVED)
        self.page.evaluate("longTasks.length = shown.length = 0")
        used = []
        for number in range(KEYS):
            before = self.cpu()
            press(self.page, "abcd "[number % 5])
            used.append((self.cpu() - before) * 1e3)
            self.page.wait_for_timeout(PAUSE)
        self.page.wait_for_timeout(SAVED)
        longest: float = self.page.evaluate("Math.max(0, ...longTasks)")
        return self.page.evaluate("shown"), used, longest


def keys(
    browser: Browser, address: str, seat: Seat, text: str, side: str, rounds: int
) -> list[Keys]:
    """Type in the middle and at the end of the seat's story, which the report calls `text`."""
    found = []
    with cold(browser, address, seat, side) as page:
        page.goto(f"{address}/stories/{seat.story_id}/")
        if side != BARE:
            page.evaluate("started")
        typist = Typist(page, side)
        for place, part in (("middle", 0.5), ("end", 1)):
            played = [typist.round(part) for _ in range(rounds)]
            times = [statistics.median(times) for times, _, _ in played]
            used = [statistics.median(used) for _, used, _ in played]
            row = Keys(
                side,
                text,
                place,
                statistics.median(times),
                min(max(times) for times, _, _ in played),
                statistics.median(used),
                min(max(used) for _, used, _ in played),
                min(longest for _, _, longest in played) or None,
            )
            found.append(row)
    return found


def middle(loads: list[Load]) -> Load:
    """Return the median load; of the shifts, the worst."""
    by_time = sorted(loads, key=lambda one: one.shows_key or one.painted)
    shift = max(one.shift for one in loads)
    return Load(**{**asdict(by_time[len(loads) // 2]), "shift": shift})


@contextmanager
def installation() -> Iterator[tuple[str, list[Seat]]]:
    """Run the app with a story of each length; yields its address and the seats."""
    with model_server() as server, tempfile.TemporaryDirectory() as folder:
        environment = {"DATA_DIR": folder, "OLLAMA_HOST": server, "STORY_MODEL": "bench"}
        environment["DJANGO_SETTINGS_MODULE"] = "storaiteller_site.settings"
        everything = {**os.environ, **environment}
        command = [sys.executable, "manage.py", "collectstatic", "--no-input", "-v", "0"]
        subprocess.run(command, env=everything, check=True)
        with web_process(environment) as (port, _):
            address = f"http://127.0.0.1:{port}"
            seats = take_seats(everything, 1 + len(TEXTS))
            for seat, text in zip(seats, [in_paragraphs(SHORT), *TEXTS.values()], strict=True):
                give(address, seat, text)
            yield address, seats


def compare(loads: int, rounds: int) -> tuple[list[Load], list[Keys]]:
    """Measure both sides in one run."""
    with installation() as (address, (short, *long)), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        load(browser, address, short, OURS)  # the server's imports and caches
        opened = [
            [load(browser, address, short, side) for side in (BARE, OURS)] for _ in range(loads)
        ]
        typed = [
            row
            for seat, text in zip(long, TEXTS, strict=True)
            for side in (BARE, OURS, FINDING)
            for row in keys(browser, address, seat, text, side, rounds)
        ]
        browser.close()
    return [middle(list(each)) for each in zip(*opened, strict=True)], typed


def _ms(value: float | None) -> str:
    return "" if value is None else f"{value:.0f} ms"


def report(loads: list[Load], typed: list[Keys]) -> str:
    """Return the results as two Markdown tables."""
    lines = [
        "| cold page | first paint | takes keys | a key typed then is shown | layout shift |",
        "|---|---|---|---|---|",
    ]
    lines += [
        f"| {row.side} | {_ms(row.painted)} | {_ms(row.takes_keys)} | {_ms(row.shows_key)} "
        f"| {row.shift:.3f} |"
        for row in loads
    ]
    lines += [
        "",
        "| text | typed in the | side | key, median | worst | CPU a key, median | worst "
        "| of the bare page's | longest task over 50 ms |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    bare = {(row.text, row.place): row.cpu_median for row in typed if row.side == BARE}
    lines += [
        f"| {row.text} | {row.place} | {row.side} | {_ms(row.median)} | {_ms(row.worst)} "
        f"| {_ms(row.cpu_median)} | {_ms(row.cpu_worst)} "
        f"| {row.cpu_median / bare[row.text, row.place]:.2f} "
        f"| {_ms(row.longest_task) or 'none'} |"
        for row in typed
    ]
    return "\n".join(lines)


def main() -> None:
    """Measure, print the tables and keep the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--loads", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    before = os.getloadavg()[0]
    loads, typed = compare(asked.loads, asked.rounds)
    print(report(loads, typed))
    rows: dict[str, Any] = {"loads": list(map(asdict, loads)), "keys": list(map(asdict, typed))}
    keep(RESULTS, system_load=[round(before, 1), round(os.getloadavg()[0], 1)], **rows)


if __name__ == "__main__":
    main()
