"""`/control`: a picture that follows an image that the member gives, after a private preview that costs nothing."""

import asyncio
import contextlib
from dataclasses import replace
from functools import partial
from io import BufferedIOBase
from typing import Any, BinaryIO, Final, cast

import discord
from discord import app_commands
from discord.app_commands import Choice, Transform
from discord.ext import commands

from cogs.completion import PRESET_CHARACTERS, Completion
from cogs.options import SIZE_LABELS, GivenFile, Number, OneOf, Text, WholeNumber
from cogs.parts import Parts
from cogs.starting import Starter
from errors import DraftGone
from generation.control_plans import DRAFT_KIND, ORIGINAL, ControlPlan
from generation.drafts import Draft
from generation.input_images import Prepared
from generation.modes import CONTROL_MODES
from parameters import (
    FRACTION_BOUNDS,
    IMAGES_BESIDE_INPUT_MAX,
    LORA_SCALE_BOUNDS,
    PREPROCESSORS,
    PROMPT_MAX_CHARACTERS,
    Bounds,
    ImageSize,
)
from ui import answers, control_preview
from ui.acceptance import GivenImage
from ui.cards import Card
from ui.command_translator import localised
from ui.control_preview import ADJUST_ACTION, CANCEL_ACTION, GENERATE_ACTION
from ui.forms import FormValues, show_form
from ui.wording import commands as words
from ui.wording import images

_MODE_LABELS: Final = {key: localised(partial(images.mode_choice, key)) for key in CONTROL_MODES}
_PREPROCESS_LABELS: Final = {key: localised(partial(images.preprocess_choice, key)) for key in PREPROCESSORS}
_COUNT_BOUNDS: Final = Bounds(low=1, high=IMAGES_BESIDE_INPUT_MAX)
# Uploads share their connections with the answers to commands, which must never wait for them.
_PREVIEWS_AT_ONCE: Final = 8


