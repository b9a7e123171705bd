"""The tokens that docs/model-servers.md says a model sees are those that it sees."""

import re
from pathlib import Path

import httpx
import pytest

from tests.conformance.conftest import REAL

PAGE = Path(__file__).parents[2] / "docs" / "model-servers.md"
WRITE, CONTINUE, SYSTEM = re.findall(r"```text\n(.*?)```", PAGE.read_text(), re.DOTALL)
PROMPT, STORY = "Write a story about Anna.", "Anna lifted the lantern and"


def rendered(client: httpx.Client, model: str, messages: list[dict[str, str]]) -> str:
    """Return the prompt that the server makes of `messages`."""
    body = {"model": model, "messages": messages, "_debug_render_only": True, "stream": False}
    answer = client.post("/api/chat", json=body).json()
    prompt: str = answer["_debug_info"]["rendered_template"]
    return prompt.removeprefix("<|begin_of_text|>")


@pytest.mark.parametrize("continued", [False, True])
def test_the_tokens_are_those_of_the_page(
    client: httpx.Client, model: str, family: str, continued: bool
) -> None:
    messages = [{"role": "user", "content": PROMPT}]
    page = WRITE[:-1]
    if continued:
        messages.append({"role": "assistant", "content": STORY})
        page = CONTINUE[:-1]
    prompt = rendered(client, model, messages)
    if family == REAL and "<|start_header_id|>" not in prompt:
        pytest.skip("another family's template")
    if prompt.startswith("<|start_header_id|>system"):
        system, end, rest = prompt.partition("<|eot_id|>")
        known = re.sub(r"Today Date: .*\n", "", system + end)
        assert known == SYSTEM[:-1]
        prompt = rest
    page = page.replace("PROMPT", PROMPT).replace("STORY", STORY)
    if continued:
        # Where the message is closed, the client cuts the prompt there.
        prompt = prompt[: prompt.rindex(STORY) + len(STORY)]
    assert prompt == page
