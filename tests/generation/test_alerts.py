"""Alerts are told once each: killed at every effect, refused, lost on the way, without a channel, past their period."""

import asyncio
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest

from clock import to_ms
from errors import AlertRefused, DeliveryUnavailable, StorageUnavailable
from generation.alerts import AlertDelivery, AlertSender
from models import AccountKey, Alert, GuildSettings, Scope
from storage import alerts, guilds, jobs
from storage.database import Database, Operation
from tests.builders import DAY, GUILD_ID, NOW, RENEWS_AT, make_account, make_job, make_reservation
from tests.generation.tripwire import Cut, Tripwire
from tests.support import FakeClock, OpenDatabase, wait_until

T = TypeVar("T")

OTHER_GUILD = GUILD_ID + 1
GUILD_DAY = make_account(Scope.GUILD, period=DAY)
OTHER_DAY = make_account(Scope.GUILD, period=DAY, guild_id=OTHER_GUILD)
EVERYBODY = make_account(Scope.GLOBAL)
CHANNEL, OTHER_CHANNEL = 71, 72
EFFECTS_MAX = 30


class Wall:
    """Discord's side, which outlives every process: what hangs where, and how it treats what comes next."""

    def __init__(self) -> None:
        self.messages: list[tuple[int | None, int]] = []
        self.tries = 0
        self.looks = 0
        self.fate: Callable[[Alert], None] = lambda _: None
        self.loses_answers = False
        self.can_be_looked_at = True

    def on(self, channel_id: int | None) -> list[int]:
        """The alerts in a channel, or with None those of the operator."""
        return [alert_id for channel, alert_id in self.messages if channel == channel_id]


class WallDelivery:
    """`generation.alerts.AlertDelivery`: one process's way to the wall."""

    def __init__(self, wall: Wall) -> None:
        self._wall = wall

    async def was_told(self, alert: Alert) -> bool:
        self._wall.looks += 1
        if not self._wall.can_be_looked_at:
            raise DeliveryUnavailable("nothing to be seen")
        return (alert.channel_id, alert.alert_id) in self._wall.messages

    async def tell(self, alert: Alert, guild: GuildSettings | None) -> None:
        wall = self._wall
        wall.tries += 1
        wall.fate(alert)
        assert (guild is None) == (alert.balance.account.scope is Scope.GLOBAL)
        assert guild is None or guild.guild_id == alert.balance.account.guild_id
        wall.messages.append((guild.moderators_channel_id if guild else None, alert.alert_id))
        if wall.loses_answers:
            raise DeliveryUnavailable("the answer was lost")


def spend(*accounts: AccountKey, images: int = 1, of: int = 2) -> Operation[None]:
    """A job that takes so many images out of budgets that hold so many: one of two is half."""
    reservations = [make_reservation(account, amount=images, cap=of) for account in accounts]

    def operation(connection: sqlite3.Connection) -> None:
        jobs.record(connection, make_job(), reservations, active_limit=10**6)
        alerts.note_crossings(connection, reservations, at_ms=to_ms(NOW))

    return operation


async def give_channel(database: Database, channel_id: int | None = CHANNEL, guild_id: int = GUILD_ID) -> None:
    await database.write(
        lambda c: guilds.change_settings(c, guild_id, by_id=1, at=NOW, moderators_channel_id=channel_id)
    )


async def untold(database: Database) -> int:
    row = await database.fetch_one("SELECT count(*) FROM alerts WHERE told_at IS NULL AND lapsed_at IS NULL")
    assert row is not None
    return int(row[0])


@asynccontextmanager
async def sending(database: Database, delivery: AlertDelivery, clock: FakeClock) -> AsyncIterator[AlertSender]:
    """A sender at work; it must not have ended by itself."""
    sender = AlertSender(database, delivery, clock)
    task = asyncio.create_task(sender.run(), name="alerts")
    try:
        yield sender
        assert not task.done()
    finally:
        task.cancel()
        await asyncio.wait({task})


