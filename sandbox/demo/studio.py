"""The demo's act with everything that members can do besides `/imagine`."""

from typing import Any, Final

from sandbox.demo import wishes
from sandbox.demo.channel import pictures_in
from sandbox.demo.console import Console
from sandbox.demo.herald import Herald
from sandbox.demo.record import Pages, Record
from sandbox.demo.visitor import ENGLISH_LOCALE, Visitor, photo
from sandbox.demo.wishes import Played, Wish
from sandbox.discord import Message, Run, TranscriptEntry, Value
from sandbox.discord.transcript import entry

_CARD_SECONDS: Final = 20.0
# Quick: what is shown here is not waiting.
_PROVIDER_SECONDS: Final = 0.6


class Studio:
    """Members make pictures from pictures, with a preset and with a LoRA, make some anew, and look at them again."""

    def __init__(self, record: Record, herald: Herald, console: Console) -> None:
        self._record = record
        self._herald = herald
        self._console = console
        locales = {wish.member: wish.locale for wish in wishes.ALL}
        self._visitors = {
            member.name: Visitor(
                discord=record.discord,
                channel=record.channel,
                member=member,
                locale=locales.get(member.name, ENGLISH_LOCALE),
                moments=record.moments,
            )
            for member in record.guild.members.values()
        }

    async def run(self) -> None:
        """All of it; afterwards every job of it has come to its end."""
        self._record.pixazo.latency = lambda _body: _PROVIDER_SECONDS
        preview, shown = await self._preview()
        followed = await self._press(wishes.FOLLOWED, preview, "controlgenerate", "Generate")
        taken_after = await self._utter(wishes.TAKEN_AFTER)
        panel = await self._save_preset()
        with_preset = await self._utter(wishes.PRESET_USED)
        await self._add_lora()
        with_lora = await self._utter(wishes.LORA_USED)
        await self._ended(with_preset)
        rerolled = await self._press(wishes.REROLLED, with_preset.message, "reroll", "Reroll")
        edited = await self._edit()
        for one in (followed, taken_after, with_lora, rerolled, edited):
            await self._ended(one)
        await self._look_back(shown, panel, rerolled)

    async def _preview(self) -> tuple[Message, TranscriptEntry]:
        """What the picture would follow, for nobody else to see, and before anything costs anything."""
        wish = wishes.FOLLOWED
        self._herald.say(wish.member, wish.said)
        message = await self._visitor(wish).ask(wish.command, _options(wish))
        return message, self._visitor(wish).keep(message)

    async def _save_preset(self) -> TranscriptEntry:
        ida = self._visitor(wishes.PRESET_USED)
        self._herald.say(ida.member.name, f"/preset save {wishes.PRESET}")
        panel = await ida.ask("preset save", {"name": wishes.PRESET})
        self._herald.say(ida.member.name, "fills in two forms")
        await ida.fill_in(panel, "presetform:words", {"template": wishes.TEMPLATE, "negative_prompt": "people, text"})
        await ida.fill_in(panel, "presetform:picture", {"image_size": "square_hd", "guidance_scale": "3"})
        shown = ida.keep(panel)
        self._herald.say(ida.member.name, "presses Save")
        await ida.press(panel, "presetsave")
        return shown

    async def _add_lora(self) -> None:
        self._herald.say(wishes.MANAGER, f"/admin loras add {wishes.LORA}")
        options: dict[str, Value] = {"name": wishes.LORA, "path": wishes.LORA_PATH, "trigger": wishes.TRIGGER}
        await self._visitors[wishes.MANAGER].ask("admin loras add", options)

    async def _edit(self) -> Played:
        """Another member changes the words of the very first picture."""
        wish = wishes.EDITED
        card = next(one.message for one in self._record.played if one.wish is wish.made_from)
        self._herald.say(wish.member, f"presses Edit… below Ada's picture and types “{wish.prompt}”")
        return await self._played(wish, await self._visitor(wish).fill_in(card, "edit", {"prompt": wish.prompt}))

    async def _look_back(self, preview: TranscriptEntry, panel: TranscriptEntry, rerolled: Played) -> None:
        ida, jan = self._visitor(wishes.REROLLED), self._visitor(wishes.LORA_USED)
        self._herald.say(ida.member.name, "presses Favourite, then Details")
        await ida.press(rerolled.message, "favourite")
        details = await (await ida.press(rerolled.message, "details")).message()
        self._herald.say(ida.member.name, "/history")
        history = await ida.ask("history")
        self._herald.say(jan.member.name, "/history")
        self._record.pages = Pages(
            preview=preview,
            panel=panel,
            details=entry(details),
            history=entry(history),
            history_in_german=entry(await jan.ask("history")),
        )

    async def _utter(self, wish: Wish) -> Played:
        self._herald.say(wish.member, wish.said)
        return await self._played(wish, await self._visitor(wish).use(wish.command, _options(wish)))

    async def _press(self, wish: Wish, message: Message, action: str, label: str) -> Played:
        self._herald.say(wish.member, f"presses {label}")
        return await self._played(wish, await self._visitor(wish).press(message, action))

    async def _played(self, wish: Wish, run: Run) -> Played:
        played = Played(wish=wish, member=run.member, answer=await run.answered(), message=await run.message())
        self._record.played.append(played)
        return played

    async def _ended(self, played: Played) -> None:
        async with self._console.waiting("pictures are being made"):
            await played.message.changed(pictures_in, _CARD_SECONDS)

    def _visitor(self, wish: Wish) -> Visitor:
        return self._visitors[wish.member]


def _options(wish: Wish) -> dict[str, Any]:
    """What is typed into the command."""
    image = {"image": photo(wish.image)} if wish.image else {}
    return {"prompt": wish.prompt, **image, **wish.options}
