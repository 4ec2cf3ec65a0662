"""What members see on the tour: the real bot's messages, kept as they were when they were worth a picture."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sandbox.demo.channel import ChannelView, OpenForm, pictures_in, shown_name
from sandbox.demo.visitor import Visitor, photo
from sandbox.discord import DiscordStandIn, Message, Permissions, TranscriptEntry, Value
from sandbox.discord.transcript import entry
from sandbox.pixazo import PixazoStandIn
from sandbox.tour.scripts import Script

_CARD_SECONDS: Final = 20.0
_SECONDS_PER_JOB: Final = 0.5


@dataclass(slots=True, kw_only=True)
class Album:
    """What is to be photographed, by the name of the picture."""

    script: Script
    names: dict[int, str]
    discord: DiscordStandIn
    scenes: dict[str, tuple[TranscriptEntry | OpenForm, ...]] = field(default_factory=dict)

    def put(self, name: str, *shown: Message | TranscriptEntry | OpenForm) -> None:
        """Keep what is shown as it is now."""
        self.scenes[name] = tuple(entry(one) if isinstance(one, Message) else one for one in shown)

    def views(self) -> Mapping[str, ChannelView]:
        """Each scene as its member sees it."""
        hosted = {attachment.path: attachment for attachment in self.discord.world.attachments.values()}
        return {
            name: ChannelView(
                guild=self.script.guild,
                channel=self.script.channel,
                names=self.names,
                entries=(),
                states={},
                moments=moments,
                hosted=hosted,
                language=self.script.language,
                reader=self.script.member,
            )
            for name, moments in self.scenes.items()
        }


def latency(_body: Mapping[str, Any]) -> float:
    """Seconds that the provider takes."""
    return _SECONDS_PER_JOB


async def take(script: Script, discord: DiscordStandIn, pixazo: PixazoStandIn) -> Album:
    """The whole tour in one language. The bot must be running, with one job at the provider at a time."""
    guild = discord.add_guild(script.guild, locale=script.locale)
    channel = guild.add_channel(script.channel)
    member = guild.add_member(script.member, permissions=Permissions.MANAGE_GUILD)
    other = guild.add_member(script.other)
    names = {one.id: shown_name(one.name) for one in guild.members.values()}
    album = Album(script=script, names={**names, channel.id: channel.name}, discord=discord)
    guide = Visitor(discord=discord, channel=channel, member=member, locale=script.locale)
    neighbour = Visitor(discord=discord, channel=channel, member=other, locale=script.locale)

    await _preset(guide, script, album)
    four = await _four(guide, neighbour, script, album, pixazo)
    await _control(guide, script, album)
    made = await _made(
        guide, "imagine", {"prompt": script.with_preset, "preset": script.preset, "seed": script.with_preset_seed}
    )
    await _reference(guide, script)
    await guide.press(four, "favourite")
    album.put("details", await (await guide.press(made, "details")).message())
    album.put("history", await guide.ask("history"))
    await guide.fill_in(four, "edit", {"prompt": script.edited})
    album.put("edit", next(moment for moment in reversed(guide.moments) if isinstance(moment, OpenForm)))
    return album


async def _preset(guide: Visitor, script: Script, album: Album) -> None:
    panel = await guide.ask("preset save", {"name": script.preset})
    await guide.fill_in(panel, "presetform:words", {"template": script.template, "negative_prompt": script.negative})
    await guide.fill_in(
        panel,
        "presetform:picture",
        {"image_size": "landscape_16_9", "num_inference_steps": "32", "guidance_scale": "3"},
    )
    album.put("preset-panel", panel)
    await guide.press(panel, "presetsave")
    album.put("preset-page", await guide.ask("preset show", {"name": script.preset}))


async def _four(guide: Visitor, neighbour: Visitor, script: Script, album: Album, pixazo: PixazoStandIn) -> Message:
    """A request that waits behind somebody else's, and then is four pictures."""
    pixazo.latency = float("inf")
    ahead = await neighbour.ask("imagine", {"prompt": script.busy, "seed": 17})
    await ahead.changed(lambda card: not card.buttons(), _CARD_SECONDS)
    options: dict[str, Value] = {"prompt": script.four, "count": 4, "seed": script.four_seed}
    card = await guide.ask("imagine", options)
    album.put("card", card)
    pixazo.latency = latency
    pixazo.finish()
    await card.changed(pictures_in, _CARD_SECONDS)
    album.put("gallery", card)
    return card


async def _control(guide: Visitor, script: Script, album: Album) -> None:
    options: dict[str, Value] = {
        "prompt": script.followed,
        "image": photo("a lighthouse above a calm sea at dawn"),
        "mode": "canny",
        "seed": script.followed_seed,
    }
    preview = await guide.ask("control", options)
    album.put("control-preview", preview)
    card = await (await guide.press(preview, "controlgenerate")).message()
    await card.changed(pictures_in, _CARD_SECONDS)
    album.put("control-card", card)


async def _reference(guide: Visitor, script: Script) -> None:
    options: dict[str, Value] = {
        "prompt": script.taken_after,
        "image": photo("a neon city in the rain, seen from a rooftop", seed=13),
        "kind": "style",
        "seed": script.taken_after_seed,
    }
    await _made(guide, "reference", options)


async def _made(guide: Visitor, command: str, options: Mapping[str, Value]) -> Message:
    card = await guide.ask(command, options)
    return await card.changed(pictures_in, _CARD_SECONDS)
