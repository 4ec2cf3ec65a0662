"""The image API as far as the bot can tell, with a bill of its own, and the way to it.

The real client reads its answers, so what an answer proves is decided by the code under test. What is scripted is
what goes over the wire: statuses, bodies, and faults of the connection.
"""

import asyncio
import random
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO, Final, Protocol

import aiohttp
from yarl import URL

from clock import Clock
from errors import DownloadFailed
from models import VerdictReason
from provider.client import PixazoClient
from provider.exchange import Reply
from tests.simulation.network import Line, Lost, Trip
from tests.simulation.pictures import KINDS, Picture, paint
from tests.simulation.timeline import Timeline
from tests.simulation.trace import Trace
from tests.simulation.weather import Weather

SUBMIT_URL: Final = "https://provider.test/submit"
STATUS_URL: Final = "https://provider.test/status"
_SUBMIT_SECONDS, _POLL_SECONDS, _DOWNLOAD_SECONDS = 100.0, 15.0, 40.0
# A request that was given up may lie in a queue for so long before it is looked at after all.
_LINGER_SECONDS: Final = 60.0
_HOURS: Final = 3600.0
_CLOSED_DOORS: Final = (401, 402, 403)


@dataclass(slots=True, kw_only=True)
class Submission:
    """What the provider has taken on for a wish, and will charge for it; nobody knows of one that never ends."""

    number: int
    images: int
    request_id: str
    known_at: float
    ready_at: float
    forgotten_at: float
    answer: dict[str, object] = field(default_factory=dict)
    pictures: dict[str, Picture] = field(default_factory=dict)
    billed_images: int | None = None


@dataclass(slots=True, kw_only=True)
class Posts:
    """What was sent for a wish: how often, how much of it is proven to have come to nothing, how much was taken."""

    sent: int = 0
    proven_refused: int = 0
    accepted: int = 0


class Witness(Protocol):
    """Whoever looks on at what the bot sends, in the moment in which it does."""

    def posting(self, number: int, body: Mapping[str, object]) -> None:
        """A submission for the wish of that number is about to leave."""

    def polled(self, request_id: str) -> None:
        """A poll is about to leave."""

    def fetched(self, picture: Picture) -> None:
        """A picture was downloaded."""


