"""The bot's side of image work: a child process for each piece, and what its ending means for the image."""

import contextlib
import logging
import os
import signal
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO, Final

from childwork.parent import Children, Ended
from errors import Failure, InvalidOption, UnusableImage
from imaging.protocol import EXIT_REFUSED, METHODS, PNG, THRESHOLD_MAX, Outcome, Task, refusal_from

log = logging.getLogger(__name__)

# A worker takes a core for a second and up to 400 MB; the machine has few of both.
_PIECES_AT_ONCE: Final = 2
# Ten times what the largest picture takes. An interaction's answer is waited for anyway.
TIME_LIMIT_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A picture that was made: an open file without a name, at its beginning, gone once it is closed.

    Whoever asked for it closes it. The original's size is as it is seen, before it was scaled down; `low` and `high`
    are the thresholds of a canny map.
    """

    file: BinaryIO
    media_type: str
    size_bytes: int
    width_px: int
    height_px: int
    original_width_px: int
    original_height_px: int
    low: int | None = None
    high: int | None = None

    @property
    def filename(self) -> str:
        """What the file is called where it is attached: `input.png` or `input.jpg`."""
        return "input.png" if self.media_type == PNG else "input.jpg"

    def close(self) -> None:
        """Let go of the file."""
        self.file.close()


class Workshop:
    """Checks images that members gave and makes control maps of them; files lie in `folder`, without names.

    A source is a real file; its position does not matter and is not moved. Every method raises UnusableImage where
    the image is at fault, StorageUnavailable where the disk is, ProviderClosed once the workshop is closed, and
    Failure where workers can't run at all. A caller that is cancelled takes its worker with it.
    """

    def __init__(self, folder: Path, *, time_limit_seconds: float = TIME_LIMIT_SECONDS) -> None:
        self._children = Children(
            folder, "imaging.worker", at_once=_PIECES_AT_ONCE, time_limit_seconds=time_limit_seconds
        )

    def prepare(self) -> None:
        """Make the folder, readable by its owner only. Raises StorageUnavailable."""
        self._children.prepare()

    async def check(self, source: BinaryIO) -> Prepared:
        """The image, checked and normalised: upright, in RGB on white, at most 1536 px wide and high, no metadata."""
        return await self._work(source, "none")

    async def make_map(
        self, source: BinaryIO, method: str, *, low: int | None = None, high: int | None = None
    ) -> Prepared:
        """A control map of the image, which is checked on the way; `method` is one of `protocol.METHODS`.

        Maps are at most 1024 px wide and high, the size of the provider's largest picture. `low` and `high` are
        canny's thresholds, 0 to 255; one that is None is chosen to suit. Raises InvalidOption (`low` or `high`) for
        thresholds that can't be.
        """
        assert method in METHODS
        for option, threshold in (("low", low), ("high", high)):
            if threshold is not None and not 0 <= threshold <= THRESHOLD_MAX:
                raise InvalidOption(option, "out_of_range", low=0, high=THRESHOLD_MAX)
        if low is not None and high is not None and low > high:
            raise InvalidOption("low", "conflict", other="high")
        return await self._work(source, method, low=low, high=high)

    async def close(self) -> None:
        """Take no more work, and end what is under way."""
        await self._children.close()

    async def _work(
        self, source: BinaryIO, method: str, *, low: int | None = None, high: int | None = None
    ) -> Prepared:
        task = Task(method=method, seconds=self._children.seconds, low=low, high=high)
        try:
            async with self._children.turn():
                with contextlib.ExitStack() as unless_done:
                    result = unless_done.enter_context(self._children.scratch())
                    ended = await self._children.run(task.as_argument(), source, result)
                    prepared = _prepared(ended, result)
                    unless_done.pop_all()
                    return prepared
        except TimeoutError:
            raise UnusableImage("too_hard") from None


def _prepared(ended: Ended, result: BinaryIO) -> Prepared:
    with contextlib.suppress(ValueError):  # not what a sound worker says; told below
        if ended.code == 0:
            outcome = Outcome.from_line(ended.last_line)
            size_bytes = result.seek(0, os.SEEK_END)
            result.seek(0)
            return Prepared(file=result, size_bytes=size_bytes, **asdict(outcome))
        if ended.code == EXIT_REFUSED:
            raise UnusableImage(refusal_from(ended.last_line))
    if ended.code in {-signal.SIGXCPU, -signal.SIGALRM}:
        raise UnusableImage("too_hard")
    if ended.code < 0:
        log.error("an image's worker was ended by signal %d", -ended.code)
        raise UnusableImage("undecodable")
    raise Failure(f"an image worker ended with {ended.code}: {' / '.join(ended.lines)}")
