"""What the spans of a generation tell: numbers, kinds and codes, and the model's name.

The names with dots are those of OpenTelemetry's conventions, where it has any.
"""

from typing import Any
from urllib.parse import urlsplit

import tracing
from modelserver import Server
from stories.models import Generation
from stories.writing.finishing import Outcome


def of_generation(generation: Generation) -> tracing.Attributes:
    """Return what tells one generation from others."""
    return {
        "storaiteller.generation": generation.pk,
        "storaiteller.story": generation.story_id,
        "storaiteller.kind": generation.kind,
    }


def of_chat(server: Server, model: str) -> tracing.Attributes:
    """Return who is asked for an answer."""
    address = urlsplit(server.url)
    port = address.port or (443 if address.scheme == "https" else 80)
    return {
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": model,
        "server.address": address.hostname or "",
        "server.port": port,
    }


def of_answer(facts: dict[str, Any], written: int) -> tracing.Attributes:
    """Return what is known of an answer of `written` tokens that has ended."""
    told: dict[str, str | int] = {"gen_ai.usage.output_tokens": written}
    if (read := facts.get("prompt_tokens")) is not None:
        told["gen_ai.usage.input_tokens"] = read
    if reason := facts.get("done_reason"):
        told["storaiteller.done_reason"] = reason
    return told


def tell_end(span: tracing.Span, outcome: Outcome) -> None:
    """Tell how a generation has ended, and why it is not what was asked for."""
    span.set({"storaiteller.status": str(outcome.status)})
    if outcome.status == Generation.Status.FAILED:
        span.fail(outcome.error_code)
    elif outcome.error_code:
        span.refuse(outcome.error_code)