class Provider:
    """Everything that was ever submitted. It outlives the bot's processes."""

    def __init__(
        self, timeline: Timeline, dice: random.Random, trace: Trace, taken: Callable[[], None] = lambda: None
    ) -> None:
        self.weather = Weather()
        self._taken = taken
        self.refusing: int | None = None
        self.posts: defaultdict[int, Posts] = defaultdict(Posts)
        self.submissions: dict[str, Submission] = {}
        self.by_number: dict[int, Submission] = {}
        self._timeline = timeline
        self._dice = dice
        self._trace = trace

    def submit(self, body: Mapping[str, object]) -> Reply:
        """A submission arrives."""
        weather, dice = self.weather, self._dice
        number = number_of(body)
        if self.refusing is not None:
            return self._said("submit", number, _reply(self.refusing, {"message": "no access"}))
        if dice.random() < weather.limited:
            after = dice.choice((None, "0", "7", "40"))
            return self._said("submit", number, _reply(429, {"message": "slow down"}, retry_after=after))
        if dice.random() < weather.rejected:
            return self._said("submit", number, _reply(dice.choice((302, 400, 404, 413, 422)), {"detail": "no"}))
        broken = dice.random() < weather.broken
        if broken and dice.random() < 0.5:
            return self._said("submit", number, _reply(dice.choice((500, 502, 503, 504, 408, 499)), None))
        submission = self._accept(number, int(str(body["num_images"])))
        if broken:
            flaw = dice.choice((_reply(200, {"status": "ok"}), _reply(202, None), _reply(504, None), _reply(408, None)))
            return self._said("submit (taken)", number, flaw)
        return self._said("submit (taken)", number, _reply(200, {"request_id": submission.request_id}))

    def poll(self, request_id: str) -> Reply:
        """Somebody asks for a submission."""
        weather, dice, now = self.weather, self._dice, self._timeline.now
        submission = self.submissions.get(request_id)
        number = submission.number if submission else 0
        if self.refusing is not None:
            return self._said("poll", number, _reply(self.refusing, None))
        if dice.random() < weather.limited:
            return self._said("poll", number, _reply(429, None, retry_after=dice.choice((None, "3"))))
        if dice.random() < weather.broken:
            return self._said("poll", number, dice.choice((_reply(500, None), _reply(200, None), _reply(504, None))))
        if submission is None or not submission.known_at <= now < submission.forgotten_at:
            return self._said("poll", number, _reply(404, {"detail": "unknown"}))
        if now < submission.ready_at:
            return self._said("poll", number, _reply(200, {"status": dice.choice(("QUEUED", "PROCESSING"))}))
        return self._said("poll (ready)", number, _reply(200, submission.answer))

    def fetch(self, url: str) -> Picture:
        """Somebody fetches a picture. Raises DownloadFailed as the safe download would."""
        if self._dice.random() < self.weather.download:
            passing = self._dice.random() < 0.8
            raise DownloadFailed(VerdictReason.DOWNLOAD_FAILED, passing=passing)
        request_id = url.split("/")[3]
        return self.submissions[request_id].pictures[url]

    def _said(self, what: str, number: int, reply: Reply) -> Reply:
        self._trace.note("provider", f"{what} of wish {number}: {reply.status}")
        return reply

    def _accept(self, number: int, images: int) -> Submission:
        dice, now = self._dice, self._timeline.now
        self.posts[number].accepted += 1
        request_id = f"r{len(self.submissions) + 1}-{number}"
        takes, forgets = dice.uniform(1.5, dice.choice((5.0, 20.0))), float("inf")
        forgetful = dice.random() < self.weather.forgotten
        if forgetful and dice.random() < 0.5:
            forgets = now + takes + dice.uniform(5.0, 200.0)
        submission = Submission(
            number=number,
            images=images,
            request_id=request_id,
            known_at=now + (dice.uniform(0.0, 50.0) if forgetful else 0.0),
            ready_at=now + takes,
            forgotten_at=forgets,
        )
        self.submissions[request_id] = self.by_number[number] = submission
        self._decide(submission)
        self._taken()
        return submission

    def _decide(self, submission: Submission) -> None:
        """Settle how the submission will end."""
        dice = self._dice
        if dice.random() < self.weather.unfinished:
            match dice.randrange(3):
                case 0:
                    words = dice.choice(("content_policy_violation", "generation_timeout", "out of memory"))
                    submission.answer = {"status": "FAILED", "error": words}
                    submission.billed_images = 0
                    return
                case 1:
                    submission.ready_at += dice.uniform(0.05, 3.0) * _HOURS
                case _:
                    submission.ready_at = float("inf")
        self._paint(submission)

    def _paint(self, submission: Submission) -> None:
        dice, request_id = self._dice, submission.request_id
        doubtful = dice.random() < self.weather.doubtful
        count = dice.choice((submission.images, dice.randint(1, 4))) if doubtful else submission.images
        pictures = [
            paint(dice.choice(KINDS) if doubtful and dice.random() < 0.5 else "good", f"{request_id}/{index}")
            for index in range(count)
        ]
        urls = [f"https://results.test/{request_id}/{index}" for index in range(count)]
        flags: object = [picture.flag for picture in pictures]
        images: object = [{"url": url, "content_type": "image/png"} for url in urls]
        spoilt = dice.random() if doubtful else 1.0
        if spoilt < 0.1:
            flags = dice.choice((None, {}, "false"))
        elif spoilt < 0.2:
            flags = [False] * (count + dice.choice((-1, 1)))
        elif spoilt < 0.4:
            images = dice.choice(("gone", {"0": urls[0]}))
        submission.answer = {"images": images, "has_nsfw_concepts": flags, "seed": 7, "status": "COMPLETED"}
        submission.billed_images = min(count, submission.images) if isinstance(images, list) else submission.images
        if submission.ready_at < float("inf"):
            submission.pictures = dict(zip(urls, pictures, strict=True))
        # What may be shown needs the provider's own word for it, in its place.
        if flags != [picture.flag for picture in pictures] or not isinstance(images, list):
            submission.pictures = {
                url: Picture(kind="unchecked", content=picture.content) for url, picture in submission.pictures.items()
            }

    def showable(self, number: int) -> frozenset[str]:
        """The digests of what may be shown for the wish."""
        submission = self.by_number.get(number)
        pictures = submission.pictures.values() if submission else ()
        return frozenset(picture.digest for picture in pictures if picture.kind == "good")


