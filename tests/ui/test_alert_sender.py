"""Alerts from the database to Discord: there once, wherever the sending is cut short."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from clock import to_ms
from generation.alerts import AlertSender
from models import AccountKey, Scope
from sandbox.discord import Channel, Guild, Permissions, routes
from storage import alerts, guilds, jobs
from tests.builders import DAY, NOW, make_account, make_job, make_reservation
from tests.support import PATIENCE_SECONDS, wait_until
from tests.ui.city import City, delivery_of, known, posts, read_by, texts
from ui import alerts as alerts_on_discord

# Discord takes a second message with the same nonce for the first one, but only for a few minutes.
PAST_THE_NONCE = 600


async def spend(city: City, *accounts: AccountKey, times: int = 1) -> None:
    """Half of each budget, or with two `times` all of it, is held by a job."""
    reservations = [replace(make_reservation(one, amount=times * 90_000, cap=180_000), each=90_000) for one in accounts]

    def operation(connection: sqlite3.Connection) -> None:
        jobs.record(connection, make_job(), reservations, active_limit=10**6)
        alerts.note_crossings(connection, reservations, at_ms=to_ms(NOW))

    await city.database.write(operation)


async def choose(city: City, channel: Channel) -> None:
    await known(city, channel)
    await city.database.write(
        lambda c: guilds.change_settings(c, channel.guild.id, by_id=1, at=NOW, moderators_channel_id=channel.id)
    )


def day_of(guild: Guild) -> AccountKey:
    return make_account(Scope.GUILD, guild_id=guild.id, period=DAY)


@asynccontextmanager
async def process(city: City, *owner_ids: int) -> AsyncIterator[AlertSender]:
    """A sender at work, killed at the end wherever it is."""
    sender = AlertSender(city.database, delivery_of(city, *owner_ids), city.clock)
    task = asyncio.create_task(sender.run(), name="alerts")
    try:
        yield sender
        assert not task.done()
    finally:
        task.cancel()
        await asyncio.wait({task})


async def at_rest(city: City, *, minutes: int = 0) -> None:
    """So many minutes later, and with nothing under way."""
    for _ in range(minutes):
        await wait_until(lambda: city.clock.sleeping == 1, what="the sender's rest")
        city.clock.advance(60)
    await wait_until(lambda: city.clock.sleeping == 1, what="the sender's rest")


async def untold(city: City) -> int:
    rows = await city.database.fetch_all("SELECT 1 FROM alerts WHERE told_at IS NULL")
    return len(rows)


async def test_two_guilds_and_the_operator_are_each_told_their_own(city: City, mods: Channel) -> None:
    other = city.discord.add_guild("Other").add_channel("mods")
    await choose(city, mods)
    await choose(city, other)
    await spend(city, day_of(mods.guild), make_account(Scope.GLOBAL))
    await spend(city, day_of(other.guild), times=2)
    async with process(city):
        await at_rest(city, minutes=3)
    assert [words.splitlines()[-1] for words in texts(mods)] == ["-# alert 1"]
    assert [words.splitlines()[-1] for words in read_by(city, city.discord.world.owner)] == ["-# alert 2"]
    assert [words.splitlines()[-1] for words in texts(other)] == ["-# alert 3", "-# alert 4", "-# alert 5"]
    assert (posts(city), await untold(city)) == (5, 0)


async def told_once(city: City, mods: Channel, *, minutes: int = 0) -> None:
    """The next process finds or sends it; there is one message, and it is known to be there."""
    async with process(city):
        await at_rest(city, minutes=minutes)
    assert [words.splitlines()[-1] for words in texts(mods)] == ["-# alert 1"]
    assert await untold(city) == 0


async def test_killed_before_the_claim(city: City, mods: Channel) -> None:
    await choose(city, mods)
    await spend(city, day_of(mods.guild))
    stuck, go_on = threading.Event(), threading.Event()

    def hang(_: sqlite3.Connection) -> None:
        stuck.set()
        go_on.wait(PATIENCE_SECONDS)

    disk = asyncio.create_task(city.database.write(hang))
    await wait_until(stuck.is_set, what="a disk that hangs")
    async with process(city):
        for _ in range(20):
            await asyncio.sleep(0)
    assert posts(city) == 0
    go_on.set()
    await disk
    # What the writer was asked for it still does, as no killed process could: the next claim may have to look again.
    await told_once(city, mods, minutes=2)


async def test_killed_after_the_claim_and_before_the_message(city: City, mods: Channel) -> None:
    await choose(city, mods)
    await spend(city, day_of(mods.guild))
    fault = city.discord.faults.hold("POST", routes.MESSAGES)
    async with process(city):
        await fault.happened()
    fault.release(drop=True)
    assert texts(mods) == []
    await told_once(city, mods)


async def test_killed_after_the_message_and_before_that_is_noted(city: City, mods: Channel) -> None:
    await choose(city, mods)
    await spend(city, day_of(mods.guild))
    fault = city.discord.faults.hold("POST", routes.MESSAGES, when="after")
    async with process(city):
        await fault.happened()
    assert len(texts(mods)) == 1
    before = posts(city)
    await told_once(city, mods)
    assert posts(city) == before
    assert city.discord.exchanges.matching("GET", routes.MESSAGES)


async def test_killed_while_the_message_was_still_on_its_way(city: City, mods: Channel) -> None:
    """The next process looks too early to see it, and Discord takes its message for the same one."""
    await choose(city, mods)
    await spend(city, day_of(mods.guild))
    late = city.discord.faults.hold("POST", routes.MESSAGES)
    async with process(city):
        await late.happened()
    second = city.discord.faults.hold("POST", routes.MESSAGES)
    async with process(city):
        await second.happened()  # it has looked
        late.release()
        await wait_until(lambda: len(texts(mods)) == 1, what="the late message")
        second.release()
        await at_rest(city)
    await told_once(city, mods)


async def test_killed_between_two_owners(city: City) -> None:
    await spend(city, make_account(Scope.GLOBAL))
    owners = (city.ada.id, city.bob.id)
    channel = city.discord.dms(city.bob)
    fault = city.discord.faults.hold("POST", routes.MESSAGES, where=lambda call: str(channel.id) in call.path)
    async with process(city, *owners):
        await fault.happened()
        await wait_until(lambda: len(read_by(city, city.ada.user)) == 1, what="the first owner's message")
    fault.release(drop=True)
    city.clock.advance(PAST_THE_NONCE)
    async with process(city, *owners):
        await at_rest(city)
    assert (len(read_by(city, city.ada.user)), len(read_by(city, city.bob.user))) == (1, 1)
    assert await untold(city) == 0


async def test_an_answer_that_became_a_502_on_its_way_makes_no_second_message(city: City, mods: Channel) -> None:
    """discord.py repeats the POST by itself."""
    await choose(city, mods)
    await spend(city, day_of(mods.guild))
    city.discord.faults.add("POST", routes.MESSAGES, status=502, when="after")
    await told_once(city, mods)
    assert posts(city) == 2


async def test_an_answer_that_is_lost_for_good_makes_no_second_message(
    city: City, mods: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alerts_on_discord, "SEND_SECONDS", 0.5)
    await choose(city, mods)
    await spend(city, day_of(mods.guild))
    city.discord.faults.add("POST", routes.MESSAGES, status=502, when="after", times=None)
    await told_once(city, mods, minutes=2)
    assert posts(city) == 1


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_connection_that_is_cut_is_looked_after(city: City, mods: Channel, when: str) -> None:
    await choose(city, mods)
    await spend(city, day_of(mods.guild))
    city.discord.faults.drop("POST", routes.MESSAGES, when="before" if when == "before" else "after")
    await told_once(city, mods, minutes=2)


async def test_a_channel_that_opens_again_is_told_what_it_missed(city: City, mods: Channel) -> None:
    mods.set_bot_permissions(Permissions.VIEW_CHANNEL)
    await choose(city, mods)
    await spend(city, day_of(mods.guild))
    async with process(city):
        await at_rest(city, minutes=4)
        assert (texts(mods), await untold(city)) == ([], 1)
        mods.set_bot_permissions(Permissions.VIEW_CHANNEL | Permissions.SEND_MESSAGES)
        await at_rest(city, minutes=8)
    await told_once(city, mods)


async def test_another_channel_is_told_where_the_first_was_deleted(city: City, mods: Channel) -> None:
    await choose(city, mods)
    await spend(city, day_of(mods.guild))
    mods.guild.remove_channel(mods)
    async with process(city) as sender:
        await at_rest(city, minutes=2)
        other = city.guild.add_channel("staff")
        await choose(city, other)
        sender.notify()
        await other.arrived()
        await at_rest(city)
    await told_once(city, other)
