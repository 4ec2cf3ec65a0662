"""The stand-in itself: two endpoints, the hosted results, and the handles that a test takes hold of."""

import asyncio
import functools
import socket
import time
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any, Literal, Self, TypeVar

from aiohttp import web

from sandbox.pixazo import pictures
from sandbox.pixazo.bodies import gateway_error, page_error
from sandbox.pixazo.catalogue import named
from sandbox.pixazo.faults import (
    Body,
    Context,
    DownloadFault,
    Fault,
    HostedPicture,
    PollFault,
    ResultFault,
    Rule,
    RuleBook,
    Stage,
    SubmitFault,
)
from sandbox.pixazo.jobs import FlagWhen, JobBook, Latency, finished_body
from sandbox.pixazo.poll_faults import STATUS_PATH
from sandbox.pixazo.records import Download, Intruder, Job, Poll, Submission
from sandbox.pixazo.submit_faults import SUBMIT_PATH
from sandbox.pixazo.trap import Trap
from sandbox.pixazo.validation import Problem, decode, problems
from sandbox.pixazo.wire import JSON_TYPE, Answer, Reply, json_answer, send

DEFAULT_KEY = "pixazo-stand-in-key"
KEY_HEADER = "Ocp-Apim-Subscription-Key"
RATE_WINDOW_SECONDS = 60.0
STOP_SECONDS = 2.0
"""How long a handler may take to notice that the stand-in stops; all that waits does so at once."""

Match = Callable[[Body], bool]
Drawn = TypeVar("Drawn")


