"""The confirming press that a guild may want before a job."""

import asyncio
from typing import Any

import discord
from discord.ext import commands

from cogs.parts import Parts
from errors import DraftGone
from generation import inputs
from generation.confirming import DRAFT_KIND, wish_of
from generation.drafts import Draft
from models import GenerationRequest
from ui import answers, cards, confirmation
from ui.acceptance import GivenImage
from ui.wording import confirmation as words


class ConfirmationCog(commands.Cog):
    """Answers the question that `Acceptor.accept` asks."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def cog_load(self) -> None:
        """Answer the buttons; discord.py calls this when the cog is added."""
        self._parts.client.add_action(confirmation.CONFIRM_ACTION, self.confirm)
        self._parts.client.add_action(confirmation.DECLINE_ACTION, self.decline)

    async def confirm(self, interaction: discord.Interaction[Any], draft_id: str) -> None:
        """Start the job; the question goes, the card is a message of its own."""
        draft = await self._open(interaction, draft_id)
        request, recipe = wish_of(draft.content)

        async def afterwards() -> None:
            await self._parts.library.drafts.discard(draft_id)
            await answers.replace_behind(interaction, cards.notice(words.started(), problem=False))

        await self._parts.acceptor.accept(
            interaction,
            request,
            recipe=recipe,
            image=await self._image(draft, request),
            draft_id=draft_id,
            confirmed=True,
            afterwards=afterwards,
        )

    async def decline(self, interaction: discord.Interaction[Any], draft_id: str) -> None:
        """Forget the wish."""
        await answers.patiently(interaction, self._forget(interaction, draft_id))
        await answers.replace(interaction, cards.notice(words.declined(), problem=False))

    async def _forget(self, interaction: discord.Interaction[Any], draft_id: str) -> None:
        draft = await self._open(interaction, draft_id)
        await self._parts.library.drafts.discard(draft.draft_id)

    async def _open(self, interaction: discord.Interaction[Any], draft_id: str) -> Draft:
        return await self._parts.library.drafts.open(
            draft_id, guild_id=interaction.guild_id or 0, user_id=interaction.user.id, kind=DRAFT_KIND
        )

    async def _image(self, draft: Draft, request: GenerationRequest) -> GivenImage | None:
        """The member's own image, as the draft has it. Raises DraftGone where another press has finished the draft."""
        filename = next(iter(inputs.names(request)), None)
        if filename is None:
            return None
        try:
            file = await asyncio.to_thread(self._parts.library.drafts.path(draft, filename).open, "rb")
        except FileNotFoundError as error:
            raise DraftGone from error
        return GivenImage(filename=filename, file=file)
