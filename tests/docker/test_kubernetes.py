"""The manifests for Kubernetes: the official schemas, and what fits together."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import kubernetes_validate
import pytest
import typer
import yaml

from kgrec.cli.app import application
from tests.support import ROOT
from tests.support.ray_options import options_of_ray_start

VERSIONS = ("1.30", "1.34")
RESOURCES: dict[str, Any] = {
    one["kind"]: one for one in yaml.safe_load_all((ROOT / "docker/kubernetes/kgrec.yaml").read_text(encoding="utf-8"))
}
RAY: dict[str, Any] = yaml.safe_load((ROOT / "docker/kubernetes/ray.yaml").read_text(encoding="utf-8"))
POD = RESOURCES["Deployment"]["spec"]["template"]["spec"]
(CONTAINER,) = POD["containers"]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("kind", ["PersistentVolumeClaim", "Deployment", "Service", "PodDisruptionBudget"])
def test_the_official_schema(kind: str, version: str) -> None:
    kubernetes_validate.validate(RESOURCES[kind], version, strict=True)


def test_the_schema_refuses_what_is_none() -> None:
    broken = json.loads(json.dumps(RESOURCES["Deployment"]))
    broken["spec"]["template"]["spec"]["containers"][0]["livenessprobe"] = {}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(broken, VERSIONS[0], strict=True)


def test_everything_selects_the_pod() -> None:
    labels = RESOURCES["Deployment"]["spec"]["template"]["metadata"]["labels"]
    assert RESOURCES["Deployment"]["spec"]["selector"]["matchLabels"] == labels
    assert RESOURCES["Service"]["spec"]["selector"] == labels
    assert RESOURCES["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"] == labels
    (claim,) = [one["persistentVolumeClaim"]["claimName"] for one in POD["volumes"] if "persistentVolumeClaim" in one]
    assert claim == RESOURCES["PersistentVolumeClaim"]["metadata"]["name"]
    (port,) = CONTAINER["ports"]
    assert [one["targetPort"] for one in RESOURCES["Service"]["spec"]["ports"]] == [port["name"]]


def test_the_container_runs_a_command_that_exists_with_settings_that_it_reads() -> None:
    command = typer.main.get_command(application())
    context = command.make_context("kgrec", CONTAINER["args"][:1])
    serve = command.get_command(context, "serve")  # type: ignore[attr-defined]
    assert serve.make_context("serve", CONTAINER["args"][1:]).params["port"] == CONTAINER["ports"][0]["containerPort"]
    read = {one.envvar for one in serve.params if isinstance(one.envvar, str)}
    set_here = {one["name"] for one in CONTAINER["env"]}
    assert set_here - read == {"KGREC_NEO4J_USER", "KGREC_NEO4J_PASSWORD"}  # of the store
    assert {"KGREC_EVENTS", "KGREC_KEYS", "KGREC_STATE", "KGREC_BUNDLE", "KGREC_STORE"} <= set_here


def test_what_must_last_is_on_the_volume() -> None:
    values = {one["name"]: one.get("value", "") for one in CONTAINER["env"]}
    places = {one["name"]: one["mountPath"] for one in CONTAINER["volumeMounts"]}
    for name in ("KGREC_BUNDLE", "KGREC_EVENTS", "KGREC_STATE"):
        assert values[name].startswith(places["data"])
    assert values["KGREC_KEYS"].startswith(places["keys"])
    assert RESOURCES["Deployment"]["spec"]["strategy"]["type"] == "Recreate"  # two would write one log
    assert RESOURCES["Deployment"]["spec"]["replicas"] == 1


def test_it_runs_as_nobody_special_and_is_asked_how_it_is() -> None:
    assert POD["securityContext"]["runAsNonRoot"]
    assert POD["securityContext"]["runAsUser"] == 10001
    locked = CONTAINER["securityContext"]
    assert (locked["readOnlyRootFilesystem"], locked["allowPrivilegeEscalation"]) == (True, False)
    assert locked["capabilities"] == {"drop": ["ALL"]}
    probes = {name: CONTAINER[name]["httpGet"]["path"] for name in ("startupProbe", "livenessProbe", "readinessProbe")}
    assert probes == {
        "startupProbe": "/health/live",
        "livenessProbe": "/health/live",
        "readinessProbe": "/health/ready",
    }


def ray_pods() -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Settings of ``ray start`` and the pod, of the head and of the workers."""
    for group in (RAY["spec"]["headGroupSpec"], *RAY["spec"]["workerGroupSpecs"]):
        yield group["rayStartParams"], group["template"]["spec"]


@pytest.mark.parametrize("version", VERSIONS)
def test_pods_of_the_ray_cluster_have_the_official_schema(version: str) -> None:
    assert (RAY["apiVersion"], RAY["kind"]) == ("ray.io/v1", "RayCluster")
    for _, spec in ray_pods():
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "ray"}, "spec": spec}
        kubernetes_validate.validate(pod, version, strict=True)


def test_the_cluster_has_the_ray_of_the_image_and_memory_for_what_calls_are_made_of() -> None:
    pinned = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    assert f"\nray=={RAY['spec']['rayVersion']}\n" in pinned
    known = {option.removeprefix("--") for option in options_of_ray_start()}
    for settings, spec in ray_pods():
        assert settings.keys() <= known
        (container,) = spec["containers"]
        (shared,) = [one["emptyDir"] for one in spec["volumes"] if one["name"] == "shared-memory"]
        limit = container["resources"]["limits"]["memory"]
        assert int(settings["object-store-memory"]) < _bytes(shared["sizeLimit"]) < _bytes(limit)
        assert {"name": "shared-memory", "mountPath": "/dev/shm"} in container["volumeMounts"]
        assert container["env"][0] == {"name": "RAY_AUTH_MODE", "value": "token"}
        assert "valueFrom" in container["env"][1], "no token in the file"
        assert container["livenessProbe"]["exec"]["command"] == ["ray", "health-check"]


def _bytes(quantity: str) -> int:
    return int(quantity.removesuffix("Gi")) * 2**30
