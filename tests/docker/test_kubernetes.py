"""The manifests: valid by Kubernetes' own schemas, and the compose file's processes once more."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from storaiteller_site.operations import metrics, probes
from tests.docker.conftest import ROOT
from tests.docker.test_compose import neighbours, variables

FOLDER = ROOT / "kubernetes"
VERSION = "1.37"
KUSTOMIZATION = FOLDER / "kustomization.yaml"
FILES = sorted(set(FOLDER.glob("*.yaml")) - {KUSTOMIZATION})
# Not applied with the others: one of two ways each, and an example.
APART = {"autoscaler-cpu.yaml", "migrate.yaml", "secret.example.yaml"}
OURS = {"web": "web", "worker": "worker", "beat": "beat", "migrate": "setup"}
# What a cluster adds to the environment of the compose file.
ADDED = {"DATA_DIR", "DRAIN_SECONDS", "LOG_FORMAT"}
PART, COMPONENT = "app.kubernetes.io/part-of", "app.kubernetes.io/component"


def objects(*files: Path) -> Iterator[dict[str, Any]]:
    """Yield what is in the files, or in all that are applied."""
    for file in files or [each for each in FILES if each.name not in APART]:
        yield from yaml.safe_load_all(file.read_text())


def one(kind: str, name: str) -> dict[str, Any]:
    """Return the object of that kind and name."""
    [found] = [
        each for each in objects() if (each["kind"], each["metadata"]["name"]) == (kind, name)
    ]
    return found


def pod(name: str) -> dict[str, Any]:
    """Return what the pods of a Deployment are made from."""
    template: dict[str, Any] = one("Deployment", f"storaiteller-{name}")["spec"]["template"]
    return template


def containers() -> dict[str, dict[str, Any]]:
    """Return all containers of ours, by name."""
    specs = [each["spec"]["template"]["spec"] for each in objects() if each["kind"] == "Deployment"]
    return {
        each["name"]: each
        for spec in specs
        for each in (*spec.get("initContainers", ()), *spec["containers"])
    }


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_manifest_is_valid(file: Path) -> None:
    found = list(objects(file))
    for each in found:
        kubernetes_validate.validate(each, VERSION, strict=True)
        assert "namespace" not in each["metadata"], "whoever applies it chooses one"
    assert found


def test_the_schemas_refuse_what_is_wrong() -> None:
    wrong = one("HorizontalPodAutoscaler", "storaiteller-web")
    wrong["spec"]["metrics"][0]["object"]["target"]["averagevalue"] = "100"
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, VERSION, strict=True)


def test_the_kustomization_names_every_file_and_image() -> None:
    told = yaml.safe_load(KUSTOMIZATION.read_text())
    assert set(told["resources"]) == {file.name for file in FILES} - APART
    [generated] = told["configMapGenerator"]
    assert generated == {"name": "storaiteller", "envs": ["settings.env"]}
    assert {image["name"] for image in told["images"]} >= {
        each["image"] for each in containers().values()
    }
    gpu = yaml.safe_load((FOLDER / "gpu" / "kustomization.yaml").read_text())
    [patch] = gpu["patches"]
    assert patch["target"]["name"] == one("Deployment", "storaiteller-worker")["metadata"]["name"]
    changes = {change["path"]: change["value"] for change in yaml.safe_load(patch["patch"])}
    image = changes.pop("/spec/template/spec/containers/0/image")
    assert image in {image["name"] for image in told["images"]}
    assert changes == {"/spec/template/spec/containers/0/resources/limits/nvidia.com~1gpu": "1"}


def test_the_processes_are_those_of_the_compose_file(compose: dict[str, Any]) -> None:
    found = containers()
    assert found.keys() == OURS.keys()
    for name, service_name in OURS.items():
        container, service = found[name], compose["services"][service_name]
        assert container["command"] == service["command"]
        assert container["image"] == service["image"]
        for probe in ("livenessProbe", "startupProbe", "readinessProbe"):
            assert probe in container or name != "web"
    for name in ("worker", "beat"):
        kind, checked = compose["services"][name]["healthcheck"]["test"]
        assert kind == "CMD-SHELL"
        probe = found[name]["livenessProbe"]["exec"]["command"]
        assert probe == ["sh", "-c", checked.replace("$$", "$")]


def test_the_environment_is_that_of_the_compose_file(compose: dict[str, Any]) -> None:
    [secret] = objects(FOLDER / "secret.example.yaml")
    settings = variables(FOLDER / "settings.env")
    assert not settings.keys() & secret["stringData"].keys()
    told = settings.keys() | secret["stringData"].keys()
    optional = ("OIDC_", "OTEL_")  # for who wants them
    promised = {
        name for name in compose["services"]["web"]["environment"] if not name.startswith(optional)
    }
    assert told - ADDED == promised
    assert secret["stringData"]["SECRET_KEY"] == secret["stringData"]["METRICS_TOKEN"] == ""
    for container in containers().values():
        assert container["envFrom"] == [
            {"configMapRef": {"name": "storaiteller"}},
            {"secretRef": {"name": secret["metadata"]["name"]}},
        ]
        # A folder in the volume, which the app makes for itself alone.
        mounts = {mount["mountPath"]: mount["name"] for mount in container["volumeMounts"]}
        assert mounts == {"/data": "data", "/tmp": "temporary"}
    assert settings["DATA_DIR"].startswith("/data/")
    documented = (ROOT / "docs" / "configuration.md").read_text()
    assert all(f"`{name}`" in documented for name in told)


def test_only_what_has_to_last_is_on_a_disk() -> None:
    lasting = {
        name
        for name in ("web", "worker", "beat")
        for volume in pod(name)["spec"]["volumes"]
        if "persistentVolumeClaim" in volume
    }
    assert lasting == {"worker"}


def test_pods_may_do_little() -> None:
    for name in ("web", "worker", "beat"):
        spec = pod(name)["spec"]
        assert spec["securityContext"]["runAsNonRoot"]
        assert spec["securityContext"]["runAsUser"] == spec["securityContext"]["fsGroup"] == 10001
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert not spec["automountServiceAccountToken"]
        assert not spec["enableServiceLinks"], "they would be variables of the environment"
    for container in containers().values():
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert container["resources"]["limits"]["memory"]
    users = re.findall(r"^USER (\S+)", (ROOT / "Dockerfile").read_text(), re.M)
    assert users[-1] == "10001:10001"


def test_requests_come_to_a_port_and_probes_to_addresses_that_there_are() -> None:
    web = containers()["web"]
    [port] = web["ports"]
    assert str(port["containerPort"]) in web["command"]
    service = one("Service", "storaiteller-web")["spec"]
    assert service["selector"] == pod("web")["metadata"]["labels"]
    assert [each["targetPort"] for each in service["ports"]] == [port["name"]]
    asked = {name: web[f"{name}Probe"]["httpGet"] for name in ("startup", "liveness", "readiness")}
    assert {each["port"] for each in asked.values()} == {port["name"]}
    source = Path(probes.__file__).read_text()
    assert all(f'"{each["path"]}"' in source for each in asked.values())
    assert asked["readiness"]["path"] == "/readyz"
    assert asked["liveness"]["path"] == asked["startup"]["path"] == "/healthz"
    ingress = one("Ingress", "storaiteller")["spec"]
    [rule] = ingress["rules"]
    [path] = rule["http"]["paths"]
    assert path["backend"]["service"] == {"name": "storaiteller-web", "port": {"name": "http"}}
    assert ingress["tls"][0]["hosts"] == [rule["host"]]
    assert variables(FOLDER / "settings.env")["PUBLIC_ORIGINS"] == f"https://{rule['host']}"


def test_a_socket_may_be_silent_and_words_are_not_held_back() -> None:
    annotations = one("Ingress", "storaiteller")["metadata"]["annotations"]
    for name in ("read", "send"):
        assert annotations[f"nginx.ingress.kubernetes.io/proxy-{name}-timeout"] == "86400"
        assert annotations[f"nginx.org/proxy-{name}-timeout"] == "24h"
    assert annotations["nginx.ingress.kubernetes.io/proxy-buffering"] == "off"
    assert annotations["nginx.org/proxy-buffering"] == "False"


def test_a_deploy_has_the_time_that_stories_need() -> None:
    drain = float(variables(FOLDER / "settings.env")["DRAIN_SECONDS"])
    spec = pod("web")["spec"]
    pause = spec["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert pause >= 5, "until all proxies have heard of it"
    assert pause + drain < spec["terminationGracePeriodSeconds"]


def test_there_is_one_of_what_must_not_be_twice() -> None:
    for name in ("worker", "beat"):
        spec = one("Deployment", f"storaiteller-{name}")["spec"]
        assert (spec["replicas"], spec["strategy"]) == (1, {"type": "Recreate"})
    [migrate] = pod("beat")["spec"]["initContainers"]
    assert "migrate" in migrate["command"]


def test_the_job_that_migrates_is_what_beat_begins_with() -> None:
    [job] = objects(FOLDER / "migrate.yaml")
    template, beat = job["spec"]["template"], pod("beat")
    assert template["metadata"]["labels"] == beat["metadata"]["labels"], "what networks.yaml knows"
    [container], [init] = template["spec"].pop("containers"), beat["spec"].pop("initContainers")
    assert template["spec"].pop("restartPolicy") == "Never"
    for name, value in template["spec"].items():
        assert beat["spec"][name] == value, name
    assert container.pop("envFrom") == [init.pop("envFrom")[1]]
    data = variables(FOLDER / "settings.env")["DATA_DIR"]
    assert container.pop("env") == [{"name": "DATA_DIR", "value": data}]
    assert container == init


def test_web_grows_by_streams_and_never_to_nothing(compose: dict[str, Any]) -> None:
    web = one("Deployment", "storaiteller-web")
    assert "replicas" not in web["spec"], "the autoscaler's alone to say"
    by_streams = one("HorizontalPodAutoscaler", "storaiteller-web")
    [by_processor] = objects(FOLDER / "autoscaler-cpu.yaml")
    for scaler in (by_streams, by_processor):
        target = scaler["spec"]["scaleTargetRef"]
        assert (target["kind"], target["name"]) == ("Deployment", web["metadata"]["name"])
        assert scaler["spec"]["minReplicas"] == compose["services"]["web"]["deploy"]["replicas"]
    streams, processor = by_streams["spec"].pop("metrics")
    assert by_processor["spec"].pop("metrics") == [processor]
    assert by_streams == by_processor
    metric = streams["object"]["metric"]["name"]
    assert metric == "storaiteller_streams"
    assert f'_gauges("{metric.removeprefix("storaiteller_")}"' in Path(metrics.__file__).read_text()
    # Each process tells the sum of all: a mean of the pods' would grow with nothing but itself.
    assert streams["type"] == "Object"
    assert streams["object"]["target"]["type"] == "AverageValue"
    described = streams["object"]["describedObject"]
    assert (described["kind"], described["name"]) == ("Service", "storaiteller-web")
    budget = one("PodDisruptionBudget", "storaiteller-web")["spec"]
    assert budget["maxUnavailable"] < by_streams["spec"]["minReplicas"]
    assert budget["selector"]["matchLabels"] == pod("web")["metadata"]["labels"]


# ---- Networks ----

SERVICES = {"postgres": "postgres", "redis": "redis", "model-server": "ollama"}
PORTS = {"postgres": {5432}, "redis": {6379}, "model-server": {11434, 8000}}


def components(selector: dict[str, Any]) -> set[str]:
    """Return the components that a selector of pods chooses."""
    labels = selector["matchLabels"]
    assert labels[PART] == "storaiteller"
    if COMPONENT in labels:
        return {labels[COMPONENT]}
    if "matchExpressions" not in selector:
        return {"web", "worker", "beat", *SERVICES}
    [expression] = selector["matchExpressions"]
    assert (expression["key"], expression["operator"]) == (COMPONENT, "In")
    return set(expression["values"])


def ways(direction: str, other: str) -> set[tuple[str, str, int]]:
    """Return who may reach whom at which port, by the policies of a direction."""
    found = set()
    for policy in (each["spec"] for each in objects() if each["kind"] == "NetworkPolicy"):
        chosen = components(policy["podSelector"])
        for rule in policy.get(direction, ()):
            for peer in rule.get(other, ()):
                for far in components(peer["podSelector"]) if "podSelector" in peer else ():
                    for port in rule["ports"]:
                        for near in chosen:
                            pair = (near, far) if direction == "egress" else (far, near)
                            found.add((*pair, port["port"]))
    return found


def test_who_reaches_whom_is_what_the_compose_file_says(compose: dict[str, Any]) -> None:
    promised = {
        (name, component, port)
        for name in ("web", "worker", "beat")
        for component, service in SERVICES.items()
        if service in neighbours(compose, name)
        for port in PORTS[component]
    }
    assert ways("egress", "to") == ways("ingress", "from") == promised


def test_nobody_else_is_let_in_or_out(compose: dict[str, Any]) -> None:
    policies = [each["spec"] for each in objects() if each["kind"] == "NetworkPolicy"]
    closed = {"Ingress": set[str](), "Egress": set[str]()}
    for policy in policies:
        for kind in policy["policyTypes"]:
            closed[kind] |= components(policy["podSelector"])
    assert closed["Ingress"] == {"web", "worker", "beat", *SERVICES}
    assert closed["Egress"] == {"web", "worker", "beat"}
    outside = {
        name
        for policy in policies
        for rule in policy.get("egress", ())
        for peer in rule.get("to", ())
        if "ipBlock" in peer
        for name in components(policy["podSelector"])
    }
    services = compose["services"]
    assert outside == {n for n in ("web", "worker", "beat") if "outside" in services[n]["networks"]}
    [front] = [
        policy
        for policy in policies
        for rule in policy.get("ingress", ())
        if any("namespaceSelector" in peer for peer in rule["from"])
    ]
    assert components(front["podSelector"]) == {"web"}
