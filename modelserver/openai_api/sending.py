"""A chat as the engine is asked it."""

from typing import Any

from modelserver.asking import GO_ON, Request, Sending
from modelserver.errors import too_long
from modelserver.openai_api import prompting
from modelserver.openai_api.engine import Engine, Kind, Served, engine_of
from modelserver.openai_api.prompting import Chat, Way
from modelserver.openai_api.reading import Reader, heard
from modelserver.seams import Words

_CHAT, _COMPLETION = "v1/chat/completions", "v1/completions"
# Options that have the same name, and one that has not. What decides about loading is left out:
# these engines load a model once.
_SAME = ("temperature", "top_p", "seed")
_MOST_STOPS = 4  # of the API


async def sending(asked: Request) -> Sending:
    """Return what is posted for `asked`. Raises `ModelServerError`."""
    server = asked.server
    engine = await engine_of(server)
    served = engine.served(asked.model)
    model = served.id
    is_silent = asked.able.thinks or (server, asked.model) in heard
    chat = Chat(server, model, asked.messages, is_silent)
    body = {**_named(engine, served), **_sampling(asked.options), **_STREAM}
    reader = Reader(server, asked.model)
    way = prompting.way_on(engine.kind, server, model) if asked.prefill else None
    if way is Way.TEMPLATE or way is Way.TOKENS:
        tokens = await prompting.continued(way, chat)
        if tokens is not None:
            body = {**body, "prompt": tokens}
            return Sending(_COMPLETION, _limited(asked, body, len(tokens)), reader)
        way = prompting.way_on(engine.kind, server, model)
    body |= {"messages": asked.messages, **chat.kwargs}
    if way is Way.FINAL:
        body |= {"continue_final_message": True, "add_generation_prompt": False}
        return Sending(_CHAT, body, reader)
    if way is not None:
        body["messages"] = [*asked.messages, {"role": "user", "content": GO_ON}]
        return Sending(_CHAT, body, reader, Words(asked.prefill))
    # vLLM refuses a prompt and an answer that don't fit together; the others end the answer.
    if engine.kind is Kind.VLLM and (counted := await prompting.chat_tokens(chat)) is not None:
        body = _limited(asked, body, len(counted))
    return Sending(_CHAT, body, reader)


def _named(engine: Engine, served: Served) -> dict[str, Any]:
    """Return the fields that name the model, and its adapter where that is another field."""
    if engine.kind is Kind.SGLANG and served.parent:
        return {"model": served.parent, "lora_path": served.id}
    if engine.kind is Kind.LLAMA_CPP:
        adapters = [each.adapter for each in engine.models if each.adapter is not None]
        # All of them, or those of the request before would stay.
        scales = [{"id": one, "scale": float(one == served.adapter)} for one in adapters]
        return {"model": served.parent or served.id, **({"lora": scales} if scales else {})}
    return {"model": served.id}


_STREAM = {"stream": True, "stream_options": {"include_usage": True}}


def _sampling(options: dict[str, Any]) -> dict[str, Any]:
    fields = {name: options[name] for name in _SAME if name in options}
    if "num_predict" in options:
        fields["max_tokens"] = options["num_predict"]
    if stop := options.get("stop"):
        fields["stop"] = stop[:_MOST_STOPS] if isinstance(stop, list) else stop
    return fields


def _limited(asked: Request, body: dict[str, Any], tokens: int) -> dict[str, Any]:
    """Return `body` with an answer that fits beside a prompt of `tokens`.

    Raises `PromptTooLongError`.
    """
    if (context := asked.able.context_length) is None:
        return body
    if tokens >= context:
        raise too_long(tokens, context)
    most = context - tokens
    return {**body, "max_tokens": min(body.get("max_tokens", most), most)}
