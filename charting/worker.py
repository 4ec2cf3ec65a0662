"""The child process that draws: `python -m charting.worker SECONDS < chart.json > chart.png`.

Nothing else imports it, or matplotlib. It draws only what the bot has written, but names are foreign, so what they do
to a font library ends with the process, and so does the memory.
"""

import sys
from typing import Final

from charting.specs import Timeline, from_json
from childwork import child

# Of address space; the most that was seen is 330 MiB.
_MEMORY_MAX_BYTES: Final = 1024**3
_RESULT_MAX_BYTES: Final = 8 * 1024**2


def main(arguments: list[str]) -> int:
    """Draw the one chart on standard input; returns the exit code."""
    child.confine(seconds=int(arguments[0]), memory_max_bytes=_MEMORY_MAX_BYTES, result_max_bytes=_RESULT_MAX_BYTES)
    result = child.take_output()
    from charting import ranking, timeline  # noqa: PLC0415 - matplotlib is to be loaded within the limits

    spec = from_json(sys.stdin.read())
    return child.finish(result, timeline.draw(spec) if isinstance(spec, Timeline) else ranking.draw(spec))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