class PixazoStandIn:
    """A Pixazo "flux-general" on a loopback port, as strict as its documentation allows, with faults on demand.

    Use it as an async context manager, or call `start` and `stop`; a stopped one can be started again at the same
    port and still knows its jobs, as after an outage. All that the constructor takes besides `port`, `workers` and
    `now` is a public attribute that may be changed at any time.

    * `key`: the subscription key that is right.
    * `latency`: seconds of work for a job; see `Latency`. `finish` ends a wait.
    * `workers`: how many jobs are worked on at once (None: all); the others wait `IN_QUEUE`.
    * `submit_delay`, `poll_delay`, `download_delay`: seconds until an answer begins.
    * `flag_when`: what the safety checker flags; see `FlagWhen`.
    * `pending`: a poll fault that says "not ready yet", for jobs that are not (None: the model host's bodies).
    * `accept_unnamed`: take parameters that only the model host names.
    * `error_style`: bad parameters as the page's 400, or as the model host's 422.
    * `image_bytes`: serve results of that many bytes, one file for all of a size, instead of paintings.
    * `requests_per_minute`: more POSTs than that are answered 429 (None: no limit).
    * `bill_failed`: whether a failed job is billed, which nobody knows.
    """

    def __init__(
        self,
        *,
        key: str = DEFAULT_KEY,
        port: int = 0,
        latency: Latency = 0.0,
        workers: int | None = None,
        submit_delay: float = 0.0,
        poll_delay: float = 0.0,
        download_delay: float = 0.0,
        flag_when: FlagWhen | None = None,
        pending: PollFault | str | None = None,
        accept_unnamed: bool = True,
        error_style: Literal["page", "model"] = "page",
        image_bytes: int | None = None,
        requests_per_minute: int | None = None,
        bill_failed: bool = False,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.key = key
        self.latency = latency
        self.submit_delay = submit_delay
        self.poll_delay = poll_delay
        self.download_delay = download_delay
        self.flag_when = flag_when
        self.pending = pending
        self.accept_unnamed = accept_unnamed
        self.error_style = error_style
        self.image_bytes = image_bytes
        self.requests_per_minute = requests_per_minute
        self.bill_failed = bill_failed
        self.polls: list[Poll] = []
        self.downloads: list[Download] = []
        self.strays: list[str] = []
        self._book = JobBook(now=now, workers=workers)
        self._rules = RuleBook()
        self._trap = Trap(now=now, noticed=self._note)
        self._now = now
        self._port = port
        self._recent: deque[float] = deque()
        self._runner: web.AppRunner | None = None
        self._painter: ThreadPoolExecutor | None = None
        self._refusing: socket.socket | None = None
        self._stopping = asyncio.Event()
        self._changed = asyncio.Event()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Listen on 127.0.0.1, at the former port if there was one. Raises OSError if it is taken."""
        self._stopping = asyncio.Event()
        self._painter = ThreadPoolExecutor(max_workers=1, thread_name_prefix="pixazo-painter")
        app = web.Application()
        app.router.add_post(SUBMIT_PATH, self._submit)
        app.router.add_post(STATUS_PATH, self._status)
        app.router.add_get(r"/results/{request_id}/{picture:\d+}.{extension}", self._download)
        app.router.add_route("*", "/{tail:.*}", self._stray)
        self._runner = web.AppRunner(
            app,
            access_log=None,
            handle_signals=False,
            handler_cancellation=True,
            shutdown_timeout=STOP_SECONDS,
        )
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port, backlog=1024)
        try:
            await site.start()
        except OSError:
            await self.stop()
            raise
        self._port = self._runner.addresses[0][1]
        await self._trap.start()

    async def stop(self) -> None:
        """End every connection, also those that wait for nothing, and free the ports."""
        self._stopping.set()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None
        await self._trap.stop()
        if self._refusing is not None:
            self._refusing.close()
            self._refusing = None
        if self._painter is not None:
            self._painter.shutdown(wait=True, cancel_futures=True)
            self._painter = None

    @property
    def origin(self) -> str:
        """Where everything is served, `http://127.0.0.1:PORT`: list it in PIXAZO_RESULT_HOSTS."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def submit_url(self) -> str:
        """For PIXAZO_SUBMIT_URL."""
        return self.origin + SUBMIT_PATH

    @property
    def status_url(self) -> str:
        """For PIXAZO_STATUS_URL."""
        return self.origin + STATUS_PATH

    @property
    def foreign_origin(self) -> str:
        """An origin that no client should go to; `intruders` holds whoever does."""
        return self._trap.origin

    @property
    def intruders(self) -> list[Intruder]:
        """Connections made to the foreign origin, https ones included."""
        return self._trap.intruders

    @property
    def refused_origin(self) -> str:
        """An origin whose connections are refused. The port stays taken until `stop`, so that nobody gets it."""
        if self._refusing is None:
            self._refusing = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            self._refusing.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{self._refusing.getsockname()[1]}"

    @property
    def submissions(self) -> list[Submission]:
        """Every POST that reached the submit endpoint, in order."""
        return self._book.submissions

    def accepted(self, *, match: Match | None = None) -> list[Submission]:
        """The submissions that were taken on, those whose body `match` takes."""
        taken = (entry for entry in self.submissions if entry.accepted)
        return [entry for entry in taken if match is None or match(entry.body or {})]

    def billed_images(self) -> int:
        """What the provider would bill, in images; see `JobBook.billed_images` for what counts."""
        return self._book.billed_images(bill_failed=self.bill_failed)

    def on_submit(self, fault: SubmitFault | str, *, times: int | None = 1, match: Match | None = None) -> Rule:
        """Let a fault strike the next `times` submissions (None: all) whose body `match` takes."""
        return self._rules.add(named(fault, Stage.SUBMIT), times=times, match=match)

    def on_poll(self, fault: PollFault | str, *, times: int | None = 1, match: Match | None = None) -> Rule:
        """Let a fault strike the next polls; `match` gets the submission's body. Failures stay with the job."""
        return self._rules.add(named(fault, Stage.POLL), times=times, match=match)

    def on_result(self, fault: ResultFault | str, *, times: int | None = 1, match: Match | None = None) -> Rule:
        """Let a fault strike the next `times` jobs that finish; each keeps its body from then on."""
        return self._rules.add(named(fault, Stage.RESULT), times=times, match=match)

    def on_download(
        self,
        fault: DownloadFault | str,
        *,
        times: int | None = 1,
        match: Match | None = None,
        picture: int | None = None,
    ) -> Rule:
        """Let a fault strike the next downloads, of any picture of a job or of the one with that index."""
        return self._rules.add(named(fault, Stage.DOWNLOAD), times=times, match=match, picture=picture)

    def all_well(self) -> None:
        """Forget every fault that waits to strike."""
        self._rules.clear()

    def finish(self, request_id: str | None = None) -> int:
        """Have one job (None: every job) ready at once. Gives how many were not."""
        return self._book.finish(request_id)

    async def until(self, condition: Callable[[], bool], *, timeout: float = 5.0) -> None:
        """Wait until `condition()` holds, looked at after every visit. TimeoutError after `timeout` seconds."""
        async with asyncio.timeout(timeout):
            while not condition():
                await self._changed.wait()

    def _note(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    async def _send(self, request: web.Request, reply: Reply, *, delay: float) -> web.StreamResponse:
        if delay > 0:
            await asyncio.sleep(delay)
        return await send(request, reply, stopping=self._stopping)

    async def _submit(self, request: web.Request) -> web.StreamResponse:
        raw = await request.read()
        submission = Submission(at=self._now(), headers=dict(request.headers), raw=raw, body=_object(raw))
        self.submissions.append(submission)
        reply = self._consider(submission)
        self._note()
        return await self._send(request, reply, delay=self.submit_delay)

    def _consider(self, submission: Submission) -> Reply:
        """Accept or refuse, and choose the answer; from the whole request to here nothing is awaited."""
        refusal = self._refusal(submission.headers)
        if refusal is not None:
            submission.refusal = "gateway"
            return refusal
        fault = self._rules.take(Stage.SUBMIT, submission.body or {})
        submission.fault = fault.name if fault is not None else None
        if not isinstance(fault, SubmitFault):
            fault = None
        if fault is None or fault.accepts:
            found = problems(submission.body, accept_unnamed=self.accept_unnamed)
            if found:
                submission.refusal = "; ".join(f"{entry.where}: {entry.message}" for entry in found)
                return self._invalid(found)
            self._book.accept(submission, latency=self.latency, flag_when=self.flag_when)
        if fault is not None:
            return fault.reply(self._context(submission))
        return json_answer({"request_id": submission.request_id})

    def _refusal(self, headers: Mapping[str, str]) -> Answer | None:
        """What the gateway says before it lets a request through; None if it does."""
        lowered = {name.lower(): value for name, value in headers.items()}
        key = lowered.get(KEY_HEADER.lower())
        if key is None:
            return gateway_error(
                401,
                "Access denied due to missing subscription key. "
                "Make sure to include subscription key when making requests to an API.",
            )
        if key != self.key:
            return gateway_error(
                401,
                "Access denied due to invalid subscription key. "
                "Make sure to provide a valid key for an active subscription.",
            )
        if lowered.get("content-type", "").partition(";")[0].strip().lower() != JSON_TYPE:
            return page_error(400, f"Content-Type must be {JSON_TYPE}")
        if lowered.get("cache-control", "").lower() != "no-cache":
            return page_error(400, "Cache-Control must be no-cache")
        return self._rate_refusal()

    def _rate_refusal(self) -> Answer | None:
        if self.requests_per_minute is None:
            return None
        now = self._now()
        while self._recent and self._recent[0] <= now - RATE_WINDOW_SECONDS:
            self._recent.popleft()
        if len(self._recent) < self.requests_per_minute:
            self._recent.append(now)
            return None
        wait = int(self._recent[0] + RATE_WINDOW_SECONDS - now) + 1 if self._recent else int(RATE_WINDOW_SECONDS)
        text = f"Rate limit is exceeded. Try again in {wait} seconds."
        return gateway_error(429, text, headers={"Retry-After": str(wait)})

    def _invalid(self, found: list[Problem]) -> Answer:
        if self.error_style == "model":
            return json_answer({"detail": [entry.entry() for entry in found]}, status=422)
        return page_error(400, f"Invalid parameters: {found[0].where}: {found[0].message}")

    def _context(self, submission: Submission) -> Context:
        return Context(
            request_id=submission.request_id or "",
            body=submission.body or {},
            origin=self.origin,
            foreign_origin=self.foreign_origin,
        )

    async def _status(self, request: web.Request) -> web.StreamResponse:
        raw = await request.read()
        asked = _object(raw)
        request_id = asked.get("request_id") if asked is not None and len(asked) == 1 else None
        if not isinstance(request_id, str):
            request_id = None
        poll = Poll(at=self._now(), request_id=request_id, headers=dict(request.headers))
        self.polls.append(poll)
        submission = self._book.find(request_id)
        if submission is not None:
            submission.polls.append(poll)
        reply = self._report(poll, submission)
        self._note()
        return await self._send(request, reply, delay=self.poll_delay)

    def _report(self, poll: Poll, submission: Submission | None) -> Reply:
        refusal = self._refusal(poll.headers)
        if refusal is not None:
            return refusal
        if poll.request_id is None:
            return page_error(400, "Invalid parameters: the body must be an object with request_id alone")
        if submission is None or submission.job is None:
            return page_error(404, "Request not found")
        job = submission.job
        fault = job.failure or self._rules.take(Stage.POLL, submission.body or {})
        if isinstance(fault, PollFault):
            poll.fault = fault.name
            if fault.is_final:
                job.failure = fault
            return fault.reply(self._context(submission))
        if self._now() < job.ready_at:
            return self._not_ready(submission, job)
        poll.finished = True
        return self._finished(submission, job)

    def _not_ready(self, submission: Submission, job: Job) -> Reply:
        if self.pending is not None:
            fault = named(self.pending, Stage.POLL)
            assert isinstance(fault, PollFault)
            return fault.reply(self._context(submission))
        status: dict[str, Any] = {"status": "IN_PROGRESS", "request_id": submission.request_id}
        if self._now() < job.started_at:
            status |= {"status": "IN_QUEUE", "queue_position": self._book.place_in_line(job)}
        return json_answer(status)

    def _finished(self, submission: Submission, job: Job) -> Answer:
        if job.result is None:
            fault = self._rules.take(Stage.RESULT, submission.body or {})
            job.result_fault = fault if isinstance(fault, ResultFault) else None
            job.result = finished_body(submission, job.result_fault, self._context(submission))
        return Answer(headers={"Content-Type": JSON_TYPE}, body=job.result)

    async def _download(self, request: web.Request) -> web.StreamResponse:
        submission = self._book.find(request.match_info["request_id"])
        picture = int(request.match_info["picture"])
        job = submission.job if submission is not None else None
        if submission is None or job is None or job.result is None or picture >= submission.images_asked:
            return await self._stray(request)
        fault = self._rules.take(Stage.DOWNLOAD, submission.body or {}, picture=picture)
        download = Download(
            at=self._now(),
            request_id=submission.request_id or "",
            picture=picture,
            headers=dict(request.headers),
            fault=_name_of(fault),
        )
        self.downloads.append(download)
        submission.downloads.append(download)
        self._note()
        data = await self._drawn(functools.partial(self._picture, submission, job, picture))
        content_type = pictures.CONTENT_TYPES[job.file_format]
        reply: Reply = Answer(headers={"Content-Type": content_type}, body=data)
        if isinstance(fault, DownloadFault):
            hosted = HostedPicture(
                data=data,
                width=job.width,
                height=job.height,
                content_type=content_type,
                origin=self.origin,
                foreign_origin=self.foreign_origin,
                path=request.path,
            )
            reply = await self._drawn(functools.partial(fault.reply, hosted))
        return await self._send(request, reply, delay=self.download_delay)

    def _picture(self, submission: Submission, job: Job, picture: int) -> bytes:
        size = (job.width, job.height)
        if picture in job.flagged:
            return pictures.black(size, job.file_format)
        if self.image_bytes is not None:
            return pictures.heavy(size, job.file_format, self.image_bytes)
        return pictures.painting(
            pictures.PictureKey(
                prompt=submission.prompt,
                seed=job.seed,
                index=picture,
                width=job.width,
                height=job.height,
                file_format=job.file_format,
            ),
        )

    async def _drawn(self, draw: Callable[[], Drawn]) -> Drawn:
        """Run `draw` on the painter's thread; being alone there, it never paints the same picture twice."""
        return await asyncio.get_running_loop().run_in_executor(self._painter, draw)

    async def _stray(self, request: web.Request) -> web.StreamResponse:
        """Anything that is not served: noted, so that a test can see that nobody asked for it."""
        self.strays.append(f"{request.method} {request.path}")
        self._note()
        return await self._send(request, gateway_error(404, "Resource not found"), delay=0.0)


def _object(raw: bytes) -> Mapping[str, Any] | None:
    """The JSON object in a request's body; None for anything else."""
    try:
        value = decode(raw)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _name_of(fault: Fault | None) -> str | None:
    return fault.name if fault is not None else None
