"""Every way to a job, opened in a real bot, and everything that keeps a member from getting one."""

import contextlib
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, cast

import pytest

from assembly import Easel
from cogs import Parts, add_cogs
from errors import NameTaken
from generation.filters import EVERYWHERE
from limits import LimitKind, LimitName
from models import Job, JobStatus, Notify
from moderation import Suspension
from recipes import PresetScope, PresetValues
from sandbox.discord import Channel, DiscordStandIn, Guild, Member, Message, Permissions, Run, Value
from sandbox.pixazo import PixazoStandIn
from storage import access, suspensions
from storage import limits as stored_limits
from tests.builders import choose
from tests.cogs.administration import add, page
from tests.cogs.administration import use as use_admin
from tests.cogs.filter_steps import block
from tests.cogs.image_steps import PHOTO, previewed
from tests.cogs.image_steps import use as use_image
from tests.cogs.preset_steps import keep
from tests.e2e.in_process import SkippingClock, easel
from tests.openapi import new_checker
from tests.support import wait_until
from tests.ui.scene import Scene

# What every door sends is refused once `TERM` is on a list; until then nothing is wrong with it.
TERM: Final = "gadget"
BAD: Final = f"a {TERM} on a hill"
PLAIN: Final = "a fox on a hill"
RICH: Final = {
    "USER_DAILY_IMAGES": "10000",
    "USER_MONTHLY_USD": "10000",
    "GUILD_DAILY_USD": "10000",
    "GUILD_MONTHLY_USD": "10000",
    "GLOBAL_MONTHLY_USD": "10000",
    "USER_ACTIVE_JOBS": "1000",
    "MAX_IN_FLIGHT": "1000",
}

Press = Callable[[], Awaitable[Run]]
Imposing = Callable[["House", Member], Any]


@dataclass(frozen=True, kw_only=True)
class House:
    """The bot that the doors are doors of, between the stand-ins; `scene` is for the steps that are used elsewhere."""

    path: Path
    scene: Scene
    pixazo: PixazoStandIn
    clock: SkippingClock
    mia: Member
    elsewhere: Channel

    async def picture(self, *, prompt: str = BAD, **options: Value) -> tuple[Job, Message]:
        """A finished picture of Bob's, and its card."""
        return await self.finished(await self.scene.imagine({"prompt": prompt, **options}, by=self.scene.bob))

    async def picture_with_image(self) -> tuple[Job, Message]:
        """One that he made from a photo."""
        return await self.finished(
            await use_image(self.scene, "reference", self.scene.bob, prompt=BAD, kind="style", image=PHOTO)
        )

    async def finished(self, run: Run) -> tuple[Job, Message]:
        """The job that such a step starts, once it has been delivered, and its card."""
        card = await run.message()
        job = await self.scene.until(lambda job: job.message_id == card.id)
        while not job.status.is_terminal:
            self.clock.skip(0.5)
            [job] = [found for found in await self.scene.jobs() if found.job_id == job.job_id]
        assert job.status is JobStatus.DELIVERED, job
        return job, await card.changed(lambda message: any("Reroll" in str(b.label) for b in message.buttons()))


@asynccontextmanager
async def open_house(folder: Path, **settings: str) -> AsyncIterator[House]:
    """A connected bot of its own, with caps that are out of the way, in a guild that is the operator's as well."""
    parts: list[Parts] = []

    async def noted(made: Parts) -> None:
        parts.append(made)
        await add_cogs(made)

    checker, clock = new_checker(), SkippingClock()
    async with DiscordStandIn() as discord, PixazoStandIn(image_bytes=2000) as pixazo:
        if checker is not None:
            discord.exchanges.observe(checker)
        guild = discord.add_guild()
        given = {**RICH, "OPERATOR_GUILD_IDS": str(guild.id), **settings}
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr("assembly.add_cogs", noted)
            async with easel(folder / "easel.db", discord, pixazo, clock, **given) as bot:
                yield await _house(bot, parts[0], folder, discord, guild, pixazo, clock)
        assert discord.unknown_routes == []
        assert pixazo.intruders == []
    if checker is not None:
        checker.assert_clean()


