"""A process is killed at every one of its effects, before it and after it; the next process brings all to an end.

At most one accepted submission, at most one card and one gallery in it, accounts that are the sums of their entries
with nothing held, and a card that says what is so: for every way a job can go.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from generation import inputs
from models import Job, JobStatus
from moderation import CaseOutcome, Review
from sandbox.pixazo import PixazoStandIn
from storage import cases, jobs
from tests.builders import GUILD_ID, PRICE_MICROS, choose, make_origin
from tests.generation.assembly import Assembly, assembled, end_tasks_of_the_runner, small_request
from tests.generation.conftest import IMAGE_BYTES
from tests.generation.recording import Channel
from tests.generation.tripwire import Cut, Tripwire
from tests.support import FakeClock, wait_until

S = JobStatus
# Far more effects than any job has; a life that gets through without meeting the wire ends the walk before.
EFFECTS_MAX = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """How the provider treats the job, what the member does, and the ends that this may lead to."""

    prepare: Callable[[PixazoStandIn], object] = lambda _: None
    latency: float = 4.0
    ends: frozenset[JobStatus]
    unhurt: JobStatus
    cancels: bool = False
    pictures: int = 2
    image: bool = False
    image_arrives: bool = True
    reviewed: bool = False
    moderator: CaseOutcome | None = None
    card_is_deleted: bool = False
    least_effects: int = 6


# A process that dies while it submits can't know: that job is written off after a day.
IN_DOUBT = frozenset({S.WRITTEN_OFF})
NO_CARD = frozenset({S.CANCELLED})

STORIES = {
    "delivered": Story(ends=NO_CARD | IN_DOUBT | {S.DELIVERED}, unhurt=S.DELIVERED),
    "slow, so that its author is told": Story(
        latency=150.0, ends=NO_CARD | IN_DOUBT | {S.DELIVERED}, unhurt=S.DELIVERED
    ),
    "one picture flagged": Story(
        prepare=lambda pixazo: pixazo.on_result("flagged_mixed"),
        ends=NO_CARD | IN_DOUBT | {S.DELIVERED},
        unhurt=S.DELIVERED,
        pictures=1,
    ),
    "all pictures flagged": Story(
        prepare=lambda pixazo: pixazo.on_result("flagged_all"),
        ends=NO_CARD | IN_DOUBT | {S.WITHHELD},
        unhurt=S.WITHHELD,
    ),
    "held back by a 429 first": Story(
        prepare=lambda pixazo: pixazo.on_submit("submit_429"),
        ends=NO_CARD | IN_DOUBT | {S.DELIVERED},
        unhurt=S.DELIVERED,
    ),
    "account refused at first": Story(
        prepare=lambda pixazo: pixazo.on_submit("submit_402"),
        ends=NO_CARD | IN_DOUBT | {S.DELIVERED},
        unhurt=S.DELIVERED,
    ),
    "failed at the provider": Story(
        prepare=lambda pixazo: pixazo.on_poll("failed_error_string", times=None),
        ends=NO_CARD | IN_DOUBT | {S.FAILED},
        unhurt=S.FAILED,
    ),
    "refused by the provider": Story(
        prepare=lambda pixazo: pixazo.on_submit("submit_400", times=None),
        ends=NO_CARD | IN_DOUBT | {S.FAILED},
        unhurt=S.FAILED,
    ),
    "in doubt, since the answer was lost": Story(
        prepare=lambda pixazo: pixazo.on_submit("submit_504_after_accepting", times=None),
        ends=NO_CARD | IN_DOUBT,
        unhurt=S.WRITTEN_OFF,
    ),
    "in doubt, and late": Story(latency=7200.0, ends=NO_CARD | IN_DOUBT | {S.DELIVERED}, unhurt=S.DELIVERED),
    # Killed before the cancellation is on disk, the wish still stands.
    "made from an image": Story(image=True, ends=NO_CARD | IN_DOUBT | {S.DELIVERED}, unhurt=S.DELIVERED),
    "made from an image, after a 429": Story(
        prepare=lambda pixazo: pixazo.on_submit("submit_429"),
        image=True,
        ends=NO_CARD | IN_DOUBT | {S.DELIVERED},
        unhurt=S.DELIVERED,
    ),
    "made from an image that never arrived": Story(
        image=True, image_arrives=False, ends=NO_CARD, unhurt=S.CANCELLED, least_effects=5
    ),
    "cancelled": Story(cancels=True, ends=NO_CARD | {S.DELIVERED}, unhurt=S.CANCELLED),
    "approved by a moderator": Story(
        reviewed=True,
        moderator=CaseOutcome.APPROVED,
        ends=NO_CARD | IN_DOUBT | {S.DELIVERED},
        unhurt=S.DELIVERED,
        least_effects=11,
    ),
    "approved, and the card was deleted": Story(
        reviewed=True,
        moderator=CaseOutcome.APPROVED,
        card_is_deleted=True,
        ends=NO_CARD | IN_DOUBT | {S.UNDELIVERABLE},
        unhurt=S.UNDELIVERABLE,
        least_effects=11,
    ),
    "rejected by a moderator": Story(
        reviewed=True,
        moderator=CaseOutcome.REJECTED,
        ends=NO_CARD | IN_DOUBT | {S.REJECTED},
        unhurt=S.REJECTED,
        least_effects=11,
    ),
    "looked at by no moderator": Story(
        reviewed=True, ends=NO_CARD | IN_DOUBT | {S.EXPIRED}, unhurt=S.EXPIRED, least_effects=11
    ),
}


class World:
    """What survives every crash: the database file and the spool, the provider, the channel, the time."""

    def __init__(self, folder: Path, pixazo: PixazoStandIn, clock: FakeClock) -> None:
        self.folder = folder
        self.pixazo = pixazo
        self.clock = clock
        self.channel = Channel()
        self.origin = make_origin()

    async def first_life(self, story: Story, wire: Tripwire) -> None:
        """One wish in a process that dies at the wire, or lives to see the job's end."""
        await self._prepare(story)
        async with assembled(self.folder, self.pixazo, self.channel, self.clock, outside=wire.outside()) as bot:
            moderators: list[asyncio.Task[None]] = []
            if story.moderator is not None:
                bot.on_case = lambda: self._ask(bot, story, moderators)
            if story.cancels:
                bot.circuit.hold(900)  # so that there is time to change one's mind
            await bot.runner.start()
            member = asyncio.create_task(self._member(bot, story, wire), name="runner's member")
            await wait_until(lambda: wire.dead.is_set() or (member.done() and ended(bot)), what="an end")
            if wire.dead.is_set():
                await wait_until(lambda: not [t for t in asyncio.all_tasks() if t.get_name() == "the last effect"])
            await end_tasks_of_the_runner()
            await asyncio.gather(member, *moderators, return_exceptions=True)

    async def _prepare(self, story: Story) -> None:
        """What the guild has chosen long before."""
        if story.reviewed:
            async with assembled(self.folder, self.pixazo, self.channel, self.clock) as bot:
                await bot.database.write(lambda c: choose(c, review=Review.ALWAYS, moderators_channel_id=71))

    def _ask(self, bot: Assembly, story: Story, moderators: list[asyncio.Task[None]]) -> None:
        """A moderator is at hand; time goes on once there is an answer."""
        if not moderators:
            self.clock.runs_ahead = False
            moderators.append(asyncio.create_task(self._moderator(bot, story), name="runner's moderator"))

    async def _moderator(self, bot: Assembly, story: Story) -> None:
        """Decides what is open, as far as that is still to be done."""
        for case in await cases.open_of(bot.database, GUILD_ID):
            assert case.job_id is not None
            self.channel.cards[case.job_id].deleted = story.card_is_deleted
            decide = bot.case_book.approve if story.moderator is CaseOutcome.APPROVED else bot.case_book.reject
            await decide(case.case_id, guild_id=GUILD_ID, by_id=9)
        self.clock.runs_ahead = True
        bot.runner.let_go(GUILD_ID)  # who sleeps since the time stood still looks again

    async def _member(self, bot: Assembly, story: Story, wire: Tripwire) -> None:
        image_url = inputs.placeholder("input.png") if story.image else None
        acceptance = await bot.service.accept(self.origin, small_request(reference_image_url=image_url))
        job_id = acceptance.job.job_id
        message_id = await wire.through("answer", self._answer(job_id, story))
        self.clock.runs_ahead = not story.cancels  # until now nobody could wait: what follows wakes the runner
        await bot.service.card_sent(job_id, message_id)
        if story.cancels:
            self.clock.runs_ahead = True
            origin = self.origin
            await bot.service.cancel(job_id, guild_id=origin.guild_id, user_id=origin.user_id, may_manage=False)

    async def _answer(self, job_id: str, story: Story) -> int:
        message_id = self.channel.answer(job_id)
        self.channel.cards[job_id].has_image = story.image_arrives
        return message_id

    async def last_life(self, story: Story, check: Callable[[Assembly], Awaitable[None]]) -> None:
        """A process that nothing happens to, up to the end of all jobs."""
        self.clock.runs_ahead = True
        async with assembled(self.folder, self.pixazo, self.channel, self.clock) as bot:
            moderators: list[asyncio.Task[None]] = []
            if story.moderator is not None:
                bot.on_case = lambda: self._ask(bot, story, moderators)
                await self._moderator(bot, story)
            await bot.runner.start()
            await wait_until(lambda: ended(bot), what="the end of every job")
            await check(bot)
            assert not bot.runner.failed.done()


