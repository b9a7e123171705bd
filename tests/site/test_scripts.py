"""The import map: made from the static folders, so that no module needs an entry by hand."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import call_command
from django.test import Client
from pytest_django import Settings

from storaiteller_site.templatetags import scripts

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = sorted((ROOT / "static" / "js").rglob("*.js"))
VENDORED = sorted((ROOT / "static" / "vendor" / "prosemirror").glob("*.js"))
_IMPORT = re.compile(r'(?:from|import) "([^"]+)"')
_MAP = re.compile(r'<script type="importmap" nonce="([^"]+)">(.*?)</script>', re.DOTALL)


@pytest.fixture(autouse=True)
def anew() -> Iterator[None]:
    """Make the map anew for each test, and leave none behind."""
    scripts.import_map.cache_clear()
    yield
    scripts.import_map.cache_clear()


def imports() -> dict[str, str]:
    """Return what each module is imported by, and its address."""
    found: dict[str, str] = json.loads(scripts.import_map())["imports"]
    return found


def test_every_module_is_in_the_map_and_nothing_else() -> None:
    ours = {f"storaiteller/{p.relative_to(ROOT / 'static/js').with_suffix('')}" for p in SCRIPTS}
    assert set(imports()) == ours | {path.stem for path in VENDORED}


@pytest.mark.parametrize("path", [*SCRIPTS, *VENDORED], ids=lambda path: path.name)
def test_what_a_module_imports_is_in_the_map(path: Path) -> None:
    assert set(_IMPORT.findall(path.read_text())) <= set(imports())


def test_a_new_file_is_in_the_map(settings: Settings, tmp_path: Path) -> None:
    for name in ("js/new/module.js", "js/new/notes.txt", "elsewhere/other.js"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("export {};")
    settings.STATICFILES_DIRS = [tmp_path]
    assert imports() == {"storaiteller/new/module": "/static/js/new/module.js"}


def test_collected_files_are_called_by_their_hashed_names(
    settings: Settings, tmp_path: Path
) -> None:
    source, settings.STATIC_ROOT = tmp_path / "source", tmp_path / "collected"
    (source / "js").mkdir(parents=True)
    (source / "js" / "one.js").write_text("export {};")
    settings.STATICFILES_DIRS = [source]
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    backend = "whitenoise.storage.CompressedManifestStaticFilesStorage"
    settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND": backend}}
    call_command("collectstatic", interactive=False, verbosity=0)
    address = imports()["storaiteller/one"]
    assert re.fullmatch(r"/static/js/one\.[0-9a-f]{12}\.js", address)
    assert (settings.STATIC_ROOT / address.removeprefix("/static/")).exists()


def test_no_file_name_ends_the_element(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "js" / "<").mkdir(parents=True)
    (tmp_path / "js" / "<" / "script>.js").write_text("export {};")
    settings.STATICFILES_DIRS = [tmp_path]
    assert "<" not in scripts.import_map()
    assert set(imports()) == {"storaiteller/</script>"}


def test_each_page_has_the_map_under_its_own_nonce(client: Client, db: None) -> None:
    nonces = set()
    for _ in range(2):
        response = client.get("/")
        [(nonce, text)] = _MAP.findall(response.content.decode())
        assert f"'nonce-{nonce}'" in response["Content-Security-Policy"]
        assert "storaiteller/story" in json.loads(text)["imports"]
        nonces.add(nonce)
    assert len(nonces) == 2
