"""What a child process does around its work: it confines itself, keeps its result clean, and says how it went."""

import contextlib
import os
import resource
import signal
import sys
from pathlib import Path
from typing import Final

# How a child ends whose result can't be written, beyond 0, its own codes, and what Python and signals give.
EXIT_DISK: Final = 4

_FILES_MAX: Final = 64
# Bots answer members; this can wait for a moment when the processor is short.
_NICENESS: Final = 5
# Where memory runs out all the same, the kernel is to take the child, not the bot.
_OUT_OF_MEMORY_SCORE: Final = "1000"


def confine(*, seconds: int, memory_max_bytes: int, result_max_bytes: int) -> None:
    """Set limits on time, address space, and the size of files.

    They hold from within, since nothing may run between fork and exec in a process with threads.
    """
    with contextlib.suppress(OSError):  # a courtesy, which some systems don't let a service do
        os.nice(_NICENESS)
        Path("/proc/self/oom_score_adj").write_text(_OUT_OF_MEMORY_SCORE, "ascii")
    for limit, most, surely in (
        (resource.RLIMIT_CORE, 0, 0),
        (resource.RLIMIT_CPU, seconds, seconds + 1),  # with one value the kernel would not tell this from any kill
        (resource.RLIMIT_AS, memory_max_bytes, memory_max_bytes),
        (resource.RLIMIT_FSIZE, result_max_bytes, result_max_bytes),
        (resource.RLIMIT_NOFILE, _FILES_MAX, _FILES_MAX),
    ):
        resource.setrlimit(limit, (most, surely))
    # The parent ends a child that takes too long; this ends one whose parent has died.
    signal.alarm(seconds + 1)


def take_output() -> int:
    """A file descriptor for the result; whatever a library prints from now on goes to standard error instead."""
    result = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return result


def finish(result: int, data: bytes, line: str = "") -> int:
    """Write the result, say the line, and return the exit code."""
    try:
        with os.fdopen(result, "wb") as file:
            file.write(data)
    except OSError as error:
        say(f"the result can't be written: {error.strerror}")
        return EXIT_DISK
    say(line)
    return 0


def say(line: str) -> None:
    """Make this the last line of standard error, which the parent reads."""
    sys.stderr.write(f"\n{line}\n")
