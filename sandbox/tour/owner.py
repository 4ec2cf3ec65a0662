"""What those who run a server see on the tour: settings, caps, spending, an alert; and what members see of the caps."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from sandbox.demo.channel import shown_name
from sandbox.demo.visitor import Visitor
from sandbox.discord import Channel, Guild, Message, Permissions, TranscriptEntry, Value
from sandbox.discord.transcript import entry
from sandbox.tour import past
from sandbox.tour.scenes import Album

_ALERT_SECONDS: Final = 20.0
# Its pages in the order of their tabs, after the first.
_PAGES: Final = ("money", "pictures")


async def visit(album: Album, database: Path) -> None:
    """The owner's part of the tour, in a server of its own that has most of a month behind it."""
    script, discord = album.script, album.discord
    guild = discord.add_guild(script.guild, locale=script.locale)
    art, moderators = guild.add_channel(script.channel), guild.add_channel(script.moderators)
    role = guild.add_role(script.role)
    admin = guild.add_member(script.member, permissions=Permissions.MANAGE_GUILD)
    regular = guild.add_member(script.other, roles=[role])
    busy = guild.add_member(script.third)
    past.fill(database, guild_id=guild.id, user_ids=[admin.id, busy.id, regular.id], now=discord.world.now())
    album.names.update(_names(guild))
    owner = Visitor(discord=discord, channel=art, member=admin, locale=script.locale)
    member = Visitor(discord=discord, channel=art, member=regular, locale=script.locale)

    await owner.ask("admin limits", {"cap": "guild_daily_micros", "value": "2.50"})
    await owner.ask("admin limits", {"cap": "guild_monthly_micros", "value": "25", "reason": script.budget_reason})
    more: dict[str, Value] = {"cap": "member_daily_images", "value": "30"}
    await owner.ask("admin limits", {**more, "role": role, "reason": script.role_reason})
    await owner.ask("admin limits", {"member": busy, "cap": "member_monthly_micros", "value": "8"})
    album.put("limits", await owner.ask("admin limits"))
    album.put("setup", *await _setup(owner, art, moderators))
    album.put("spend", await owner.ask("admin spend"))
    question = await member.ask("imagine", {"prompt": script.four, "count": 4, "seed": script.four_seed})
    album.put("confirm", question)
    await (await member.press(question, "confirm")).message()
    album.put("alert", await moderators.arrived(_is_second_mark, _ALERT_SECONDS))
    await owner.ask("admin grant", {"user": regular, "images": 10, "reason": script.grant_reason})
    album.put("quota", await member.ask("quota"))


def _names(guild: Guild) -> Mapping[int, str]:
    return {
        **{channel.id: channel.name for channel in guild.channels.values()},
        **{role.id: role.name for role in guild.roles.values()},
        **{member.id: shown_name(member.name) for member in guild.members.values()},
    }


async def _setup(owner: Visitor, art: Channel, moderators: Channel) -> list[TranscriptEntry]:
    """Every page of the panel, after some choices."""
    panel = await owner.ask("admin setup")
    await owner.choose(panel, "setup:channels", [art])
    await owner.choose(panel, "setup:moderators_channel_id", [moderators])
    pages = [_fresh(panel)]
    for page in _PAGES:
        await owner.press(panel, f"setuplook:{page}")
        if page == "money":
            await owner.choose(panel, "setup:confirm", ["images.4"])
        pages.append(_fresh(panel))
    return pages


def _is_second_mark(message: Message) -> bool:
    """Whether it tells of 80 %: half of a budget is used before that, and told of too."""
    return "80" in message.text().partition("\n")[0]


def _fresh(message: Message) -> TranscriptEntry:
    """The message as if it were just there."""
    return replace(entry(message), edits=0)
