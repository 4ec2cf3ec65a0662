"""`/history`, `/favourites` and `/show`: finding pictures again, in private."""

import asyncio
import logging
from collections.abc import Sequence
from typing import Any, Final

import discord
from discord import app_commands
from discord.app_commands import Choice, Transform
from discord.ext import commands

from cogs.lookup import WANTED_CHARACTERS, job_named
from cogs.options import Text
from cogs.parts import Parts
from errors import CardGone, DraftGone, JobNotFound, PictureGone, StorageError
from generation import inputs
from generation.composing import words_of
from generation.history import HistoryPage
from models import Job, JobStatus
from moderation import check_shown
from recipes import NAME_MAX_CHARACTERS, folded
from ui import answers, cards, history_pages
from ui.history_pages import CHOICE_CHARACTERS, HISTORY_ACTION, Asked, read_argument
from ui.wording import history as words

log = logging.getLogger(__name__)

_DRAFT_KIND: Final = "history"
_SEARCH_CHARACTERS: Final = 200
# Discord's own limit.
_CHOICES: Final = 25


class HistoryCog(commands.Cog):
    """What members made, and what they like."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._history = parts.library.history

    async def cog_load(self) -> None:
        """Answer the buttons that turn pages."""
        self._parts.client.add_action(HISTORY_ACTION, self.turn)

    @app_commands.command(name="history", description=words.HISTORY)
    @app_commands.describe(search=words.OPTION_SEARCH, preset=words.OPTION_PRESET, favourites=words.OPTION_FAVOURITES)
    async def history(
        self,
        interaction: discord.Interaction[Any],
        search: Transform[str, Text("search", longest=_SEARCH_CHARACTERS)] | None = None,
        preset: Transform[str, Text("preset", longest=NAME_MAX_CHARACTERS)] | None = None,
        favourites: bool = False,
    ) -> None:
        """Show the first page of the member's past pictures, in private."""
        asked = Asked(search=search, preset=preset, favourites=favourites is True)
        await answers.show(interaction, await answers.patiently(interaction, self._first_page(interaction, asked)))

    @app_commands.command(name="favourites", description=words.FAVOURITES)
    async def favourites(self, interaction: discord.Interaction[Any]) -> None:
        """Show the first page of what the member marked, in private."""
        asked = Asked(favourites=True)
        await answers.show(interaction, await answers.patiently(interaction, self._first_page(interaction, asked)))

    async def turn(self, interaction: discord.Interaction[Any], argument: str) -> None:
        """Show another page in the place of the one with the button."""
        await answers.replace(interaction, await answers.patiently(interaction, self._turned(interaction, argument)))

    @app_commands.command(name="show", description=words.SHOW)
    @app_commands.describe(job=words.OPTION_JOB)
    async def show(
        self, interaction: discord.Interaction[Any], job: Transform[str, Text("job", longest=WANTED_CHARACTERS)]
    ) -> None:
        """Show the pictures of one of the member's own jobs again, in private, or how it stands."""
        found = await answers.patiently(interaction, self._own_job(interaction, job))
        check_shown(found)
        if found.status is JobStatus.UNDELIVERABLE:
            await self._hand_over(interaction, found)
        elif found.status is JobStatus.DELIVERED:
            await answers.show(interaction, await answers.patiently(interaction, self._on_its_card(found)))
        else:
            await answers.show(interaction, history_pages.state(found))

    @history.autocomplete("preset")
    async def complete_preset(self, interaction: discord.Interaction[Any], typed: str) -> list[Choice[str]]:
        """The presets that there are pictures of, also those that have been deleted since."""
        try:
            names = await self._history.preset_names(guild_id=interaction.guild_id or 0, user_id=interaction.user.id)
        except StorageError as error:
            log.warning("no presets to suggest: %s", error)
            return []
        fitting = [name for name in names if folded(typed) in folded(name)]
        return [Choice(name=name, value=name) for name in fitting[:_CHOICES]]

    @show.autocomplete("job")
    async def complete_job(self, interaction: discord.Interaction[Any], typed: str) -> list[Choice[str]]:
        """The member's latest jobs, or those with the words that were typed."""
        try:
            page = await self._history.page(
                guild_id=interaction.guild_id or 0, user_id=interaction.user.id, search=typed or None, size=_CHOICES
            )
        except StorageError as error:
            log.warning("no jobs to suggest: %s", error)
            return []
        now = self._parts.clock.now()
        return [
            Choice(name=words.choice(job, words_of(job), now, CHOICE_CHARACTERS), value=job.job_id) for job in page.jobs
        ]

    async def _first_page(self, interaction: discord.Interaction[Any], asked: Asked) -> cards.Card:
        page = await self._page(interaction, asked, number=1)
        if page.pages > 1 and asked.is_filtered:
            filters = {"search": asked.search, "preset": asked.preset, "favourites": asked.favourites}
            draft = await self._parts.library.drafts.create(
                guild_id=interaction.guild_id or 0,
                user_id=interaction.user.id,
                kind=_DRAFT_KIND,
                content=filters,
            )
            asked = Asked(
                search=asked.search, preset=asked.preset, favourites=asked.favourites, draft_id=draft.draft_id
            )
        return await self._card(interaction, page, asked)

    async def _turned(self, interaction: discord.Interaction[Any], argument: str) -> cards.Card:
        try:
            number, asked = read_argument(argument)
        except ValueError as error:  # no button of ours, so it was made up
            raise DraftGone from error
        if asked.draft_id is not None:
            draft = await self._parts.library.drafts.open(
                asked.draft_id, guild_id=interaction.guild_id or 0, user_id=interaction.user.id, kind=_DRAFT_KIND
            )
            asked = Asked(**draft.content, draft_id=draft.draft_id)
        return await self._card(interaction, await self._page(interaction, asked, number=number), asked)

    async def _page(self, interaction: discord.Interaction[Any], asked: Asked, *, number: int) -> HistoryPage:
        return await self._history.page(
            guild_id=interaction.guild_id or 0,
            user_id=interaction.user.id,
            search=asked.search,
            preset=asked.preset,
            favourites=asked.favourites,
            number=number,
        )

    async def _card(self, interaction: discord.Interaction[Any], page: HistoryPage, asked: Asked) -> cards.Card:
        reader_id = interaction.user.id
        thumbnails, favourites = await asyncio.gather(
            self._parts.delivery.thumbnails(page.jobs), self._favourites_among(page.jobs, reader_id)
        )
        return history_pages.history(page, asked, reader_id=reader_id, favourites=favourites, thumbnails=thumbnails)

    async def _favourites_among(self, jobs: Sequence[Job], user_id: int) -> set[str]:
        marked = await asyncio.gather(*(self._history.is_favourite(job.job_id, user_id=user_id) for job in jobs))
        return {job.job_id for job, is_one in zip(jobs, marked, strict=True) if is_one}

    async def _own_job(self, interaction: discord.Interaction[Any], wanted: str) -> Job:
        """The member's job of that id, or whose card the link leads to. Raises JobNotFound."""
        job = await job_named(self._history, interaction.guild_id or 0, wanted)
        if job.origin.user_id != interaction.user.id:
            raise JobNotFound(wanted)
        return job

    async def _on_its_card(self, job: Job) -> cards.Card:
        """The pictures where they are. Raises PictureGone, or DeliveryUnavailable where Discord does not say."""
        try:
            addresses = await self._parts.delivery.image_addresses(job)
        except CardGone as error:
            raise PictureGone from error
        given = inputs.names(job.request)
        media = [url for name, url in addresses.items() if name not in given]
        if not media:
            raise PictureGone
        return history_pages.shown(job, media)

    async def _hand_over(self, interaction: discord.Interaction[Any], job: Job) -> None:
        """The pictures that could not be posted, as files of the answer. Raises PictureGone."""
        kept = await answers.patiently(interaction, self._parts.kept.of(job))
        if not interaction.response.is_done():
            await answers.defer_privately(interaction)
        await self._parts.delivery.hand_over(
            interaction,
            job,
            kept.images,
            guild=kept.guild,
            view=lambda names: history_pages.shown(job, [f"attachment://{name}" for name in names], kept=True),
        )
