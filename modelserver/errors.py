"""What may go wrong with the model server: translated here, once, for the person who writes."""

import json
import re
from typing import NoReturn

import aiohttp
import httpx

from modelserver.ollama_library import ollama
from modelserver.sayings import said
from modelserver.server import Server

_MAX_HINT = 300  # characters of what the server said
_MOST_NESTED = 4  # errors inside errors
# Words of those servers that say why they don't take a prompt.
_OVERFLOWS = ("exceed", "longer", "too long", "greater than", "maximum context length")
_NUMBER = re.compile(r"\d{1,10}")


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
    """Prompt and story don't fit into the model's context; `tokens`: the server's own count."""

    code = "prompt_too_long"

    def __init__(self, message: str, hint: str = "", tokens: int | None = None) -> None:
        super().__init__(message, hint)
        self.tokens = tokens


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


class CredentialsRefusedError(ModelServerError):
    """The server, or a proxy in front of it, wants other credentials than it was shown."""

    code = "credentials_refused"


class UntrustedCertificateError(ModelServerError):
    """The server's certificate is signed by nobody who is trusted here, or for another name."""

    code = "certificate_untrusted"


class NotPossibleError(ModelServerError):
    """The server has no way to do what it is asked; the message says what."""

    code = "not_possible"


class NotOllamaError(ModelServerError):
    """What answers at the address does not speak Ollama's API."""

    code = "not_ollama"

    def __init__(self, server: Server, answer: str) -> None:
        super().__init__(
            said("What answers at the model server's address is not Ollama."),
            hint=f"{server.url} answers with {answer}. Is OLLAMA_HOST the right address?",
        )


_CONNECTION_ERRORS = (ConnectionError, TimeoutError, httpx.HTTPError, aiohttp.ClientError)


class translated:  # noqa: N801
    """Context that turns the libraries' errors into ours."""

    def __init__(self, server: Server, model: str = "") -> None:
        self.server = server
        self.model = model

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, ollama.ResponseError):
            _raise_response_error(error, self.server, self.model)
        if isinstance(error, _CONNECTION_ERRORS):
            _raise_connection_error(error, self.server)
        if isinstance(error, json.JSONDecodeError) and is_page(error.doc):
            raise NotOllamaError(self.server, "a web page") from error
        if isinstance(error, ValueError | AttributeError):
            _raise_broken(error)


def what_it_says(error: object) -> str:
    """Return the words of an error: a text, JSON in a text, or an object that holds either.

    Ollama hands on what its runner says as it is: `{"error": "{\\"error\\": {\\"message\\": …`.
    """
    for _ in range(_MOST_NESTED):
        if isinstance(error, str):
            inner = _object_in(error)
            if inner is None:
                break
            error = inner
        if isinstance(error, dict):
            error = error.get("error") or error.get("message") or ""
    return (error if isinstance(error, str) else json.dumps(error))[:_MAX_HINT]


def _object_in(text: str) -> dict[str, object] | None:
    if not text.lstrip().startswith("{"):
        return None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def raise_told(error: object) -> NoReturn:
    """Raise what the server says inside an answer that began as a good one."""
    text = what_it_says(error)
    if _is_overflow(text):
        raise _too_long(text)
    raise ServerFaultError(said("The model server failed while it was writing."), hint=text)


def is_page(text: str) -> bool:
    """Tell whether a server's answer is a page for people, and not JSON."""
    return text[:_MAX_HINT].lstrip().startswith("<")


def _raise_connection_error(error: Exception, server: Server) -> NoReturn:
    cause = _cause(error)
    if isinstance(cause, aiohttp.ClientConnectorCertificateError):
        reason = getattr(cause.certificate_error, "verify_message", "") or "no reason given"
        raise UntrustedCertificateError(
            said("The model server's certificate is not trusted."),
            hint=f"{server.url}: {reason}. SSL_CERT_FILE names the file of your own authority.",
        ) from error
    if isinstance(cause, aiohttp.ClientSSLError):
        raise UnreachableError(
            said("The model server can't be reached. Is it running?"),
            hint=f"No secure connection to {server.url}. Does it speak https?",
        ) from error
    if isinstance(cause, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError):
        raise UnreachableError(
            said("The model server can't be reached. Is it running?"),
            hint=f"Is Ollama running at {server.url}?",
        ) from error
    if isinstance(cause, TimeoutError):
        raise SilentError(said("The model server stopped answering.")) from error
    if isinstance(cause, aiohttp.ClientResponseError):
        raise NotOllamaError(server, "something that is not HTTP") from error
    _raise_broken(cause)


