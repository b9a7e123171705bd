"""What may go wrong with the model server: translated here, once, for the person who writes."""

from typing import NoReturn

import aiohttp
import httpx
import ollama
from django.conf import settings


class ModelServerError(Exception):
    """Something about the model server that a person has to be told.

    `code` names it for scripts, the message is a sentence for the writer, `hint` tells whoever
    runs the installation what to do.
    """

    code = "model_server"
    hint = ""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint or self.hint


class UnreachableError(ModelServerError):
    """Nothing answers at the address."""

    code = "unreachable"


class ModelMissingError(ModelServerError):
    """The server does not have the model."""

    code = "model_missing"


class ServerBusyError(ModelServerError):
    """The server's own queue is full."""

    code = "server_busy"


class PromptTooLongError(ModelServerError):
    """Prompt and story don't fit into the model's context."""

    code = "prompt_too_long"


class BrokenStreamError(ModelServerError):
    """The answer ended in the middle."""

    code = "broken_stream"


class SilentError(ModelServerError):
    """Nothing was heard of the server for too long."""

    code = "silent"
    hint = "It may be out of memory."


class ServerFaultError(ModelServerError):
    """The server says that it failed."""

    code = "server_fault"


class PullError(ModelServerError):
    """The server can't download the model; the hint has its own words."""

    code = "pull_failed"


class AdaptersRefusedError(ModelServerError):
    """The server takes no LoRA adapters (Ollama from 0.34.1 on): it needs the merged model."""

    code = "adapters_refused"


_UNREACHABLE = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    aiohttp.ClientConnectorError,
    aiohttp.ConnectionTimeoutError,
    ConnectionRefusedError,
    # `ollama` raises a bare ConnectionError; a reset one is a broken stream.
)


class translated:  # noqa: N801
    """Context that turns the libraries' errors into ours."""

    def __init__(self, model: str) -> None:
        self.model = model

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, ollama.ResponseError):
            _raise_response_error(error, self.model)
        if isinstance(error, _UNREACHABLE) or type(error) is ConnectionError:
            raise UnreachableError(
                "The model server can't be reached. Is it running?",
                hint=f"Is Ollama running at {settings.OLLAMA_HOST}?",
            ) from error
        if isinstance(error, TimeoutError | httpx.TimeoutException):
            raise SilentError("The model server stopped answering.") from error
        if isinstance(error, httpx.HTTPError | aiohttp.ClientError | ValueError | AttributeError):
            raise BrokenStreamError(
                "The connection to the model server broke.", hint=str(error)[:300]
            ) from error


def _raise_response_error(error: ollama.ResponseError, model: str) -> NoReturn:
    text = error.error
    if error.status_code == httpx.codes.NOT_FOUND:
        raise ModelMissingError(
            f"The model {model} is not installed on the model server. "
            f"Whoever runs it can install it: ollama pull {model}",
            hint=text,
        ) from error
    if error.status_code == httpx.codes.SERVICE_UNAVAILABLE:
        raise ServerBusyError(
            "The model server is busy. Try again in a moment.", hint=text
        ) from error
    if error.status_code == httpx.codes.BAD_REQUEST and "context" in text:
        raise PromptTooLongError(
            "The prompt and the story are longer than the model can read.", hint=text
        ) from error
    raise ServerFaultError("The model server refused the request.", hint=text) from error
