"""What the pages' scripts and the server both go by is said once, by the server."""

import json
import re
from pathlib import Path

from django.test import Client

from stories.live.flow import ACKNOWLEDGE_EVERY, LONGEST_PIECE, UNACKNOWLEDGED
from stories.pages.constants import page_constants

SCRIPTS = Path(__file__).resolve().parents[3] / "static" / "js"
READER = SCRIPTS / "common" / "constants.js"
_DATA = re.compile(r'<script id="page-constants" type="application/json">(.*?)</script>')


def test_every_page_carries_them_as_they_are(alices: Client) -> None:
    for path in ("/", "/stories/", "/accounts/login/"):
        [data] = _DATA.findall(alices.get(path, follow=True).content.decode())
        assert json.loads(data) == page_constants()


def test_the_scripts_read_all_of_them_and_no_others() -> None:
    [names] = re.findall(r"const \{(.*?)\} = JSON", READER.read_text(), re.DOTALL)
    assert set(re.findall(r"^  (\w+)[,:]", names, re.MULTILINE)) == set(page_constants())


def test_a_name_that_a_script_takes_is_there() -> None:
    constants = page_constants()
    groups = {name.upper(): names for name, names in constants.items() if isinstance(names, dict)}
    used = {
        (group, name)
        for path in SCRIPTS.rglob("*.js")
        for group, name in re.findall(r"\b([A-Z]+)\.([A-Z_]+)\b", path.read_text())
        if group in groups
    }
    assert ("CLOSE", "SIGNED_OUT") in used
    assert [(group, name) for group, name in used if name not in groups[group]] == []


def test_a_client_that_acknowledges_as_it_is_told_to_is_never_waited_for_long() -> None:
    assert ACKNOWLEDGE_EVERY + LONGEST_PIECE < UNACKNOWLEDGED
