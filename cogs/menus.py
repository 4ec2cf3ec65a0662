"""The commands in the menu of a message: Remix image, Show recipe, Report image."""

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Any, Final

import discord
from discord import app_commands
from discord.app_commands import locale_str
from discord.ext import commands

from cogs.parts import Parts
from cogs.starting import Starter
from errors import PictureRemoved, StorageUnavailable, UnusableImage
from generation.composing import words_of
from generation.drafts import Draft
from models import Job
from moderation import check_shown
from ui import answers, cards, result_forms
from ui.details import details_page
from ui.forms import FormValues, show_form
from ui.pictures_in_messages import ShownPicture, images_in
from ui.wording import results

DRAFT_KIND: Final = "remix"
# As many as a message of ours can hold, and few enough to choose from.
_PICTURES: Final = 10


class MenusCog(commands.Cog):
    """What members do with any message."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._starter = Starter(parts)
        self._menus = (
            app_commands.ContextMenu(name=locale_str(results.MENU_REMIX), callback=self.remix),
            app_commands.ContextMenu(name=locale_str(results.MENU_RECIPE), callback=self.show_recipe),
            app_commands.ContextMenu(name=locale_str(results.MENU_REPORT), callback=self.report),
        )

    async def cog_load(self) -> None:
        """Add the menus and answer the form; discord.py calls this when the cog is added."""
        for menu in self._menus:
            self._parts.client.tree.add_command(menu)
        self._parts.client.add_form(result_forms.REMIX_ACTION, self.remixed)

    async def remix(self, interaction: discord.Interaction[Any], message: discord.Message) -> None:
        """Ask what to make from a picture in the message; the pictures wait in a draft."""
        pictures = images_in(message, admits=self._parts.images.admits)[:_PICTURES]
        if not pictures:
            raise UnusableImage("none")
        job = await self._job_of(interaction, message)
        if job is not None:
            check_shown(job)
        readable = job is not None and cards.may_read(job, interaction.user.id)
        draft = await self._kept(interaction, _content(pictures, job))
        form = result_forms.remix_form(
            draft.draft_id,
            names=[picture.filename for picture in pictures],
            prompt=words_of(job) if job is not None and readable else "",
        )
        await show_form(interaction, form)

    async def remixed(self, interaction: discord.Interaction[Any], draft_id: str, values: FormValues) -> None:
        """Start a picture from the one that was chosen."""
        drafts = self._parts.library.drafts
        draft = await drafts.open(
            draft_id, guild_id=interaction.guild_id or 0, user_id=interaction.user.id, kind=DRAFT_KIND
        )
        pictures = _pictures(draft)
        picture = pictures[result_forms.position(values, len(pictures))]
        if draft.content["parent_job_id"] is not None:  # its address may still work for a while
            job = await self._parts.library.history.job_for(draft.guild_id, draft.content["parent_job_id"])
            check_shown(job)
        choices = result_forms.reference_choices(values, parent_job_id=draft.content["parent_job_id"])
        fetch = partial(self._parts.images.fetch, picture.url, size_bytes=picture.size_bytes)
        try:
            await self._starter.refer(interaction, choices, fetch, draft_id=draft.draft_id)
        except UnusableImage as error:
            if error.why != "gone":
                raise
            await answers.tell(interaction, results.remix_gone())

    async def show_recipe(self, interaction: discord.Interaction[Any], message: discord.Message) -> None:
        """Show everything about the picture on one of the bot's own cards, in private."""
        await answers.show(interaction, await answers.patiently(interaction, self._recipe(interaction, message)))

    async def report(self, interaction: discord.Interaction[Any], message: discord.Message) -> None:
        """Ask why the picture on one of the bot's own cards is reported."""
        job = await self._job_of(interaction, message)
        if job is None:
            await answers.tell(interaction, results.not_mine())
            return
        if job.removed_at is not None:
            raise PictureRemoved
        await show_form(interaction, result_forms.report_form(job.job_id))

    async def _kept(self, interaction: discord.Interaction[Any], content: dict[str, Any]) -> Draft:
        """A draft of it, in time for a form to be the first answer. Raises StorageUnavailable where that fails."""
        try:
            async with asyncio.timeout(answers.FIRST_ANSWER_SECONDS):
                return await self._parts.library.drafts.create(
                    guild_id=interaction.guild_id or 0, user_id=interaction.user.id, kind=DRAFT_KIND, content=content
                )
        except TimeoutError as error:
            raise StorageUnavailable("the draft was not kept in time for its form") from error

    async def _recipe(self, interaction: discord.Interaction[Any], message: discord.Message) -> cards.Card:
        job = await self._job_of(interaction, message)
        if job is None:
            return cards.notice(results.not_mine())
        if job.removed_at is not None:
            raise PictureRemoved
        verdicts = await self._parts.library.history.verdicts_on(job)
        return details_page(job, verdicts, reader_id=interaction.user.id)

    async def _job_of(self, interaction: discord.Interaction[Any], message: discord.Message) -> Job | None:
        return await self._parts.library.history.job_of_message(interaction.guild_id or 0, message.id)


def _content(pictures: Sequence[ShownPicture], job: Job | None) -> dict[str, Any]:
    listed = [[picture.url, picture.filename, picture.size_bytes] for picture in pictures]
    return {"pictures": listed, "parent_job_id": job.job_id if job is not None else None}


def _pictures(draft: Draft) -> list[ShownPicture]:
    return [ShownPicture(url=url, filename=name, size_bytes=size) for url, name, size in draft.content["pictures"]]
