"""What happened in a world, line by line: enough to read a failure, and to see that a seed gives one world only."""

import hashlib
from collections.abc import Callable, Iterable
from typing import Final

# A failing run shows its end; all of it comes with --trace.
SHOWN_LINES: Final = 60


class Trace:
    """Lines with their times, and a digest of all of them."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._lines: list[tuple[float, str, str]] = []

    def note(self, who: str, what: str) -> None:
        """Something happened now."""
        self._lines.append((self._now(), who, what))

    @property
    def digest(self) -> str:
        """The same for the same lines."""
        return hashlib.sha256("\n".join(self.lines()).encode()).hexdigest()

    def lines(self) -> Iterable[str]:
        """Every line, as it is read."""
        return (f"{when:12.3f}  {who:<9} {what}" for when, who, what in self._lines)

    def end(self) -> str:
        """The last lines."""
        return "\n".join(list(self.lines())[-SHOWN_LINES:])
