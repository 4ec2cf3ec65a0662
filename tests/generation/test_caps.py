"""Every cap refuses, alone and with others, at the edges of days and months, and the refusal says which and until when.

Through the real gate on a real database, in a time that only the test moves.
"""

import itertools
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from errors import CapReached
from generation.limit_book import LimitBook
from generation.service import Acceptance
from limits import HoldingCap, LimitKind
from models import Balance, Job, JobStatus, Scope, Unit
from sandbox.pixazo import PixazoStandIn
from storage import limits
from tests.builders import CHANNEL_ID, GUILD_ID, PRICE_MICROS, USER_ID, choose, make_origin
from tests.generation.assembly import Assembly, Options, assembled, small_request
from tests.generation.cap_rows import (
    ACCOUNTS,
    CALENDARS,
    GLOBAL_MONTH,
    GUILD_DAY,
    GUILD_MONTH,
    HELD_IMAGES,
    MEMBER_DAY,
    MEMBER_MONTH,
    THREAD,
    Account,
    Row,
    Set,
    periods_of,
    rows,
)
from tests.generation.recording import Channel
from tests.support import FakeClock

ADMIN = 77
AN_INSTANT = timedelta(milliseconds=1)


# What a wish that is refused must leave as it was.
_COUNTS = "SELECT (SELECT count(*) FROM jobs), (SELECT count(*) FROM accounts), (SELECT count(*) FROM entries)"


class Gate:
    """One guild before the gate, at whatever time it is."""

    def __init__(self, bot: Assembly, clock: FakeClock, options: Options, guild_id: int = GUILD_ID) -> None:
        self.bot = bot
        self.book = LimitBook(bot.database, options.terms.caps, clock)
        self._clock = clock
        self._options = options
        self._guild_id = guild_id

    def of(self, guild_id: int) -> "Gate":
        """The same gate for another guild."""
        return Gate(self.bot, self._clock, self._options, guild_id)

    def go_to(self, moment: datetime) -> None:
        self._clock.advance((moment - self._clock.now()).total_seconds())
        assert self._clock.now() == moment

    async def set(self, account: Account, *sets: Set, images: int | None = None) -> None:
        """Set caps on the account; with `images` the guild's own for everybody."""

        def put(connection: sqlite3.Connection) -> None:
            for kind, subject_id, value in sets if images is None else ((LimitKind.GUILD, 0, images),):
                limits.put(
                    connection,
                    guild_id=0 if kind is LimitKind.OPERATOR else self._guild_id,
                    kind=kind,
                    subject_id=subject_id,
                    name=account.limit,
                    value=account.of_images(value),
                    by_id=ADMIN,
                    at=self._clock.now(),
                )

        await self.bot.database.write(put)

    async def live_in(self, zone: str) -> None:
        await self.bot.database.write(
            lambda connection: choose(connection, self._guild_id, time_zone=zone, images_per_job=10)
        )

    async def take(self, images: int, **origin: Any) -> Job:
        """A wish that must pass."""
        return (await self._accept(images, **origin)).job

    async def refused(self, images: int, **origin: Any) -> CapReached:
        """A wish that must not, and what it is told; it leaves nothing behind."""
        before = tuple(await self.bot.database.fetch_one(_COUNTS) or ())
        with pytest.raises(CapReached) as caught:
            await self._accept(images, **origin)
        assert tuple(await self.bot.database.fetch_one(_COUNTS) or ()) == before
        return caught.value

    def balance(self, account: Account, period: str) -> Balance:
        [found] = [
            balance
            for balance in self.bot.snapshot().balances
            if (balance.account.scope, balance.account.unit) == (account.scope, account.unit)
            and balance.account.period == period
        ]
        return found

    async def _accept(self, images: int, **origin: Any) -> Acceptance:
        wish = make_origin(**{"guild_id": self._guild_id, **origin})
        return await self.bot.service.accept(wish, small_request(num_images=images))


OpenGate = Callable[[Options], AbstractAsyncContextManager[Gate]]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(datetime(2026, 1, 1, tzinfo=UTC), runs_ahead=True)


