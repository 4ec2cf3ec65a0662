"""Runs the Dockerfile's steps in an empty folder, for machines without a container engine.

`python -m tests.docker_steps`: installs from the lock into a fresh environment, copies what the Dockerfile copies,
and starts the bot from that as a user who may write to the data folder only, against the stand-ins. What it does
not show is that the base image suits: for that the image must be built.
"""

import argparse
import asyncio
import contextlib
import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from sandbox.discord import DiscordStandIn
from sandbox.pixazo.server import PixazoStandIn

REPOSITORY: Final = Path(__file__).parent.parent
# The folders of the image, and what stands for each here.
_IMAGE_FOLDERS: Final = ("/venv", "/app", "/data")
_READY_SECONDS: Final = 30.0
_COMMAND_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class Dockerfile:
    """The instructions of the last stage, and what the stages before it run."""

    copied: tuple[tuple[str, ...], ...]
    installs: tuple[str, ...]
    environment: dict[str, str]
    entrypoint: tuple[str, ...]
    health_check: tuple[str, ...]
    user: str
    stop_signal: str
    instructions: tuple[tuple[str, str], ...] = field(repr=False)


def read_dockerfile(path: Path = REPOSITORY / "Dockerfile") -> Dockerfile:
    """Read the Dockerfile as far as this project uses the format. Raises KeyError where an instruction is missing."""
    text = re.sub(r"\\\n\s*", "", re.sub(r"(?m)^#.*\n", "", path.read_text("utf-8")))
    instructions = tuple(
        (name.upper(), rest.strip()) for name, _, rest in (line.partition(" ") for line in text.splitlines() if line)
    )
    last = max(index for index, (name, _) in enumerate(instructions) if name == "FROM")
    final = instructions[last:]
    single = dict(final)
    return Dockerfile(
        copied=tuple(tuple(rest.split()) for name, rest in final if name == "COPY" and not rest.startswith("--")),
        installs=tuple(rest for name, rest in instructions[:last] if name == "RUN"),
        environment=dict(part.split("=", 1) for name, rest in final if name == "ENV" for part in shlex.split(rest)),
        entrypoint=tuple(json.loads(single["ENTRYPOINT"])),
        health_check=tuple(json.loads(single["HEALTHCHECK"].partition("CMD ")[2])),
        user=single["USER"],
        stop_signal=single["STOPSIGNAL"],
        instructions=instructions,
    )


