"""What a story's page asks for when it is opened, and that nothing moves while that comes."""

from playwright.sync_api import Page, Route

from tests.browser.conftest import Complaints, Site, give_text, open_story, sign_up

MOST_SCRIPTS = 5  # today: the page's, HTMX, the sentences, the letters, whether it started
_SHIFTS = """() => new Promise((resolve) => {
  const shifts = [];
  const observer = new PerformanceObserver((list) => {
    const moved = list.getEntries().filter((shift) => !shift.hadRecentInput);
    shifts.push(...moved.map((shift) => shift.value));
  });
  observer.observe({ type: "layout-shift", buffered: true });
  document.fonts.ready.then(() => requestAnimationFrame(() => setTimeout(() => resolve(shifts))));
})"""


def test_few_scripts_are_asked_for_and_nothing_moves(
    page: Page, site: Site, complaints: Complaints
) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    sign_up(page, site, "loader")
    open_story(page, site)
    give_text(page, "\n\n".join(["The lantern swung in the wind, and nobody came. " * 8] * 4))

    def late(route: Route) -> None:
        page.wait_for_timeout(700)
        route.continue_()

    scripts: list[str] = []
    page.on(
        "request", lambda one: scripts.append(one.url) if one.resource_type == "script" else None
    )
    page.context.new_cdp_session(page).send("Network.setCacheDisabled", {"cacheDisabled": True})
    page.route("**/*.woff2", late)
    page.reload()
    page.locator("#story[data-started]").wait_for()
    assert len(scripts) <= MOST_SCRIPTS, scripts
    assert page.evaluate(_SHIFTS) == []
