"""Who answers for `pocket`: the tiny model tells a story, the editor works with a text."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from pocket.server.app import create_app
from pocket.server.shipped import BASE, HOUSE, TINY, Shipped
from pocket.server.store import Store
from prose import prompts
from tests.pocket.samples import EXAMPLES, WHOLE

STORY = WHOLE[0].prompt
REWRITE = next(example.prompt for example in EXAMPLES if example.kind == "rewrite")


@pytest.fixture(scope="module")
def pocket(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The server with all models that come with the program."""
    app = create_app(tmp_path_factory.mktemp("models"), Shipped(TINY, HOUSE, BASE))
    with TestClient(app, base_url="http://127.0.0.1") as client:
        yield client


def loaded(pocket: Any) -> set[str]:
    """Return the names of the models in memory."""
    return {model["name"] for model in pocket.get("/api/ps").json()["models"]}


def unload_all(pocket: Any) -> None:
    for name in loaded(pocket):
        unload = {"model": name, "messages": [], "keep_alive": 0, "stream": False}
        pocket.post("/api/chat", json=unload)


def answered(pocket: Any, *contents: str, model: str = "pocket") -> set[str]:
    """Return the names of the models that were loaded to answer a chat."""
    roles = ("user", "assistant", "user")
    messages = [
        {"role": role, "content": content} for role, content in zip(roles, contents, strict=False)
    ]
    body = {"model": model, "messages": messages, "stream": False, "options": {"num_predict": 4}}
    unload_all(pocket)
    answer = pocket.post("/api/chat", json=body)
    assert answer.status_code == 200, answer.text
    assert answer.json()["model"] == model
    return loaded(pocket)


def test_what_should_happen_is_told_by_the_editor(pocket: Any) -> None:
    asked = replace(WHOLE[0].settings, premise="A fox finds a lighthouse.")
    assert answered(pocket, prompts.story_prompt(asked)) == {"pocket-editor:latest"}


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


@pytest.mark.parametrize(
    ("prompt", "more", "answers"),
    [
        (STORY, {}, {"pocket:latest", "pocket-tiny:latest"}),
        (REWRITE, {}, {"pocket-editor:latest"}),
        ("<|im_start|>user\nHi<|im_end|>\n", {"raw": True}, {"pocket-editor:latest"}),
        ("<|start_header_id|>user", {"raw": True}, {"pocket:latest", "pocket-tiny:latest"}),
    ],
)
def test_a_prompt_without_a_chat_goes_where_its_chat_would(
    pocket: Any, prompt: str, more: dict[str, Any], answers: set[str]
) -> None:
    unload_all(pocket)
    body = {"model": "pocket", "prompt": prompt, "stream": False, "options": {"num_predict": 4}}
    assert pocket.post("/api/generate", json={**body, **more}).status_code == 200
    assert loaded(pocket) == answers


def test_unloading_pocket_unloads_its_editor(pocket: Any) -> None:
    answered(pocket, REWRITE)
    unload = {"model": "pocket", "messages": [], "keep_alive": 0, "stream": False}
    assert pocket.post("/api/chat", json=unload).status_code == 200
    assert loaded(pocket) == set()


def test_a_model_made_before_there_were_editors_has_one(pocket: Any, tmp_path: Path) -> None:
    store = Store(tmp_path, Shipped(TINY, HOUSE, BASE))
    old = replace(store.get("pocket"), name="old:latest", parent="pocket:latest", editor="")
    store.put(old)
    assert store.editor_of(store.get("old")).name == "pocket-editor:latest"
    store.put(replace(old, name="other:latest", parent="pocket-tiny:latest"))
    assert store.editor_of(store.get("other")).name == "other:latest"


def test_a_digest_tells_which_weights_it_is_on(tmp_path: Path) -> None:
    def digests(weights: bytes) -> dict[str, str]:
        tiny = tmp_path / "tiny"
        tiny.mkdir(exist_ok=True)
        (tiny / "parameters.json").write_text("{}")
        (tiny / "pocket.gguf").write_bytes(weights)
        store = Store(tmp_path / "models", Shipped(tiny, HOUSE, BASE))
        return {model.name: store.digest_of(model) for model in store.all()}

    before, after = digests(b"one"), digests(b"two")
    assert digests(b"one") == before
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"pocket:latest", "pocket-tiny:latest"}


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