@pytest.fixture
def open_gate(tmp_path: Path, pixazo: PixazoStandIn, channel: Channel, clock: FakeClock) -> OpenGate:
    @asynccontextmanager
    async def opened(options: Options) -> AsyncIterator[Gate]:
        async with assembled(tmp_path, pixazo, channel, clock, options) as bot:
            yield Gate(bot, clock, options)
            assert bot.snapshot().findings == ()

    return opened


def with_defaults(**images: int) -> Options:
    """The operator's defaults in images, by their settings' names; the others are out of the way."""
    by_setting = {account.setting: account for account in ACCOUNTS}
    values: dict[str, Any] = {name: by_setting[name].of_images(value) for name, value in images.items()}
    return Options(**values)


def told(error: CapReached) -> tuple[Scope, Unit, int]:
    """Which account refused, in short: whose it is, what it counts, and the length of its period's name."""
    return error.account.scope, error.account.unit, len(error.account.period)


def name_of(account: Account) -> tuple[Scope, Unit, int]:
    return account.scope, account.unit, len("2026-11-22") if account.daily else len("2026-11")


ROWS = [pytest.param(*row, id=f"{row[0].limit}: {row[1].name}") for row in rows()]


class TestAlone:
    @pytest.mark.parametrize(("account", "row"), ROWS)
    async def test_every_cap_refuses_until_its_period_ends(
        self, open_gate: OpenGate, account: Account, row: Row
    ) -> None:
        async with open_gate(with_defaults(**{account.setting: row.default})) as gate:
            for number, zone in enumerate(CALENDARS):
                guild = gate.of(GUILD_ID + number)
                await guild.live_in(zone)
                await guild.set(account, *row.sets)
                for start, end in periods_of(account, zone):
                    await self.refuses(guild, account, row, start, end)
                if account.scope is Scope.GLOBAL:
                    break  # which is used up for all guilds now

    async def refuses(self, gate: Gate, account: Account, row: Row, start: datetime, end: datetime) -> None:
        origin: dict[str, Any] = {"role_ids": row.role_ids}
        if row.in_thread:
            origin |= {"channel_id": THREAD, "parent_id": CHANNEL_ID}
        cap = account.of_images(HELD_IMAGES)
        gate.go_to(start)
        await gate.take(2, **origin)
        nearly = await gate.refused(2, **origin)
        assert (nearly.left, nearly.amount, nearly.fitting) == (account.of_images(1), account.of_images(2), 1)
        await gate.take(1, **origin)
        for moment in (start, end - AN_INSTANT):
            gate.go_to(moment)
            full = await gate.refused(1, **origin)
            assert told(full) == name_of(account)
            assert (full.cap, full.left, full.fitting) == (cap, 0, 0)
            assert full.holding == HoldingCap(value=cap, kind=row.kind, subject_id=row.subject_id)
            assert full.renews_at == end
        gate.go_to(end)
        await gate.take(3, **origin)
        assert (await gate.refused(1, **origin)).renews_at > end

    @pytest.mark.parametrize("account", [MEMBER_DAY, MEMBER_MONTH], ids=lambda account: account.limit)
    async def test_a_cap_of_nothing_refuses_everything(self, open_gate: OpenGate, account: Account) -> None:
        async with open_gate(Options()) as gate:
            await gate.set(account, (LimitKind.MEMBER, USER_ID, 0))
            error = await gate.refused(1)
            assert (error.cap, error.left, error.holding) == (
                0,
                0,
                HoldingCap(value=0, kind=LimitKind.MEMBER, subject_id=USER_ID),
            )
            await gate.take(1, user_id=USER_ID + 1)

    async def test_a_members_caps_are_of_one_guild(self, open_gate: OpenGate) -> None:
        async with open_gate(with_defaults(user_daily_images=2, user_monthly_micros=3)) as gate:
            await gate.take(2)
            await gate.refused(1)
            await gate.take(2, guild_id=GUILD_ID + 1)

    @pytest.mark.parametrize("account", ACCOUNTS[:4], ids=lambda account: account.limit)
    async def test_what_a_guild_sets_holds_in_no_other(self, open_gate: OpenGate, account: Account) -> None:
        async with open_gate(with_defaults(**{account.setting: 3})) as gate:
            await gate.set(account, images=1)
            await gate.take(1)
            await gate.refused(1)
            await gate.take(3, guild_id=GUILD_ID + 1)
            assert (await gate.refused(1, guild_id=GUILD_ID + 1)).cap == account.of_images(3)

    async def test_a_stricter_channel_leaves_what_the_member_has_elsewhere(self, open_gate: OpenGate) -> None:
        async with open_gate(with_defaults(user_daily_images=5)) as gate:
            await gate.set(MEMBER_DAY, (LimitKind.CHANNEL, CHANNEL_ID, 2))
            await gate.take(2)
            await gate.refused(1)
            await gate.take(3, channel_id=CHANNEL_ID + 1)
            assert (await gate.refused(1, channel_id=CHANNEL_ID + 1)).cap == 5


