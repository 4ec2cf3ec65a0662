"""What the workshop has under way, as the operating system sees it."""

import contextlib
import os
import signal
from pathlib import Path

from tests.support import wait_until


def workers() -> list[int]:
    """The image workers that this process has started and that are still there, waited for or not."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text("ascii", "replace").rpartition(")")[2].split()[1])
            command = (stat.parent / "cmdline").read_bytes()
        except OSError:  # it has ended meanwhile
            continue
        if parent == os.getpid() and (b"imaging.worker" in command or not command):
            found.append(int(stat.parent.name))
    return found


def files_in(folder: Path) -> list[str]:
    """What this process has open below `folder`, with a name or without."""
    links = []
    for link in Path("/proc/self/fd").iterdir():
        try:
            links.append(str(link.readlink()))
        except OSError:
            continue
    return [link for link in links if link.startswith(str(folder))]


async def stopped_workers(count: int = 1) -> list[int]:
    """The workers, once so many are halted in what they do. Give them something that takes a while."""

    def halted() -> list[int]:
        for pid in workers():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)
        return [pid for pid in workers() if _is_halted(pid)]

    await wait_until(lambda: len(halted()) >= count, what="a worker's start")
    return halted()


def _is_halted(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text("ascii", "replace").rpartition(")")[2].startswith(" T")
    except OSError:
        return False
