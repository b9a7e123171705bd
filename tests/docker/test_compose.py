"""What the compose file promises: who reaches whom, what survives, who may do what."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import boto3
import pytest

from finetuning.recipes import RECIPES
from tests.docker.conftest import ROOT, SECRETS, read_by_compose

OURS = {"setup", "training", "web", "worker", "worker-gpu", "beat"}
ONCE = {"setup", "training", "model"}
SERVERS = {"ollama", "ollama-gpu", "vllm"}  # of models


def neighbours(compose: dict[str, Any], name: str) -> set[str]:
    """Return the services that share a network with `name`."""
    own = compose["services"][name]["networks"].keys()
    return {
        other
        for other, service in compose["services"].items()
        if other != name and service["networks"].keys() & own
    }


def test_only_the_proxy_is_reached_from_outside(compose: dict[str, Any]) -> None:
    publishing = {name for name, service in compose["services"].items() if service.get("ports")}
    assert publishing == {"proxy"}
    assert {port["target"] for port in compose["services"]["proxy"]["ports"]} == {80, 443}
    networks = compose["networks"]
    assert {name for name, network in networks.items() if not network.get("internal")} == {
        "edge",
        "outside",
    }
    assert [n for n, s in compose["services"].items() if "edge" in s["networks"]] == ["proxy"]


def test_only_web_and_worker_reach_the_model_server(compose: dict[str, Any]) -> None:
    for server in SERVERS:
        reached_by = {
            name
            for name, service in compose["services"].items()
            if "model" in service["networks"] and name not in SERVERS
        }
        assert reached_by == {"web", "worker", "worker-gpu", "model"}
        assert "proxy" not in neighbours(compose, server)
        assert "postgres" not in neighbours(compose, server)
    assert neighbours(compose, "proxy") == {"web"}


def test_two_web_processes_and_one_of_the_rest(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert services["web"]["deploy"]["replicas"] == 2
    assert "replicas" not in services["beat"].get("deploy", {}), "two would do everything twice"


def test_everything_lasting_is_watched_and_comes_back(compose: dict[str, Any]) -> None:
    dockerfile = (ROOT / "Dockerfile").read_text()
    assert "HEALTHCHECK" in dockerfile
    for name, service in compose["services"].items():
        if name in ONCE:
            assert service["restart"] == "on-failure"
            continue
        assert service["restart"] == "unless-stopped", name
        assert "healthcheck" in service or name in {"web", "proxy"}, name


def test_redis_keeps_everything(compose: dict[str, Any]) -> None:
    command = " ".join(compose["services"]["redis"]["command"])
    assert "--appendonly yes" in command
    assert "--maxmemory-policy noeviction" in command
    stored = {volume["source"] for volume in compose["services"]["redis"]["volumes"]}
    assert stored == {"queue"}


def test_our_processes_may_do_little(compose: dict[str, Any]) -> None:
    for name in OURS:
        service = compose["services"][name]
        assert service["read_only"], name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert "privileged" not in service
        assert {volume["target"] for volume in service["volumes"]} == {"/data"}
    dockerfile = (ROOT / "Dockerfile").read_text()
    users = re.findall(r"^USER (\S+)", dockerfile, re.M)
    assert users[0] == users[-1] == "10001:10001"


def test_the_model_is_pulled_once_and_not_waited_for(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert services["model"]["entrypoint"] == ["ollama", "pull", "llama3.2"]
    waiting = {name for name in OURS if "model" in services[name].get("depends_on", {})}
    assert waiting == set(), "the page says what is missing, and offers the pull"


def test_the_gpu_profile_takes_the_place_of_the_other(compose: dict[str, Any]) -> None:
    services = compose["services"]
    for plain, gpu in (("worker", "worker-gpu"), ("ollama", "ollama-gpu")):
        assert services[plain]["profiles"] == ["cpu"]
        assert "gpu" in services[gpu]["profiles"]
        [device] = services[gpu]["deploy"]["resources"]["reservations"]["devices"]
        assert device["capabilities"] == ["gpu"]
    assert services["ollama-gpu"]["networks"]["model"]["aliases"] == ["ollama"]
    assert services["worker"]["build"]["target"] == "train-cpu"
    assert services["worker-gpu"]["build"]["target"] == "train-gpu"


@pytest.mark.parametrize(
    ("profile", "own"),
    [
        ("cpu", {"ollama", "worker", "model"}),
        ("gpu", {"ollama-gpu", "worker-gpu", "model"}),
        ("vllm", {"vllm", "worker-gpu", "training"}),
    ],
)
def test_a_profile_is_a_model_server_and_a_worker(profile: str, own: set[str]) -> None:
    services = read_by_compose(profile=profile)["services"]
    shared = {"proxy", "setup", "web", "beat", "postgres", "redis"}
    assert services.keys() == shared | own
    assert services["web"]["deploy"]["replicas"] == 2


def test_vllm_serves_the_story_model_and_sees_adapters_where_the_worker_leaves_them() -> None:
    chosen = {
        "MODEL_SERVER": "http://vllm:8000",
        "MODEL_API": "openai",
        "STORY_MODEL": "taleteller",
    }
    services = read_by_compose(profile="vllm", **chosen)["services"]
    vllm, worker = services["vllm"], services["worker-gpu"]
    for name in ("web", "worker-gpu"):
        told = services[name]["environment"]
        assert (told["OLLAMA_HOST"], told["MODEL_API"]) == ("http://vllm:8000", "openai")
    command = " ".join(vllm["command"])
    assert "--served-model-name taleteller" in command
    assert "--enable-lora" in command
    assert vllm["environment"]["VLLM_ALLOW_RUNTIME_LORA_UPDATING"] == "1"
    ranks = {recipe.rank for recipe in RECIPES.values()}
    assert max(ranks) <= int(vllm["command"][-1])
    [device] = vllm["deploy"]["resources"]["reservations"]["devices"]
    assert device["capabilities"] == ["gpu"]
    # The same path, read only, and nothing else of the data folder.
    [shown] = [volume for volume in vllm["volumes"] if volume["source"] == "data"]
    [data] = worker["volumes"]
    assert shown["source"] == data["source"]
    assert shown["target"] == f"{data['target']}/{shown['volume']['subpath']}" == "/data/training"
    assert shown["read_only"]
    assert services["training"]["command"][-1] == shown["target"]


def test_as_many_web_processes_and_workers_as_are_asked_for() -> None:
    services = read_by_compose(profile="cpu", WEB_PROCESSES="5", WORKERS="0")["services"]
    assert services["web"]["deploy"]["replicas"] == 5
    assert services["worker"]["deploy"]["replicas"] == 0, "another host has it"


SHARED = ("docker-compose.yml", "docker/shared.yml")


def test_another_host_reaches_what_its_worker_needs_at_one_address() -> None:
    private = {"PRIVATE_ADDRESS": "10.8.0.1", "REDIS_PASSWORD": "pa55word"}
    services = read_by_compose(*SHARED, **private)["services"]
    published = {
        name: {(port["host_ip"], port["target"]) for port in service["ports"]}
        for name, service in services.items()
        if service.get("ports") and name != "proxy"
    }
    assert published == {
        "postgres": {("10.8.0.1", 5432)},
        "redis": {("10.8.0.1", 6379)},
        "ollama": {("10.8.0.1", 11434)},
        "ollama-gpu": {("10.8.0.1", 11434)},
        "vllm": {("10.8.0.1", 8000)},
    }
    assert services["redis"]["command"][-2:] == ["--requirepass", "pa55word"]
    assert services["web"]["environment"]["REDIS_URL"] == "redis://:pa55word@redis:6379/0"
    for missing in private:
        with pytest.raises(subprocess.CalledProcessError) as refused:
            read_by_compose(*SHARED, **(private | {missing: ""}))
        assert f"set {missing} in .env" in refused.value.stderr


def test_the_worker_of_another_host_is_the_same_worker(compose: dict[str, Any]) -> None:
    alone = read_by_compose("docker/worker.yml", example="docker/worker.env.example")["services"]
    assert alone.keys() == {"worker", "worker-gpu"}
    elsewhere = {"networks", "depends_on", "environment", "profiles", "deploy", "volumes"}
    for name, service in alone.items():
        here = compose["services"][name]
        for key in here.keys() - elsewhere:
            assert service[key] == here[key], key
        told = service["environment"]
        assert told.keys() <= here["environment"].keys()
        needed = {"SECRET_KEY", "DATABASE_URL", "REDIS_URL", "OLLAMA_HOST", "STORY_MODEL"}
        assert needed <= {key for key, value in told.items() if value}
        assert [volume["type"] for volume in service["volumes"]] == ["volume"], "nothing is shared"
    assert "deploy" not in alone["worker"]
    assert alone["worker-gpu"]["deploy"]["resources"]["reservations"]["devices"]


STORE = {
    "MODEL_STORE": "s3://models/app",
    "AWS_ENDPOINT_URL_S3": "https://s3.example.org",
    "AWS_ACCESS_KEY_ID": "somebody",
    "AWS_SECRET_ACCESS_KEY": "nobody-may-read-this",
    "AWS_DEFAULT_REGION": "eu-south-1",
}


def test_a_store_for_adapters_is_told_to_who_removes_weights() -> None:
    here = read_by_compose(**STORE)["services"]
    there = read_by_compose("docker/worker.yml", example="docker/worker.env.example", **STORE)
    told = [here[name] for name in ("web", "worker", "worker-gpu")] + [*there["services"].values()]
    for service in told:
        assert service["environment"].items() >= STORE.items()


def test_a_store_without_address_and_region_is_amazons(monkeypatch: pytest.MonkeyPatch) -> None:
    """Empty variables are passed as such, and boto3 takes not all of them for none."""
    chosen = STORE | {"AWS_ENDPOINT_URL_S3": "", "AWS_DEFAULT_REGION": ""}
    told = read_by_compose(**chosen)["services"]["worker"]["environment"]
    for name in STORE:
        monkeypatch.setenv(name, told[name])
    client = boto3.client("s3")
    assert client.meta.endpoint_url == "https://s3.amazonaws.com"
    client.close()


@pytest.mark.parametrize("missing", SECRETS)
def test_without_a_secret_nothing_starts(missing: str, tmp_path: Path) -> None:
    program = shutil.which("docker-compose", path=Path(sys.executable).parent)
    assert program
    env = {name: value for name, value in SECRETS.items() if name != missing}
    done = subprocess.run(
        [program, "--env-file", "docker/env.example", "config", "--quiet"],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert f"set {missing} in .env" in done.stderr


def variables(file: Path) -> dict[str, str]:
    """Return the variables that a file of them sets."""
    return dict(re.findall(r"^(\w+)=(.*)$", file.read_text(), re.M))


def variables_of(text: str) -> set[str]:
    """Return the variables that a compose file is made with."""
    return set(re.findall(r"\$\{(\w+)", text))


def test_the_example_names_every_variable_and_no_secret() -> None:
    for example, files in (
        ("env.example", ("docker-compose.yml", "docker/shared.yml")),
        ("worker.env.example", ("docker/worker.yml",)),
    ):
        text = "".join((ROOT / file).read_text() for file in files)
        named = variables(ROOT / "docker" / example)
        assert named.keys() - {"COMPOSE_PROFILES", "COMPOSE_FILE"} == variables_of(text)
        for secret in (
            "SECRET_KEY",
            "POSTGRES_PASSWORD",
            "REDIS_PASSWORD",
            "HF_TOKEN",
            "AWS_SECRET_ACCESS_KEY",
        ):
            assert not named.get(secret)
    ignored = (ROOT / ".gitignore").read_text().splitlines()
    assert ".env" in ignored
    assert (ROOT / ".dockerignore").read_text().startswith("*\n"), "nothing comes in unasked"


def test_what_the_image_needs_is_let_in(compose: dict[str, Any]) -> None:
    let_in = {
        line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line[0] == "!"
    }
    assert {
        "manage.py",
        "storaiteller_site",
        "stories",
        "pocket",
        "tracing",
        "templates",
        "static",
        "locale",
    } <= let_in
    web = compose["services"]["web"]["command"]
    assert web == re_command((ROOT / "Dockerfile").read_text())


def re_command(dockerfile: str) -> list[str]:
    """Return the command that the image has by itself."""
    [command] = re.findall(r"^CMD \[(.*)\]$", dockerfile, re.M)
    return re.findall(r'"([^"]*)"', command)


@pytest.mark.parametrize("origin", ["http://stories.home", "http://stories.home/"])
def test_the_proxy_serves_all_paths_of_the_origin(compose: dict[str, Any], origin: str) -> None:
    """Its own command, which shows the configuration instead of running with it."""
    caddy = shutil.which("caddy")
    if caddy is None:
        pytest.skip("caddy is not installed")
    shell, option, command = compose["services"]["proxy"]["command"]
    # Compose's own output keeps the dollar signs doubled.
    script = command.replace("$$", "$").replace("/etc/caddy/Caddyfile", "docker/Caddyfile")
    shown = subprocess.run(
        [shell, option, script.replace("caddy run", f"{caddy} adapt")],
        cwd=ROOT,
        env={"SITE_ORIGIN": origin},
        check=True,
        capture_output=True,
        text=True,
    )
    [server] = json.loads(shown.stdout)["apps"]["http"]["servers"].values()
    [route] = server["routes"]
    assert route["match"] == [{"host": ["stories.home"]}]
    assert server["read_header_timeout"] > 0
    assert server["read_timeout"] > 0
