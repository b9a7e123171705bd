"""`manage.py serve` as a person at a terminal meets it."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

import modelserver
from modelserver import Server
from storaiteller_site.serving import supervisor
from tests.conftest import ScriptedServer
from tests.support.processes import free_port, stop, wait_until_ready
from tests.support.web import installation

NOBODY_HOME = "http://127.0.0.1:9"


def serve(environment: dict[str, str]) -> "subprocess.Popen[bytes]":
    """Start `manage.py serve`."""
    return subprocess.Popen(
        [sys.executable, "manage.py", "serve"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def members(group: int) -> list[int]:
    """Return the processes of process group `group` that still run."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields[3]) == group and fields[0] != "Z":
            found.append(int(entry.name))
    return found


def test_it_starts_tells_where_and_stops_everything(tmp_path: Path) -> None:
    environment = installation(tmp_path, "", "pocket")
    address = f"http://127.0.0.1:{environment['PORT']}/"
    for _ in range(2):  # the second start finds everything prepared
        process = serve(environment)
        assert process.stdout is not None
        try:
            wait_until_ready(f"{address}health/", process)
            output = ""
            while address not in output:
                output += process.stdout.readline().decode()
            output += process.stdout.readline().decode()
            assert f"ready at {address}" in output
            assert "pocket, the small embedded model" in output
            assert len(members(process.pid)) >= 4, "supervisor, web, worker, model"
            process.send_signal(signal.SIGINT)
            assert process.wait(30) == 0
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.stdout.close()
        deadline = time.monotonic() + 20
        while members(process.pid) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert members(process.pid) == []
    with pytest.raises(httpx.ConnectError):
        httpx.get(address, trust_env=False)


def test_a_taken_port_is_one_sentence(tmp_path: Path) -> None:
    environment = installation(tmp_path, NOBODY_HOME, "llama3.2")
    with socket.socket() as other:
        other.bind(("127.0.0.1", int(environment["PORT"])))
        other.listen()
        process = serve(environment)
        output, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    [line] = output.decode().strip().splitlines()
    assert f"Port {environment['PORT']} can't be used" in line
    assert "make run" in line


def test_a_data_folder_that_is_none_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    environment = installation(tmp_path / "file", NOBODY_HOME, "llama3.2")
    process = serve(environment)
    output, _ = process.communicate(timeout=60)
    assert process.returncode != 0
    text = output.decode()
    assert "Traceback" not in text
    assert str(tmp_path / "file") in text


@pytest.mark.parametrize(
    ("name", "value", "named"),
    [
        ("PORT", "abc", "Not a valid integer"),
        ("PORT", "80000", "65535"),
        ("STORY_NUM_CTX", "lots", "Not a valid integer"),
        ("STORY_TEMPERATURE", "hot", "Not a valid"),
        ("OLLAMA_HOST", "nonsense:::x", "Not an address"),
        ("DATABASE_URL", "junk", "Not a valid database URL"),
        ("DATABASE_URL", "postgres://u:p@127.0.0.1:1/x", "database can't be used"),
        ("REDIS_URL", "redis://127.0.0.1:1/0", "Redis can't be used"),
    ],
)
def test_a_wrong_variable_is_one_sentence(
    tmp_path: Path, name: str, value: str, named: str
) -> None:
    environment = {**installation(tmp_path, NOBODY_HOME, "llama3.2"), name: value}
    process = serve(environment)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    [line] = output.decode().strip().splitlines()
    assert named in line
    assert name in line or "can't be used" in line


@pytest.mark.django_db
def test_a_port_in_use_inside_the_command(settings: Settings) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(CommandError, match="can't be used"):
            call_command("serve", port=other.getsockname()[1])


def test_a_running_ollama_is_used(scripted_server: ScriptedServer, settings: Settings) -> None:
    settings.MODEL_SERVER, settings.STORY_MODEL = Server.at(scripted_server.url), "llama3.2"
    chosen = supervisor.choose_model_server()
    assert chosen.server.url == scripted_server.url
    assert (chosen.model, chosen.command, chosen.trouble) == ("llama3.2", (), "")
    assert not chosen.embedded
    assert scripted_server.url in chosen.description


