"""The operator's HTTP endpoints: `/healthz` (the process lives), `/readyz` (it can work), `/metrics`."""

import asyncio
import errno
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from aiohttp import web

from errors import ConfigurationError, EaselError
from ops.metrics import CONTENT_TYPE, Metrics

log = logging.getLogger(__name__)

# One part of being ready: returns None when it is well, else a few words that say what is not.
Check = Callable[[], Awaitable[str | None]]

# A probe usually waits no longer than this, and what takes longer is not ready.
_CHECK_SECONDS: Final = 2.0
# Answers are small and computed at once, so nothing worth waiting for is under way at the end.
_SHUTDOWN_SECONDS: Final = 0.5
_OK: Final = "ok"


class OperationsServer:
    """Serves the three endpoints from `start` to `stop`; `checks` are all asked at each `/readyz`."""

    def __init__(
        self,
        host: str,
        port: int,
        *,
        checks: Mapping[str, Check],
        metrics: Metrics,
        check_seconds: float = _CHECK_SECONDS,
    ) -> None:
        self._host = host
        self._port = port
        self._checks = dict(checks)
        self._metrics = metrics
        self._check_seconds = check_seconds
        self._runner: web.AppRunner | None = None

    @property
    def port(self) -> int:
        """The port that is listened on, also where the settings left the choice open with 0."""
        return self._port

    async def start(self) -> None:
        """Listen; raises ConfigurationError in words for the operator where that can't be done."""
        app = web.Application()
        app.router.add_get("/healthz", self._health)
        app.router.add_get("/readyz", self._readiness)
        app.router.add_get("/metrics", self._exposition)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=_SHUTDOWN_SECONDS)
        await runner.setup()
        try:
            await web.TCPSite(runner, self._host, self._port).start()
        except OSError as exc:
            await runner.cleanup()
            raise ConfigurationError(_bind_problem(self._host, self._port, exc)) from exc
        except BaseException:  # raised again below: a cancellation must clean up as well
            await runner.cleanup()
            raise
        self._runner = runner
        self._port = runner.addresses[0][1]
        log.info("health and metrics are served on http://%s:%d", self._host, self._port)

    async def stop(self) -> None:
        """Close the port; harmless where it was never opened."""
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()

    async def _health(self, _request: web.Request) -> web.Response:
        # The event loop that answers here is the one that everything else runs on.
        return web.json_response({"alive": True})

    async def _readiness(self, _request: web.Request) -> web.Response:
        answers = await asyncio.gather(*(self._ask(name, check) for name, check in self._checks.items()))
        ready = all(answer == _OK for answer in answers)
        body = {"ready": ready, "checks": dict(zip(self._checks, answers, strict=True))}
        return web.json_response(body, status=200 if ready else 503, headers={"Cache-Control": "no-store"})

    async def _exposition(self, _request: web.Request) -> web.Response:
        return web.Response(body=self._metrics.render(), headers={"Content-Type": CONTENT_TYPE})

    async def _ask(self, name: str, check: Check) -> str:
        try:
            async with asyncio.timeout(self._check_seconds):
                return await check() or _OK
        except TimeoutError:
            return f"no answer within {self._check_seconds:g} s"
        except EaselError as exc:
            return str(exc)
        except Exception:  # a check that is broken must show as not ready, not as a failed page
            log.exception("the readiness check %s failed", name)
            return "the check itself failed"


def _bind_problem(host: str, port: int, exc: OSError) -> str:
    if exc.errno == errno.EADDRINUSE:
        return f"HTTP_PORT: {port} is taken on {host}; it must be a free port, or 0 for any free one"
    if exc.errno == errno.EACCES:
        return f"HTTP_PORT: this user may not listen on {port}; it must be 1024 or above, or 0 for any free one"
    return f"HTTP_HOST: can't listen on {host}: {exc.strerror or exc}; it must be an address of this machine"
