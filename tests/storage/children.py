"""Other processes on a database: what one process can't show about itself is shown by a real second one."""

import contextlib
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import IO

REPOSITORY = Path(__file__).resolve().parents[2]
_PREAMBLE = """
import asyncio, concurrent.futures.thread, os, resource, sys, threading  # all now: a child may give up its rights
from pathlib import Path
from clock import SystemClock
from errors import EaselError
from storage.database import Database

path = Path(sys.argv[1])
def say(text): print(text, flush=True)
def insert(key): return lambda connection: connection.execute("INSERT INTO meta VALUES (?, 'x')", (key,)).rowcount
"""


class Child:
    """A process that runs one script and speaks in lines."""

    def __init__(self, process: subprocess.Popen[str], output: IO[str]) -> None:
        self._process = process
        self._output = output

    def line(self) -> str:
        """The next line that it prints, empty once it has ended."""
        return self._output.readline().rstrip("\n")

    def kill(self) -> None:
        """SIGKILL: nothing in the process gets to clean up."""
        self._process.kill()
        self._process.wait(timeout=10)

    def finish(self) -> int:
        """Wait for its own end and return its exit status."""
        return self._process.wait(timeout=10)


@contextlib.contextmanager
def child(script: str, *arguments: object) -> Iterator[Child]:
    """Run `script` in a Python of its own, with the names of the preamble; it does not outlive the block."""
    command = [sys.executable, "-c", _PREAMBLE + textwrap.dedent(script), *map(str, arguments)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=REPOSITORY) as process:
        assert process.stdout is not None
        try:
            yield Child(process, process.stdout)
        finally:
            process.kill()
