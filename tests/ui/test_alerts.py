"""Alerts as they go over the wire: worded for whom they are for, and there once however the sending was cut short."""

import asyncio
from dataclasses import replace
from datetime import datetime

import pytest

from errors import AlertRefused, DeliveryUnavailable
from models import Alert, Balance, GuildSettings, Scope
from sandbox.discord import Channel, Guild, Permissions, routes
from storage.meta import Meta
from tests.builders import DAY, MONTH, NOW, RENEWS_AT, make_account
from tests.support import wait_until
from tests.ui.city import City, delivery_of, known, posts, read_by, texts
from ui import alerts as alerts_on_discord
from ui.alerts import DiscordAlerts
from ui.client import EaselClient
from ui.notices import OwnerNotices

NEXT_MONTH = datetime(2026, 12, 1, tzinfo=NOW.tzinfo)
# Discord takes a second message with the same nonce for the first one, but only for a few minutes.
PAST_THE_NONCE = 600
WITHOUT_HISTORY = Permissions.VIEW_CHANNEL | Permissions.SEND_MESSAGES


def alert_of(guild: Guild | None, *, percent: int = 80, daily: bool = True, pending: int = 180_000) -> Alert:
    """Four of five dollars are used, by a guild or by everybody."""
    account = (
        make_account(Scope.GLOBAL)
        if guild is None
        else make_account(Scope.GUILD, guild_id=guild.id, period=DAY if daily else MONTH)
    )
    return Alert(
        alert_id=12,
        balance=Balance(account=account, pending=pending, posted=4_000_000 - pending, cap=5_000_000),
        percent=percent,
        made_at=NOW,
        renews_at=RENEWS_AT if daily else NEXT_MONTH,
    )


def settings_of(channel: Channel, *, language: str = "auto") -> GuildSettings:
    return GuildSettings(guild_id=channel.guild.id, moderators_channel_id=channel.id, language=language)


async def test_moderators_are_told_what_is_used_when_it_renews_and_what_happens_then(city: City, mods: Channel) -> None:
    await delivery_of(city).tell(alert_of(mods.guild), settings_of(mods))
    [words] = texts(mods)
    assert words == (
        "### 🟠 80% of this server's budget for today is used\n"
        "▰▰▰▰▰▰▰▰▱▱  **$4.00 of $5.00**\n"
        "-# $3.82 spent · $0.18 held for requests under way\n"
        "Once it is used up, I refuse new requests until it renews: <t:1795392000:f>, <t:1795392000:R>.\n"
        "-# `/admin spend` shows where it went, `/admin limits` changes the budget.\n"
        "-# alert 12"
    )


@pytest.mark.parametrize(
    ("daily", "percent", "headline"),
    [
        (True, 50, "### 🔵 50% of this server's budget for today is used"),
        (False, 80, "### 🟠 80% of this server's budget for this month is used"),
        (True, 100, "### 🛑 This server's budget for today is used up"),
        (False, 100, "### 🛑 This server's budget for this month is used up"),
    ],
)
async def test_the_headline_names_the_budget_and_the_mark(
    city: City, mods: Channel, daily: bool, percent: int, headline: str
) -> None:
    await delivery_of(city).tell(alert_of(mods.guild, percent=percent, daily=daily), settings_of(mods))
    assert texts(mods)[0].splitlines()[0] == headline


@pytest.mark.parametrize(("pending", "said"), [(0, False), (90_000, True)])
async def test_a_budget_that_is_used_up_by_holding_may_get_something_back(
    city: City, mods: Channel, pending: int, said: bool
) -> None:
    await delivery_of(city).tell(alert_of(mods.guild, percent=100, pending=pending), settings_of(mods))
    [words] = texts(mods)
    assert "Not one more picture fits, so I refuse new requests until it renews" in words
    assert ("its money is given back" in words) is said
    assert ("held" in words) is said


async def test_the_operator_is_told_of_everybodys_budget_and_the_operators_commands(city: City) -> None:
    await delivery_of(city).tell(alert_of(None, daily=False), None)
    [words] = read_by(city, city.discord.world.owner)
    assert "80% of the whole bot's budget for this month is used" in words
    assert "`/operator budget`" in words
    assert "/admin" not in words


async def test_a_guild_is_spoken_to_in_its_own_language(city: City, mods: Channel) -> None:
    german = city.discord.add_guild("Werkstatt", locale="de").add_channel("mods")
    await known(city, german)
    delivery = delivery_of(city)
    for channel, language in ((mods, "auto"), (german, "auto"), (mods, "de"), (german, "en")):
        await delivery.tell(
            replace(alert_of(channel.guild), alert_id=posts(city)), settings_of(channel, language=language)
        )
    assert ["4,00\xa0$" in words for words in (*texts(mods), *texts(german))] == [False, True, True, False]


async def test_nobody_is_mentioned(city: City, mods: Channel) -> None:
    await delivery_of(city).tell(alert_of(mods.guild), settings_of(mods))
    [exchange] = city.discord.exchanges.matching("POST", routes.MESSAGES)
    assert exchange.request["allowed_mentions"]["parse"] == []


async def test_what_was_told_is_found_by_its_reference_alone(city: City, mods: Channel) -> None:
    delivery, alert = delivery_of(city), alert_of(mods.guild)
    sent = replace(alert, sending_at=NOW, channel_id=mods.id)
    await known(city, mods)
    assert not await delivery.was_told(sent)
    await delivery.tell(alert, settings_of(mods, language="de"))
    assert await delivery.was_told(sent)
    assert not await delivery.was_told(replace(sent, alert_id=1))
    assert not await delivery.was_told(replace(sent, alert_id=2))
    assert not await delivery.was_told(replace(sent, alert_id=123))
    for number in range(49):
        city.discord.post(city.ada, mods, f"chatter {number}")
    assert await delivery.was_told(sent)


