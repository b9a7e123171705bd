"""What still fits in the head: the size of a file, of a function, of a folder."""

import ast
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
OURS = (
    *("storaiteller_site", "prose", "modelserver", "stories", "finetuning", "pocket"),
    *("tracing", "tests", "benchmarks"),
)
LONGEST_FILE = 400  # lines
LONGEST_FUNCTION = 50
MOST_MODULES = 16  # in a folder, `__init__.py` aside

PYTHON = [
    path for top in OURS for path in (ROOT / top).rglob("*.py") if "migrations" not in path.parts
]
SCRIPTS = [*(ROOT / "static" / "js").rglob("*.js"), *(ROOT / "static" / "css").rglob("*.css")]


def name(path: Path) -> str:
    """Return the path as a person would write it."""
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", PYTHON + SCRIPTS, ids=name)
def test_no_file_is_too_long(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= LONGEST_FILE


@pytest.mark.parametrize("path", PYTHON, ids=name)
def test_no_function_is_too_long(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert (node.end_lineno or 0) - node.lineno < LONGEST_FUNCTION, node.name


def test_no_folder_holds_too_much() -> None:
    folders = Counter(path.parent for path in PYTHON + SCRIPTS if path.name != "__init__.py")
    crowded = {name(folder): count for folder, count in folders.items() if count > MOST_MODULES}
    assert crowded == {}


def test_every_folder_holds_something() -> None:
    for top in OURS:
        for folder in (ROOT / top).rglob("*"):
            if folder.is_dir() and folder.name not in {"__pycache__", "output"}:
                assert any(file.name != "__init__.py" for file in folder.iterdir()), folder