def ended(bot: Assembly) -> bool:
    """Whether there are jobs, all at their end, and nothing is left to do for any of them."""
    idle = bot.runner.waiting == 0 and bot.runner.in_flight == 0 and len(bot.queue) == 0 and not bot.runner.at_work
    return idle and all(job.status.is_terminal for job in bot.snapshot().jobs)


@pytest.mark.parametrize("name", STORIES, ids=lambda name: name.replace(" ", "_"))
async def test_killed_after_every_effect(tmp_path: Path, name: str) -> None:
    await kill_at_every_effect(tmp_path, STORIES[name], Cut.AFTER)


async def test_killed_before_every_effect(tmp_path: Path) -> None:
    """Which is to be killed after the one before it, but for what goes on beside it: so one story will do."""
    await kill_at_every_effect(tmp_path, STORIES["delivered"], Cut.BEFORE)


async def kill_at_every_effect(tmp_path: Path, story: Story, cut: Cut) -> None:
    for at in range(1, EFFECTS_MAX):
        clock = FakeClock()
        folder = tmp_path / str(at)
        folder.mkdir()
        async with PixazoStandIn(now=clock.monotonic, latency=story.latency, image_bytes=IMAGE_BYTES) as pixazo:
            story.prepare(pixazo)
            world = World(folder, pixazo, clock)
            wire = Tripwire(at, cut)
            await world.first_life(story, wire)
            where = f"killed {cut.value} effect {at}, {wire.calls[at - 1 : at]}, after {wire.calls[: at - 1]}"

            async def check(bot: Assembly, world: World = world, wire: Tripwire = wire, where: str = where) -> None:
                try:
                    await check_the_end(bot, world, story, unhurt=not wire.dead.is_set())
                except AssertionError as error:
                    error.add_note(where)
                    raise

            await world.last_life(story, check)
        if not wire.dead.is_set():
            assert at > story.least_effects, "the wire was never met"
            return
    raise AssertionError(f"a job has more than {EFFECTS_MAX} effects")


