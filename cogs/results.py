"""The buttons below a finished picture, and the forms that they open. Everything is in their custom ids."""

from functools import partial
from typing import Any

import discord
from discord.ext import commands

from cogs.parts import Parts
from cogs.starting import Starter
from errors import CardGone, DeliveryUnavailable, JobNotFound, NotAllowed, PictureRemoved
from generation.composing import words_of
from models import Job
from moderation import check_shown
from ui import answers, cards, result_buttons, result_forms
from ui.details import card_link, details_page
from ui.forms import FormValues, show_form
from ui.wording import results


class ResultsCog(commands.Cog):
    """What members do with a finished picture."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._starter = Starter(parts)

    async def cog_load(self) -> None:
        """Answer the buttons and their forms; discord.py calls this when the cog is added."""
        client = self._parts.client
        client.add_action(result_buttons.REROLL_ACTION, self.reroll)
        client.add_action(result_buttons.EDIT_ACTION, self.edit)
        client.add_action(result_buttons.USE_ACTION, self.use)
        client.add_action(result_buttons.FAVOURITE_ACTION, self.favourite)
        client.add_action(result_buttons.DETAILS_ACTION, self.details)
        client.add_action(result_buttons.REPORT_ACTION, self.report)
        client.add_action(result_buttons.DELETE_ACTION, self.delete)
        client.add_form(result_buttons.EDIT_ACTION, self.edited)
        client.add_form(result_buttons.USE_ACTION, self.used)
        client.add_form(result_buttons.REPORT_ACTION, self.reported)

    async def reroll(self, interaction: discord.Interaction[Any], job_id: str) -> None:
        """Start the same request with a new seed, for whoever pressed."""
        await self._starter.again(interaction, await self._usable(interaction, job_id))

    async def edit(self, interaction: discord.Interaction[Any], job_id: str) -> None:
        """Open the request for changing."""
        job = await self._usable(interaction, job_id)
        form = result_forms.edit_form(job, prompt=words_of(job), reader_id=interaction.user.id)
        await show_form(interaction, form)

    async def edited(self, interaction: discord.Interaction[Any], job_id: str, values: FormValues) -> None:
        """Start the request as it was changed."""
        job = await self._usable(interaction, job_id)
        negative = values.text(result_forms.NEGATIVE)
        await self._starter.again(
            interaction,
            job,
            prompt=values.text(result_forms.PROMPT),
            # What is left empty means none to whoever could see what it was, and no change to everybody else.
            negative=negative if negative or job.shows_negative_to(interaction.user.id) else None,
            seed=result_forms.whole_number(values, result_forms.SEED, parameter="seed"),
            count=result_forms.whole_number(values, result_forms.COUNT, parameter="num_images"),
        )

    async def use(self, interaction: discord.Interaction[Any], job_id: str) -> None:
        """Ask what to make from one of the pictures."""
        job = await self._usable(interaction, job_id)
        await show_form(interaction, result_forms.use_form(job, prompt=words_of(job)))

    async def used(self, interaction: discord.Interaction[Any], job_id: str, values: FormValues) -> None:
        """Start a picture from one of the job's."""
        job = await self._usable(interaction, job_id)
        position = result_forms.position(values, job.images_released)
        choices = result_forms.reference_choices(values, parent_job_id=job.job_id)
        await self._starter.refer(interaction, choices, partial(self._starter.picture_of, job, position))

    async def favourite(self, interaction: discord.Interaction[Any], job_id: str) -> None:
        """Put the job among the member's favourites, or take it out."""
        toggling = self._parts.library.history.toggle_favourite(
            job_id, guild_id=interaction.guild_id or 0, user_id=interaction.user.id
        )
        is_one_now = await answers.patiently(interaction, toggling, apart=True)
        await _say(interaction, results.favourite_added() if is_one_now else results.favourite_removed())

    async def details(self, interaction: discord.Interaction[Any], job_id: str) -> None:
        """Show everything about the job, in private."""
        await answers.show(
            interaction, await answers.patiently(interaction, self._details(interaction, job_id), apart=True)
        )

    async def report(self, interaction: discord.Interaction[Any], job_id: str) -> None:
        """Ask why the picture is reported."""
        job = await self._job(interaction, job_id)
        if job.removed_at is not None:
            raise PictureRemoved
        await show_form(interaction, result_forms.report_form(job.job_id))

    async def reported(self, interaction: discord.Interaction[Any], job_id: str, values: FormValues) -> None:
        """Keep the report, and tell the operator of it where the server has no channel for its moderators."""
        reason = values.text(result_forms.REASON)
        words = await answers.patiently(interaction, self._report(interaction, job_id, reason), apart=True)
        await _say(interaction, words)

    async def delete(self, interaction: discord.Interaction[Any], job_id: str) -> None:
        """Take the card off the channel, for its author or a moderator."""
        words = await answers.patiently(interaction, self._delete(interaction, job_id), apart=True)
        await _say(interaction, words)

    async def _details(self, interaction: discord.Interaction[Any], job_id: str) -> cards.Card:
        job = await self._job(interaction, job_id)
        if job.removed_at is not None:
            raise PictureRemoved
        verdicts = await self._parts.library.history.verdicts_on(job)
        return details_page(job, verdicts, reader_id=interaction.user.id)

    async def _report(self, interaction: discord.Interaction[Any], job_id: str, reason: str) -> str:
        job = await self._job(interaction, job_id)
        library, client = self._parts.library, self._parts.client
        filed = await library.reports.file(job.origin.guild_id, job_id, interaction.user.id, reason)
        if not filed.is_new:
            return results.reported_before()
        if filed.guild.moderators_channel_id is not None:  # they are told there
            return results.reported_to_moderators()
        guild = client.get_guild(job.origin.guild_id)
        telling = self._parts.notices.reported(
            guild=guild.name if guild is not None else str(job.origin.guild_id),
            link=card_link(job) or "",
            job_id=job_id,
            reason=reason,
        )
        client.tasks.launch(telling, name=f"report of {job_id}")  # the member need not wait for the operator
        return results.reported()

    async def _delete(self, interaction: discord.Interaction[Any], job_id: str) -> str:
        job = await self._job(interaction, job_id)
        if job.origin.user_id != interaction.user.id and not interaction.permissions.manage_messages:
            raise NotAllowed("author")
        try:
            await self._parts.delivery.remove(job)
        except CardGone:
            return results.not_deleted()
        except DeliveryUnavailable:
            return results.not_deleted_now()
        await self._parts.library.history.mark_removed(job_id, by_id=interaction.user.id)
        return results.deleted()

    async def _job(self, interaction: discord.Interaction[Any], job_id: str) -> Job:
        return await self._parts.library.history.job_for(interaction.guild_id or 0, job_id)

    async def _usable(self, interaction: discord.Interaction[Any], job_id: str) -> Job:
        """The job, for what shows its words or pictures again; while it is hidden its author may not do that either.

        Raises PictureHidden or PictureRemoved, and JobNotFound where this member may not read the words.
        """
        job = await self._job(interaction, job_id)
        check_shown(job)
        if not cards.may_read(job, interaction.user.id):
            raise JobNotFound(job_id)
        return job


async def _say(interaction: discord.Interaction[Any], words: str) -> None:
    await answers.show(interaction, cards.notice(words, problem=False))
