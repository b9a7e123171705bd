"""A page's modules in one file: what a bundle says, and what it refuses to."""

import re
from pathlib import Path

import pytest
from django.core.management import call_command
from django.test import Client
from pytest_django import Settings

from storaiteller_site import installed
from storaiteller_site.bundling import BUNDLES, BundlingError, bundle, path_of

MODULES = {
    "first": 'import One, { x } from "wrong";\n',
    "one": "const a = 1;\nexport { a as b };\nexport default a;\n",
    "two": 'import One from "one";\nimport {\n  b as c } from "one";\nexport const d = c + One;\n',
    "main": 'import "two";\nimport { d } from "two";\nexport async function* run() {}\n',
    "circle": 'import "circle";\n',
    "lost": 'import "nowhere";\n',
    "lazy": 'const part = import("one");\n',
    "changing": "export let count = 0;\n",
    "waiting": "await 1;\n",
}


def test_modules_run_once_each_after_what_they_import() -> None:
    text = bundle(("main", "two"), MODULES)
    assert re.findall(r'^modules\["(\w+)"\] =', text, re.MULTILINE) == ["one", "two", "main"]
    assert "return { b: a, default: a };" in text.replace("default: a, b: a", "b: a, default: a")
    assert 'const One = modules["one"].default;' in text
    assert re.search(r'const \{\s+b: c \} = modules\["one"\];', text)
    assert "return { run };" in text


@pytest.mark.parametrize("name", ["first", "circle", "lost", "lazy", "changing", "waiting"])
def test_what_a_bundle_cannot_say_is_refused(name: str) -> None:
    with pytest.raises(BundlingError, match=name):
        bundle((name,), MODULES)


@pytest.mark.django_db
def test_collected_bundles_are_compressed_kept_offline_and_what_the_page_runs(
    settings: Settings, tmp_path: Path, alices: Client
) -> None:
    settings.STATIC_ROOT = tmp_path
    backend = "storaiteller_site.bundling.BundlingStorage"
    settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND": backend}}
    for _ in range(2):  # the second time, they are there
        call_command("collectstatic", interactive=False, verbosity=0)
    installed._worker.cache_clear()
    try:
        worker = alices.get("/worker.js").content.decode()
    finally:
        installed._worker.cache_clear()
    for page in BUNDLES:
        [address] = re.findall(rf'"(/static/bundles/{page}\.[0-9a-f]{{12}}\.js)"', worker)
        served = tmp_path / address.removeprefix("/static/")
        assert served.exists()
        assert served.with_name(f"{served.name}.gz").exists()
    assert "modules[" in (tmp_path / path_of("story")).read_text()
