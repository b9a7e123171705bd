"""Tokens are estimated from above, and as the model's own once an answer has told how many."""

import json

import pytest
from aiohttp import web

import modelserver
from modelserver import Counter, PromptTooLongError, Server
from tests.modelserver.conftest import Handler, said, serving

ENGLISH = "Anna lifted the lantern, and the dark stepped back from the old door. " * 20
POLISH = "Dziewczyna podniosła latarnię i ciemność cofnęła się od starych drzwi. " * 20
HINDI = "अन्ना ने लालटेन उठाई और अंधेरा पुराने दरवाज़े से पीछे हट गया। " * 20
EMOJI = "👩‍👩‍👧🙂🏮🗝️" * 40
# What the vocabulary of Llama 3 makes of them, counted with `benchmarks.tokens`.
LLAMA_3 = {ENGLISH: 301, POLISH: 581, HINDI: 642, EMOJI: 800}


def test_nothing_takes_nothing() -> None:
    assert Counter().estimate("") == 0


@pytest.mark.parametrize("text", LLAMA_3, ids=["english", "polish", "hindi", "emoji"])
def test_an_estimate_is_from_above(text: str) -> None:
    assert LLAMA_3[text] <= Counter().estimate(text)


@pytest.mark.parametrize("text", [ENGLISH, POLISH, HINDI], ids=["english", "polish", "hindi"])
@pytest.mark.parametrize("rate", [0.2, 0.9])
def test_an_answer_tells_the_models_own_rate(text: str, rate: float) -> None:
    counter, tokens = Counter(), int(len(text.encode()) * rate)
    counter.learn([text], tokens)
    assert tokens <= counter.estimate(text) <= 1.25 * tokens


def test_one_language_tells_nothing_of_another() -> None:
    counter, told = Counter(), Counter()
    told.learn([ENGLISH], 300)
    assert told.estimate(HINDI) == counter.estimate(HINDI)
    assert told.estimate(ENGLISH) < counter.estimate(ENGLISH)


def test_the_dearest_of_the_last_answers_counts() -> None:
    counter = Counter()
    for tokens in (300, 600, 300):
        counter.learn([ENGLISH], tokens)
    assert counter.estimate(ENGLISH) >= 600
    for _ in range(8):
        counter.learn([ENGLISH], 300)
    assert counter.estimate(ENGLISH) < 600


@pytest.mark.parametrize(
    ("texts", "tokens"),
    [
        (["Anna."], 40),  # the template is most of it
        ([ENGLISH, HINDI], 900),  # of which kind is it?
        ([ENGLISH], 3),  # the rest was in the server's cache
        ([ENGLISH], 10**6),
    ],
)
def test_what_tells_nothing_changes_nothing(texts: list[str], tokens: int) -> None:
    counter = Counter()
    counter.learn(texts, tokens)
    assert counter.estimate(ENGLISH) == Counter().estimate(ENGLISH)


def test_what_was_dearer_than_thought_tells_all_that_was_in_it() -> None:
    counter = Counter()
    counter.learn([ENGLISH, HINDI], 4000)
    assert counter.estimate(ENGLISH) + counter.estimate(HINDI) >= 4000


def answers(prompt_tokens: int) -> Handler:
    """Return a handler that writes a word and tells how long the prompt was."""

    async def answer(request: web.Request) -> web.Response:
        end = {"message": {"content": "Done"}, "done": True, "prompt_eval_count": prompt_tokens}
        return web.Response(text=json.dumps(end))

    return answer


async def test_a_chat_tells_the_count() -> None:
    async with serving(answers(700)) as address:
        server = Server.at(address)
        before = modelserver.counter(server, "m").estimate(ENGLISH)
        messages = [{"role": "user", "content": ENGLISH}]
        assert [chunk.text async for chunk in modelserver.chat(server, "m", messages, {})]
    assert modelserver.counter(server, "m").estimate(ENGLISH) > before


INNER = {
    "error": {
        "code": 400,
        "message": "request (9000 tokens) exceeds the available context size (8192 tokens), try "
        "increasing it",
        "type": "exceed_context_size_error",
        "n_prompt_tokens": 9000,
        "n_ctx": 8192,
    }
}


@pytest.mark.parametrize(
    ("error", "tokens", "sentence"),
    [
        (json.dumps(INNER), 9000, "take 9,000 tokens and the model reads 8,192: 808 too many"),
        (
            "the prompt has 9000 tokens, which exceeds the context of 8192",
            9000,
            "take 9,000 tokens and the model reads 8,192",
        ),
        ("the input length exceeds the context length", None, "longer than the model can read"),
        (
            "the prompt is longer than the context length currently available to the model",
            None,
            "longer than the model can read",
        ),
    ],
)
async def test_an_overflow_is_told_as_what_it_is(
    error: str, tokens: int | None, sentence: str
) -> None:
    async with serving(said(400, error)) as address:
        server = Server.at(address)
        with pytest.raises(PromptTooLongError, match=sentence) as caught:
            async for _ in modelserver.chat(server, "m", [{"role": "user", "content": "x"}], {}):
                pass
    assert caught.value.tokens == tokens
    assert "{" not in caught.value.hint