async def rounds(clock: FakeClock, minutes: int = 1) -> None:
    """Let the sender come to its rest, and wake it so many minutes one after the other."""
    for _ in range(minutes):
        await wait_until(lambda: clock.sleeping == 1, what="the sender's rest")
        clock.advance(60)
    await wait_until(lambda: clock.sleeping == 1, what="the sender's rest")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def wall() -> Wall:
    return Wall()


@pytest.fixture
async def sender(database: Database, wall: Wall, clock: FakeClock) -> AsyncIterator[AlertSender]:
    """At rest: there is nothing to tell yet."""
    await give_channel(database)
    async with sending(database, WallDelivery(wall), clock) as at_work:
        await rounds(clock, 0)
        yield at_work


async def test_what_is_reached_is_told_when_notified_and_once(
    database: Database, sender: AlertSender, wall: Wall, clock: FakeClock
) -> None:
    await database.write(spend(GUILD_DAY))
    sender.notify()
    await wait_until(lambda: wall.on(CHANNEL) == [1], what="the message")
    await rounds(clock, 5)
    sender.notify()
    await rounds(clock)
    assert wall.messages == [(CHANNEL, 1)]
    assert (wall.tries, wall.looks, await untold(database)) == (1, 0, 0)


async def test_what_nobody_notified_it_of_is_told_within_a_minute(
    database: Database, sender: AlertSender, wall: Wall, clock: FakeClock
) -> None:
    await database.write(spend(GUILD_DAY))
    await rounds(clock)
    assert wall.messages == [(CHANNEL, 1)]


async def test_guilds_are_told_in_their_own_channels_and_the_operator_of_everybodys(
    database: Database, sender: AlertSender, wall: Wall, clock: FakeClock
) -> None:
    await give_channel(database, OTHER_CHANNEL, OTHER_GUILD)
    await database.write(spend(GUILD_DAY, EVERYBODY))
    await database.write(spend(OTHER_DAY, of=1))
    await rounds(clock)
    assert wall.on(CHANNEL) == [1]
    assert wall.on(None) == [2]
    assert wall.on(OTHER_CHANNEL) == [3, 4, 5]  # half, four fifths and all of it at once


async def test_a_guild_without_a_channel_is_told_once_it_has_one(
    database: Database, sender: AlertSender, wall: Wall, clock: FakeClock
) -> None:
    await database.write(spend(OTHER_DAY))
    await rounds(clock, 30)
    assert wall.tries == 0
    await give_channel(database, OTHER_CHANNEL, OTHER_GUILD)
    sender.notify()
    await rounds(clock)
    assert wall.messages == [(OTHER_CHANNEL, 1)]


async def test_what_has_nowhere_to_go_lapses_with_its_period(
    database: Database, sender: AlertSender, wall: Wall, clock: FakeClock
) -> None:
    await database.write(spend(OTHER_DAY))
    await rounds(clock)
    clock.advance((RENEWS_AT - clock.now()).total_seconds())
    await rounds(clock)
    await give_channel(database, OTHER_CHANNEL, OTHER_GUILD)
    await rounds(clock, 2)
    assert wall.tries == 0
    row = await database.fetch_one("SELECT told_at, lapsed_at FROM alerts")
    assert row is not None
    assert (row["told_at"], row["lapsed_at"] is not None) == (None, True)