async def test_what_others_write_is_no_alert(city: City, mods: Channel) -> None:
    city.discord.world.message_content_allowed = True  # or the bot would not be shown the text
    body = {"flags": 1 << 15, "components": [{"type": 10, "content": "-# alert 12"}]}
    city.discord.post_from_app(city.bob, mods, body)
    city.discord.post(city.ada, mods, "-# alert 12")
    await known(city, mods)
    assert not await delivery_of(city).was_told(replace(alert_of(mods.guild), sending_at=NOW, channel_id=mods.id))


async def test_without_the_history_nothing_is_claimed_about_it(city: City, mods: Channel) -> None:
    mods.set_bot_permissions(WITHOUT_HISTORY)
    await known(city, mods)
    with pytest.raises(DeliveryUnavailable, match="may not read"):
        await delivery_of(city).was_told(replace(alert_of(mods.guild), sending_at=NOW, channel_id=mods.id))


async def test_what_was_sent_to_a_deleted_channel_is_gone(city: City, mods: Channel) -> None:
    delivery = delivery_of(city)
    await delivery.tell(alert_of(mods.guild), settings_of(mods))
    mods.guild.remove_channel(mods)
    assert not await delivery.was_told(replace(alert_of(mods.guild), sending_at=NOW, channel_id=mods.id))


async def test_a_channel_that_is_gone_or_closed_refuses_for_certain(city: City, mods: Channel) -> None:
    delivery = delivery_of(city)
    mods.set_bot_permissions(Permissions.VIEW_CHANNEL)
    with pytest.raises(AlertRefused, match="403"):
        await delivery.tell(alert_of(mods.guild), settings_of(mods))
    mods.guild.remove_channel(mods)
    with pytest.raises(AlertRefused, match="404"):
        await delivery.tell(alert_of(mods.guild), settings_of(mods))


@pytest.mark.parametrize("status", [408, 429, 503])
async def test_after_any_other_answer_the_message_may_be_there(city: City, mods: Channel, status: int) -> None:
    delivery = delivery_of(city)
    city.discord.faults.add("POST", routes.MESSAGES, status=status, when="after", headers={"Via": ""})
    with pytest.raises(DeliveryUnavailable, match=str(status)):
        await delivery.tell(alert_of(mods.guild), settings_of(mods))
    assert await delivery.was_told(replace(alert_of(mods.guild), sending_at=NOW, channel_id=mods.id))


async def test_a_guild_that_the_bot_has_left_is_not_asked(city: City, mods: Channel) -> None:
    city.discord.remove_guild(mods.guild)
    await wait_until(lambda: city.client.get_guild(mods.guild.id) is None, what="the bot's leaving")
    with pytest.raises(AlertRefused, match="not connected"):
        await delivery_of(city).tell(alert_of(mods.guild), settings_of(mods))
    with pytest.raises(DeliveryUnavailable):
        await delivery_of(city).was_told(replace(alert_of(mods.guild), sending_at=NOW, channel_id=mods.id))
    assert posts(city) == 0


async def test_a_start_waits_until_the_guilds_are_known(
    city: City, mods: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without them nobody knows the guild's language, nor whether the bot is still in it."""
    client = EaselClient(meta=Meta(city.database), api_url=city.discord.api_url, gateway_url=city.discord.gateway_url)
    async with client:
        await client.login(city.discord.token)
        delivery = DiscordAlerts(client, OwnerNotices(client, owner_ids=()))
        with monkeypatch.context() as impatient:
            impatient.setattr(alerts_on_discord, "SEND_SECONDS", 0.05)
            with pytest.raises(AlertRefused, match="not connected"):
                await delivery.tell(alert_of(mods.guild), settings_of(mods))
        telling = asyncio.create_task(delivery.tell(alert_of(mods.guild), settings_of(mods)))
        connection = asyncio.create_task(client.connect(), name="another connection")
        await telling
    await connection
    assert len(texts(mods)) == 1


async def test_one_owner_who_takes_no_messages_keeps_the_others_from_nothing(city: City) -> None:
    city.ada.user.takes_direct_messages = False
    delivery = delivery_of(city, city.ada.id, city.bob.id, 11)
    await delivery.tell(alert_of(None, daily=False), None)
    assert len(read_by(city, city.bob.user)) == 1
    with pytest.raises(AlertRefused, match="no owner"):
        await delivery_of(city, city.ada.id, 11).tell(alert_of(None, daily=False), None)


async def test_an_owner_who_has_got_it_does_not_get_it_again(city: City) -> None:
    """The process ended after the first of two owners was told."""
    alert = alert_of(None, daily=False)
    await delivery_of(city, city.ada.id).tell(alert, None)
    city.clock.advance(PAST_THE_NONCE)
    both, again = delivery_of(city, city.ada.id, city.bob.id), replace(alert, sending_at=NOW)
    assert not await both.was_told(again)
    await both.tell(again, None)
    assert (len(read_by(city, city.ada.user)), len(read_by(city, city.bob.user))) == (1, 1)
    assert await both.was_told(again)


async def test_an_owner_who_is_not_known_yet_is_waited_for(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(city.client, "_application", None)
    delivery = delivery_of(city)
    with pytest.raises(AlertRefused):
        await delivery.tell(alert_of(None, daily=False), None)
    assert not await delivery.was_told(replace(alert_of(None, daily=False), sending_at=NOW))
