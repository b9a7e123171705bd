"""The documentation is true where a machine can tell: variables, commands, files and links."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [ROOT / "README.md", ROOT / "benchmarks" / "README.md", *(ROOT / "docs").glob("*.md")]
_READ = re.compile(r'(?:env\.\w+|environ\.get)\(\s*"([A-Z_]+)"')
_DOCUMENTED = re.compile(r"^\| `([A-Z_]+)` \|", re.MULTILINE)
_LINK = re.compile(r"\]\((?!https?://|#)([^)#]+)\)")
_MAPPED = re.compile(r"^\| (`[^|]+`) \|", re.MULTILINE)
_COMMAND = re.compile(r"`(?:[A-Z_]+=\S+ )*make ([a-z-]+)")


def test_every_variable_is_documented_and_no_other() -> None:
    sources = [
        ROOT / "storaiteller_site" / "settings.py",
        ROOT / "storaiteller_site" / "operations" / "deployment.py",
        ROOT / "stories" / "accounts" / "openid" / "configuration.py",
    ]
    for room in ("finetuning/pipeline", "modelserver", "tracing"):  # which have no Django
        sources += (ROOT / room).glob("*.py")
    read = {name for path in sources for name in _READ.findall(path.read_text())}
    read.discard("PATH")  # everybody's
    documented = _DOCUMENTED.findall((ROOT / "docs" / "configuration.md").read_text())
    assert len(read) > 10
    assert sorted(documented) == sorted(read)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(document: Path) -> None:
    for target in _LINK.findall(document.read_text()):
        assert (document.parent / target).exists(), target


def test_the_map_names_the_rooms_that_are_there() -> None:
    readme = (ROOT / "README.md").read_text()
    cells = _MAPPED.findall(readme.split("## Where things are")[1])
    rooms = [path for cell in cells for path in re.findall(r"`([^`]+)`", cell)]
    assert len(rooms) > 10
    for path in rooms:
        assert (ROOT / path).exists(), path
    named = {path.split("/")[0] for path in rooms}
    assert {path.parent.name for path in ROOT.glob("*/__init__.py")} <= named


def test_the_commands_exist() -> None:
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    mentioned = {name for path in DOCUMENTS for name in _COMMAND.findall(path.read_text())}
    assert mentioned
    assert mentioned <= set(targets)