class ScriptedClient(PixazoClient):
    """The real client over a scripted wire."""

    def __init__(self, provider: Provider, line: Line, clock: Clock, dice: random.Random, watch: Witness) -> None:
        super().__init__(
            submit_url=SUBMIT_URL, status_url=STATUS_URL, api_key="key", result_hosts=("results.test",), clock=clock
        )
        self._provider = provider
        self._line = line
        self._dice = dice
        self._watch = watch

    async def _post(self, session: aiohttp.ClientSession | None, url: URL, body: dict[str, object]) -> Reply:
        if str(url) == STATUS_URL:
            request_id = str(body["request_id"])
            self._watch.polled(request_id)
            return await self._exchange(_POLL_SECONDS, lambda: self._provider.poll(request_id))
        number = number_of(body)
        self._watch.posting(number, body)
        posts = self._provider.posts[number]
        posts.sent += 1
        try:
            reply = await self._exchange(_SUBMIT_SECONDS, lambda: self._provider.submit(body))
        except aiohttp.ConnectionTimeoutError:
            posts.proven_refused += 1
            raise
        # By the design's own list, written out again here: what is proven to have come to nothing.
        if 300 <= reply.status < 500 and reply.status not in {408, 499}:
            posts.proven_refused += 1
        return reply

    async def download(self, url: str | None, into: BinaryIO) -> int:
        assert url is not None, "a picture without an address is not fetched"
        try:
            picture = await self._line.call(self._trip(_DOWNLOAD_SECONDS), lambda: self._provider.fetch(url))
        except Lost:
            raise DownloadFailed(VerdictReason.DOWNLOAD_FAILED, passing=True) from None
        self._watch.fetched(picture)
        into.seek(0)
        into.truncate()
        into.write(picture.content)
        return len(picture.content)

    async def _exchange(self, patience: float, serve: Callable[[], Reply]) -> Reply:
        weather = self._provider.weather
        if self._dice.random() < weather.unreachable:
            trip = self._trip(patience)
            await asyncio.sleep(min(15.0, trip.patience))
            raise aiohttp.ConnectionTimeoutError
        impatient = self._dice.random() < 0.5
        try:
            return await self._line.call(self._trip(patience), serve)
        except Lost:
            raise (TimeoutError() if impatient else aiohttp.ServerDisconnectedError()) from None

    def _trip(self, patience: float) -> Trip:
        weather = self._provider.weather
        return self._line.trip(
            patience=patience, slow=weather.slow, lost=weather.lost, late=weather.lost / 4, linger=_LINGER_SECONDS
        )


def number_of(body: Mapping[str, object]) -> int:
    """The wish that a submission is for: its prompt says so."""
    return int(str(body["prompt"]).rpartition(" ")[2])


def _reply(status: int, content: Mapping[str, object] | None, *, retry_after: str | None = None) -> Reply:
    flaw = None if content is not None else "not_json"
    return Reply(status=status, content=content, flaw=flaw, retry_after_header=retry_after)
