"""The child process that decodes foreign images: `python -m imaging.worker TASK < image > result`.

One process does one piece of work, so whatever a damaged or hostile file does to a decoder ends with it. The image
comes through standard input and the result goes to standard output, both files; the last line of standard error is
the outcome, or the refusal where it ends with EXIT_REFUSED. It has the user's rights, but limits on everything.
"""

import os
import sys
from typing import Final

from childwork import child
from errors import UnusableImage
from imaging import pictures
from imaging.protocol import EXIT_REFUSED, Outcome, Task, refusal_line

# Of address space. The most that was seen is 680 MiB, for a transparent lossless WebP of 4096 px a side and a map of
# it; 240 of them are OpenCV's and numpy's libraries.
_MEMORY_MAX_BYTES: Final = 1024**3
_RESULT_MAX_BYTES: Final = 32 * 1024**2
# Above the download's own limit, so that a file which came in whole is not refused here.
SOURCE_MAX_BYTES: Final = 64 * 1024**2


def main(arguments: list[str]) -> int:
    """Do the one task of the command line; returns the exit code."""
    task = Task.from_argument(arguments[0])
    child.confine(seconds=task.seconds, memory_max_bytes=_MEMORY_MAX_BYTES, result_max_bytes=_RESULT_MAX_BYTES)
    result = child.take_output()
    try:
        outcome, data = _done(task, _source())
    except UnusableImage as refusal:
        child.say(refusal_line(refusal.why))
        return EXIT_REFUSED
    except MemoryError:
        child.say(refusal_line("undecodable"))
        return EXIT_REFUSED
    return child.finish(result, data, outcome.as_line())


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


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
