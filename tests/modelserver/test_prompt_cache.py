"""What is sent to go on with a story begins as what was sent before: an engine reads the rest."""

import json

import httpx

import modelserver
from modelserver import Server
from modelserver.asking import Request
from modelserver.dialects import dialect_of
from tests.support.llama_server import NAME, llama_server

PROMPT = "You are a writer. Write a story of maximum 100 words about Anna, Ben and a lantern."
PARTS = " It is important that the story starts with this part unchanged: "


async def read(server: Server, prompt: str, told: str = "") -> tuple[str, int, int]:
    """Return the answer, and the tokens of its prompt that were in the cache, and all of them."""
    chat = [{"role": "user", "content": prompt}]
    chat += [{"role": "assistant", "content": told}] if told else []
    able = await modelserver.abilities(server, NAME)
    asked = Request(server, NAME, chat, {"num_predict": 40, "seed": 1}, able)
    sending = await (await dialect_of(server)).sending(asked)
    async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
        answer = await client.post(f"{server.url}/{sending.path}", json=sending.body)
    events = [
        json.loads(line.removeprefix("data: "))
        for line in answer.text.splitlines()
        if line.startswith("data: {")
    ]
    choices = [choice for event in events for choice in event["choices"]]
    text = "".join(
        each.get("text") or each.get("delta", {}).get("content") or "" for each in choices
    )
    usage = next(event["usage"] for event in events if event.get("usage"))
    return text, usage["prompt_tokens_details"]["cached_tokens"], usage["prompt_tokens"]


async def test_a_continuation_and_a_second_try_are_read_from_the_cache() -> None:
    with llama_server() as url:
        server = Server.at(url)
        story, _, first = await read(server, PROMPT)
        assert story
        _, cached, tokens = await read(server, PROMPT, story)
        assert tokens - cached <= 2
        assert cached > first, "the story that it has written is not read either"
        before = story[: len(story) // 2]
        _, cached, _ = await read(server, PROMPT + PARTS + before, before)
        assert cached > first // 2, "a rewrite's prompt begins as the story's"
        _, cached, tokens = await read(server, PROMPT + PARTS + before, before)
        assert tokens - cached <= 2
