"""A scripted server of OpenAI's API, with the manners of one engine or another.

Written to their documentation: which model cards they list, how they are asked to go on, what
else can be asked of them, and how they say that something is wrong.
"""

import json
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

MODEL = "tale-3b"
CONTEXT = 2048
PIECES = (" Anna", " lifted", " the", " 🙂 lantern", ".")
KINDS = ("vllm", "sglang", "ray", "lmstudio", "plain")

_CARDS: dict[str, dict[str, Any]] = {
    "vllm": {"owned_by": "vllm", "root": "/models/tale", "max_model_len": CONTEXT},
    "sglang": {"owned_by": "sglang", "root": "/models/tale", "max_model_len": CONTEXT},
    "ray": {"owned_by": "organization-owner", "metadata": {"engine": "vLLM"}},
    "lmstudio": {"owned_by": "organization_owner"},
    "plain": {"owned_by": "somebody"},
    "llamacpp": {"owned_by": "llamacpp", "meta": {"n_ctx_train": CONTEXT}},
}
_ADAPTER_PATHS = {
    "vllm": ("/v1/load_lora_adapter", "/v1/unload_lora_adapter"),
    "sglang": ("/load_lora_adapter", "/unload_lora_adapter"),
}


def tokens_of(text: str) -> list[int]:
    """Return the tokens of the scripted vocabulary: the bytes."""
    return list(text.encode())


def rendered(messages: list[dict[str, str]], *, thinks: bool = True) -> str:
    """Return the prompt of a chat, open for the assistant's words."""
    closed = "".join(f"<{each['role']}>{each['content']}<end>" for each in messages)
    return f"{closed}<assistant>{'' if thinks else '<quiet>'}"


@dataclass
class Engine:
    """One engine; `asked` are the path and body of every request."""

    kind: str
    pieces: tuple[str, ...] = PIECES
    end: str = "whole"  # or "no done", "no reason", "abort", "error", "thinks"
    status: int = 200
    error: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    loading: int = 0  # questions that are answered with 503 before the model is there
    thinks: bool = False
    takes_adapters: bool = True
    adapters: dict[str, str] = field(default_factory=dict)  # name -> path
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def bodies(self, path: str) -> list[dict[str, Any]]:
        """Return what was asked at `path`."""
        return [body for asked, body in self.asked if asked == path]

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer any request."""
        body = json.loads(await request.read() or b"{}")
        self.asked.append((request.path, body))
        if request.path == "/v1/models":
            return _json({"object": "list", "data": self._cards()})
        if request.path in _ADAPTER_PATHS.get(self.kind, ()) and self.takes_adapters:
            return self._adapter(request.path, body)
        if request.path == "/lora-adapters" and self.kind == "llamacpp":
            listed = enumerate(self.adapters.values())
            return web.json_response([{"id": n, "path": p, "scale": 0.0} for n, p in listed])
        if request.path == "/api/v0/models" and self.kind == "lmstudio":
            card = {"id": MODEL, "type": "llm", "state": "not-loaded"}
            more = [{"id": "text-embed", "type": "embeddings", "state": "loaded"}]
            return _json({"data": [{**card, "max_context_length": CONTEXT}, *more]})
        if request.path == "/tokenize" and self.kind == "vllm":
            return self._tokenized(body)
        if request.path in {"/v1/chat/completions", "/v1/completions"}:
            return await self._written(request, body)
        if self.kind == "lmstudio":  # it answers so to what it doesn't know
            return _json({"error": f"Unexpected endpoint or method. ({request.path})"})
        return _json({"detail": "Not Found"}, 404)

    def _cards(self) -> list[dict[str, Any]]:
        card = {"id": MODEL, "object": "model", "created": len(self.asked), **_CARDS[self.kind]}
        if self.kind == "llamacpp":
            return [card]
        own = {"parent": MODEL, "max_model_len": None}
        return [card, *({**card, **own, "id": n, "root": p} for n, p in self.adapters.items())]

    def _adapter(self, path: str, body: dict[str, Any]) -> web.Response:
        name = body["lora_name"]
        if path.endswith("/load_lora_adapter"):
            if name in self.adapters:
                told = f"The lora adapter '{name}' has already been loaded."
                return _json({"error": {"message": told, "code": 400}}, 400)
            self.adapters[name] = body["lora_path"]
        elif self.adapters.pop(name, None) is None:
            return _json({"error": {"message": f"{name} cannot be found.", "code": 404}}, 404)
        return web.Response(text="Success")

    def _tokenized(self, body: dict[str, Any]) -> web.Response:
        if self.loading:
            self.loading -= 1
            return _json({"error": {"message": "Loading model", "code": 503}}, 503)
        told = body.get("chat_template_kwargs", {}).get("enable_thinking", True)
        text = body.get("prompt")
        if text is None:
            text = rendered(body["messages"], thinks=told or not self.thinks)
        tokens = tokens_of(text)
        return _json({"count": len(tokens), "max_model_len": CONTEXT, "tokens": tokens})

    async def _written(self, request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        if self.status != web.HTTPOk.status_code:
            told = {"message": self.error, "type": "error", "code": self.status}
            return _json({"error": told}, self.status, self.headers)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        await response.write(b": a comment\n\n")
        is_chat = request.path == "/v1/chat/completions"
        if self.end == "thinks":
            await response.write(_event({"delta": {"reasoning_content": "Hm."}}))
        for piece in self.pieces:
            choice = {"delta": {"content": piece}} if is_chat else {"text": piece}
            await response.write(_event({**choice, "index": 0, "finish_reason": None}))
        if self.end == "error":
            await response.write(b'data: {"error": {"message": "CUDA out of memory"}}\n\n')
        elif self.end != "no reason":
            reason = "abort" if self.end == "abort" else "stop"
            await response.write(_event({"delta": {}, "text": "", "finish_reason": reason}))
        if self.end in {"whole", "thinks"}:
            usage = {"prompt_tokens": 77, "completion_tokens": len(self.pieces)}
            await response.write(_data({"choices": [], "usage": usage}))
        if self.end != "no done":
            await response.write(b"data: [DONE]\n\n")
        await response.write_eof()
        return response


def _event(choice: dict[str, Any]) -> bytes:
    return _data({"object": "chunk", "choices": [choice]})


def _data(part: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(part).encode() + b"\r\n\r\n"


def _json(
    part: dict[str, Any], status: int = 200, headers: dict[str, str] | None = None
) -> web.Response:
    return web.json_response(part, status=status, headers=headers)
