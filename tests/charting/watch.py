"""What the studio has under way, as the operating system sees it."""

import os
import signal
from pathlib import Path

from tests.support import wait_until


def workers() -> list[int]:
    """The chart workers that this process has started and that are still there, waited for or not."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text("ascii", "replace").rpartition(")")[2].split()[1])
            command = (stat.parent / "cmdline").read_bytes()
        except OSError:  # it has ended meanwhile
            continue
        if parent == os.getpid() and (b"charting.worker" in command or not command):
            found.append(int(stat.parent.name))
    return found


def files_without_names(folder: Path) -> list[str]:
    """What this process has open below `folder` that is gone once it is closed."""
    links = []
    for link in Path("/proc/self/fd").iterdir():
        try:
            links.append(str(link.readlink()))
        except OSError:
            continue
    return [link for link in links if link.startswith(str(folder))]


async def stopped_worker() -> int:
    """A worker, once there is one, halted in what it does."""
    await wait_until(lambda: bool(workers()), what="a worker's start")
    (pid,) = workers()
    os.kill(pid, signal.SIGSTOP)
    return pid