async def test_a_refused_alert_is_tried_again_with_growing_pauses_and_then_told(
    database: Database, sender: AlertSender, wall: Wall, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    wall.fate = refuse
    await database.write(spend(GUILD_DAY))
    tries = []
    for _ in range(60):
        await rounds(clock)
        tries.append(wall.tries)
    assert tries[0] == 1
    assert [minute for minute in range(1, 60) if tries[minute] > tries[minute - 1]] == [1, 3, 7, 15, 30, 45]
    assert len([record for record in caplog.records if "has to wait" in record.getMessage()]) == 1
    wall.fate = lambda _: None
    await rounds(clock, 15)
    assert wall.messages == [(CHANNEL, 1)]
    assert wall.looks == 0  # nothing was sent for certain, so there was nothing to look for


def refuse(_: Alert) -> None:
    raise AlertRefused("no such channel")


async def test_a_new_channel_is_tried_at_once(
    database: Database, sender: AlertSender, wall: Wall, clock: FakeClock
) -> None:
    wall.fate = refuse
    await database.write(spend(GUILD_DAY))
    await rounds(clock, 20)
    wall.fate = lambda _: None
    await give_channel(database, OTHER_CHANNEL)
    sender.notify()
    await wait_until(lambda: wall.on(OTHER_CHANNEL) == [1], what="the message")


async def test_one_that_fails_keeps_no_other_waiting(
    database: Database, sender: AlertSender, wall: Wall, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    def fate(alert: Alert) -> None:
        if alert.alert_id == 1:
            raise AlertRefused("missing permissions")
        if alert.alert_id == 2:
            raise ValueError("a fault of ours")

    wall.fate = fate
    await give_channel(database, OTHER_CHANNEL, OTHER_GUILD)
    for accounts in ((GUILD_DAY,), (EVERYBODY,), (OTHER_DAY,)):
        await database.write(spend(*accounts))
    await rounds(clock)
    assert wall.messages == [(OTHER_CHANNEL, 3)]
    assert "alert 2 failed in an unforeseen way" in caplog.text
    wall.fate = lambda _: None
    await rounds(clock, 3)
    assert sorted(wall.messages, key=str) == sorted([(CHANNEL, 1), (None, 2), (OTHER_CHANNEL, 3)], key=str)


async def test_a_message_whose_answer_was_lost_is_found_and_not_repeated(
    database: Database, sender: AlertSender, wall: Wall, clock: FakeClock
) -> None:
    wall.loses_answers = True
    await database.write(spend(GUILD_DAY))
    await rounds(clock)
    assert await untold(database) == 1
    await rounds(clock, 3)
    assert wall.messages == [(CHANNEL, 1)]
    assert (wall.looks, await untold(database)) == (1, 0)


async def test_a_message_that_did_not_get_through_is_sent_again(
    database: Database, sender: AlertSender, wall: Wall, clock: FakeClock
) -> None:
    wall.fate = be_away
    await database.write(spend(GUILD_DAY))
    await rounds(clock, 3)
    wall.fate = lambda _: None
    await rounds(clock, 4)
    assert wall.messages == [(CHANNEL, 1)]
    assert await untold(database) == 0


def be_away(_: Alert) -> None:
    raise DeliveryUnavailable("no answer")


async def test_where_it_can_not_be_looked_it_is_not_sent_twice(
    database: Database, sender: AlertSender, wall: Wall, clock: FakeClock
) -> None:
    wall.loses_answers = True
    wall.can_be_looked_at = False
    await database.write(spend(GUILD_DAY))
    await rounds(clock, 60)
    assert (wall.tries, wall.messages) == (1, [(CHANNEL, 1)])
    wall.can_be_looked_at = True
    await rounds(clock, 15)
    assert (wall.tries, await untold(database)) == (1, 0)


async def test_it_is_looked_for_where_it_was_sent_also_after_the_channel_was_changed(
    database: Database, sender: AlertSender, wall: Wall, clock: FakeClock
) -> None:
    wall.loses_answers = True
    await database.write(spend(GUILD_DAY))
    await rounds(clock)
    await give_channel(database, OTHER_CHANNEL)
    sender.notify()
    await rounds(clock)
    assert wall.messages == [(CHANNEL, 1)]
    assert await untold(database) == 0


async def test_a_channel_taken_away_in_the_middle_of_a_round_is_not_written_to(
    database: Database, wall: Wall, clock: FakeClock
) -> None:
    class Meddling(WallDelivery):
        async def tell(self, alert: Alert, guild: GuildSettings | None) -> None:
            await give_channel(database, None)
            await super().tell(alert, guild)

    await give_channel(database)
    await database.write(spend(GUILD_DAY, of=1))
    async with sending(database, Meddling(wall), clock):
        await rounds(clock, 3)
    assert wall.messages == [(CHANNEL, 1)]
    assert await untold(database) == 2


async def test_a_database_that_can_not_be_read_is_waited_for(
    database: Database, wall: Wall, clock: FakeClock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    await give_channel(database)
    await database.write(spend(GUILD_DAY))
    works = database.fetch_all

    async def fails(*_: Any) -> list[sqlite3.Row]:
        raise StorageUnavailable("the disk is gone")

    monkeypatch.setattr(database, "fetch_all", fails)
    async with sending(database, WallDelivery(wall), clock):
        await rounds(clock, 5)
        assert wall.tries == 0
        monkeypatch.setattr(database, "fetch_all", works)
        await rounds(clock)
    assert wall.messages == [(CHANNEL, 1)]
    assert len([record for record in caplog.records if "have to wait for the database" in record.getMessage()]) == 1


class Life:
    """One process: it accepts a job that uses half of a guild's and everybody's budget, and tells of it."""

    def __init__(self, folder: Path, wall: Wall, wire: Tripwire) -> None:
        self._path = folder / "easel.db"
        self._wall = wall
        self._wire = wire

    async def live(self, *, accepts: bool) -> None:
        """Until the wire kills it, or all is told."""
        wire, clock = self._wire, FakeClock(NOW + timedelta(minutes=1))

        class WiredDatabase(Database):
            async def write(self, operation: Operation[T]) -> T:
                return await wire.through("write", super().write(operation))

        class WiredDelivery(WallDelivery):
            async def tell(self, alert: Alert, guild: GuildSettings | None) -> None:
                await wire.through("tell", super().tell(alert, guild))

        database = await WiredDatabase.open(self._path, clock=clock)
        try:
            async with sending(database, WiredDelivery(self._wall), clock) as sender:
                if accepts:
                    member = asyncio.create_task(self._accept(database, sender), name="member")
                    await self._wait(lambda: member.done())
                    member.cancel()
                    await asyncio.wait({member})
                while not wire.dead.is_set() and await untold(database):
                    await asyncio.sleep(0.001)
                await wait_until(lambda: not [t for t in asyncio.all_tasks() if t.get_name() == "the last effect"])
        finally:
            await database.close()

    async def _accept(self, database: Database, sender: AlertSender) -> None:
        await database.write(spend(GUILD_DAY, EVERYBODY))
        sender.notify()

    async def _wait(self, over: Callable[[], bool]) -> None:
        await wait_until(lambda: self._wire.dead.is_set() or over(), what="an end")


@pytest.mark.parametrize("second", [None, Cut.BEFORE, Cut.AFTER], ids=["once", "twice_before", "twice_after"])
@pytest.mark.parametrize("cut", list(Cut), ids=lambda cut: cut.value)
async def test_each_is_told_once_wherever_the_process_is_killed(
    tmp_path: Path, open_database: OpenDatabase, cut: Cut, second: Cut | None
) -> None:
    """Killed at every effect of one life, and where `second` says so at every effect of the next one too."""
    for at in range(1, EFFECTS_MAX):
        for again in range(1, EFFECTS_MAX if second else 2):
            folder = tmp_path / f"{at}-{again}"
            folder.mkdir()
            wall, first_wire = Wall(), Tripwire(at, cut)
            prepared = await open_database(folder / "easel.db")
            await give_channel(prepared)
            await prepared.close()
            await Life(folder, wall, first_wire).live(accepts=True)
            next_wire = Tripwire(again if second else None, second or cut)
            await Life(folder, wall, next_wire).live(accepts=False)
            await Life(folder, wall, Tripwire(None, cut)).live(accepts=False)
            # Killed before the job was on disk there is nothing to tell; otherwise each exactly once.
            expected = {} if (at, cut) == (1, Cut.BEFORE) else {(CHANNEL, 1): 1, (None, 2): 1}
            assert Counter(wall.messages) == expected, (cut, at, first_wire.calls, second, again, next_wire.calls)
            if not next_wire.dead.is_set():
                break
        if not first_wire.dead.is_set():
            assert at == 8, "accept, and claim, tell and note for each of two"
            return
    raise AssertionError(f"there are more than {EFFECTS_MAX} effects")
