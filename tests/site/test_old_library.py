"""A library made by an earlier version opens with nothing changed.

`data/library_216936d.sql` is the database of an installation made by the commit of that name, from
before the code was moved into rooms, and `data/run_216936d` the folder of its one training run: by
the pages and commands of then, with real stories, rewrites and a tuned model.
"""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(__file__).with_name("data")
# What a page shows of the old library; the user that looks is its curator, or its writer.
PAGES = {
    "bo": [
        *("/stories/", "/stories/1/", "/stories/1/versions/", "/stories/1/versions/6/"),
        *("/stories/1/report/", "/stories/2/", "/stories/new/?like=1", "/presets/", "/teach/"),
        *("/stories/download/", "/teach/compare/"),
    ],
    "ada": [
        *("/admin/stories/story/1/change/", "/teach/", "/teach/runs/"),
        *("/admin/stories/generation/5/change/", "/admin/stories/preferencepair/"),
        *("/teach/models/", "/teach/models/1/"),
        *("/teach/runs/1/", "/admin/finetuning/trainingexample/"),
        "/teach/runs/1/evaluation/",
    ],
}
_LOOK = """
import django, json, sys
django.setup()
from django.test import Client
from stories.models import User
pages = json.loads(sys.argv[1])
found = {}
for name, paths in pages.items():
    client = Client(headers={"host": "localhost"})
    client.force_login(User.objects.get(username=name))
    for path in paths:
        answer = client.get(path)
        found[path] = [answer.status_code, answer.content.decode(errors="replace")]
print(json.dumps(found))
"""


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """An installation's folder with the old library in it; returns the database."""
    database = tmp_path / "db.sqlite3"
    with sqlite3.connect(database) as connection:
        connection.executescript((DATA / "library_216936d.sql").read_text())
    connection.close()
    shutil.copytree(DATA / "run_216936d", tmp_path / "training" / "run-1")
    return database


def python(database: Path, *arguments: str) -> str:
    """Run a Python of the installation; returns what it says."""
    environment = {
        **os.environ,
        "DATA_DIR": str(database.parent),
        "DATABASE_URL": f"sqlite:///{database}",
        "DJANGO_SETTINGS_MODULE": "storaiteller_site.settings",
        "STORY_MODEL": "pocket",
        "OLLAMA_HOST": "http://127.0.0.1:9",
    }
    command = [sys.executable, *arguments]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def contents(database: Path) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of every table of ours, as a column's name and value each."""
    connection = sqlite3.connect(database)
    connection.row_factory = sqlite3.Row
    tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
    ours = [name for (name,) in tables if name.startswith(("stories_", "finetuning_"))]
    found = {
        name: [dict(row) for row in connection.execute(f"SELECT * FROM {name} ORDER BY id")]
        for name in ours
    }
    connection.close()
    return found


def test_every_row_is_there_and_the_same(old: Path) -> None:
    before = contents(old)
    assert {name: len(rows) for name, rows in before.items() if rows} == {
        "stories_user": 2,
        "stories_storysettings": 18,
        "stories_story": 17,
        "stories_storyversion": 21,
        "stories_generation": 6,
        "stories_preferencepair": 2,
        "stories_writermodel": 1,
        "finetuning_trainingrun": 1,
        "finetuning_trainingexample": 13,
        "finetuning_blindvote": 1,
    }
    python(old, "manage.py", "migrate", "--verbosity", "0")
    after = contents(old)
    for table, rows in before.items():
        # A newer version may have added columns; what was there says what it said.
        known = [{name: row[name] for name in rows[0]} for row in after[table]] if rows else []
        assert known == rows, table


def test_every_page_shows_it(old: Path) -> None:
    python(old, "manage.py", "migrate", "--verbosity", "0")
    python(old, "manage.py", "collectstatic", "--no-input", "--verbosity", "0")
    found = json.loads(python(old, "-W", "ignore", "-c", _LOOK, json.dumps(PAGES)))
    assert {path: status for path, (status, _) in found.items() if status != 200} == {}
    assert "小明" in found["/stories/1/versions/6/"][1]
    assert "Make it colder." in found["/stories/1/"][1]  # the rewrite that is not decided on
    assert "storaiteller-pocket-1-1ac627" in found["/teach/models/"][1]
    assert "Evenings" in found["/presets/"][1]
    assert "grand opening of the pet shop" in found["/teach/runs/1/evaluation/"][1]