class Steps:
    """The image's folders below `root`, and the Dockerfile's steps on them."""

    def __init__(self, dockerfile: Dockerfile, root: Path, python: str | None) -> None:
        self._dockerfile = dockerfile
        self._root = root
        # An engine would drop to this user; only root can do so here, and anyone else is no root already.
        self._user = int(dockerfile.user.partition(":")[0]) if os.geteuid() == 0 else None
        self._python = python or _pick_python(self._user)

    def build(self) -> None:
        """Install the locked dependencies, then copy the sources."""
        for folder in _IMAGE_FOLDERS:
            self._here(folder).mkdir()
        shutil.copy(REPOSITORY / "requirements.txt", self._here("/app"))
        for command in self._dockerfile.installs:
            words = shlex.split(self._moved(command))
            words[0] = self._python if words[0] == "python" else words[0]
            subprocess.run(words, cwd=self._here("/app"), env={**os.environ, "PIP_QUIET": "1"}, check=True)
        (self._here("/app") / "requirements.txt").unlink()
        for *sources, target in self._dockerfile.copied:
            for source in sources:
                self._copy(REPOSITORY / source, self._here("/app") / target)
        if self._user is not None:
            os.chown(self._here("/data"), self._user, self._user)
        self._here("/data").chmod(0o700)
        for folder in ("/app", "/venv"):
            subprocess.run(["chmod", "-R", "a-w,a+rX", str(self._here(folder))], check=True)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """The entry point with these arguments, to its end."""
        return subprocess.run(
            self._words((*self._dockerfile.entrypoint, *arguments)),
            cwd=self._here("/app"),
            env=self._environment(),
            user=self._user,
            group=self._user,
            extra_groups=[] if self._user is not None else None,
            capture_output=True,
            text=True,
            timeout=_COMMAND_SECONDS,
            check=False,
        )

    async def start_and_stop(self) -> None:
        """Start the bot against the stand-ins, wait until it is healthy, and stop it as an engine would."""
        async with DiscordStandIn() as discord, PixazoStandIn() as pixazo:
            environment = self._environment(
                DISCORD_TOKEN=discord.token,
                DISCORD_API_URL=discord.api_url,
                DISCORD_GATEWAY_URL=discord.gateway_url,
                PIXAZO_API_KEY=pixazo.key,
                PIXAZO_SUBMIT_URL=pixazo.submit_url,
                PIXAZO_STATUS_URL=pixazo.status_url,
            )
            bot = await self._spawn(self._dockerfile.entrypoint, environment)
            try:
                await discord.ready(_READY_SECONDS)
                health = await self._spawn(self._dockerfile.health_check, environment)
                _must(await health.wait() == 0, "the health check finds the bot healthy")
                bot.send_signal(getattr(signal, self._dockerfile.stop_signal))
                async with asyncio.timeout(20):
                    _must(await bot.wait() == 0, f"{self._dockerfile.stop_signal} ends the bot with code 0")
            finally:
                with contextlib.suppress(ProcessLookupError):
                    bot.kill()
                await bot.wait()
        database = self._here("/data") / "easel.db"
        _must(database.stat().st_mode & 0o777 == 0o600, "the database is in the data folder, for its owner alone")

    def files_in(self, folder: str) -> set[Path]:
        """Everything below one of the image's folders."""
        return set(self._here(folder).rglob("*"))

    async def _spawn(self, words: Sequence[str], environment: dict[str, str]) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *self._words(words),
            cwd=self._here("/app"),
            env=environment,
            user=self._user,
            group=self._user,
            extra_groups=[] if self._user is not None else None,
        )

    def _environment(self, **settings: str) -> dict[str, str]:
        image = {name: self._moved(value) for name, value in self._dockerfile.environment.items()}
        # A port of its own, as others may work on this machine, and a home that is nobody's.
        return {**image, "HTTP_PORT": str(_free_port()), "PATH": os.defpath, "HOME": "/nonexistent", **settings}

    def _words(self, words: Sequence[str]) -> list[str]:
        return [self._moved(word) for word in words]

    def _moved(self, text: str) -> str:
        """The text with the image's folders replaced by those here."""
        pattern = "|".join(map(re.escape, _IMAGE_FOLDERS))
        return re.sub(rf"(?<![\w.])({pattern})(?=/|$|\s)", lambda match: str(self._here(match[1])), text)

    def _here(self, folder: str) -> Path:
        return self._root / folder.lstrip("/")

    @staticmethod
    def _copy(source: Path, target: Path) -> None:
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
        else:
            shutil.copy(source, target)


def _must(holds: bool, what: str) -> None:
    if not holds:
        raise SystemExit(f"FAILED: {what}")
    sys.stdout.write(f"ok: {what}\n")
    sys.stdout.flush()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def _pick_python(user: int | None) -> str:
    """An interpreter that the image's user may run: one in somebody's home would not do."""
    for python in (Path(sys.base_prefix) / "bin" / "python3", Path("/usr/bin/python3"), Path("/usr/local/bin/python3")):
        with contextlib.suppress(OSError):
            words = [str(python), "-c", "import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))"]
            done = subprocess.run(words, user=user, group=user, cwd="/", capture_output=True, check=False)
            if done.returncode == 0:
                return str(python)
    raise SystemExit("no Python of 3.11 or later that the image's user may run: name one with --python")


def main() -> None:
    """Run every step; ends with an exit code other than 0 at the first that fails."""
    parser = argparse.ArgumentParser(description="Run the Dockerfile's steps without a container engine.")
    parser.add_argument("--python", help="interpreter in the place of the base image's")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="easel-docker-steps-") as folder:
        root = Path(folder)
        root.chmod(0o755)  # the image's user is not the one who made the folder
        dockerfile = read_dockerfile()
        steps = Steps(dockerfile, root, options.python)
        steps.build()
        _must(True, "the locked dependencies are installed and the sources copied")
        before = steps.files_in("/app") | steps.files_in("/venv")
        version = steps.run("--version")
        _must(version.returncode == 0, f"the entry point says {version.stdout.strip() or version.stderr.strip()!r}")
        doctor = steps.run("doctor")
        told = doctor.returncode == 1 and "DISCORD_TOKEN: missing" in doctor.stdout and not doctor.stderr
        _must(told, "without settings the doctor says what is missing")
        asyncio.run(steps.start_and_stop())
        after = steps.files_in("/app") | steps.files_in("/venv")
        _must(after == before, "nothing was written outside of the data folder")


if __name__ == "__main__":
    main()
