"""What `manage.py serve` does: prepare an installation, choose its model server, run its processes.

Everything that can be wrong before the start raises `CannotServeError` with one sentence for the
person at the terminal.
"""

import asyncio
import hashlib
import os
import shlex
import socket
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import redis
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.db import DatabaseError, connection
from honcho.manager import SYSTEM_PRINTER_NAME, Manager
from honcho.printer import Message, Printer

import modelserver
from modelserver import ModelServerError, Server, names
from storaiteller_site import bundling

_PROBE_TIMEOUT = 2.0  # seconds
_START_TIMEOUT = 60.0  # seconds
_KEEP_ALIVE = (sys.executable, "-m", "storaiteller_site.serving.restarting")


class CannotServeError(Exception):
    """The installation can't be started; the message says why and what to do."""


@dataclass(frozen=True)
class ModelServer:
    """The model server that the stories come from; `command` starts it if it is ours."""

    server: Server
    model: str
    description: str
    command: tuple[str, ...] = ()
    embedded: bool = False  # pocket, the model that comes with the app, writes
    trouble: str = ""  # a sentence, when it can't write yet


def check_port(host: str, port: int) -> None:
    """Raise `CannotServeError` unless `port` is free."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise CannotServeError(
                f"Port {port} can't be used ({error.strerror}). "
                f"Choose another one: PORT={port + 1} make run"
            ) from error


def check_debug(host: str) -> None:
    """Raise `CannotServeError` if debug pages would be shown beyond this machine."""
    if settings.DEBUG and host not in {"localhost", "::1"} and not host.startswith("127."):
        raise CannotServeError(
            f"DEBUG shows the app's inside to everybody who reaches {host}: unset it."
        )


def check_services() -> None:
    """Raise `CannotServeError` unless the configured database and Redis answer."""
    probe = connection.copy()
    # A pool would try again and again, in the background, for half a minute.
    probe.settings_dict["OPTIONS"].pop("pool", None)
    try:
        probe.ensure_connection()
    except DatabaseError as error:
        raise CannotServeError(f"The database can't be used: {_one_line(error)}") from error
    finally:
        probe.close()
    if settings.REDIS_URL:
        try:
            with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=_PROBE_TIMEOUT) as client:
                client.ping()
        except (redis.RedisError, ValueError) as error:
            raise CannotServeError(f"Redis can't be used: {_one_line(error)}") from error


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())


def prepare() -> None:
    """Bring the data folder, the database and the static files up to date."""
    for folder in getattr(settings, "CELERY_BROKER_TRANSPORT_OPTIONS", {}).values():
        Path(folder).mkdir(parents=True, exist_ok=True)
    call_command("migrate", interactive=False, verbosity=0)
    collect_static()


def collect_static() -> None:
    """Collect and compress the static files, unless those collected are the present ones."""
    stamp = Path(settings.STATIC_ROOT) / ".sources"
    sources = hashlib.sha256("\n".join(sorted(_static_sources())).encode()).hexdigest()
    if stamp.exists() and stamp.read_text() == sources:
        return
    call_command("collectstatic", interactive=False, clear=True, verbosity=0)
    stamp.write_text(sources)


def _static_sources() -> Iterator[str]:
    for finder in get_finders():
        for path, storage in finder.list([]):
            yield _as_it_is(path, storage.path(path))
    yield _as_it_is("bundles", bundling.__file__)


def _as_it_is(name: str, path: str) -> str:
    status = os.stat(path)
    return f"{name} {status.st_size} {status.st_mtime_ns}"


def choose_model_server() -> ModelServer:
    """Return the model server that is named or answers, else pocket on a free loopback port.

    Whoever names a server means that one: pocket never writes in its place.
    """
    server: Server = settings.MODEL_SERVER
    named: bool = settings.MODEL_SERVER_IS_NAMED
    trouble, embedded, engine = "", False, "Ollama"
    wants_pocket = names.same(settings.STORY_MODEL, "pocket")
    if not named and wants_pocket:
        return _pocket("")
    try:
        about = _ask(server)
        embedded, engine = about.is_pocket and wants_pocket, about.engine
    except ModelServerError as error:
        if not named:
            return _pocket(f" (no Ollama answers at {server.url})")
        trouble = f"{error} {error.hint}".strip()
    return ModelServer(
        server=server,
        model=settings.STORY_MODEL,
        description=f"{settings.STORY_MODEL} on {_called(engine)} at {server.url}",
        embedded=embedded,
        trouble=trouble,
    )


def _called(engine: str) -> str:
    return "the Ollama server" if engine == "Ollama" else engine


def _ask(server: Server) -> modelserver.About:
    """Ask who answers. Raises `ModelServerError`, which says what came instead."""

    async def about() -> modelserver.About:
        quick = replace(server, connect=_PROBE_TIMEOUT, load=_PROBE_TIMEOUT)
        try:
            return await modelserver.about(quick)
        finally:
            await modelserver.close()

    return asyncio.run(about())


def _pocket(reason: str) -> ModelServer:
    port = _free_port()
    command = (*_KEEP_ALIVE, sys.executable, "-m", "pocket", "--port", str(port))
    return ModelServer(
        server=settings.MODEL_SERVER.elsewhere(f"http://127.0.0.1:{port}"),
        model="pocket",
        description=f"pocket, the small embedded model{reason}",
        command=(*command, "--models", str(settings.DATA_DIR / "pocket")),
        embedded=True,
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class _ChildrenOnlyPrinter(Printer):  # type: ignore[misc]  # honcho has no types
    """Prints what the processes say, and not what the supervisor does with them."""

    def write(self, message: Message) -> None:
        if message.name != SYSTEM_PRINTER_NAME:
            super().write(message)


def run(host: str, port: int, model_server: ModelServer) -> int:
    """Run web, worker and, if it is ours, the model server until one ends or a signal comes.

    Returns the exit status: 0 after Ctrl-C or a termination, else that of the process that ended.
    """
    environment = {
        **os.environ,
        **_server_environment(model_server),
        "STORY_MODEL": model_server.model,
        "STORY_MODEL_IS_EMBEDDED": str(model_server.embedded),
        "PORT": str(port),
        "PYTHONUNBUFFERED": "1",
    }
    manager = Manager(_ChildrenOnlyPrinter(sys.stdout))
    for name, command in _commands(host, port, model_server).items():
        # `exec`: honcho starts a shell, and signals must reach the program itself.
        manager.add_process(
            name, f"exec {shlex.join(command)}", env=environment, cwd=str(settings.BASE_DIR)
        )
    threading.Thread(target=_announce, args=(host, port, model_server), daemon=True).start()
    manager.loop()
    status: int = manager.returncode or 0
    return 0 if status in {130, 143} else status


def _server_environment(model_server: ModelServer) -> dict[str, str]:
    """Return what tells the processes of the model server, or of all of them as they are listed."""
    told = model_server.server.environment()
    if settings.OTHER_MODEL_SERVERS:
        del told["OLLAMA_HOST"], told["MODEL_API"]
    return told


def _commands(host: str, port: int, model_server: ModelServer) -> dict[str, tuple[str, ...]]:
    commands: dict[str, tuple[str, ...]] = {
        "web": (
            *(sys.executable, "-m", "storaiteller_site.serving.web", "--verbosity", "0"),
            *("--bind", host, "--port", str(port), "--no-server-name"),
            "storaiteller_site.asgi:application",
        ),
        "worker": (
            *(
                *_KEEP_ALIVE,
                sys.executable,
                "-m",
                "celery",
                "--quiet",
                "--app",
                "storaiteller_site",
                "worker",
            ),
            *("--beat", "--pool", "threads", "--concurrency", "2", "--loglevel", "WARNING"),
        ),
    }
    if model_server.command:
        commands["model"] = model_server.command
    return commands


def _announce(host: str, port: int, model_server: ModelServer) -> None:
    """Print the address once the page answers."""
    shown = "127.0.0.1" if host == "0.0.0.0" else host  # noqa: S104
    site = f"http://{shown}:{port}"
    address = f"{site}{settings.PATH_PREFIX}/"
    deadline = time.monotonic() + _START_TIMEOUT
    while time.monotonic() < deadline:
        if _answers(f"{site}/health/") and _model_server_answers(model_server):
            if model_server.trouble:
                print(f"No story can be written yet: {model_server.trouble}")  # noqa: T201
            print(  # noqa: T201
                f"StorAIteller is ready at {address}\n"
                f"Stories are written by {model_server.description}. Ctrl-C stops everything.",
                flush=True,
            )
            return
        time.sleep(0.1)


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=_PROBE_TIMEOUT, trust_env=False).is_success
    except httpx.HTTPError:
        return False


def _model_server_answers(model_server: ModelServer) -> bool:
    if model_server.command:
        try:
            _ask(model_server.server)
        except ModelServerError:
            return False
    return True
