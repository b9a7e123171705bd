"""From a chat to the text that the model continues."""

from typing import Any

from jinja2 import TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from pocket.server.errors import APIError, bad_request

_ROLES = {"system", "user", "assistant"}
_BEGIN, _END_OF_TURN = "<|begin_of_text|>", "<|eot_id|>"
_NEXT_TURN = "<|start_header_id|>assistant<|end_header_id|>\n\n"

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


def with_system(messages: list[dict[str, str]], system: str) -> list[dict[str, str]]:
    """Return `messages` with the model's own `system` text, unless they bring one."""
    if not system or any(message["role"] == "system" for message in messages):
        return messages
    return [{"role": "system", "content": system}, *messages]


def render(template: str, messages: list[dict[str, str]], *, is_open: bool = True) -> str:
    """Return the prompt; a last message of the assistant is left open, to be continued.

    If not `is_open`, that message is closed like the others, and the next one begun.
    """
    values: dict[str, Any] = {
        "messages": messages,
        "bos_token": _BEGIN,
        "eos_token": _END_OF_TURN,
        "add_generation_prompt": messages[-1]["role"] != "assistant",
    }
    try:
        rendered = _environment.from_string(template).render(values)
    except TemplateError as error:
        raise APIError(500, f"the model's chat template fails: {error}") from error
    if is_open or messages[-1]["role"] != "assistant":
        return rendered
    return f"{rendered}{_END_OF_TURN}{_NEXT_TURN}"


def without_oldest(messages: list[dict[str, str]]) -> list[dict[str, str]] | None:
    """Return `messages` without the oldest that may go, or None when none may."""
    for index, message in enumerate(messages[:-1]):
        if message["role"] != "system":
            return messages[:index] + messages[index + 1 :]
    return None
