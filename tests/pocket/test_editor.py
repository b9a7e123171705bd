"""Who answers for `pocket`: the tiny model tells a story, the editor works with a text."""

from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from pocket.server.app import create_app
from pocket.server.shipped import BASE, HOUSE, TINY, Shipped
from tests.pocket.samples import EXAMPLES, WHOLE

STORY = WHOLE[0].prompt
REWRITE = next(example.prompt for example in EXAMPLES if example.kind == "rewrite")


@pytest.fixture(scope="module")
def pocket(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The server with all models that come with the program."""
    app = create_app(tmp_path_factory.mktemp("models"), Shipped(TINY, HOUSE, BASE))
    with TestClient(app, base_url="http://127.0.0.1") as client:
        yield client


def answered(pocket: Any, *contents: str, model: str = "pocket") -> set[str]:
    """Return the names of the models that were loaded to answer a chat."""
    roles = ("user", "assistant", "user")
    messages = [
        {"role": role, "content": content} for role, content in zip(roles, contents, strict=False)
    ]
    body = {"model": model, "messages": messages, "stream": False, "options": {"num_predict": 4}}
    for loaded in pocket.get("/api/ps").json()["models"]:
        unload = {"model": loaded["name"], "messages": [], "keep_alive": 0, "stream": False}
        pocket.post("/api/chat", json=unload)
    answer = pocket.post("/api/chat", json=body)
    assert answer.status_code == 200, answer.text
    assert answer.json()["model"] == model
    return {loaded["name"] for loaded in pocket.get("/api/ps").json()["models"]}


def test_a_story_by_its_settings_is_told_by_the_tiny_model(pocket: Any) -> None:
    assert answered(pocket, STORY) == {"pocket:latest", "pocket-tiny:latest"}


@pytest.mark.parametrize(
    "contents",
    [
        (STORY, "Anna lit the lamp."),
        (REWRITE,),
        (REWRITE, "Anna lit the lamp."),
        ("What is a lamp for?",),
        (STORY, "Anna lit the lamp.", STORY),
    ],
)
def test_a_text_is_worked_with_by_the_editor(pocket: Any, contents: tuple[str, ...]) -> None:
    assert answered(pocket, *contents) == {"pocket-editor:latest"}


def test_a_model_made_from_pocket_keeps_its_editor(pocket: Any, tmp_path: Path) -> None:
    made = pocket.post("/api/create", json={"model": "mine", "from": "pocket", "stream": False})
    assert made.status_code == 200
    assert "mine:latest" in answered(pocket, STORY, model="mine")
    assert answered(pocket, STORY, "Anna lit the lamp.", model="mine") == {"pocket-editor:latest"}


def test_as_much_can_be_gone_on_from_as_the_editor_reads(pocket: Any) -> None:
    def reads(name: str) -> int:
        shown = pocket.post("/api/show", json={"model": name}).json()["model_info"]
        return int(shown["llama.context_length"])

    assert reads("pocket") == reads("pocket-editor") > reads("pocket-tiny")
