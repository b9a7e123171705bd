"""The import table of the design: which room may import which of our own, directly or at length.

A room is a package or a module; the most specific row counts. What a row allows is all that a
module in it may come to load, whatever way leads there.
"""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = (
    *("storaiteller_site", "prose", "modelserver", "stories", "finetuning", "pocket"),
    "tracing",
)

_MODELS = (
    "stories.models",
    "stories.errors",
    "stories.ids",
    "stories.telling",
    "prose",
    "modelserver.names",
)
_HISTORY = ("stories.history", *_MODELS)
_MODELSERVER = ("modelserver", "tracing")
_WRITING = ("stories.writing", *_MODELSERVER, *_HISTORY)
_LIVE = ("stories.live", *_WRITING)
_PAGES = ("stories.pages", "stories.accounts", "stories.publishing", *_LIVE)
_PIPELINE = ("finetuning.pipeline", "finetuning.recipes", "prose", *_MODELSERVER)
_SERVICES = ("finetuning.services", "finetuning.models", *_PIPELINE, *_HISTORY)
_DRIVER = ("finetuning.driver", "finetuning.step_process", *_SERVICES)
_TRAINING_PAGES = ("finetuning.tasks", *_DRIVER, "stories.admin", *_PAGES)

# Room -> what of ours it may come to import, itself aside.
MAY_IMPORT: dict[str, tuple[str, ...]] = {
    "prose": (),
    "tracing": (),
    "modelserver": ("tracing",),
    "stories.models": ("stories.errors", "prose", "modelserver.names"),
    "stories.errors": ("prose",),
    "stories.ids": (),
    "stories.telling": (),
    "stories.history": _MODELS,
    "stories.writing": (*_MODELSERVER, *_HISTORY),
    "stories.live": _WRITING,
    "stories.publishing": ("stories.errors", "prose"),
    "stories.accounts": _LIVE,
    "stories.pages": ("stories.accounts", "stories.publishing", *_LIVE),
    "stories.admin": ("stories.accounts", *_LIVE),
    "stories.urls": _PAGES,
    "stories.management": _PAGES,
    "stories.tasks": _WRITING,
    "stories": (),
    "finetuning.recipes": (),
    "finetuning.pipeline": ("finetuning.recipes", "prose", *_MODELSERVER),
    "finetuning.models": (*_PIPELINE, *_MODELS),
    "finetuning.services": ("finetuning.models", *_PIPELINE, *_HISTORY),
    "finetuning.step_process": _PIPELINE,
    "finetuning.driver": ("finetuning.step_process", *_SERVICES),
    "finetuning.tasks": _DRIVER,
    "finetuning.recipe_files": ("finetuning.recipes", "prose"),
    "finetuning.pages": (
        *("finetuning.tasks", "finetuning.card", "finetuning.recipe_files"),
        *(*_DRIVER, *_PAGES),
    ),
    "finetuning": ("stories.management", *_TRAINING_PAGES),
    "pocket.measuring": ("prose",),
    "pocket.training": ("pocket", "prose", "modelserver.converters", "modelserver.sayings"),
    "pocket": ("prose",),
    "storaiteller_site.serving": (
        *(*_MODELSERVER, "storaiteller_site.secret", "storaiteller_site.bundling"),
    ),
    # The one place that knows all apps: their routes, and what the settings name.
    "storaiteller_site": (
        *("storaiteller_site.serving", *_MODELSERVER, "stories.urls", "stories.admin"),
        *("finetuning", *_PAGES),
    ),
}
NO_DJANGO = (
    "prose",
    "tracing",
    "modelserver",
    "finetuning.pipeline",
    "finetuning.recipes",
    "pocket",
    "stories.publishing",
)


def _modules() -> Iterator[tuple[str, Path]]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            if "migrations" not in parts:
                yield ".".join(parts).removesuffix(".__init__"), path


PATHS = dict(_modules())


def _imported_names(path: Path) -> Iterator[str]:
    """Yield the dotted names that a file imports, wherever in the file it does."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path}: relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@cache
def imports_of(module: str) -> frozenset[str]:
    """Return the modules of ours that `module` imports; a name in one counts as the module."""
    found = set()
    for name in _imported_names(PATHS[module]):
        while name and name not in PATHS:
            name = name.rpartition(".")[0]
        if name:
            found.add(name)
    return frozenset(found - {module})


def ways_from(module: str) -> dict[str, tuple[str, ...]]:
    """Return every module that `module` comes to import, with the way that leads there."""
    ways: dict[str, tuple[str, ...]] = {module: (module,)}
    ahead = [module]
    while ahead:
        here = ahead.pop(0)
        for name in sorted(imports_of(here) - ways.keys()):
            ways[name] = (*ways[here], name)
            ahead.append(name)
    del ways[module]
    return ways


def inside(name: str, room: str) -> bool:
    """Tell whether dotted `name` is `room` or lies in it."""
    return name == room or name.startswith(f"{room}.")


def room_of(module: str) -> str:
    """Return the most specific row of the table that `module` falls under."""
    return max((room for room in MAY_IMPORT if inside(module, room)), key=len)


def is_allowed(module: str, name: str) -> bool:
    """Tell whether the table lets `module` come to import `name`."""
    room = room_of(module)
    return any(inside(name, entry) for entry in (room, *MAY_IMPORT[room]))


@pytest.mark.parametrize("module", PATHS)
def test_module_comes_to_import_only_what_its_room_may(module: str) -> None:
    refused = [way for name, way in ways_from(module).items() if not is_allowed(module, name)]
    assert not refused, "\n".join(" -> ".join(way) for way in refused)


@pytest.mark.parametrize("module", PATHS)
def test_rooms_without_django_never_come_to_load_it(module: str) -> None:
    if any(inside(module, room) for room in NO_DJANGO):
        for loaded in (module, *ways_from(module)):
            names = list(_imported_names(PATHS[loaded]))
            assert not [name for name in names if inside(name, "django")], loaded


def test_every_row_is_a_room_that_is_there() -> None:
    rows = {*MAY_IMPORT, *(name for allowed in MAY_IMPORT.values() for name in allowed)}
    assert rows - PATHS.keys() == set()


def test_a_forbidden_import_would_be_found() -> None:
    assert room_of("stories.models.story") == "stories.models"
    assert not is_allowed("stories.models.story", "stories.history.library")
    assert not is_allowed("stories.live.consumer", "stories.pages.story")
    assert not is_allowed("stories.history.library", "finetuning.models.run")
    assert not is_allowed("pocket.server.app", "modelserver.streaming")
    # By way of another module.
    assert "stories.models.story" in ways_from("stories.urls")
    assert "stories.models.story" not in imports_of("stories.urls")
