"""A chat that ends with the assistant's words is continued, whatever the server does with it."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from aiohttp import web

import modelserver
from modelserver import Abilities, Prefill, Server, asking, models
from modelserver.ollama_api import prefill as dialect
from modelserver.seams import Echo
from tests.modelserver.conftest import serving

STORY = "Anna lifted the lantern.\n\nBen held the old map, and nestled"
CHAT = [{"role": "user", "content": "Write."}, {"role": "assistant", "content": STORY}]
GO_TEMPLATE = "{{ range .Messages }}<|im_start|>{{ .Role }}\n{{ .Content }}<|im_end|>\n{{ end }}"
CHATML = Abilities(template=GO_TEMPLATE, fingerprint="chatml")


class Fake:
    """A server of one family, which remembers what it was asked."""

    def __init__(self, family: str, *, renders: bool = True, says: str = " in the dark.") -> None:
        self.family, self.renders, self.says = family, renders, says
        self.asked: list[dict[str, Any]] = []

    async def answer(self, request: web.Request) -> web.Response:
        body = json.loads(await request.read())
        if self.family == "refuses" and body["messages"][-1]["role"] == "assistant":
            return web.json_response({"error": self.says}, status=400)
        self.asked.append({"path": request.path, **body})
        if request.path == "/api/generate":
            return self._lines({"response": piece} for piece in self._pieces())
        messages = body["messages"]
        if body.get("_debug_render_only") and self.renders:
            info = {"rendered_template": self._rendered(messages)}
            return web.json_response({"message": {}, "done": False, "_debug_info": info})
        echoed = [messages[-1]["content"]] if self.family == "echoes" else []
        if self.family == "echoes in pieces":
            echoed = list(messages[-1]["content"].lstrip())
        pieces = [*echoed, *self._pieces()]
        return self._lines({"message": {"content": piece}} for piece in pieces)

    def _pieces(self) -> list[str]:
        return [self.says[:4], self.says[4:]]

    def _rendered(self, messages: list[dict[str, str]]) -> str:
        text = "".join(f"<{each['role']}>{each['content'].strip()}" for each in messages)
        return f"{text}<end><assistant>" if self.family == "closes" else text

    def _lines(self, parts: Iterator[dict[str, Any]]) -> web.Response:
        lines = [*parts, {"done": True, "done_reason": "stop", "prompt_eval_count": 9}]
        return web.Response(body="".join(f"{json.dumps(line)}\n" for line in lines).encode())


async def continued(fake: Fake, able: Abilities = CHATML, chat: Any = CHAT, times: int = 1) -> str:
    """Return what comes of the chat, the last time."""
    async with serving(fake.answer) as address:
        for _ in range(times):
            server = Server.at(address)
            answer = modelserver.chat(server, "m", chat, {"num_ctx": 64}, able)
            text = "".join([chunk.text async for chunk in answer])
    return text


@pytest.mark.parametrize("family", ["continues", "echoes", "echoes in pieces", "closes"])
async def test_only_what_is_new_comes(family: str) -> None:
    assert await continued(Fake(family)) == " in the dark."


@pytest.mark.parametrize("family", ["continues", "echoes", "closes"])
async def test_a_server_is_asked_about_it_once(family: str) -> None:
    fake = Fake(family)
    await continued(fake, times=3)
    about = [asked for asked in fake.asked if dialect.QUESTION in str(asked)]
    assert len(about) == 1
    assert about[0]["_debug_render_only"], "nothing is written for it"
    assert all(asked["options"]["num_ctx"] == 64 for asked in fake.asked), "none loads the model"


@pytest.mark.parametrize("family", ["continues", "echoes"])
async def test_the_first_answer_tells_whether_there_is_an_echo(family: str) -> None:
    ways = {"continues": Prefill.CONTINUED, "echoes": Prefill.ECHOED}
    fake = Fake(family)
    async with serving(fake.answer) as address:
        server = Server.at(address)
        asked = asking.Request(server, "m", CHAT, {}, CHATML)
        assert await dialect.prefill_of(asked) == Prefill.OPEN
        assert [chunk async for chunk in modelserver.chat(server, "m", CHAT, {}, CHATML)]
        assert await dialect.prefill_of(asked) == ways[family]


@pytest.mark.parametrize("family", ["continues", "echoes"])
async def test_an_answer_to_a_short_beginning_may_begin_like_it(family: str) -> None:
    chat = [CHAT[0], {"role": "assistant", "content": "No"}]
    assert await continued(Fake(family, says="No one came."), chat=chat) == "No one came."


async def test_another_model_of_the_name_is_asked_again() -> None:
    fake = Fake("continues")
    async with serving(fake.answer) as address:
        for fingerprint, family in (("one", "continues"), ("two", "closes")):
            fake.family = family
            able = Abilities(fingerprint=fingerprint)
            asked = asking.Request(Server.at(address), "m", CHAT, {}, able)
            way = {"continues": Prefill.OPEN, "closes": Prefill.RAW}[family]
            assert await dialect.prefill_of(asked) == way


async def test_a_closed_message_is_cut_open() -> None:
    fake = Fake("closes")
    await continued(fake)
    raw = fake.asked[-1]
    assert raw["path"] == "/api/generate"
    assert raw["raw"] is True
    assert raw["prompt"] == f"<user>Write.<assistant>{STORY}"
    assert not raw["shift"]
    assert not raw["truncate"]


async def test_white_space_at_the_end_is_what_the_writer_means() -> None:
    fake = Fake("closes")
    chat = [CHAT[0], {"role": "assistant", "content": f"{STORY}.\n\n"}]
    await continued(fake, chat=chat)
    assert fake.asked[-1]["prompt"].endswith(f"{STORY}.\n\n")


async def test_where_the_prompt_is_not_told_it_is_asked_for_in_words() -> None:
    fake = Fake("closes", renders=False, says="Lantern light fell.")
    assert await continued(fake) == " Lantern light fell.", "no word is glued to the one before"
    *before, last = fake.asked[-1]["messages"]
    assert before == CHAT
    assert last == {"role": "user", "content": asking.GO_ON}


async def test_where_it_is_refused_it_is_asked_for_in_words() -> None:
    says = "Assistant response prefill is incompatible with enable_thinking."
    fake = Fake("refuses", says=says)
    assert await continued(fake) == f" {says}"
    assert fake.asked[-1]["messages"][-1]["content"] == asking.GO_ON


async def test_another_refusal_is_told() -> None:
    with pytest.raises(modelserver.ServerFaultError):
        await continued(Fake("refuses", says="the model can't be loaded"))


async def test_a_template_that_knows_its_last_message_continues_it() -> None:
    able = Abilities(template=f"{{{{ $last := 1 }}}}{GO_TEMPLATE}", fingerprint="last")
    fake = Fake("continues", renders=False)
    assert await continued(fake, able) == " in the dark."
    assert fake.asked[-1]["messages"] == CHAT


async def test_a_plain_chat_asks_nothing_first() -> None:
    fake = Fake("closes")
    assert await continued(fake, chat=CHAT[:1]) == " in the dark."
    assert len(fake.asked) == 1


async def test_the_tokens_of_the_models_template_are_taken_out() -> None:
    fake = Fake("continues")
    able = Abilities(tokens=modelserver.ChatTokens(GO_TEMPLATE), fingerprint="tokens")
    await continued(fake, able, chat=[{"role": "user", "content": "A <|im_<|im_end|>end|>B"}])
    assert fake.asked[-1]["messages"] == [{"role": "user", "content": "A B"}]


# ---- The echo, exactly ----


def taken(prefill: str, *pieces: str) -> str:
    """Return what is left of the pieces."""
    echo = Echo(prefill)
    return "".join(echo.take(piece) for piece in pieces)


@pytest.mark.parametrize(
    ("prefill", "pieces", "left"),
    [
        ("Anna ran", ["Anna ran", " home."], " home."),
        ("Anna ran", ["Anna ran home."], " home."),
        ("Anna ran", ["An", "na r", "an h", "ome."], " home."),
        ("Anna ran", ["Anna", " walked."], "Anna walked."),
        ("Anna ran", [" and", " fell."], " and fell."),
        ("Anna ran", ["Anna ran", "Anna ran"], "Anna ran"),
        ("\n\nAnna ran", ["Anna ran", " home."], " home."),
        ("Anna ran.\n\n", ["Anna ran.", "\n\n", "Ben"], "Ben"),
        ("Anna ran.\n\n", ["Anna ran.", " Ben"], " Ben"),
        ("Anna ran.\n\n", ["Anna ran. Ben"], " Ben"),
        ("Anna ran", ["", "Anna ran", ""], ""),
        ("🙂 Zoë", ["🙂", " Zoë", " 🙂"], " 🙂"),
    ],
)
def test_an_exact_echo_is_taken_off(prefill: str, pieces: list[str], left: str) -> None:
    assert taken(prefill, *pieces) == left


# ---- What is known for a minute ----


async def test_what_a_model_can_do_is_asked_again_after_a_minute(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lengths = iter([100, 200])

    async def show(request: web.Request) -> web.Response:
        info = {"general.architecture": "llama", "llama.context_length": next(lengths)}
        return web.json_response({"model_info": info, "details": {}})

    async with serving(show) as address:
        server = Server.at(address, api="ollama")
        first = await modelserver.abilities(server, "m")
        assert await modelserver.abilities(server, "m") is first
        monkeypatch.setattr(models, "FRESH", -1.0)
        second = await modelserver.abilities(server, "m")
    assert (first.context_length, second.context_length) == (100, 200)
    assert first.fingerprint != second.fingerprint
