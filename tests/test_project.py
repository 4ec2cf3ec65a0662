"""What is around the code is true to it: the settings' example, the image, the service, the locks, the checks."""

import ast
import asyncio
import configparser
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]  # its stubs are no dependency; what is read here is checked by the tests

import config
from ops.http import OperationsServer
from ops.metrics import Metrics
from tests.docker_steps import REPOSITORY, read_dockerfile

EXAMPLE = REPOSITORY / ".env.example"
DOCKERFILE = read_dockerfile()
ASSIGNMENT = re.compile(r"(?P<name>[A-Z_]+)=(?P<value>.*)")


def read_yaml(name: str) -> Any:
    return yaml.safe_load((REPOSITORY / name).read_text("utf-8"))


def copied_sources() -> set[str]:
    return {source for *sources, _target in DOCKERFILE.copied for source in sources}


def modules_behind(name: str) -> set[str]:
    """The names at the top of the repository that a file of it imports, through whatever it imports."""
    found: set[str] = set()
    waiting = [REPOSITORY / name]
    while waiting:
        path = waiting.pop()
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module:
                names = [node.module]
            for top in {imported.partition(".")[0] for imported in names} - found:
                if (REPOSITORY / top).is_dir() and (REPOSITORY / top / "__init__.py").exists():
                    found.add(top)
                    waiting += (REPOSITORY / top).rglob("*.py")
                elif (REPOSITORY / f"{top}.py").exists():
                    found.add(top)
                    waiting.append(REPOSITORY / f"{top}.py")
    return found


def test_the_example_has_every_setting_with_its_default_and_no_other() -> None:
    lines = EXAMPLE.read_text("utf-8").splitlines()
    found = [(match["name"], match["value"]) for line in lines if (match := ASSIGNMENT.fullmatch(line))]
    assert len(found) == len(dict(found))
    assert dict(found) == dict(config.DEFAULTS)


def test_the_example_explains_every_setting() -> None:
    explained = False
    for line in EXAMPLE.read_text("utf-8").splitlines():
        if ASSIGNMENT.fullmatch(line):
            assert explained, f"{line} has no comment above it"
        else:
            assert not line or line.startswith("# ")
            explained = bool(line)


def test_the_example_with_secrets_filled_in_is_what_no_file_at_all_means(tmp_path: Path) -> None:
    dotenv = tmp_path / ".env"
    dotenv.write_text(EXAMPLE.read_text("utf-8"), "utf-8")
    secrets = {"DISCORD_TOKEN": "token-token", "PIXAZO_API_KEY": "key-key-key"}
    assert config.load(secrets, dotenv) == config.load(secrets, None)


def test_the_image_has_every_module_that_the_bot_imports_and_nothing_else() -> None:
    needed = {"bot", *modules_behind("bot.py")}
    assert {source.removesuffix(".py") for source in copied_sources() - {"LICENSE", "locales"}} == needed


def test_the_engine_is_sent_what_the_image_copies_and_nothing_else() -> None:
    lines = (REPOSITORY / ".dockerignore").read_text("utf-8").splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    assert rules[0] == "*"
    assert {rule.removeprefix("!") for rule in rules if rule.startswith("!")} == {*copied_sources(), "requirements.txt"}


def test_the_locked_dependencies_are_installed_before_any_source_is_copied() -> None:
    steps = [f"{name} {rest}" for name, rest in DOCKERFILE.instructions]
    stages = [step for step in steps if step.startswith("FROM ")]
    install = next(index for index, step in enumerate(steps) if "--require-hashes -r requirements.txt" in step)
    assert len(stages) == 2
    assert install < steps.index(stages[1]) < next(index for index, step in enumerate(steps) if "COPY bot.py" in step)


def test_the_image_runs_as_a_user_of_its_own_and_stops_on_the_bots_signal() -> None:
    user, _, group = DOCKERFILE.user.partition(":")
    assert int(user) >= 1000
    assert int(group) >= 1000
    assert DOCKERFILE.stop_signal == "SIGTERM"
    assert DOCKERFILE.entrypoint == ("/venv/bin/python", "bot.py")


def test_the_images_settings_are_good_and_keep_the_database_in_the_volume() -> None:
    names = DOCKERFILE.environment.keys() & config.DEFAULTS.keys()
    settings, problems = config.examine({name: DOCKERFILE.environment[name] for name in names}, None)
    assert {problem.partition(":")[0] for problem in problems} == set(config.REQUIRED)
    assert settings.database_path == Path("/data/easel.db")
    assert dict(DOCKERFILE.instructions)["VOLUME"] == "/data"
    assert dict(DOCKERFILE.instructions)["EXPOSE"] == str(settings.http_port)


async def health_of(port: int) -> int:
    """The exit code of the image's health check against this machine's port."""
    _python, *words = DOCKERFILE.health_check
    check = await asyncio.create_subprocess_exec(
        sys.executable, *words, env={"HTTP_PORT": str(port)}, stderr=asyncio.subprocess.DEVNULL
    )
    return await check.wait()


async def test_the_images_health_check_finds_a_living_bot_healthy_and_a_dead_one_not() -> None:
    server = OperationsServer("127.0.0.1", 0, checks={}, metrics=Metrics())
    await server.start()
    port = server.port
    assert await health_of(port) == 0
    await server.stop()
    assert await health_of(port) == 1


def test_compose_gives_the_container_nothing_that_it_does_not_need() -> None:
    service = read_yaml("compose.yaml")["services"]["easel"]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["volumes"] == ["data:/data"]
    assert service["env_file"] == ".env"
    assert service["restart"] == "unless-stopped"
    assert [mount.partition(":")[0] for mount in service["tmpfs"]] == ["/tmp"]
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])


