"""What went over the wire: every request with its answer, for tests to look at and for validators to check."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

KEPT_EXCHANGES: Final = 10_000
"""A bound on memory: older exchanges are forgotten first."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Exchange:
    """One request and what became of it."""

    method: str
    path: str
    route: str | None
    """The route's template, as Discord's OpenAPI document writes it; None for a route nobody knows."""
    query: dict[str, str]
    request: Any
    """The parsed JSON body, or `payload_json`; None without one."""
    multipart: bool
    files: tuple[tuple[str, int], ...]
    """File names and sizes in bytes."""
    request_bytes: int
    status: int | None
    """None if the connection was dropped without an answer."""
    answer: Any
    at: datetime
    seconds: float
    fault: str | None = None
    """The injected fault that changed the outcome, if one did."""

    @property
    def code(self) -> int | None:
        """Discord's error code, if the answer carries one."""
        return self.answer.get("code") if isinstance(self.answer, dict) and (self.status or 0) >= 400 else None

    def __str__(self) -> str:
        return f"{self.method} {self.route or self.path} -> {self.status} {self.code or ''}".rstrip()


Observer = Callable[[Exchange], None]


class ExchangeLog:
    """The newest exchanges, oldest first, and whoever wants to see each one."""

    def __init__(self, *, record: bool) -> None:
        self._record = record
        self._kept: deque[Exchange] = deque(maxlen=KEPT_EXCHANGES)
        self._observers: list[Observer] = []
        self.unknown_routes: list[str] = []
        """Requests that no route took, as "METHOD /path": a test should find this empty."""

    @property
    def wanted(self) -> bool:
        """Whether anyone would look at an exchange."""
        return self._record or bool(self._observers)

    def observe(self, observer: Observer) -> None:
        """Call `observer` with every exchange from now on."""
        self._observers.append(observer)

    def add(self, exchange: Exchange) -> None:
        """Take in a finished exchange."""
        if self._record:
            self._kept.append(exchange)
        for observer in self._observers:
            observer(exchange)

    def clear(self) -> None:
        """Forget what was recorded."""
        self._kept.clear()

    def __len__(self) -> int:
        return len(self._kept)

    def matching(
        self, method: str | None = None, route: str | None = None, *, status: int | None = None
    ) -> list[Exchange]:
        """The recorded exchanges with this method, route template and status."""
        return [
            exchange
            for exchange in self._kept
            if (method is None or exchange.method == method)
            and (route is None or exchange.route == route)
            and (status is None or exchange.status == status)
        ]