async def check_the_end(bot: Assembly, world: World, story: Story, *, unhurt: bool) -> None:
    found = bot.snapshot()
    assert found.findings == ()
    assert {balance.pending for balance in found.balances} <= {0}
    assert len(world.pixazo.accepted()) <= 1
    assert await jobs.unfinished(bot.database) == []
    assert len(found.jobs) <= 1
    if not found.jobs:
        assert not world.channel.cards
        assert not world.pixazo.submissions
        return
    job = found.jobs[0]
    assert job.status in story.ends
    for submission in world.pixazo.submissions:
        assert story.image_arrives
        address = str((submission.body or {}).get("reference_image_url"))
        assert address.startswith("https://cdn.discordapp.com/") == story.image
    if unhurt:
        assert job.status is story.unhurt
    card = world.channel.cards.get(job.job_id)
    if card is None:
        assert job.status is S.CANCELLED
    elif not card.deleted:
        assert card.says is job.status
        assert card.notices <= 1
        assert (len(card.gallery) if card.gallery else 0) == (story.pictures if job.status is S.DELIVERED else 0)
    posted = {balance.posted for balance in found.balances if balance.account.unit == "micros"}
    assert posted == {job.settled_micros}
    if world.pixazo.accepted():
        failed = job.status is S.FAILED
        assert job.settled_micros == (0 if failed else 2 * PRICE_MICROS), "the provider bills it"
    elif job.status is not S.WRITTEN_OFF:
        assert job.settled_micros == 0
    await check_the_case(bot, job, story)
    if (
        unhurt and job.status is not S.UNDELIVERABLE
    ):  # a process killed between the last commit and the clearing away leaves that to the janitor
        assert not list(bot.spool_folder.iterdir())


async def check_the_case(bot: Assembly, job: Job, story: Story) -> None:
    """A review was opened once and decided once, with its line in the log, and nobody saw a picture without a yes."""
    rows = await bot.database.fetch_all("SELECT outcome FROM cases")
    outcomes = {S.REJECTED: "rejected", S.EXPIRED: "expired", S.DELIVERED: "approved", S.UNDELIVERABLE: "approved"}
    wanted = [outcomes[job.status]] if story.reviewed and job.status in outcomes else []
    assert [row["outcome"] for row in rows] == wanted
    lines = await bot.database.fetch_all("SELECT what FROM audit WHERE what LIKE 'mod.review.%'")
    assert [line["what"] for line in lines] == [f"mod.review.{outcome}" for outcome in wanted]
    if story.reviewed and wanted != ["approved"]:
        assert all(card.gallery is None for card in bot.channel.cards.values())