class ControlCog(commands.Cog):
    """Pictures that follow an image."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._drafts = parts.library.drafts
        self._starter = Starter(parts)
        self._completion = Completion(parts)
        self._uploading = asyncio.Semaphore(_PREVIEWS_AT_ONCE)

    async def cog_load(self) -> None:
        """Answer the preview's buttons and its form; discord.py calls this when the cog is added."""
        client = self._parts.client
        client.add_action(GENERATE_ACTION, self.generate)
        client.add_action(ADJUST_ACTION, self.open_form)
        client.add_action(CANCEL_ACTION, self.cancel)
        client.add_form(ADJUST_ACTION, self.adjust)

    @app_commands.command(name="control", description=images.CONTROL)
    @app_commands.describe(
        prompt=words.OPTION_PROMPT,
        image=images.OPTION_IMAGE,
        mode=images.OPTION_MODE,
        strength=images.OPTION_CONTROL_STRENGTH,
        start=images.OPTION_START,
        end=images.OPTION_END,
        preprocess=images.OPTION_PREPROCESS,
        size=images.OPTION_SIZE,
        count=words.OPTION_COUNT,
        seed=words.OPTION_SEED,
        preset=words.OPTION_PRESET,
    )
    async def control(
        self,
        interaction: discord.Interaction[Any],
        prompt: Transform[str, Text("prompt", longest=PROMPT_MAX_CHARACTERS)],
        image: Transform[discord.Attachment, GivenFile("image")],
        mode: Transform[str, OneOf("mode", _MODE_LABELS)],
        strength: Transform[float, Number("strength", LORA_SCALE_BOUNDS)] | None = None,
        start: Transform[float, Number("start", FRACTION_BOUNDS)] | None = None,
        end: Transform[float, Number("end", FRACTION_BOUNDS)] | None = None,
        preprocess: Transform[str, OneOf("preprocess", _PREPROCESS_LABELS)] | None = None,
        size: Transform[ImageSize, OneOf("image_size", SIZE_LABELS)] | None = None,
        count: Transform[int, WholeNumber("num_images", _COUNT_BOUNDS)] | None = None,
        seed: Transform[int, WholeNumber("seed")] | None = None,
        preset: Transform[str, Text("preset", longest=PRESET_CHARACTERS)] | None = None,
    ) -> None:
        """Show what the picture would follow, in private."""
        plan = ControlPlan(
            prompt=prompt,
            mode=mode,
            strength=strength,
            start=start,
            end=end,
            preprocess=preprocess,
            size=size,
            count=count,
            seed=seed,
            preset=preset,
        )
        # What is wrong with anything but the image is said before that is fetched.
        await self._starter.compose(interaction, plan.choices(), preset=preset)
        await answers.defer_privately(interaction)
        await self._show_preview(interaction, plan, image)

    @control.autocomplete("count")
    async def _counts(self, interaction: discord.Interaction[Any], typed: str) -> list[Choice[int]]:
        return await self._completion.counts(interaction, typed, beside_image=True)

    @control.autocomplete("preset")
    async def _presets(self, interaction: discord.Interaction[Any], typed: str) -> list[Choice[str]]:
        return await self._completion.presets(interaction, typed)

    async def generate(self, interaction: discord.Interaction[Any], draft_id: str) -> None:
        """Start the job of a preview, whose card is the answer; the preview then says so and holds no more buttons."""
        draft = await self._opened(interaction, draft_id)
        plan = ControlPlan.of(draft.content)
        await self._starter.start(
            interaction,
            plan.choices(),
            preset=plan.preset,
            image=GivenImage(filename=plan.image_filename, file=await self._file(draft, plan.image_filename)),
            draft_id=draft_id,
            confirmed=True,
            afterwards=partial(self._finish, interaction, draft_id),
        )

    async def open_form(self, interaction: discord.Interaction[Any], draft_id: str) -> None:
        """Open the form with what the preview has now."""
        draft = await self._opened(interaction, draft_id)
        await show_form(interaction, control_preview.adjust_form(draft_id, ControlPlan.of(draft.content)))

    async def adjust(self, interaction: discord.Interaction[Any], draft_id: str, values: FormValues) -> None:
        """Change the preview to what the form says; where that can't be, it stays as it was."""
        with contextlib.ExitStack() as files:
            card, image = await answers.patiently(interaction, self._adjusted(interaction, draft_id, values, files))
            if image is None:
                await answers.replace(interaction, card)
                return
            if not interaction.response.is_done():
                await answers.defer_privately(interaction, apart=False)
            async with self._uploading:
                await answers.replace(interaction, card, files=[image])

    async def cancel(self, interaction: discord.Interaction[Any], draft_id: str) -> None:
        """Drop the preview and the image."""
        await answers.patiently(interaction, self._discard(interaction, draft_id))
        await answers.replace(interaction, control_preview.discarded(), files=[])

    async def _show_preview(
        self, interaction: discord.Interaction[Any], plan: ControlPlan, image: discord.Attachment
    ) -> None:
        with contextlib.ExitStack() as files:
            given = await self._parts.images.fetch(image.url, size_bytes=image.size)
            files.callback(given.close)
            shown, settings = given, plan.map_settings
            if settings is not None:
                shown = await self._parts.images.map_of(given.file, settings)
                files.callback(shown.close)
            plan = replace(
                _showing(plan, shown),
                image_width_px=given.original_width_px,
                image_height_px=given.original_height_px,
            )
            request, _ = await self._starter.compose(interaction, plan.choices(), preset=plan.preset)
            kept = {plan.image_filename: shown.file}
            if plan.has_thresholds:
                kept[ORIGINAL] = given.file
            draft = await self._drafts.create(
                guild_id=interaction.guild_id or 0,
                user_id=interaction.user.id,
                kind=DRAFT_KIND,
                content=plan.content(),
                files=kept,
            )
            card = control_preview.preview(draft.draft_id, plan, request, price_micros=self._parts.facts.price_micros)
            async with self._uploading:
                await answers.show(interaction, card, files=[_attachable(shown, plan)])

    async def _adjusted(
        self,
        interaction: discord.Interaction[Any],
        draft_id: str,
        values: FormValues,
        files: contextlib.ExitStack,
    ) -> tuple[Card, discord.File | None]:
        """The changed preview, and its image where that is another one now; `files` closes it."""
        draft = await self._opened(interaction, draft_id)
        before = ControlPlan.of(draft.content)
        plan = replace(before, **control_preview.adjusted(before, values))
        request, _ = await self._starter.compose(interaction, plan.choices(), preset=plan.preset)
        shown: Prepared | None = None
        settings = plan.map_settings
        if settings is not None and (plan.low, plan.high) != (before.low, before.high):
            original = await self._file(draft, ORIGINAL)
            files.callback(original.close)
            shown = await self._parts.images.map_of(original, settings)
            files.callback(shown.close)
            plan = _showing(plan, shown)
        await self._drafts.change(draft, plan.content(), None if shown is None else {plan.image_filename: shown.file})
        card = control_preview.preview(draft_id, plan, request, price_micros=self._parts.facts.price_micros)
        return card, None if shown is None else _attachable(shown, plan)

    async def _discard(self, interaction: discord.Interaction[Any], draft_id: str) -> None:
        draft = await self._opened(interaction, draft_id)
        await self._drafts.discard(draft.draft_id)

    async def _finish(self, interaction: discord.Interaction[Any], draft_id: str) -> None:
        """There is a job: the preview has done its work."""
        await answers.replace_behind(interaction, control_preview.started())
        await self._drafts.discard(draft_id)

    async def _opened(self, interaction: discord.Interaction[Any], draft_id: str) -> Draft:
        return await self._drafts.open(
            draft_id, guild_id=interaction.guild_id or 0, user_id=interaction.user.id, kind=DRAFT_KIND
        )

    async def _file(self, draft: Draft, name: str) -> BinaryIO:
        """A file of the draft, open. Raises DraftGone where another press has finished the draft meanwhile."""
        try:
            return await asyncio.to_thread(self._drafts.path(draft, name).open, "rb")
        except FileNotFoundError as error:
            raise DraftGone from error


def _showing(plan: ControlPlan, image: Prepared) -> ControlPlan:
    """The plan with the image that is sent, and with the thresholds that it was made with."""
    return replace(plan, image_filename=image.filename, low=image.low, high=image.high)


def _attachable(image: Prepared, plan: ControlPlan) -> discord.File:
    """The image for the preview; whoever opened it closes it."""
    image.file.seek(0)
    # discord.py asks for this type and uses no more of it than what every open file has.
    file = cast("BufferedIOBase", image.file)
    return discord.File(file, filename=image.filename, description=images.preview_image(plan.control))
