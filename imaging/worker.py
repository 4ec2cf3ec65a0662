"""The child process that decodes foreign images: `python -m imaging.worker TASK < image > result`.

One process does one piece of work, so whatever a damaged or hostile file does to a decoder ends with it. The image
comes through standard input and the result goes to standard output, both files; the last line of standard error is
the outcome, or the refusal where it ends with EXIT_REFUSED. It has the user's rights, but limits on everything.
"""

import contextlib
import os
import resource
import signal
import sys
from pathlib import Path
from typing import Final

from errors import UnusableImage
from imaging import pictures
from imaging.protocol import EXIT_DISK, EXIT_REFUSED, Outcome, Task, refusal_line

# Of address space. The most that was seen is 680 MiB, for a transparent lossless WebP of 4096 px a side and a map of
# it; 240 of them are OpenCV's and numpy's libraries.
_MEMORY_MAX_BYTES: Final = 1024**3
_RESULT_MAX_BYTES: Final = 32 * 1024**2
_FILES_MAX: Final = 64
# Above the download's own limit, so that a file which came in whole is not refused here.
SOURCE_MAX_BYTES: Final = 64 * 1024**2
# Bots answer members; this can wait for a moment when the processor is short.
_NICENESS: Final = 5
# Where memory runs out all the same, the kernel is to take the worker, not the bot.
_OUT_OF_MEMORY_SCORE: Final = "1000"


def main(arguments: list[str]) -> int:
    """Do the one task of the command line; returns the exit code."""
    task = Task.from_argument(arguments[0])
    _confine(task.seconds)
    # A library that prints must not get into the result.
    result = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    try:
        outcome, data = _done(task, _source())
    except UnusableImage as refusal:
        _say(refusal_line(refusal.why))
        return EXIT_REFUSED
    except MemoryError:
        _say(refusal_line("undecodable"))
        return EXIT_REFUSED
    try:
        with os.fdopen(result, "wb") as file:
            file.write(data)
    except OSError as error:
        _say(f"the result can't be written: {error.strerror}")
        return EXIT_DISK
    _say(outcome.as_line())
    return 0


def _confine(seconds: int) -> None:
    """Set the limits. They hold from within, since nothing may run between fork and exec in a process with threads."""
    with contextlib.suppress(OSError):  # a courtesy, which some systems don't let a service do
        os.nice(_NICENESS)
        Path("/proc/self/oom_score_adj").write_text(_OUT_OF_MEMORY_SCORE, "ascii")
    for limit, most, surely in (
        (resource.RLIMIT_CORE, 0, 0),
        (resource.RLIMIT_CPU, seconds, seconds + 1),  # with one value the kernel would not tell this from any kill
        (resource.RLIMIT_AS, _MEMORY_MAX_BYTES, _MEMORY_MAX_BYTES),
        (resource.RLIMIT_FSIZE, _RESULT_MAX_BYTES, _RESULT_MAX_BYTES),
        (resource.RLIMIT_NOFILE, _FILES_MAX, _FILES_MAX),
    ):
        resource.setrlimit(limit, (most, surely))
    # The workshop ends a worker that takes too long; this ends one whose workshop has died.
    signal.alarm(seconds + 1)


def _source() -> bytes:
    """The whole input, by position: another worker may be reading the same open file."""
    size_bytes = os.fstat(sys.stdin.fileno()).st_size
    if size_bytes > SOURCE_MAX_BYTES:
        raise UnusableImage("too_large")
    return os.pread(sys.stdin.fileno(), size_bytes, 0)


def _done(task: Task, data: bytes) -> tuple[Outcome, bytes]:
    if task.method == "none":
        picture = pictures.read(data)
        image, lossless, low, high = picture.image, picture.lossless, None, None
    else:
        from imaging import maps  # noqa: PLC0415 - a mere check need not wait for OpenCV to be loaded

        picture = pictures.read(data, side_max_px=pictures.MAP_SIDE_MAX_PX)
        image, low, high = maps.make(picture.image, task.method, low=task.low, high=task.high)
        lossless = True
    media_type, result = pictures.encode(image, lossless=lossless)
    width, height = picture.original_size
    return Outcome(
        media_type=media_type,
        width_px=image.width,
        height_px=image.height,
        original_width_px=width,
        original_height_px=height,
        low=low,
        high=high,
    ), result


def _say(line: str) -> None:
    sys.stderr.write(f"\n{line}\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
