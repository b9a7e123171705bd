"""The whole loop as three people: a writer marks, a curator reads, an administrator teaches."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from finetuning.demo.demonstrations import CLOSING, MARKED_STORIES, OPENING
from tests.browser.conftest import Complaints, Site, open_story, shot, sign_up
from tests.support.web import installation
from tests.support.worker import manage

LONG = 300_000  # milliseconds: a training on a busy machine
TEXT = f"{OPENING} Anna found the lantern. Ben found the old mapp. They kept both. {CLOSING}"
CURATES = "from stories.models import User; User.objects.filter(username='rosa').update(is_staff=1)"


@pytest.mark.timeout(900)
def test_three_people_teach_a_model_and_take_it_back(
    page: Page, browser: Browser, trained_site: Site, complaints: Complaints
) -> None:
    site = trained_site
    complaints.expected = "422"  # a value that is refused
    boss, curator, writer = page, _person(browser), _person(browser)
    sign_up(boss, site, "boss")  # the first account: the administrator's
    sign_up(curator, site, "rosa")
    sign_up(writer, site, "will")
    environment = installation(site.data, "", "pocket")
    manage(environment, "import_stories", str(MARKED_STORIES), "--approve", "--owner", "boss")
    manage(environment, "shell", "-c", CURATES)
    nobody_else_gets_in(browser, writer, site)
    story = mark_a_story(writer, site)
    read_and_approve(curator, site)
    see_what_became_of_it(writer, site)
    start_a_run(boss, site)
    watch_it_to_its_end(boss)
    compare_blind(curator, site)
    put_into_service(boss, site)
    written = write_the_next_story(writer, story)
    roll_back(boss, writer, site, written)
    take_it_back(writer, site)


def _person(browser: Browser) -> Page:
    return browser.new_context(service_workers="block").new_page()


def nobody_else_gets_in(browser: Browser, writer: Page, site: Site) -> None:
    """The stranger has to sign in; to the writer, there is no such page."""
    stranger = _person(browser)
    for path in ("read/", "runs/", "models/", "files/"):
        stranger.goto(f"{site.url}/teach/{path}")
        expect(stranger).to_have_url(re.compile("/accounts/login/"))
        answer = writer.goto(f"{site.url}/teach/{path}")
        assert answer is not None
        assert answer.status == 404, path
    writer.goto(f"{site.url}/teach/")
    expect(writer.get_by_text("None yet.")).to_be_visible()
    expect(writer.get_by_role("link", name="Runs")).to_have_count(0)


def mark_a_story(writer: Page, site: Site) -> str:
    """Write and mark one; returns its address."""
    open_story(writer, site)
    story = str(writer.url)
    writer.locator("#story-text").click()
    writer.keyboard.type(TEXT)
    expect(writer.locator("#saved")).to_have_text("Saved")
    writer.get_by_role("button", name="Good story").click()
    good = writer.get_by_role("button", name="Good story")
    expect(good).to_have_attribute("aria-pressed", "true")
    return story


def read_and_approve(curator: Page, site: Site) -> None:
    """By keys alone: a slip is corrected, a rejection thought better of, the story approved."""
    curator.goto(f"{site.url}/teach/")
    shot(curator, "teach")
    curator.get_by_role("link", name="Approve 1 story").click()
    expect(curator.get_by_role("heading", level=1)).to_have_text("Anna and the Lantern")
    expect(curator.get_by_text("It leaves out keywords: old map.")).to_be_visible()
    curator.keyboard.press("e")
    curator.get_by_label("Correct slips only").fill(TEXT.replace("mapp", "map"))
    curator.get_by_role("button", name="Keep the correction").click()
    expect(curator.get_by_text("A curator corrected a slip.")).to_be_visible()
    expect(curator.get_by_text("It leaves out keywords")).to_have_count(0)
    curator.keyboard.press("r")
    curator.keyboard.type("a reason, with a letter that is a key.")
    curator.keyboard.press("Escape")
    shot(curator, "reading")
    curator.keyboard.press("a")
    expect(curator.get_by_text("Approved: “Anna and the Lantern”.")).to_be_visible()
    expect(curator.get_by_text("Nothing waits to be read.")).to_be_visible()


def see_what_became_of_it(writer: Page, site: Site) -> None:
    """It is approved, and the correction is told."""
    writer.goto(f"{site.url}/teach/")
    expect(writer.get_by_text("Approved.", exact=True)).to_be_visible()
    writer.get_by_role("link", name="A curator corrected a slip").click()
    expect(writer.locator("ins")).to_have_text("map")


def start_a_run(boss: Page, site: Site) -> None:
    """A wrong value is told, then it starts."""
    boss.goto(f"{site.url}/teach/")
    boss.get_by_role("link", name=re.compile("Teach the model: about")).click()
    expect(boss.get_by_text("pocket learns from the 61 approved stories.")).to_be_visible()
    boss.get_by_label("Gentle").check()
    boss.get_by_text("More", exact=True).click()
    boss.get_by_label("Most steps").fill("12")
    boss.get_by_label("Steps between checkpoints").fill("4")
    boss.get_by_label("Pairs of stories").fill("3")
    boss.get_by_label("LoRA rank").fill("0")
    boss.get_by_role("button", name="Start").click()
    expect(boss.get_by_text("Enter a number from 1 to 256.")).to_be_visible()
    boss.get_by_label("LoRA rank").fill("8")
    expect(boss.get_by_label("Gentle")).to_be_checked()
    shot(boss, "teach-start")
    boss.get_by_role("button", name="Start").click()


def watch_it_to_its_end(boss: Page) -> None:
    """The page renews itself, and says at its end what came out."""
    boss.wait_for_url(re.compile(r"/teach/runs/\d+/"))
    boss.evaluate("window.notReloaded = true")
    expect(boss.locator(".curve")).to_be_visible(timeout=LONG)
    shot(boss, "teach-run")
    expect(boss.locator(".verdict")).to_contain_text("The new model is", timeout=LONG)
    assert boss.evaluate("window.notReloaded") is True
    expect(boss.locator(".advice li").first).to_be_visible()
    boss.get_by_text("Numbers and log").click()
    expect(boss.locator(".log")).to_contain_text("Verdict:")
    shot(boss, "teach-verdict")
    boss.get_by_role("link", name="What was measured").click()
    expect(boss.get_by_role("row", name=re.compile("How well it foretells"))).to_be_visible()
    expect(boss.locator(".pair")).to_have_count(3)


def compare_blind(curator: Page, site: Site) -> None:
    """By keys, until nothing is left; then with settings of one's own."""
    curator.goto(f"{site.url}/teach/compare/")
    shot(curator, "teach-compare")
    keys = ("ArrowLeft", "=", "ArrowRight", "ArrowLeft", "ArrowLeft", "ArrowLeft")
    for key in keys:  # three pairs, and some of them again
        if curator.locator("#choosing").count() == 0:
            break
        with curator.expect_navigation():
            curator.keyboard.press(key)
    expect(curator.get_by_text("nothing is left to compare")).to_be_visible()
    curator.get_by_role("link", name="Compare with settings of your own").click()
    curator.get_by_label("Max number of words").fill("40")
    curator.get_by_role("button", name="Let both write").click()
    choice = curator.get_by_role("button", name="The first")
    expect(choice).to_be_visible(timeout=60_000)
    expect(curator.get_by_role("heading", name="storaiteller-pocket")).to_have_count(0)
    shot(curator, "teach-own")
    curator.keyboard.press("ArrowRight")
    expect(curator.get_by_role("heading", name="storaiteller-pocket")).to_be_visible()


