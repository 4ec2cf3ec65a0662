"""Faults to order: bad answers, lost replies, dropped connections, delays and rate limits."""

import asyncio
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from sandbox.discord.errors import Json

CALLBACK: Final = "/interactions/{interaction_id}/{interaction_token}/callback"
FOLLOWUP: Final = "/webhooks/{webhook_id}/{webhook_token}"
ORIGINAL: Final = "/webhooks/{webhook_id}/{webhook_token}/messages/@original"
WEBHOOK_MESSAGE: Final = "/webhooks/{webhook_id}/{webhook_token}/messages/{message_id}"
MESSAGES: Final = "/channels/{channel_id}/messages"
MESSAGE: Final = "/channels/{channel_id}/messages/{message_id}"
DIRECT_CHANNELS: Final = "/users/@me/channels"
COMMANDS: Final = "/applications/{application_id}/commands"
GUILD_COMMANDS: Final = "/applications/{application_id}/guilds/{guild_id}/commands"
MEMBER: Final = "/guilds/{guild_id}/members/{user_id}"
ATTACHMENT: Final = "/attachments/{channel_id}/{attachment_id}/{filename}"
EPHEMERAL_ATTACHMENT: Final = "/ephemeral-attachments/{channel_id}/{attachment_id}/{filename}"

