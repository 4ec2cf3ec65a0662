"""From what a member chose to a job: presets and LoRAs looked up, the request composed, the one gate called."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

import discord

from cogs.parts import Parts
from errors import CardGone, DeliveryUnavailable, PictureGone
from generation import inputs
from generation.composing import Choices, check_still_listed, compose, picks_of, varied
from generation.input_images import Prepared
from models import GenerationRequest, Job
from recipes import LoraPick, Preset, Recipe
from ui import answers
from ui.acceptance import GivenImage


class Starter:
    """Starts jobs for every command, button and form. All of it ends in `Acceptor.accept`."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def start(
        self,
        interaction: discord.Interaction[Any],
        choices: Choices,
        *,
        preset: str | None = None,
        image: Prepared | GivenImage | None = None,
        draft_id: str | None = None,
        confirmed: bool = False,
        afterwards: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """Start a job from a member's choices; `image` is the one they name, and is closed here.

        `confirmed` where the member has seen the price and pressed a button since.
        `afterwards` is called once there is a job and its card. Raises what the catalogue, the composition or the
        service refuses it with.
        """
        try:
            request, recipe = await self.compose(interaction, choices, preset=preset)
        except BaseException:  # also where the member has gone: the file must not stay open
            if image is not None:
                image.file.close()
            raise
        given = None if image is None else GivenImage(filename=image.filename, file=image.file)
        await self._parts.acceptor.accept(
            interaction,
            request,
            recipe=recipe,
            image=given,
            draft_id=draft_id,
            confirmed=confirmed,
            afterwards=afterwards,
        )

    async def refer(
        self,
        interaction: discord.Interaction[Any],
        choices: Choices,
        fetch: Callable[[], Awaitable[Prepared]],
        *,
        draft_id: str | None = None,
    ) -> None:
        """Start a job after an image that `fetch` gets; its name and size in the choices only stand in until then.

        What else is wrong with the choices is said before anything is fetched; the answer is then deferred in public.
        Raises as `start` and `fetch` do.
        """
        assert choices.reference is not None
        await self.compose(interaction, choices)
        await answers.defer_publicly(interaction)
        image = await fetch()
        fetched = replace(
            choices.reference,
            image_filename=image.filename,
            image_width_px=image.original_width_px,
            image_height_px=image.original_height_px,
        )
        await self.start(interaction, replace(choices, reference=fetched), image=image, draft_id=draft_id)

    async def compose(
        self, interaction: discord.Interaction[Any], choices: Choices, *, preset: str | None = None
    ) -> tuple[GenerationRequest, Recipe]:
        """What `start` would ask for, to be looked at first: nothing is held or recorded. Raises as `start` does."""
        guild_id, library = interaction.guild_id or 0, self._parts.library
        found: Preset | None = None
        if preset is not None:
            found = await library.presets.find(guild_id=guild_id, user_id=interaction.user.id, name=preset)
        picks = picks_of(choices, found)
        loras = await library.loras.resolve(guild_id, picks) if picks else []
        return compose(choices, preset=found, loras=loras)

    async def again(self, interaction: discord.Interaction[Any], job: Job, **changes: Any) -> None:
        """Start another job from an earlier one's recipe; what `varied` takes may be changed.

        A member's own image is taken from the earlier card, so the answer is deferred in public first. Raises
        PictureGone where it is no longer there.
        """
        request, recipe = varied(job, **changes)
        if changes.get("negative") is None and not job.shows_negative_to(interaction.user.id):
            recipe = replace(recipe, negative_borrowed=bool(request.negative_prompt))
        await self._check_loras(job)
        if not inputs.names(job.request):
            await self._parts.acceptor.accept(interaction, request, recipe=recipe)
            return
        await answers.defer_publicly(interaction)
        image = await self.image_of(job)
        given = GivenImage(filename=image.filename, file=image.file)
        await self._parts.acceptor.accept(
            interaction, inputs.renamed(request, image.filename), recipe=recipe, image=given
        )

    async def image_of(self, job: Job) -> Prepared:
        """The image that a member gave for a job, from its card. Raises PictureGone or UnusableImage."""
        (filename,) = inputs.names(job.request)
        return await self.file_of(job, filename)

    async def file_of(self, job: Job, filename: str) -> Prepared:
        """A file on a job's card, checked and made small. Raises PictureGone or UnusableImage."""
        addresses = await self._addresses(job)
        if filename not in addresses:
            raise PictureGone
        return await self._parts.images.fetch(addresses[filename])

    async def picture_of(self, job: Job, position: int) -> Prepared:
        """A picture that was made for a job, by its place in the gallery from 0 on, checked and made small.

        Raises PictureGone or UnusableImage.
        """
        addresses = await self._addresses(job)
        given = inputs.names(job.request)
        made = [url for filename, url in addresses.items() if filename not in given]
        if not 0 <= position < len(made):
            raise PictureGone
        return await self._parts.images.fetch(made[position])

    async def _addresses(self, job: Job) -> Mapping[str, str]:
        try:
            return await self._parts.delivery.image_addresses(job)
        except (CardGone, DeliveryUnavailable) as error:
            raise PictureGone from error

    async def _check_loras(self, job: Job) -> None:
        """Raise InvalidOption where the guild no longer lists what the job was made with."""
        if job.request.loras:
            picks = [LoraPick(name=name) for name in job.recipe.loras]
            check_still_listed(job, await self._parts.library.loras.resolve(job.origin.guild_id, picks))