@pytest.mark.parametrize("host", [NOBODY_HOME, "http://no.such.host.invalid:11434"])
def test_without_one_pocket_is_started(settings: Settings, host: str) -> None:
    settings.MODEL_SERVER_IS_NAMED = False
    settings.MODEL_SERVER = Server.at(host)
    chosen = supervisor.choose_model_server()
    assert chosen.model == "pocket"
    assert chosen.server.url.startswith("http://127.0.0.1:")
    assert "--models" in chosen.command


def test_the_embedded_model_is_had_by_its_name(
    scripted_server: ScriptedServer, settings: Settings
) -> None:
    settings.MODEL_SERVER, settings.STORY_MODEL = Server.at(scripted_server.url), "pocket"
    settings.MODEL_SERVER_IS_NAMED = False
    chosen = supervisor.choose_model_server()
    assert "--models" in chosen.command
    assert chosen.embedded


@pytest.mark.parametrize("server", ["pocket", "ollama"])
def test_a_model_called_pocket_is_the_embedded_one_only_where_pocket_answers(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, server: str
) -> None:
    async def about(_: Server) -> modelserver.About:
        return modelserver.About("0.34.0", is_pocket=server == "pocket")

    monkeypatch.setattr(modelserver, "about", about)
    settings.MODEL_SERVER, settings.STORY_MODEL = Server.at(NOBODY_HOME), "pocket:latest"
    settings.MODEL_SERVER_IS_NAMED = True
    chosen = supervisor.choose_model_server()
    assert chosen.command == ()
    assert chosen.embedded == (server == "pocket")


def test_pocket_never_writes_in_the_place_of_a_server_that_was_named(settings: Settings) -> None:
    settings.MODEL_SERVER = Server.at(NOBODY_HOME)
    settings.MODEL_SERVER_IS_NAMED = True
    settings.STORY_MODEL = "llama3.2"
    chosen = supervisor.choose_model_server()
    assert (chosen.server.url, chosen.model, chosen.command) == (NOBODY_HOME, "llama3.2", ())
    assert "can't be reached" in chosen.trouble


def test_a_named_server_that_does_not_answer_is_told_at_start(tmp_path: Path) -> None:
    address = NOBODY_HOME.replace("://", "://anna:pa%20ss-canary@")
    environment = installation(tmp_path, address, "llama3.2")
    process = serve(environment)
    assert process.stdout is not None
    output = ""
    try:
        while "Ctrl-C" not in output:
            line = process.stdout.readline().decode()
            assert line, output
            output += line
        assert models(tmp_path) == []
    finally:
        stop(process)
        process.stdout.close()
    # What a process of it prints has its name before it: Celery warns whoever is root.
    lines = [line for line in output.splitlines() if " | " not in line]
    assert len(lines) == 3, output
    told, ready, written = lines
    assert told.startswith("No story can be written yet: The model server can't be reached.")
    assert NOBODY_HOME in told
    assert "ready at" in ready
    assert f"llama3.2 on the Ollama server at {NOBODY_HOME}" in written
    assert "canary" not in output


def test_static_files_are_collected_once(settings: Settings, tmp_path: Path) -> None:
    settings.STATIC_ROOT = tmp_path / "static"
    supervisor.collect_static()
    stamp = tmp_path / "static" / ".sources"
    first = stamp.stat().st_mtime_ns
    supervisor.collect_static()
    assert stamp.stat().st_mtime_ns == first
    assert (tmp_path / "static" / "css" / "base.css").exists()


def test_a_free_port_passes() -> None:
    supervisor.check_port("127.0.0.1", free_port())


def test_a_model_server_that_dies_is_started_again(tmp_path: Path) -> None:
    environment = installation(tmp_path, "", "pocket")
    address = f"http://127.0.0.1:{environment['PORT']}/"
    process = serve(environment)
    assert process.stdout is not None
    try:
        wait_until_ready(f"{address}health/", process)
        while "ready at" not in process.stdout.readline().decode():
            pass
        [dead] = models(tmp_path)
        os.kill(dead, signal.SIGKILL)
        deadline = time.monotonic() + 60
        while models(tmp_path) in ([], [dead]) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert len(models(tmp_path)) == 1
        assert httpx.get(f"{address}health/", trust_env=False).is_success
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.stdout.close()


def models(folder: Path) -> list[int]:
    """Return the model servers that keep their models in `folder`."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            command = (entry / "cmdline").read_bytes()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if str(folder).encode() in command and b"restarting" not in command:
            found += [int(entry.name)] if b"\0-m\0pocket\0" in command else []
    return found