# The latest to renew first. In New York at that time, all of these are hours apart, but for the two months there.
BY_RENEWAL = (MEMBER_MONTH, GUILD_MONTH, GLOBAL_MONTH, MEMBER_DAY, GUILD_DAY)
IN_NEW_YORK = datetime(2026, 11, 10, 12, tzinfo=UTC)
RENEWALS = {
    MEMBER_DAY: datetime(2026, 11, 11, 5, tzinfo=UTC),
    GUILD_DAY: datetime(2026, 11, 11, 5, tzinfo=UTC),
    MEMBER_MONTH: datetime(2026, 12, 1, 5, tzinfo=UTC),
    GUILD_MONTH: datetime(2026, 12, 1, 5, tzinfo=UTC),
    GLOBAL_MONTH: datetime(2026, 12, 1, 0, tzinfo=UTC),
}
SUBSETS = [subset for size in range(2, 6) for subset in itertools.combinations(ACCOUNTS, size)]


def names(accounts: Sequence[Account]) -> str:
    return "+".join(account.limit.removesuffix("_micros") for account in accounts)


class TestTogether:
    @pytest.mark.parametrize("full", SUBSETS, ids=names)
    async def test_of_several_full_caps_the_last_to_renew_is_named(
        self, open_gate: OpenGate, full: tuple[Account, ...]
    ) -> None:
        async with open_gate(with_defaults(**{account.setting: 2 for account in full})) as gate:
            gate.go_to(IN_NEW_YORK)
            await gate.live_in("America/New_York")
            await gate.take(2)
            error = await gate.refused(1)
            named = next(account for account in BY_RENEWAL if account in full)
            assert told(error) == name_of(named)
            assert (error.cap, error.left, error.renews_at) == (named.of_images(2), 0, RENEWALS[named])
            # Once that has renewed, so have all the others: nobody is sent from one refusal to the next.
            gate.go_to(error.renews_at - AN_INSTANT)
            assert told(await gate.refused(1)) == name_of(named)
            gate.go_to(error.renews_at)
            await gate.take(2)

    @pytest.mark.parametrize(
        ("tight", "roomier"), list(itertools.permutations(ACCOUNTS, 2)), ids=lambda account: account.limit
    )
    async def test_the_cap_with_room_for_fewest_is_named_whatever_renews_later(
        self, open_gate: OpenGate, tight: Account, roomier: Account
    ) -> None:
        async with open_gate(with_defaults(**{tight.setting: 2, roomier.setting: 3})) as gate:
            await gate.take(1)
            both = await gate.refused(3)  # which has room in neither
            assert told(both) == name_of(tight)
            assert (both.left, both.fitting) == (tight.of_images(1), 1)
            only_one = await gate.refused(2)
            assert told(only_one) == name_of(tight)
            await gate.take(1)
            assert told(await gate.refused(1)) == name_of(tight)

    @pytest.mark.parametrize("zone", CALENDARS)
    async def test_a_months_cap_goes_on_where_the_days_has_renewed_until_both_have(
        self, open_gate: OpenGate, zone: str
    ) -> None:
        """The last two days of November, in which the days' edge is the month's edge in the end."""
        last_start, month_end = CALENDARS[zone].days[2]
        options = with_defaults(
            user_daily_images=2, user_monthly_micros=3, guild_daily_micros=9, guild_monthly_micros=9
        )
        async with open_gate(options) as gate:
            await gate.live_in(zone)
            gate.go_to(last_start - timedelta(hours=1))
            await gate.take(2)
            by_day = await gate.refused(1)
            assert (told(by_day), by_day.renews_at) == (name_of(MEMBER_DAY), last_start)
            gate.go_to(last_start)
            await gate.take(1)
            by_month = await gate.refused(1)
            assert (told(by_month), by_month.renews_at) == (name_of(MEMBER_MONTH), month_end)
            gate.go_to(month_end - AN_INSTANT)
            assert told(await gate.refused(1)) == name_of(MEMBER_MONTH)
            gate.go_to(month_end)
            await gate.take(2)
            assert told(await gate.refused(1)) == name_of(MEMBER_DAY)

    async def test_a_guilds_budget_is_what_all_of_its_members_share(self, open_gate: OpenGate) -> None:
        async with open_gate(with_defaults(guild_daily_micros=3, global_monthly_micros=5)) as gate:
            await gate.take(2)
            await gate.take(1, user_id=USER_ID + 1)
            assert told(await gate.refused(1, user_id=USER_ID + 2)) == name_of(GUILD_DAY)
            await gate.take(2, guild_id=GUILD_ID + 1)
            assert told(await gate.refused(1, guild_id=GUILD_ID + 1)) == name_of(GLOBAL_MONTH)