When = Literal["before", "after"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """A request as a fault's `where` sees it."""

    method: str
    route: str | None
    path: str
    body: Any
    files: tuple[str, ...]
    """File names."""


@dataclass(eq=False, kw_only=True, slots=True)
class Fault:
    """A fault that waits for its request."""

    method: str | None
    route: str | re.Pattern[str] | None
    where: Callable[[Call], bool] | None
    when: When
    status: int | None
    body: Any
    headers: Mapping[str, str]
    delay_seconds: float
    drop: bool
    remaining: int | None
    """How often it will still strike; None: until removed."""
    skip: int
    hits: int = 0
    calls: list[Call] = field(default_factory=list)
    _struck: asyncio.Event = field(default_factory=asyncio.Event)
    _released: asyncio.Event = field(default_factory=asyncio.Event)

    def __str__(self) -> str:
        what = "drop" if self.drop else str(self.status or "delay")
        return f"{what} {self.when} {self.method or 'any'} {self.route or 'route'}"

    def matches(self, call: Call) -> bool:
        """Whether it is meant for this request."""
        if self.remaining == 0 or (self.method is not None and self.method != call.method):
            return False
        if isinstance(self.route, re.Pattern):
            if not self.route.search(call.path):
                return False
        elif self.route is not None and self.route != call.route:
            return False
        return self.where is None or self.where(call)

    async def strike(self, call: Call) -> None:
        """Count the hit, then wait as long as the fault says."""
        self.hits += 1
        self.calls.append(call)
        self._struck.set()
        if self.delay_seconds == float("inf"):
            await self._released.wait()
        elif self.delay_seconds:
            await asyncio.sleep(self.delay_seconds)

    async def happened(self, timeout: float = 10.0) -> Call:
        """Wait until it struck for the first time, and say what it hit; `TimeoutError` otherwise."""
        try:
            async with asyncio.timeout(timeout):
                await self._struck.wait()
        except TimeoutError:
            raise TimeoutError(f"the fault ({self}) never struck in {timeout:g} s") from None
        return self.calls[0]

    def release(self, *, drop: bool = False) -> None:
        """Let every request go on that a `hold` keeps; with `drop` their connections are cut instead."""
        self.drop = self.drop or drop
        self._released.set()


class Faults:
    """The faults in force, tried in the order they were added."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def add(
        self,
        method: str | None = None,
        route: str | re.Pattern[str] | None = None,
        *,
        where: Callable[[Call], bool] | None = None,
        status: int | None = None,
        code: int = 0,
        message: str = "Injected fault",
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        delay_seconds: float = 0.0,
        drop: bool = False,
        when: When = "before",
        times: int | None = 1,
        skip: int = 0,
    ) -> Fault:
        """Order a fault.

        `route` is a template (the constants of this module) or a pattern that is searched in the path.
        `when="before"`: the request is not processed. `"after"`: it is, and its answer is replaced, delayed or
        lost. With a `status` the answer is `body` (JSON, or text as it is), by default Discord's error object with
        `code` and `message`; with `drop` the connection is cut; with neither there is only the delay.
        `skip` lets that many matching requests pass first; `times=None` strikes until removed.
        """
        if status is not None and body is None:
            body = {"message": message, "code": code}
        fault = Fault(
            method=method,
            route=route,
            where=where,
            when=when,
            status=status,
            body=body,
            headers=headers or {},
            delay_seconds=delay_seconds,
            drop=drop,
            remaining=times,
            skip=skip,
        )
        self._faults.append(fault)
        return fault

    def drop(
        self,
        method: str | None = None,
        route: str | re.Pattern[str] | None = None,
        *,
        when: When = "before",
        times: int | None = 1,
        skip: int = 0,
    ) -> Fault:
        """Cut the connection: before, so that nothing happened, or after, so that only the reply is lost."""
        return self.add(method, route, drop=True, when=when, times=times, skip=skip)

    def delay(
        self,
        seconds: float,
        method: str | None = None,
        route: str | re.Pattern[str] | None = None,
        *,
        when: When = "before",
        times: int | None = 1,
    ) -> Fault:
        """Be slow, before or after the work is done."""
        return self.add(method, route, delay_seconds=seconds, when=when, times=times)

    def hold(
        self,
        method: str | None = None,
        route: str | re.Pattern[str] | None = None,
        *,
        where: Callable[[Call], bool] | None = None,
        when: When = "before",
        times: int | None = 1,
        skip: int = 0,
    ) -> Fault:
        """Keep a request until `release()`, or until the stand-in closes: the place to kill a bot at.

        After the bot's death `release(drop=True)` makes a request that was held "before" one that never arrived.
        """
        return self.add(method, route, where=where, delay_seconds=float("inf"), when=when, times=times, skip=skip)

    def rate_limit(
        self,
        method: str | None = None,
        route: str | re.Pattern[str] | None = None,
        *,
        retry_after: float,
        everywhere: bool = False,
        cloudflare: bool = False,
        times: int | None = 1,
        skip: int = 0,
    ) -> Fault:
        """Answer 429: Discord's own, the global one, or Cloudflare's (HTML, and no `Via` header)."""
        body: Json | str = {
            "message": "You are being rate limited.",
            "retry_after": retry_after,
            "global": everywhere,
        }
        headers = {"Retry-After": str(max(1, round(retry_after))), "Via": "1.1 google"}
        if cloudflare:
            body = "<!doctype html><title>Access denied | discord.com used Cloudflare to restrict access</title>"
            headers = {"Retry-After": str(max(1, round(retry_after))), "Via": ""}
        else:
            headers["X-RateLimit-Scope"] = "global" if everywhere else "shared"
            if everywhere:
                headers["X-RateLimit-Global"] = "true"
        return self.add(method, route, status=429, body=body, headers=headers, times=times, skip=skip)

    def take(self, call: Call, when: When) -> Fault | None:
        """The fault that strikes this request now, if one does."""
        for fault in self._faults:
            if fault.when != when or not fault.matches(call):
                continue
            if fault.skip:
                fault.skip -= 1
                continue
            if fault.remaining is not None:
                fault.remaining -= 1
            return fault
        return None

    @property
    def any(self) -> bool:
        """Whether there is anything to look for."""
        return bool(self._faults)

    def remove(self, fault: Fault) -> None:
        """Take a fault back; what it holds goes on."""
        fault.release()
        self._faults.remove(fault)

    def clear(self) -> None:
        """Take every fault back; what they hold is dropped, unprocessed."""
        for fault in self._faults:
            fault.release(drop=True)
        self._faults.clear()