async def _house(
    bot: Easel,
    parts: Parts,
    folder: Path,
    discord: DiscordStandIn,
    guild: Guild,
    pixazo: PixazoStandIn,
    clock: SkippingClock,
) -> House:
    scene = Scene(
        discord=discord,
        client=bot.client,
        service=parts.service,
        runner=bot.runner,
        database=bot.database,
        delivery=parts.delivery,
        queue=cast("Any", None),  # nothing here looks behind the service
        circuit=cast("Any", None),
        schedule=cast("Any", None),
        clock=cast("Any", clock),
        keeper=bot.cases,
        parts=parts,
        guild=guild,
        channel=guild.add_channel("art"),
        ada=guild.add_member("ada"),
        bob=guild.add_member("bob"),
    )
    mia = guild.add_member("mia", permissions=Permissions.MANAGE_GUILD)
    for member in (scene.ada, scene.bob, mia):  # no message but the cards: time is skipped here
        await parts.library.preferences.choose_notify(member.id, Notify.NEVER)
    # The many strikes that come together here must not end in a suspension.
    await bot.database.write(lambda connection: choose(connection, guild.id, ladder=(0,)))
    return House(
        path=folder / "easel.db",
        scene=scene,
        pixazo=pixazo,
        clock=clock,
        mia=mia,
        elsewhere=guild.add_channel("elsewhere"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """A way to a job. `entry` is what the bot is asked by at last, as `door_finder.entries` names it.

    `open` does all that comes before, and gives the step that would start the job: it can be done again as long as
    it is refused. `mias` where it takes Manage Server; `waits` where its answer is deferred in public at once, since
    an image has to be fetched before anybody can say whether there will be a card. `own` where the member chose the
    words that `TERM` is in: only then does it count against them.
    """

    entry: str
    open: Callable[[House], Awaitable[Press]]
    mias: bool = False
    waits: bool = False
    own: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """What keeps a member from getting a picture, while it is imposed, and part of what they are told."""

    imposed: Imposing
    words: str
    strikes: bool = False


def imagine(prepare: Callable[[Scene], Awaitable[object]] | None = None, **options: Value) -> Callable[..., Any]:
    """The command, after something was prepared for it."""

    async def begin(house: House) -> Press:
        if prepare is not None:
            await prepare(house.scene)
        return lambda: house.scene.imagine({"prompt": PLAIN if options else BAD, **options})

    return begin


async def _reference(house: House) -> Press:
    return lambda: use_image(house.scene, "reference", prompt=BAD, kind="style", image=PHOTO)


async def _generate(house: House) -> Press:
    preview = await previewed(house.scene, prompt=BAD)
    return _click(house, preview, "Generate")


async def _confirm(house: House) -> Press:
    return await _asked(house, lambda: house.scene.imagine({"prompt": BAD}))


async def _confirm_with_image(house: House) -> Press:
    return await _asked(
        house, lambda: use_image(house.scene, "reference", prompt=BAD, kind="style", image=PHOTO), followed_up=True
    )


async def _asked(house: House, wish: Press, *, followed_up: bool = False) -> Press:
    """The button of the question that a guild has asked which wants a confirming press."""
    scene = house.scene
    await scene.database.write(lambda connection: choose(connection, scene.guild.id, confirm_images=1))
    run = await wish()
    question = await run.message()
    if followed_up:
        await wait_until(lambda: bool(run.followups), what="the question")
        [question] = run.followups
    await scene.database.write(lambda connection: choose(connection, scene.guild.id, confirm_images=None))
    return _click(house, question, "Make it for")


async def _reroll(house: House) -> Press:
    _, card = await house.picture()
    return _click(house, card, "Reroll")


async def _reroll_with_image(house: House) -> Press:
    _, card = await house.picture_with_image()
    return _click(house, card, "Reroll")


def form(label: str, words: str | None, *, with_image: bool = False) -> Callable[[House], Awaitable[Press]]:
    """The form behind a button of a finished picture, sent off with these words or as it is."""

    async def begin(house: House) -> Press:
        _, card = await (house.picture_with_image() if with_image else house.picture(prompt=PLAIN if words else BAD))
        opened = await house.scene.discord.click(house.scene.ada, card, label)
        return await _filled(house, opened, words)

    return begin


async def _remix(house: House) -> Press:
    _, card = await house.picture()
    return await _filled(house, await _menu(house, card), None)


async def _remix_of_anybodys(house: House) -> Press:
    posted = house.scene.discord.post(house.scene.bob, house.scene.channel, "look", [PHOTO])
    return await _filled(house, await _menu(house, posted), BAD)


async def _menu(house: House, message: Message) -> Run:
    return await house.scene.discord.context_menu(house.scene.ada, house.scene.channel, "Remix image", message)


async def _filled(house: House, opened: Run, words: str | None) -> Press:
    assert (await opened.answered()).kind == "modal"
    return lambda: house.scene.discord.submit_modal(opened, {"prompt": words} if words else {})


async def _lora_test(house: House) -> Press:
    await _listed(house.scene, "Brush")
    return lambda: use_admin(house.scene, house.mia, "loras test", {"name": "Brush"})


async def _lora_button(house: House) -> Press:
    await _listed(house.scene, "Chalk")
    listed = await page(await use_admin(house.scene, house.mia, "loras list"))
    entries = await house.scene.parts.library.loras.list(house.scene.guild.id)
    tests = [button for button in listed.buttons() if ":loratest:" in str(button.custom_id)]
    at = [entry.name for entry in entries].index("Chalk")
    return lambda: house.scene.discord.click(house.mia, listed, str(tests[at].custom_id))


def _click(house: House, message: Message, label: str) -> Press:
    """A press on the button whose label begins so."""
    assert any(str(button.label).startswith(label) for button in message.buttons()), message.text()
    [button] = [button for button in message.buttons() if str(button.label).startswith(label)]
    return lambda: house.scene.discord.click(house.scene.ada, message, str(button.custom_id))


async def _guilds_style(scene: Scene) -> None:
    with contextlib.suppress(NameTaken):  # by the opening before
        await keep(scene, "Style", PresetValues(template="{prompt}, " + TERM + " style"), scope=PresetScope.GUILD)


async def _guilds_gadget(scene: Scene) -> None:
    with contextlib.suppress(NameTaken):
        await keep(scene, TERM.title(), scope=PresetScope.GUILD)


async def _listed_ink(scene: Scene) -> None:
    await _listed(scene, "Ink")


async def _listed(scene: Scene, name: str) -> None:
    """The guild has a LoRA of that name, whose trigger words are sent with every prompt."""
    with contextlib.suppress(NameTaken):
        await add(scene, name=name, trigger_words=f"{TERM} {name.lower()}")


DOORS: Final[Mapping[str, Door]] = {
    "/imagine": Door(entry="/imagine", open=imagine(), own=True),
    "/imagine with a preset's template": Door(entry="/imagine", open=imagine(_guilds_style, preset="Style")),
    "/imagine with a preset's name": Door(entry="/imagine", open=imagine(_guilds_gadget, preset=TERM.title())),
    "/imagine with a LoRA's trigger words": Door(entry="/imagine", open=imagine(_listed_ink, lora="Ink")),
    "/reference": Door(entry="/reference", open=_reference, waits=True, own=True),
    "Generate below the preview of /control": Door(entry="press controlgenerate", open=_generate, own=True),
    "the confirming press": Door(entry="press confirm", open=_confirm, own=True),
    "the confirming press with an image": Door(entry="press confirm", open=_confirm_with_image, own=True),
    "Reroll": Door(entry="press reroll", open=_reroll),
    "Reroll with an image": Door(entry="press reroll", open=_reroll_with_image, waits=True),
    "Edit with the old words": Door(entry="form edit", open=form("Edit…", None)),
    "Edit with other words": Door(entry="form edit", open=form("Edit…", BAD), own=True),
    "Edit with an image": Door(entry="form edit", open=form("Edit…", None, with_image=True), waits=True),
    "Use as reference with the old words": Door(entry="form use", open=form("Use as reference", None), waits=True),
    "Use as reference with other words": Door(
        entry="form use", open=form("Use as reference", BAD), waits=True, own=True
    ),
    "Remix": Door(entry="form remix", open=_remix, waits=True),
    "Remix of anybody's picture": Door(entry="form remix", open=_remix_of_anybodys, waits=True, own=True),
    "/admin loras test": Door(entry="/admin loras test", open=_lora_test, mias=True),
    "the test button of a LoRA": Door(entry="press loratest", open=_lora_button, mias=True),
}


def suspended(until: timedelta | None) -> Imposing:
    @asynccontextmanager
    async def imposed(house: House, member: Member) -> AsyncIterator[None]:
        now = house.clock.now()
        held = Suspension(until=None if until is None else now + until)
        about: dict[str, Any] = {"guild_id": house.scene.guild.id, "user_id": member.id, "by_id": house.mia.id}
        await house.scene.database.write(lambda connection: suspensions.suspend(connection, held, at=now, **about))
        try:
            yield
        finally:
            await house.scene.database.write(lambda connection: suspensions.lift(connection, now=now, **about))

    return imposed


def listed(kind: str) -> Imposing:
    """Only another channel, or another role, is on the list."""

    @asynccontextmanager
    async def imposed(house: House, member: Member) -> AsyncIterator[None]:
        other = house.elsewhere.id if kind == access.CHANNEL else house.scene.guild.id + 1
        lists = house.scene.parts.library.access
        await lists.change(house.scene.guild.id, kind, add=[other], by_id=house.mia.id)
        try:
            yield
        finally:
            await lists.change(house.scene.guild.id, kind, remove=[other], by_id=house.mia.id)

    return imposed


def paused(*, everywhere: bool) -> Imposing:
    @asynccontextmanager
    async def imposed(house: House, member: Member) -> AsyncIterator[None]:
        pauses, guild_id = house.scene.parts.office.pauses, 0 if everywhere else house.scene.guild.id
        await pauses.pause(guild_id, by_id=house.mia.id)
        try:
            yield
        finally:
            await pauses.resume(guild_id, by_id=house.mia.id)

    return imposed


def empty(kind: LimitKind, name: LimitName) -> Imposing:
    """There is nothing left of a cap."""

    @asynccontextmanager
    async def imposed(house: House, member: Member) -> AsyncIterator[None]:
        def put(connection: sqlite3.Connection, value: int | None) -> None:
            stored_limits.put(
                connection,
                guild_id=0 if kind is LimitKind.OPERATOR else house.scene.guild.id,
                kind=kind,
                subject_id=member.id if kind is LimitKind.MEMBER else 0,
                name=name,
                value=value,
                by_id=house.mia.id,
                at=house.clock.now(),
            )

        await house.scene.database.write(lambda connection: put(connection, 0))
        try:
            yield
        finally:
            await house.scene.database.write(lambda connection: put(connection, None))

    return imposed


def blocked(*, everywhere: bool) -> Imposing:
    """A word of what the door sends is on a list. It comes there once everything is open, pictures included."""

    @asynccontextmanager
    async def imposed(house: House, member: Member) -> AsyncIterator[None]:
        guild_id = EVERYWHERE if everywhere else house.scene.guild.id
        await block(house.scene, TERM, guild_id=guild_id, category="hate")
        try:
            yield
        finally:
            await house.scene.parts.desk.filters.remove(guild_id, TERM, by_id=house.mia.id)

    return imposed


_NOT_ALLOWED: Final = "That prompt isn't allowed here: **hate**"
REFUSALS: Final[Mapping[str, Refusal]] = {
    "a suspension": Refusal(imposed=suspended(None), words="A moderator has suspended you"),
    "a suspension for an hour": Refusal(imposed=suspended(timedelta(hours=1)), words="You can make some again <t:"),
    "another channel": Refusal(imposed=listed(access.CHANNEL), words="in certain channels only: <#"),
    "a role that is missing": Refusal(imposed=listed(access.ROLE), words="who have the role <@&"),
    "a pause of the server": Refusal(imposed=paused(everywhere=False), words="paused in this server"),
    "a pause of the operator": Refusal(imposed=paused(everywhere=True), words="paused everywhere by the operator"),
    "no images left for the member": Refusal(
        imposed=empty(LimitKind.MEMBER, LimitName.MEMBER_DAILY_IMAGES), words="**Your pictures**: none of 0 pictures a"
    ),
    "no money left for the member": Refusal(
        imposed=empty(LimitKind.MEMBER, LimitName.MEMBER_MONTHLY_MICROS), words="**Your spending**: nothing of $0"
    ),
    "no money left for the server's day": Refusal(
        imposed=empty(LimitKind.GUILD, LimitName.GUILD_DAILY_MICROS), words="**This server's budget**: nothing of $0"
    ),
    "no money left for the server's month": Refusal(
        imposed=empty(LimitKind.GUILD, LimitName.GUILD_MONTHLY_MICROS), words="**This server's budget**: nothing of $0"
    ),
    "no money left for everybody": Refusal(
        imposed=empty(LimitKind.OPERATOR, LimitName.GLOBAL_MONTHLY_MICROS), words="**The budget of the whole bot**"
    ),
    "a word on the server's list": Refusal(imposed=blocked(everywhere=False), words=_NOT_ALLOWED, strikes=True),
    "a word on the operator's list": Refusal(imposed=blocked(everywhere=True), words=_NOT_ALLOWED, strikes=True),
}
