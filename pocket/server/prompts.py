"""From a chat to the text that the model continues."""

from typing import Any

from jinja2 import TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from pocket.server.errors import APIError, bad_request
from prose.prompts import read_prompt

_ROLES = {"system", "user", "assistant"}
_BEGIN, _END_OF_TURN = "<|begin_of_text|>", "<|eot_id|>"

_CONTENT = "CONTENT"

# Templates come with uploaded models: they run in a sandbox.
_environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)


def check_messages(messages: object) -> list[dict[str, str]]:
    """Return `messages` reduced to role and content; raises `APIError` 400 for other shapes."""
    if messages is None:
        return []
    if not isinstance(messages, list) or not all(isinstance(m, dict) for m in messages):
        raise bad_request("messages has to be a list of objects")
    checked = []
    for message in messages:
        role, content = message.get("role"), message.get("content", "")
        if role not in _ROLES or not isinstance(content, str):
            raise bad_request(f"invalid role: {role!r}, or content that is no text")
        if message.get("images") or message.get("tool_calls"):
            raise bad_request("pocket reads text only")
        checked.append({"role": role, "content": content})
    return checked


def asks_for_story(messages: list[dict[str, str]]) -> bool:
    """Tell whether a whole story is asked for by its settings, and nothing else.

    What should happen in it is something else: whoever knows but plots of its own can't tell it.
    """
    told = [message for message in messages if message["role"] != "system"]
    return [message["role"] for message in told] == ["user"] and _is_by_settings(told[0]["content"])


def is_for_editor(prompt: str, *, raw: bool) -> bool:
    """Tell whether a prompt of `/api/generate` asks for anything but a story by its settings.

    A raw one is rendered already, for who answers its chat: in ChatML for the editor alone.
    """
    if raw:
        return prompt.startswith("<|im_start|>")
    return bool(prompt) and not _is_by_settings(prompt)


def _is_by_settings(prompt: str) -> bool:
    settings = read_prompt(prompt)
    return settings is not None and not settings.premise


def with_system(messages: list[dict[str, str]], system: str) -> list[dict[str, str]]:
    """Return `messages` with the model's own `system` text, unless they bring one."""
    if not system or any(message["role"] == "system" for message in messages):
        return messages
    return [{"role": "system", "content": system}, *messages]


def render(template: str, messages: list[dict[str, str]], *, is_open: bool = True) -> str:
    """Return the prompt; a last message of the assistant is left open, to be continued.

    If not `is_open`, that message is closed like the others, and the next one begun.
    """
    if messages[-1]["role"] != "assistant":
        return _render(template, messages, asks=True)
    # Templates differ in what they do with a last message of the assistant: what opens and what
    # closes a turn is read off a user's.
    turn = [{"role": "user", "content": _CONTENT}]
    alone = _render(template, turn, asks=False)
    opens, closes = _render(template, turn, asks=True)[len(alone) :], alone.split(_CONTENT)[-1]
    before = _render(template, messages[:-1], asks=False) if messages[1:] else ""
    begun = f"{before}{opens}{messages[-1]['content']}"
    return begun if is_open else f"{begun}{closes}{opens}"


def _render(template: str, messages: list[dict[str, str]], *, asks: bool) -> str:
    values: dict[str, Any] = {
        "messages": messages,
        "bos_token": _BEGIN,
        "eos_token": _END_OF_TURN,
        "add_generation_prompt": asks,
    }
    try:
        return _environment.from_string(template).render(values)
    except TemplateError as error:
        raise APIError(500, f"the model's chat template fails: {error}") from error


def without_oldest(messages: list[dict[str, str]]) -> list[dict[str, str]] | None:
    """Return `messages` without the oldest that may go, or None when none may."""
    for index, message in enumerate(messages[:-1]):
        if message["role"] != "system":
            return messages[:index] + messages[index + 1 :]
    return None