class TestGrants:
    @pytest.mark.parametrize("zone", CALENDARS)
    @pytest.mark.parametrize("account", [MEMBER_DAY, MEMBER_MONTH], ids=lambda account: account.limit)
    async def test_one_raises_the_cap_for_exactly_its_period(
        self, open_gate: OpenGate, account: Account, zone: str
    ) -> None:
        async with open_gate(with_defaults(**{account.setting: 2})) as gate:
            await gate.live_in(zone)
            start, end = periods_of(account, zone)[1]
            gate.go_to(start - AN_INSTANT)
            await gate.take(2)
            await self.grant(gate, account, 3, when="next")
            await gate.refused(1)
            gate.go_to(start)
            await gate.take(4)
            nearly = await gate.refused(2)
            assert (nearly.cap, nearly.left, nearly.renews_at) == (account.of_images(5), account.of_images(1), end)
            # The cap that holds is what it was; the grant is on top of it.
            assert nearly.holding == HoldingCap(value=account.of_images(2), kind=LimitKind.OPERATOR)
            gate.go_to(end - AN_INSTANT)
            await gate.take(1)
            await gate.refused(1)
            gate.go_to(end)
            await gate.take(2)
            assert (await gate.refused(1)).cap == account.of_images(2)

    async def test_it_is_one_members_alone(self, open_gate: OpenGate) -> None:
        async with open_gate(with_defaults(user_daily_images=2, user_monthly_micros=9)) as gate:
            await self.grant(gate, MEMBER_DAY, 5)
            await gate.take(2, user_id=USER_ID + 1)
            await gate.refused(1, user_id=USER_ID + 1)
            await gate.take(2, guild_id=GUILD_ID + 1)
            await gate.refused(1, guild_id=GUILD_ID + 1)
            await gate.take(4)
            await gate.take(3)
            assert told(await gate.refused(3)) == name_of(MEMBER_DAY)

    async def test_it_raises_no_other_cap(self, open_gate: OpenGate) -> None:
        async with open_gate(with_defaults(user_daily_images=2, guild_daily_micros=3)) as gate:
            await self.grant(gate, MEMBER_DAY, 5)
            error = await gate.refused(4)
            assert (told(error), error.cap) == (name_of(GUILD_DAY), 3 * PRICE_MICROS)

    async def test_taken_back_it_leaves_what_is_held_and_refuses_the_next(self, open_gate: OpenGate) -> None:
        async with open_gate(with_defaults(user_daily_images=2)) as gate:
            await self.grant(gate, MEMBER_DAY, 3)
            job = await gate.take(4)
            await self.grant(gate, MEMBER_DAY, -3)
            error = await gate.refused(1)
            assert (error.cap, error.left) == (2, 0)
            ended = await finished(gate, job)
            assert (ended.status, gate.balance(MEMBER_DAY, "2026-01-01").posted) == (JobStatus.DELIVERED, 4)
            await self.grant(gate, MEMBER_DAY, 3)
            await gate.take(1)

    async def grant(self, gate: Gate, account: Account, images: int, **how: Any) -> None:
        await gate.book.grant(
            GUILD_ID, USER_ID, unit=account.unit, amount=account.of_images(images), by_id=ADMIN, **how
        )


