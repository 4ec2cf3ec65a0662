"""What the demo shows while it runs: plain lines, or, on a terminal, colours and a line that moves."""

import asyncio
import contextlib
import io
import itertools
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final, TextIO

_FRAMES: Final = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_FRAME_SECONDS: Final = 0.1
_CLEAR_LINE: Final = "\r\x1b[2K"
_STYLES: Final = {"dim": "2", "bold": "1", "red": "31", "green": "32", "yellow": "33", "blue": "36"}


class Console:
    """Writes to one stream; lines carry the seconds since it was made."""

    def __init__(self, stream: TextIO) -> None:
        if isinstance(stream, io.TextIOWrapper):
            # A terminal without these characters shall show others, not end the demo.
            stream.reconfigure(errors="replace")
        self._stream = stream
        self._live = stream.isatty() and os.environ.get("TERM") != "dumb"
        self._colours = self._live and not os.environ.get("NO_COLOR")
        self._started = time.monotonic()
        self._status = ""

    @property
    def seconds(self) -> float:
        """Since the console was made."""
        return time.monotonic() - self._started

    def styled(self, text: str, *styles: str) -> str:
        """The text in these styles, where there are any to be had."""
        if not self._colours or not styles:
            return text
        return f"\x1b[{';'.join(_STYLES[style] for style in styles)}m{text}\x1b[0m"

    def line(self, text: str = "") -> None:
        """A line of its own."""
        self._write(f"{_CLEAR_LINE if self._live else ''}{text}\n")

    def heading(self, text: str) -> None:
        """The beginning of a new part."""
        self.line()
        self.line(self.styled(text, "bold"))

    def event(self, who: str, what: str, *styles: str) -> None:
        """Something that happened just now."""
        clock = self.styled(f"{self.seconds:5.1f} s", "dim")
        self.line(f"{clock}  {self.styled(f'{who:<8}', 'blue')}{self.styled(what, *styles)}")

    @contextlib.asynccontextmanager
    async def waiting(self, text: str) -> AsyncIterator[None]:
        """While inside, the terminal's last line shows that something is awaited."""
        if not self._live:
            yield
            return
        spinning = asyncio.create_task(self._spin(text), name="demo spinner")
        try:
            yield
        finally:
            spinning.cancel()
            await asyncio.wait({spinning})
            self._write(_CLEAR_LINE)

    async def _spin(self, text: str) -> None:
        for frame in itertools.cycle(_FRAMES):
            self._write(f"{_CLEAR_LINE}{self.styled(f'{frame} {text}', 'dim')}")
            await asyncio.sleep(_FRAME_SECONDS)

    def _write(self, text: str) -> None:
        try:
            self._stream.write(text)
            self._stream.flush()
        except BrokenPipeError:
            # Whoever read has left (`| head`): the demo runs on and says by its exit code how it went.
            with Path(os.devnull).open("w") as nowhere:
                os.dup2(nowhere.fileno(), self._stream.fileno())
