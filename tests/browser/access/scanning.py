"""What axe-core finds on a page: in both themes, at 100 and at 200 %."""

from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page, ViewportSize

# A zoom of 200 % halves the window's size in CSS pixels.
ZOOMS: dict[str, ViewportSize] = {
    "100 %": {"width": 1280, "height": 800},
    "200 %": {"width": 640, "height": 400},
}
OPTIONS: dict[str, Any] = {
    "resultTypes": ["violations"],
    # Of WCAG 2.2, and not among axe's own choice yet.
    "rules": {"target-size": {"enabled": True}},
}


def faults(page: Page) -> list[str]:
    """Return what is wrong on the page as it stands: where, which rule, and why.

    The page keeps the last theme and zoom of those tried: light, at 100 %.
    """
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    found: dict[str, list[str]] = {}
    for zoom in reversed(ZOOMS):
        page.set_viewport_size(ZOOMS[zoom])
        for theme in ("dark", "light"):
            page.emulate_media(color_scheme=theme, reduced_motion="reduce")
            for fault in scan(page):
                found.setdefault(fault, []).append(f"{theme} {zoom}")
    return [f"{fault} ({', '.join(where)})" for fault, where in found.items()]


def scan(page: Page) -> list[str]:
    """Return what is wrong on the page in its theme and zoom of now."""
    answer: dict[str, Any] = page.evaluate("(options) => axe.run(document, options)", OPTIONS)
    return [
        f"{rule['id']} at {' '.join(map(str, node['target']))}: {_why(node)}"
        for rule in answer["violations"]
        for node in rule["nodes"]
        # What lies half under a bar that stays in sight is scrolled to.
        if "partially obscured" not in _why(node)
    ]


def _why(node: dict[str, Any]) -> str:
    checks = (*node["any"], *node["all"], *node["none"])
    return "; ".join(check["message"] for check in checks)


class Faults(dict[str, list[str]]):
    """What is wrong on each of several pages, by their names."""

    def __str__(self) -> str:
        return "\n".join(f"{name}: {fault}" for name, found in self.items() for fault in found)

    def look(self, page: Page, name: str) -> None:
        """Look at the page that is open, which people call `name`."""
        if found := faults(page):
            self[name] = found

    def visit(self, page: Page, *addresses: str) -> None:
        """Open pages one after the other and look at each."""
        for address in addresses:
            page.goto(address)
            self.look(page, address)