async def finished(gate: Gate, job: Job) -> Job:
    """The job as it is once its pictures are in the channel."""
    await gate.bot.service.card_sent(job.job_id, gate.bot.channel.answer(job.job_id))
    return await gate.bot.drive(job.job_id)


class TestLowering:
    @pytest.mark.parametrize("account", ACCOUNTS[:4], ids=lambda account: account.limit)
    async def test_it_voids_nothing_that_is_held_and_refuses_the_next(
        self, open_gate: OpenGate, account: Account
    ) -> None:
        async with open_gate(with_defaults(**{account.setting: 9})) as gate:
            await gate.set(account, images=5)
            delivered, waiting = await gate.take(2), await gate.take(2)
            await finished(gate, delivered)
            await gate.set(account, images=1)
            error = await gate.refused(1)
            assert (error.cap, error.left) == (account.of_images(1), 0)
            period = error.account.period
            held = gate.balance(account, period)
            assert (held.pending, held.posted) == (account.of_images(2), account.of_images(2))
            assert (await finished(gate, waiting)).status is JobStatus.DELIVERED
            assert gate.balance(account, period).posted == account.of_images(4)
            await gate.set(account, images=5)
            await gate.take(1)
            await gate.refused(1)

    async def test_what_is_given_back_goes_to_the_period_that_it_was_taken_from(self, open_gate: OpenGate) -> None:
        async with open_gate(with_defaults(user_daily_images=3)) as gate:
            gate.go_to(datetime(2026, 1, 31, 23, 59, tzinfo=UTC))
            job = await gate.take(3)
            gate.go_to(datetime(2026, 2, 1, 0, 1, tzinfo=UTC))
            await gate.take(2)
            await gate.bot.service.card_refused(job.job_id)
            assert gate.balance(MEMBER_DAY, "2026-01-31").pending == 0
            assert gate.balance(MEMBER_DAY, "2026-02-01").pending == 2
            assert gate.balance(MEMBER_MONTH, "2026-01").pending == 0
            await gate.take(1)
            await gate.refused(1)

    async def test_all_that_is_held_is_below_the_cap_at_every_reservation(self, open_gate: OpenGate) -> None:
        """Caps that go up and down between wishes of several members, and the books tell the same story."""
        async with open_gate(with_defaults(guild_daily_micros=30)) as gate:
            outcomes: Counter[str] = Counter()
            for number, images in enumerate([4, 9, 2, 7, 5, 12, 3]):
                await gate.set(GUILD_DAY, images=images)
                for user_id in range(1, 5):
                    try:
                        await gate.take(1 + (number + user_id) % 3, user_id=user_id)
                        outcomes["taken"] += 1
                    except CapReached:
                        outcomes["refused"] += 1
            assert min(outcomes.values()) > 3
            used: Counter[object] = Counter()
            for entry in gate.bot.snapshot().entries:
                used[entry.account] += entry.pending + entry.posted
                assert entry.cap is None or used[entry.account] <= entry.cap
