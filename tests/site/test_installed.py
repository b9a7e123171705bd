"""The site as an installed app: what its manifest and its worker tell."""

import json
import struct
from pathlib import Path

import pytest
from django.contrib.staticfiles.finders import find
from django.test import Client
from pytest_django import Settings

from storaiteller_site import installed
from storaiteller_site.languages import catalogue

pytestmark = pytest.mark.django_db


def shell(client: Client) -> dict[str, object]:
    """Return what the worker is told to keep."""
    line = client.get("/worker.js").content.decode().splitlines()[0]
    found: dict[str, object] = json.loads(line.removeprefix("self.SHELL = ").removesuffix(";"))
    return found


def test_the_manifest_leads_to_icons_that_are_there(client: Client) -> None:
    answer = client.get("/manifest.webmanifest")
    assert answer["Content-Type"] == "application/manifest+json"
    told = answer.json()
    assert (told["name"], told["display"], told["scope"]) == ("StorAIteller", "standalone", "/")
    assert {"any", "maskable"} == {icon["purpose"] for icon in told["icons"]}
    for icon in told["icons"]:
        path = Path(str(find(icon["src"].removeprefix("/static/"))))
        if icon["type"] == "image/png":
            width, height = struct.unpack(">II", path.read_bytes()[16:24])
            assert f"{width}x{height}" == icon["sizes"]
    assert "manifest.webmanifest" in client.get("/").content.decode()


def test_the_worker_keeps_files_that_are_there_and_has_the_root(client: Client) -> None:
    answer = client.get("/worker.js")
    assert answer["Content-Type"] == "text/javascript"
    assert "no-cache" in answer["Cache-Control"]
    files = shell(client)["files"]
    assert isinstance(files, list)
    served = [path for path in files if path.startswith("/static/")]
    assert all(find(path.removeprefix("/static/")) for path in served)
    assert files == [*served, catalogue.address("en")]
    assert {"/static/js/story.js", "/static/css/base.css"} <= set(files)


def test_another_file_makes_another_worker(
    client: Client, settings: Settings, tmp_path: Path
) -> None:
    installed._worker.cache_clear()
    before = shell(client)["version"]
    (tmp_path / "css").mkdir()
    (tmp_path / "css" / "more.css").write_text("")
    settings.STATICFILES_DIRS = [*settings.STATICFILES_DIRS, tmp_path]
    installed._worker.cache_clear()
    assert shell(client)["version"] != before
    installed._worker.cache_clear()


def test_the_page_for_when_offline_knows_nobody(alices: Client) -> None:
    answer = alices.get("/offline/")
    assert "You’re offline" in answer.content.decode()
    assert "alice" not in answer.content.decode()
    assert not answer.cookies
    assert "'unsafe" not in answer["Content-Security-Policy"]