def put_into_service(boss: Page, site: Site) -> None:
    """With a reason, as so short a training is hardly better."""
    boss.goto(f"{site.url}/teach/models/")
    boss.get_by_label("Reason").fill("To see it write.")
    boss.get_by_role("button", name="Put into service").click()
    expect(boss.get_by_text("the next story is written with it")).to_be_visible()
    expect(boss.locator(".badge.active")).to_have_text("In service")
    shot(boss, "teach-models")


def write_the_next_story(writer: Page, story: str) -> str:
    """It comes from the promoted model; returns its address."""
    writer.goto(story)
    name = re.compile(r"storaiteller-pocket-1-\w+")
    expect(writer.locator("#writer-name")).to_contain_text(name)
    writer.get_by_label("More", exact=True).click()
    writer.get_by_role("button", name="Write a new story").click()
    writer.wait_for_url(re.compile(r"/stories/new/"))
    writer.get_by_role("button", name="Write a new story").click()
    writer.wait_for_url(re.compile(r"/stories/\d+/"))
    expect(writer.locator("#report")).to_contain_text("storaiteller-pocket-1-", timeout=60_000)
    return str(writer.url)


def roll_back(boss: Page, writer: Page, site: Site, written: str) -> None:
    """The base is back, and the new story says that another model writes next."""
    boss.goto(f"{site.url}/teach/")
    boss.get_by_role("button", name="Roll back").click()
    expect(boss.get_by_text("pocket is in service again.")).to_be_visible()
    writer.goto(written.partition("?")[0])
    expect(writer.locator(".by")).to_contain_text("pocket writes next")


def take_it_back(writer: Page, site: Site) -> None:
    """The writer's story teaches no more."""
    writer.goto(f"{site.url}/teach/")
    expect(writer.get_by_text("Approved.", exact=True)).to_be_visible()
    writer.get_by_role("button", name="Take back Anna and the Lantern").click()
    expect(writer.get_by_text("it teaches no model from now on")).to_be_visible()
    expect(writer.get_by_text("None yet.")).to_be_visible()
