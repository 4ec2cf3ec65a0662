"""What moderators see on the tour: a refusal and its appeal, pictures that wait, reports, strikes and the log."""

from collections.abc import Callable
from typing import Final

from sandbox.demo.channel import pictures_in, shown_name
from sandbox.demo.visitor import Visitor
from sandbox.discord import Message, Permissions
from sandbox.tour.scenes import Album

_CARD_SECONDS: Final = 20.0


async def visit(album: Album) -> None:
    """The moderators' part of the tour, in a server of its own."""
    script, discord = album.script, album.discord
    guild = discord.add_guild(script.guild, locale=script.locale)
    art, office = guild.add_channel(script.channel), guild.add_channel(script.moderators)
    permissions = Permissions.MANAGE_GUILD | Permissions.MANAGE_MESSAGES
    people = [guild.add_member(script.member, permissions=permissions), guild.add_member(script.other)]
    people += [guild.add_member(name) for name in (script.third, *script.neighbours)]
    album.names.update({channel.id: channel.name for channel in guild.channels.values()})
    album.names.update({member.id: shown_name(member.name) for member in people})
    moderator, member, artist, *neighbours = (
        Visitor(discord=discord, channel=art, member=one, locale=script.locale) for one in people
    )

    panel = await moderator.ask("admin setup")
    await moderator.choose(panel, "setup:moderators_channel_id", [office])
    await moderator.ask("filter add", {"term": script.blocked_term, "category": script.blocked_category})
    tested = await moderator.ask("filter test", {"text": script.blocked_prompt})
    album.put("filter-test", tested)
    refusal = await member.ask("imagine", {"prompt": script.blocked_prompt})
    album.put("refusal", refusal)
    await member.fill_in(refusal, "appeal", {"words": script.appeal})
    album.put("appeal", await office.arrived(_saying(script.appeal), _CARD_SECONDS))

    reported = await artist.ask("imagine", {"prompt": script.four, "seed": script.four_seed})
    await reported.changed(pictures_in, _CARD_SECONDS)
    for neighbour, reason in zip((member, *neighbours), script.report_reasons, strict=True):
        await neighbour.fill_in(reported, "report", {"reason": reason})
    await reported.changed(lambda card: not pictures_in(card), _CARD_SECONDS)
    album.put("hidden", reported)
    report = await office.arrived(_saying(script.report_reasons[-1]), _CARD_SECONDS)
    await report.changed(lambda card: "🙈" in card.text(), _CARD_SECONDS)
    album.put("report", report)
    await moderator.press(report, "reportdismiss")
    await reported.changed(pictures_in, _CARD_SECONDS)

    await moderator.press(panel, "setuplook:moderation")
    await moderator.choose(panel, "setup:review", ["always"])
    album.put("setup-moderation", panel)
    waiting = await artist.ask("imagine", {"prompt": script.with_preset, "seed": script.with_preset_seed})
    review = await office.arrived(_saying(script.with_preset), _CARD_SECONDS)
    await review.changed(pictures_in, _CARD_SECONDS)
    album.put("waiting", waiting)
    album.put("review", review)
    await moderator.press(review, "reviewapprove")
    await waiting.changed(pictures_in, _CARD_SECONDS)

    album.put("strikes", await moderator.ask("mod strikes", {"user": member.member}))
    await moderator.ask(
        "mod suspend", {"user": neighbours[0].member, "duration": "1d", "reason": script.suspend_reason}
    )
    album.put("log", await moderator.ask("mod log"))


def _saying(words: str) -> Callable[[Message], bool]:
    return lambda message: words in message.text()