def _cause(error: BaseException) -> BaseException:
    """Return aiohttp's own error: httpx and `ollama` wrap it in others, which say less.

    To them a reset is a timeout, and an untrusted certificate a server that is not running.
    """
    link: BaseException | None = error
    while link is not None and not isinstance(link, aiohttp.ClientError):
        link = link.__cause__ or link.__context__
    return link or error


def _raise_broken(error: BaseException) -> NoReturn:
    raise BrokenStreamError(
        said("The connection to the model server broke."), hint=str(error)[:_MAX_HINT]
    ) from error


def _raise_response_error(error: ollama.ResponseError, server: Server, model: str) -> NoReturn:
    text, status = what_it_says(error.error), error.status_code
    if status in {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN}:
        raise CredentialsRefusedError(
            said(
                "The model server refuses the credentials of this site. "
                "Whoever runs it can mend that."
            ),
            hint=f"{server.url} answers {status}. OLLAMA_API_KEY, or a name and password in "
            "OLLAMA_HOST, are what it is shown.",
        ) from error
    if httpx.codes.is_redirect(status):
        raise ServerFaultError(
            said("The model server refused the request."),
            hint=f"{server.url} answers {status}, a redirection, and none is followed: "
            "OLLAMA_HOST has to be the address that it leads to.",
        ) from error
    # Go's own words for a path that a server doesn't know; Ollama's for a model are JSON.
    unknown = status == httpx.codes.NOT_FOUND and (not model or text.startswith("404 page"))
    if unknown or (httpx.codes.is_client_error(status) and is_page(text)):
        raise NotOllamaError(server, f"{status} and no word of its own") from error
    if status == httpx.codes.NOT_FOUND:
        raise ModelMissingError(
            said(
                "The model %(model)s is not installed on the model server. Whoever runs it can "
                "install it: ollama pull %(model)s",
                model=model,
            ),
            hint=text,
        ) from error
    if status in {httpx.codes.SERVICE_UNAVAILABLE, httpx.codes.TOO_MANY_REQUESTS}:
        raise ServerBusyError(
            said("The model server is busy. Try again in a moment."), hint=text
        ) from error
    if _is_overflow(text) and not httpx.codes.is_server_error(status):
        raise _too_long(text) from error
    raise ServerFaultError(said("The model server refused the request."), hint=text) from error


def missing(model: str, hint: str) -> ModelMissingError:
    """Return the error for a model that a server which can't download one does not serve."""
    return ModelMissingError(
        said(
            "The model server does not serve the model %(model)s. Whoever runs it can start it "
            "with that model, or name another one in STORY_MODEL.",
            model=model,
        ),
        hint=hint,
    )


def _is_overflow(text: str) -> bool:
    return "context" in text and any(word in text for word in _OVERFLOWS)


def _too_long(text: str) -> PromptTooLongError:
    """Return the error for a prompt that doesn't fit, with the numbers if the server tells them."""
    needed, *rest = [int(number) for number in _NUMBER.findall(text)] or [0]
    if not rest or not needed > rest[0] > 0:
        sentence = said("The prompt and the story are longer than the model can read.")
        return PromptTooLongError(sentence, hint=text)
    return too_long(needed, rest[0], text)


def too_long(needed: int, context: int, hint: str = "") -> PromptTooLongError:
    """Return the error for a prompt of `needed` tokens, of which the model reads `context`."""
    return PromptTooLongError(
        said(
            "The prompt and the story take %(needed)s tokens and the model reads %(most)s: "
            "%(over)s too many.",
            needed=f"{needed:,}",
            most=f"{context:,}",
            over=f"{needed - context:,}",
        ),
        hint=hint,
        tokens=needed,
    )
