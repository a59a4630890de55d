"""The container files: nothing is built here, so linters, the official schema and our own rules look at them."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import tomllib
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from kgrec.cli.app import application
from tests.support import ROOT
from tests.support.ray_options import options_of_ray_start

DOCKERFILE, COMPOSE = ROOT / "docker/Dockerfile", ROOT / "docker/compose.yaml"
INSTRUCTIONS = re.sub(r"\\\n", " ", re.sub(r"^#.*\n", "", DOCKERFILE.read_text(), flags=re.MULTILINE)).splitlines()
SERVICES: dict[str, Any] = yaml.safe_load(COMPOSE.read_text())["services"]


def said(name: str) -> list[str]:
    """Arguments of every such instruction, in order."""
    return [line.split(maxsplit=1)[1].strip() for line in INSTRUCTIONS if line.startswith(f"{name} ")]


def docker_compose() -> str | None:
    """Why ``docker compose`` cannot be asked, None where it can."""
    if shutil.which("docker") is None:
        return "there is no docker command"
    asked = subprocess.run(["docker", "compose", "version"], capture_output=True, check=False)
    return "docker has no compose plugin" if asked.returncode else None


def test_the_linter_has_nothing_to_say() -> None:
    linter = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([linter, "--no-color", DOCKERFILE], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_image_runs_as_nobody_special_and_is_pinned() -> None:
    assert said("USER") == ["10001:10001"]
    assert said("ARG")[0] == "PYTHON_IMAGE=python:3.11-slim-bookworm"
    assert said("FROM") == ["${PYTHON_IMAGE} AS build", "${PYTHON_IMAGE}"]


def test_the_image_has_what_a_service_needs_and_no_more() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    (default,) = [arg.partition("=")[2].split(",") for arg in said("ARG") if arg.startswith("EXTRAS=")]
    assert default == ["serve", "neo4j"]
    assert {*default, "train"} <= set(extras)
    (install,) = [line for line in said("RUN") if "pip install" in line]
    assert "--no-cache-dir" in install
    assert "--constraint constraints.txt" in install


def test_what_is_copied_is_there_and_reaches_the_builder() -> None:
    copied = [name for line in said("COPY") if "--from" not in line for name in line.split()[:-1]]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert {*project["tool"]["setuptools"]["package-dir"].values(), project["project"]["readme"]} <= set(copied)
    assert [name for name in copied if not (ROOT / name).exists()] == []
    ignored, *kept = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if not line.startswith("#")]
    assert (ignored, kept) == ("*", [*(f"!{name}" for name in copied), "**/__pycache__"])


def test_the_image_starts_a_command_that_exists() -> None:
    assert said("ENTRYPOINT") == ['["kgrec"]']
    name, *arguments = json.loads(said("CMD")[-1])
    command = typer.main.get_command(application())
    context = command.make_context("kgrec", [name, *arguments])
    serve = command.get_command(context, name)  # type: ignore[attr-defined]
    assert serve.make_context(name, arguments).params["host"] == "0.0.0.0"
    assert said("EXPOSE") == [str(serve.make_context(name, arguments).params["port"])]


def health_check() -> list[str]:
    (check,) = said("HEALTHCHECK")
    command: list[str] = json.loads(check.partition("CMD ")[2])
    return command


@pytest.mark.parametrize(("status", "code"), [(200, 0), (503, 1)])
def test_the_health_check(status: int, code: int) -> None:
    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/health/ready" else 404)
            self.end_headers()

        def log_message(self, format: str, *arguments: Any) -> None: ...

    _, option, program = health_check()
    ast.parse(program)
    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.handle_request).start()
        here = program.replace(":8000/", f":{server.server_port}/")
        done = subprocess.run([sys.executable, option, here], capture_output=True, check=False)
    assert done.returncode == code


def test_the_official_schema_of_compose_files() -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(COMPOSE)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.skipif(docker_compose() is not None, reason=f"{docker_compose()}")
def test_docker_compose_takes_it() -> None:
    command = ["docker", "compose", "--file", str(COMPOSE), "--profile", "train", "config", "--quiet"]
    environment = {**os.environ, "NEO4J_PASSWORD": "only-a-test"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    del environment["NEO4J_PASSWORD"]
    refused = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert refused.returncode != 0
    assert "set NEO4J_PASSWORD" in refused.stderr


def test_no_password_stands_in_the_files() -> None:
    passwords = [
        value
        for service in SERVICES.values()
        for name, value in service["environment"].items()
        if "PASSWORD" in name or name == "NEO4J_AUTH"
    ]
    assert len(passwords) == 3
    tokens = [service["environment"].get("RAY_AUTH_TOKEN") for service in SERVICES.values()]
    assert {token for token in tokens if token is not None} == {"${RAY_AUTH_TOKEN:-}"}
    for value in passwords:
        assert re.fullmatch(r"(neo4j/)?\$\{NEO4J_PASSWORD:\?.+\}", value)
    assert "PASSWORD=" not in DOCKERFILE.read_text()


def test_images_name_their_version() -> None:
    for service in SERVICES.values():
        _, colon, tag = service["image"].partition(":")
        assert colon
        assert tag != "latest"
        assert tag[0].isdigit()
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert SERVICES["kgrec"]["image"] == f"kgrec:{version}"
    assert SERVICES["neo4j"]["image"].startswith("neo4j:5.26")


def test_every_service_is_bounded_and_open_to_this_machine_only() -> None:
    for service in SERVICES.values():
        assert service["mem_limit"]
        assert "no-new-privileges:true" in service["security_opt"]
        assert not service.get("privileged", False)
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))
    for name in ("kgrec", "trainer"):
        assert SERVICES[name]["read_only"] is True
        assert SERVICES[name]["tmpfs"] == ["/tmp"]
        assert SERVICES[name]["cap_drop"] == ["ALL"]
        assert "user" not in SERVICES[name]  # the image's own


def test_services_wait_for_a_healthy_graph_and_come_back() -> None:
    assert SERVICES["neo4j"]["restart"] == SERVICES["kgrec"]["restart"] == "unless-stopped"
    assert "cypher-shell" in SERVICES["neo4j"]["healthcheck"]["test"][1]
    assert SERVICES["kgrec"]["healthcheck"]["test"] == ["CMD", *health_check()]
    for name in ("kgrec", "trainer"):
        assert SERVICES[name]["depends_on"] == {"neo4j": {"condition": "service_healthy"}}


def test_volumes_exist_and_versions_are_kept_beside_the_bundle() -> None:
    declared = set(yaml.safe_load(COMPOSE.read_text())["volumes"])
    mounted = {name: [text.split(":") for text in service.get("volumes", ())] for name, service in SERVICES.items()}
    named = {mount[0] for mounts in mounted.values() for mount in mounts if not mount[0].startswith("$")}
    assert named == declared == {"neo4j-data", "bundle", "state"}
    assert mounted["kgrec"] == [["bundle", "/data"], ["state", "/state"]]
    assert mounted["trainer"][0] == ["bundle", "/data"]


def test_programs_of_a_ray_cluster_have_one_token_and_memory_for_what_calls_are_made_of() -> None:
    head, worker = SERVICES["ray-head"], SERVICES["ray-worker"]
    known = options_of_ray_start()
    for service in (head, worker):
        assert service["environment"]["RAY_AUTH_MODE"] == "token"
        said_to_it: list[str] = service["entrypoint"] + service["command"]
        program, verb, *options = said_to_it
        assert (program, verb) == ("ray", "start")
        assert {option.partition("=")[0] for option in options} <= known
        (size,) = [option.partition("=")[2] for option in options if option.startswith("--object-store-memory=")]
        assert int(size) < int(service["shm_size"].removesuffix("g")) * 2**30
        assert "ports" not in service
    assert SERVICES["trainer"]["environment"]["RAY_AUTH_TOKEN"] == head["environment"]["RAY_AUTH_TOKEN"]
    extras = SERVICES["trainer"]["build"]["args"]["EXTRAS"].split(",")
    assert {"train", "ray"} <= set(extras)


def test_settings_are_those_that_kgrec_reads() -> None:
    code = "".join(path.read_text() for path in (ROOT / "kgrec").rglob("*.py"))
    names = {name for line in said("ENV") for name in re.findall(r"KGREC_\w+", line)}
    names |= {name for service in SERVICES.values() for name in service["environment"] if name.startswith("KGREC_")}
    neo4j = {name for name in names if name.startswith("KGREC_NEO4J_")}
    assert neo4j == {"KGREC_NEO4J_USER", "KGREC_NEO4J_PASSWORD"}
    assert [name for name in names - neo4j if f'"{name}"' not in code] == []
