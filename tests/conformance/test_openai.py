"""Does a server of OpenAI's API do what the app relies on? OPENAI_CONFORMANCE_URL, or llama.cpp's.

With OPENAI_CONFORMANCE_MODEL and OLLAMA_API_KEY, where the server wants them.
"""

import os
from collections.abc import AsyncIterator, Iterator

import pytest

import modelserver
from modelserver import Abilities, Server
from tests.support.llama_server import llama_server

GIVEN = os.environ.get("OPENAI_CONFORMANCE_URL", "")
ASK = [{"role": "user", "content": "Write a story of maximum 60 words about Anna and a lantern."}]
GREEDY = {"temperature": 0.0, "num_predict": 40}


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Return the address of the server under test."""
    if GIVEN:
        yield GIVEN
        return
    with llama_server() as url:
        yield url


@pytest.fixture
async def server(address: str) -> AsyncIterator[Server]:
    """The server under test; in which dialect is found out."""
    yield Server.at(address, api_key=os.environ.get("OLLAMA_API_KEY", ""))
    await modelserver.close()


@pytest.fixture
async def model(server: Server) -> str:
    """Return the model to ask: the given one, or the first that can write."""
    if given := os.environ.get("OPENAI_CONFORMANCE_MODEL"):
        return given
    models = await modelserver.installed(server)
    assert models, "the server under test has no model"
    return models[0].name


@pytest.fixture
async def able(server: Server, model: str) -> Abilities:
    """What the model can do."""
    return await modelserver.abilities(server, model)


async def test_it_is_no_ollama_and_says_what_it_is(server: Server, able: Abilities) -> None:
    assert (await modelserver.about(server)).engine != "Ollama"
    assert able.context_length, "set STORY_NUM_CTX to what it is served with"


async def test_a_story_is_counted_and_ends(server: Server, model: str, able: Abilities) -> None:
    chunks = [each async for each in modelserver.chat(server, model, ASK, GREEDY, able)]
    last = chunks[-1]
    assert last.done
    assert last.done_reason in {"stop", "length"}
    assert last.prompt_tokens
    assert 0 < (last.completion_tokens or 0) <= GREEDY["num_predict"]


async def test_a_story_is_gone_on_with_as_it_went_on_before(
    server: Server, model: str, able: Abilities
) -> None:
    """The likeliest word after the first half is the one that came when all was written at once."""

    async def written(chat: list[dict[str, str]]) -> str:
        answer = modelserver.chat(server, model, chat, GREEDY, able)
        return "".join([chunk.text async for chunk in answer])

    whole = await written(ASK)
    middle = whole.rindex(" ", 0, len(whole) // 2)
    half = whole[:middle]
    following = half + await written([*ASK, {"role": "assistant", "content": half}])
    next_word = whole.index(" ", middle + 1)
    assert following[:next_word] == whole[:next_word]


async def test_too_long_a_prompt_is_refused(server: Server, model: str, able: Abilities) -> None:
    long = [{"role": "user", "content": "a long word " * (able.context_length or 40_000)}]
    with pytest.raises(modelserver.PromptTooLongError):
        [each async for each in modelserver.chat(server, model, long, GREEDY, able)]
