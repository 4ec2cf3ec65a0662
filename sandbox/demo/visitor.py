"""A member at work: uses commands, presses buttons and fills in forms, in the language of their Discord."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from sandbox.demo.channel import OpenForm
from sandbox.discord import Channel, ClientRefused, DiscordStandIn, Member, Message, Run, TranscriptEntry, Upload, Value
from sandbox.discord.transcript import entry
from sandbox.pixazo.pictures import PictureKey, painting

ANSWER_SECONDS: Final = 5.0
ENGLISH_LOCALE: Final = "en-US"


@dataclass(slots=True, kw_only=True)
class Visitor:
    """Does what a member does. Raises ClientRefused for what Discord's client would not offer, else TimeoutError."""

    discord: DiscordStandIn
    channel: Channel
    member: Member
    locale: str = ENGLISH_LOCALE
    moments: list[TranscriptEntry | OpenForm] = field(default_factory=list)
    """What was worth keeping as it was, and the forms that were filled in."""

    async def use(self, command: str, options: Mapping[str, Value] | None = None) -> Run:
        """Use a slash command, and wait for its first answer."""
        run = await self.discord.slash(self.member, self.channel, command, options, locale=self.locale)
        await run.answered(ANSWER_SECONDS)
        return run

    async def ask(self, command: str, options: Mapping[str, Value] | None = None) -> Message:
        """Use a slash command, and wait until its answer is there in full."""
        message = await (await self.use(command, options)).message()
        return await message.changed(lambda changed: not changed.loading, ANSWER_SECONDS)

    async def press(self, message: Message, action: str) -> Run:
        """Press the button whose custom id names this action, and wait for the first answer."""
        run = await self.discord.click(self.member, message, _custom_id(message, action), locale=self.locale)
        await run.answered(ANSWER_SECONDS)
        return run

    async def choose(self, message: Message, action: str, values: Sequence[Value]) -> Run:
        """Choose in the menu whose custom id names this action, and wait for the first answer."""
        found = _named(action, [str(part["custom_id"]) for part in message.walk() if "custom_id" in part])
        run = await self.discord.select(self.member, message, found, values, locale=self.locale)
        await run.answered(ANSWER_SECONDS)
        return run

    async def fill_in(self, message: Message, action: str, values: Mapping[str, str]) -> Run:
        """Press the button that opens a form, and send the form off with these values, by the fields' custom ids."""
        opened = await self.press(message, action)
        assert opened.answer is not None
        if opened.answer.modal is None:
            raise ClientRefused(f"{action} opened no form but {opened.answer.kind}")
        self.moments.append(
            OpenForm(
                at=self.discord.world.now(), member=self.member.name, modal=opened.answer.modal, filled_in=dict(values)
            )
        )
        run = await self.discord.submit_modal(opened, values, locale=self.locale)
        await run.answered(ANSWER_SECONDS)
        return run

    def keep(self, message: Message) -> TranscriptEntry:
        """Remember a message as it is now."""
        moment = replace(entry(message), at=self.discord.world.now())
        self.moments.append(moment)
        return moment


def photo(prompt: str, *, seed: int = 11) -> Upload:
    """An image that a member gives: a painting, for want of photographs that may be given away."""
    key = PictureKey(prompt=prompt, seed=seed, index=0, width=1024, height=576, file_format="png")
    return Upload(filename="photo.png", data=painting(key))


def _custom_id(message: Message, action: str) -> str:
    """The whole custom id of the button."""
    return _named(action, [button.custom_id for button in message.buttons() if button.custom_id])


def _named(action: str, found: Sequence[str]) -> str:
    """The custom id of this action, which may name its argument's end too: `presetform:words`."""
    name, _, end = action.partition(":")
    for custom_id in found:
        _, named, argument = custom_id.split(":", 2)
        if named == name and argument.endswith(end):
            return custom_id
    raise ClientRefused(f"nothing on the message does {action!r}; there is: {', '.join(found) or 'nothing'}")
