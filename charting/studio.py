"""The bot's side of charts: one child process for each, and nothing of the drawing on the event loop."""

import contextlib
import os
from pathlib import Path
from typing import BinaryIO, Final

from charting.specs import ChartSpec, to_json
from childwork.parent import Children
from errors import Failure, StorageUnavailable

# Loading matplotlib takes most of a core's second; charts are for few, and the machine has few cores.
_CHARTS_AT_ONCE: Final = 1
# Many times what the largest chart takes on a busy machine, its first list of fonts included.
TIME_LIMIT_SECONDS: Final = 15.0
_PNG: Final = b"\x89PNG\r\n\x1a\n"


class Studio:
    """Draws charts; files lie in `folder`, without names, but for matplotlib's list of fonts.

    Every method raises StorageUnavailable where the disk is at fault.
    """

    def __init__(self, folder: Path, *, time_limit_seconds: float = TIME_LIMIT_SECONDS) -> None:
        self._library = folder / "matplotlib"
        self._children = Children(
            folder,
            "charting.worker",
            at_once=_CHARTS_AT_ONCE,
            time_limit_seconds=time_limit_seconds,
            environment={"MPLCONFIGDIR": str(self._library.absolute()), "MPLBACKEND": "agg"},
        )

    def prepare(self) -> None:
        """Make the folders, readable by their owner only."""
        self._children.prepare()
        try:
            self._library.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise StorageUnavailable(f"{self._library} can't be made: {error.strerror}") from error

    async def draw(self, spec: ChartSpec) -> BinaryIO:
        """The chart as a PNG of 2000 by 1120 pixels: an open file without a name, at its beginning.

        Whoever asked closes it. Raises ProviderClosed once the studio is closed, and Failure where no chart comes of
        it. A caller who is cancelled takes the worker with them.
        """
        try:
            async with self._children.turn():
                with contextlib.ExitStack() as unless_done, self._children.scratch() as source:
                    result = unless_done.enter_context(self._children.scratch())
                    _write(source, spec)
                    ended = await self._children.run(str(self._children.seconds), source, result)
                    result.seek(0)
                    if ended.code != 0 or result.read(len(_PNG)) != _PNG:
                        raise Failure(f"a chart's worker ended with {ended.code}: {' / '.join(ended.lines)}")
                    result.seek(0)
                    unless_done.pop_all()
                    return result
        except TimeoutError:
            raise Failure("a chart took too long to draw") from None

    async def close(self) -> None:
        """Take no more work, and end what is under way."""
        await self._children.close()


def _write(source: BinaryIO, spec: ChartSpec) -> None:
    try:
        source.write(to_json(spec).encode())
        source.flush()
    except OSError as error:
        raise StorageUnavailable(f"a chart could not be written: {error.strerror}") from error
    source.seek(0, os.SEEK_SET)