def test_compose_and_systemd_wait_longer_than_a_stop_takes() -> None:
    assert read_yaml("compose.yaml")["services"]["easel"]["stop_grace_period"] == "20s"
    assert systemd_unit()["Service"]["TimeoutStopSec"] == "20"


def test_compose_sets_only_settings_that_exist() -> None:
    assert read_yaml("compose.yaml")["services"]["easel"]["environment"].keys() <= config.DEFAULTS.keys()


def systemd_unit() -> configparser.ConfigParser:
    unit = configparser.ConfigParser(strict=False, interpolation=None, delimiters=("=",))
    unit.optionxform = str  # type: ignore[method-assign,assignment]  # the documented way to keep the names' case
    unit.read(REPOSITORY / "deploy" / "easel.service", "utf-8")
    return unit


def test_the_service_is_confined_and_may_write_to_its_state_alone() -> None:
    service = systemd_unit()["Service"]
    assert service["ProtectSystem"] == "strict"
    assert service["StateDirectory"] == "easel"
    assert service["WorkingDirectory"] == "/var/lib/easel"
    assert service["DynamicUser"] == service["NoNewPrivileges"] == "yes"
    assert service["CapabilityBoundingSet"] == ""
    assert service["KillSignal"] == "SIGTERM"
    assert service["Restart"] == "on-failure"
    assert shlex.split(service["ExecStart"])[-1].endswith("/bot.py")


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_a_lock_has_versions_and_hashes_and_no_address(name: str) -> None:
    text = re.sub(r"\\\n\s*", "", (REPOSITORY / name).read_text("utf-8"))
    assert "//" not in text
    for line in text.splitlines():
        assert re.fullmatch(r"[a-z0-9._-]+(\[[a-z,]+\])?==\S+( ; [^\\]+?)?( --hash=sha256:[0-9a-f]{64})+", line), line


def test_what_runs_is_what_was_tested() -> None:
    def pinned(name: str) -> set[str]:
        return set(re.findall(r"(?m)^[a-z0-9._-]+==\S+", (REPOSITORY / name).read_text("utf-8")))

    assert pinned("requirements.txt") <= pinned("requirements-dev.txt")


@pytest.mark.parametrize("target", ["demo", "run", "test", "check"])
def test_every_target_begins_with_the_environment_where_it_is_missing(target: str, tmp_path: Path) -> None:
    done = subprocess.run(
        ["make", "--dry-run", target, f"VENV={tmp_path / 'fresh'}"],
        cwd=REPOSITORY,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    steps = done.stdout.splitlines()
    assert "-m venv" in steps[0]
    assert "--require-hashes -r requirements" in steps[1]
    assert len(steps) > 3


def test_ci_runs_the_checks_and_the_tests_here_and_there() -> None:
    script = (REPOSITORY / ".ci" / "run").read_text("utf-8")
    assert os.access(REPOSITORY / ".ci" / "run", os.X_OK)
    assert script.splitlines()[-2:] == ["make check", "make test"]
    jobs = read_yaml(".github/workflows/ci.yml")["jobs"]
    assert [step["run"] for step in jobs["check"]["steps"] if "run" in step] == ["make check"]
    assert [step["run"] for step in jobs["test"]["steps"] if "run" in step] == ["make test"]
    assert jobs["test"]["strategy"]["matrix"]["python"] == ["3.11", "3.13"]
    for job in jobs.values():
        assert all(re.fullmatch(r"[\w/-]+@v\d+", step["uses"]) for step in job["steps"] if "uses" in step)


def test_the_ci_script_hands_over_discords_own_document_where_it_lies_beside_the_project(tmp_path: Path) -> None:
    project, document = tmp_path / "project", tmp_path / "shared" / "discord" / "openapi.json"
    for folder in (project / ".ci", tmp_path / "bin", document.parent):
        folder.mkdir(parents=True)
    script = project / ".ci" / "run"
    script.write_text((REPOSITORY / ".ci" / "run").read_text("utf-8"), "utf-8")
    make = tmp_path / "bin" / "make"
    make.write_text('#!/bin/sh\necho "$1 $PWD ${DISCORD_OPENAPI-unset}"\n', "utf-8")
    make.chmod(0o755)

    def run() -> list[str]:
        environment = {"PATH": f"{make.parent}:{os.environ['PATH']}"}
        words = ["bash", str(script)]
        done = subprocess.run(words, cwd="/", env=environment, capture_output=True, text=True, timeout=60, check=True)
        return done.stdout.splitlines()

    assert run() == [f"check {project} unset", f"test {project} unset"]
    document.write_text("{}", "utf-8")
    assert run() == [f"check {project} {document}", f"test {project} {document}"]


def test_hooks_are_local_and_use_what_ci_uses() -> None:
    (repo,) = read_yaml(".pre-commit-config.yaml")["repos"]
    assert repo["repo"] == "local"
    assert all(hook["language"] == "system" for hook in repo["hooks"])
    assert all(hook["entry"].startswith(".venv/bin/") for hook in repo["hooks"])
    words = [sys.executable, "-m", "pre_commit", "validate-config", ".pre-commit-config.yaml"]
    subprocess.run(words, cwd=REPOSITORY, timeout=60, check=True)


def test_the_license_is_mit() -> None:
    text = (REPOSITORY / "LICENSE").read_text("utf-8")
    assert text.startswith("MIT License\n")
    assert "Easel contributors" in text
