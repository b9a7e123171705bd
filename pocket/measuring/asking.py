"""Asking a model server over HTTP as the app does: a chat, streamed, read no further than needed.

Several at once share the server; what is timed is asked alone.
"""

import hashlib
import json
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import httpx

from prose import words

# Seconds: a large model may load first, and several wait for each other.
_TIMEOUT = httpx.Timeout(600, connect=10)
# Words beyond the limit that are still read: a title or a greeting may be taken away.
_MORE_WORDS = 20


class AskingError(Exception):
    """The server gave no answer; the message is one sentence."""


@dataclass(frozen=True)
class Asked:
    """One request; `prefill` is the beginning of the answer, empty for none."""

    prompt: str
    prefill: str
    num_predict: int  # tokens
    seed: int
    most_words: int  # a little more is read, then the answer is cut
    stop: tuple[str, ...] = ()

    def body(self, model: str) -> dict[str, Any]:
        """Return what is sent."""
        messages = [{"role": "user", "content": self.prompt}]
        if self.prefill:
            messages.append({"role": "assistant", "content": self.prefill})
        options: dict[str, Any] = {"seed": self.seed, "num_predict": self.num_predict}
        if self.stop:
            options["stop"] = list(self.stop)
        return {"model": model, "messages": messages, "stream": True, "options": options}


@dataclass(frozen=True)
class Answer:
    """What came, unedited; `ended` tells that the model, or a stop string, ended it."""

    text: str
    ended: bool
    first_word: float  # seconds
    tokens_per_second: float  # 0 where the server did not say


class ModelServer:
    """One model of a server that speaks Ollama's API. Every method raises `AskingError`."""

    def __init__(self, url: str, model: str) -> None:
        self._url, self._model = url, model
        self._client = httpx.Client(base_url=url, timeout=_TIMEOUT, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._client.close()

    def digest(self) -> str:
        """Return what tells this model from an earlier one of its name; may be empty."""
        try:
            models = self._client.get("/api/tags").raise_for_status().json()["models"]
        except (httpx.HTTPError, ValueError, KeyError) as error:
            raise AskingError(f"No model server answers at {self._url}.") from error
        names = {self._model, f"{self._model}:latest"}
        return next((str(one.get("digest", "")) for one in models if one["name"] in names), "")

    def key(self, asked: Asked, digest: str) -> str:
        """Return what an answer to `asked` is kept under."""
        sent = json.dumps([digest, asked.most_words, asked.body(self._model)])
        return hashlib.sha256(sent.encode()).hexdigest()[:24]

    def ask(self, asked: Asked, *, to_the_end: bool = False) -> Answer:
        """Return the answer, read to its end even where it has too many words if `to_the_end`."""
        body, most_words = asked.body(self._model), None if to_the_end else asked.most_words
        started = time.monotonic()
        try:
            with self._client.stream("POST", "/api/chat", json=body) as response:
                if not response.is_success:
                    raise AskingError(_refusal(response))
                return _read(response.iter_lines(), started, most_words)
        except (httpx.HTTPError, ValueError, KeyError) as error:
            told = str(error) or type(error).__name__
            raise AskingError(f"The model server at {self._url} broke off: {told}") from error

    def ask_all(self, asked: Sequence[Asked], at_once: int) -> Iterator[tuple[int, Answer]]:
        """Yield each answer with its place in `asked`, as they come."""
        with ThreadPoolExecutor(at_once) as pool:
            waiting = {pool.submit(self.ask, each): place for place, each in enumerate(asked)}
            try:
                for done in as_completed(waiting):
                    yield waiting[done], done.result()
            finally:
                pool.shutdown(wait=False, cancel_futures=True)


def _refusal(response: httpx.Response) -> str:
    told = response.read().decode(errors="replace").strip()
    try:
        told = json.loads(told)["error"]
    except (ValueError, KeyError, TypeError):
        told = told[:200]
    return f"The model server refused with status {response.status_code}: {told}"


def _read(lines: Iterator[str], started: float, most_words: int | None) -> Answer:
    text, first, counter = "", 0.0, words.Counter()
    for data in lines:
        line = json.loads(data)
        if "error" in line:
            raise AskingError(f"The model server broke off: {line['error']}")
        piece = line["message"]["content"]
        text += piece
        if not first and text.strip():
            first = time.monotonic() - started
        if line.get("done"):
            return Answer(text, line.get("done_reason") == "stop", first, _speed(line))
        counter.add(piece)
        if most_words is not None and counter.exceeds(most_words + _MORE_WORDS):
            return Answer(text, ended=False, first_word=first, tokens_per_second=0.0)
    raise AskingError("The model server broke off in the middle of an answer.")


def _speed(line: dict[str, Any]) -> float:
    seconds = line.get("eval_duration", 0) / 1e9
    return line.get("eval_count", 0) / seconds if seconds else 0.0
