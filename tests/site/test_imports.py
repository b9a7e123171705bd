"""The import table of the design: who may import whom among our own modules."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("storaiteller_site", "stories", "finetuning", "pocket")

# Module (or package) -> what of ours it may import, itself aside. The most specific row counts.
MAY_IMPORT: dict[str, tuple[str, ...]] = {
    "stories.prompts": (),
    "stories.ollama": (),
    "stories.textlog": (),
    "stories.reports": ("stories.prompts",),
    "stories.titles": ("stories.prompts",),
    "stories.frames": (),
    "stories.flow": ("stories.textlog",),
    "stories.membership": (),
    "stories.models": ("stories.prompts",),
    "stories.diffs": (),
    "stories.passages": ("stories.diffs",),
    "stories.versions": ("stories.models", "stories.passages"),
    "stories.undo": ("stories.models", "stories.versions"),
    "stories.thinning": ("stories.models",),
    "stories.preferences": ("stories.models", "stories.provenance"),
    "stories.provenance": ("stories.models",),
    "stories.search": (),
    "stories.downloads": ("stories.models",),
    "stories.forms": ("stories.models", "stories.prompts"),
    "stories.services": (
        *("stories.models", "stories.prompts", "stories.titles", "stories.versions"),
        *("stories.preferences", "stories.provenance", "stories.thinning", "stories.undo"),
    ),
    "stories.curation": ("stories.models",),
    "stories.accounts": ("stories.models",),
    "stories.context_processors": ("stories.models",),
    "stories": ("stories",),
    "finetuning.recipes": (),
    # The reports and the prompts are pure; the evaluation counts as the story page does.
    "finetuning.pipeline": (
        *("finetuning.recipes", "stories.prompts", "stories.ollama", "stories.reports"),
    ),
    "finetuning.models": ("finetuning.recipes", "stories.models"),
    "finetuning.services": (
        *("finetuning.models", "finetuning.recipes", "finetuning.pipeline"),
        *("stories.models", "stories.ollama", "stories.provenance"),
    ),
    "finetuning.trainer": ("finetuning.pipeline",),
    "finetuning.driver": (
        *("finetuning.models", "finetuning.recipes", "finetuning.pipeline"),
        *("finetuning.services", "finetuning.trainer", "stories.models", "stories.ollama"),
    ),
    "finetuning.tasks": (
        *("finetuning.driver", "finetuning.models", "finetuning.pipeline", "finetuning.services"),
    ),
    "finetuning": (
        *("finetuning", "stories.services", "stories.models", "stories.prompts"),
        *("stories.admin.common", "stories.views.common"),
    ),
    "pocket": (),
    "storaiteller_site": ("stories.routing", "stories.urls", "stories.admin", "finetuning.urls"),
}
NO_DJANGO = ("finetuning.pipeline", "finetuning.recipes", "stories.prompts", "pocket")


def modules() -> Iterator[tuple[str, Path]]:
    """Yield the dotted name and path of every module of ours."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            yield ".".join(parts).removesuffix(".__init__"), path


def imported_names(path: Path) -> Iterator[str]:
    """Yield the dotted names that a file imports, wherever in the file it does."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path}: relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def inside(name: str, package: str) -> bool:
    """Tell whether dotted `name` is `package` or lies in it."""
    return name == package or name.startswith(f"{package}.")


def row_of(module: str) -> str:
    """Return the most specific row of the table that `module` falls under."""
    return max((row for row in MAY_IMPORT if inside(module, row)), key=len)


MODULES = [pytest.param(name, path, id=name) for name, path in modules()]


@pytest.mark.parametrize(("module", "path"), MODULES)
def test_module_imports_only_what_the_table_allows(module: str, path: Path) -> None:
    if "migrations" in path.parts:
        return
    row = row_of(module)
    for name in imported_names(path):
        if any(inside(name, package) for package in PACKAGES):
            allowed = (row, *MAY_IMPORT[row])
            assert any(inside(name, entry) for entry in allowed), f"{module} imports {name}"


@pytest.mark.parametrize(("module", "path"), MODULES)
def test_parts_without_django_stay_so(module: str, path: Path) -> None:
    if any(inside(module, part) for part in NO_DJANGO):
        assert not [name for name in imported_names(path) if inside(name, "django")]


def test_a_forbidden_import_would_be_found() -> None:
    assert row_of("stories.models.story") == "stories.models"
    assert not any(inside("stories.services.save_text", entry) for entry in ("stories.models",))
    assert row_of("pocket.server.app") == "pocket"
