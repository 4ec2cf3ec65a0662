"""`/preset`: looks that members and servers keep, and the panel where they are put together."""

import dataclasses
from collections.abc import Coroutine
from functools import partial
from typing import Any, Final

import discord
from discord import app_commands
from discord.app_commands import Choice, Transform
from discord.ext import commands

from cogs.completion import PRESET_CHARACTERS, Completion
from cogs.options import OneOf, Text
from cogs.parts import Parts
from errors import DraftGone, NoPictureYet, NotAllowed, Refusal
from generation.drafts import Draft
from generation.presets import Sketch, token_of, values_of
from recipes import NAME_MAX_CHARACTERS, Preset, PresetScope, PresetValues, check_name, folded
from ui import answers, cards, language, preset_panel
from ui.command_translator import localised
from ui.forms import FormValues, show_form
from ui.wording import presets as words

_KIND: Final = "preset"
_UNDO_KIND: Final = "undo"
_NOTHING: Final = PresetValues()
_SCOPES: Final = {scope: localised(partial(language._, label)) for scope, label in words.SCOPE_CHOICES.items()}
_SOURCES: Final = {source: localised(partial(language._, label)) for source, label in words.SOURCE_CHOICES.items()}


class PresetsCog(commands.GroupCog, group_name="preset", group_description=words.GROUP):
    """Everything about presets."""

    def __init__(self, parts: Parts) -> None:
        self._client = parts.client
        self._library = parts.library
        self._completion = Completion(parts)

    async def cog_load(self) -> None:
        """Answer the panel's buttons and forms; discord.py calls this when the cog is added."""
        self._client.add_action(preset_panel.FORM_ACTION, self.open_form)
        self._client.add_form(preset_panel.FORM_ACTION, self.fill_in)
        self._client.add_action(preset_panel.LAST_ACTION, self.take_last)
        self._client.add_action(preset_panel.SAVE_ACTION, self.keep)
        self._client.add_action(preset_panel.DISCARD_ACTION, self.discard)
        self._client.add_action(preset_panel.UNDO_ACTION, self.undo)

    @app_commands.command(name="save", description=words.SAVE)
    @app_commands.describe(name=words.OPTION_NAME, scope=words.OPTION_SCOPE, source=words.OPTION_SOURCE)
    async def save(
        self,
        interaction: discord.Interaction[Any],
        name: Transform[str, Text("name", longest=NAME_MAX_CHARACTERS)],
        scope: Transform[PresetScope, OneOf("scope", _SCOPES)] = PresetScope.PERSONAL,
        source: Transform[str, OneOf("source", _SOURCES)] = words.SOURCE_EMPTY,
    ) -> None:
        """Open the panel of a new preset."""
        _check_may(interaction, scope)
        from_last = source == words.SOURCE_LAST
        card = await answers.patiently(interaction, self._begun(interaction, scope, name, from_last=from_last))
        await answers.show(interaction, card)

    @app_commands.command(name="show", description=words.SHOW)
    @app_commands.describe(name=words.OPTION_PRESET)
    async def show(
        self,
        interaction: discord.Interaction[Any],
        name: Transform[str, Text("preset", longest=PRESET_CHARACTERS)],
    ) -> None:
        """Show what a preset sets, in private."""
        preset = await answers.patiently(interaction, self._find(interaction, name))
        await answers.show(interaction, preset_panel.page(preset))

    @app_commands.command(name="list", description=words.LIST)
    async def overview(self, interaction: discord.Interaction[Any]) -> None:
        """Show every preset within reach, in private."""
        found = await answers.patiently(
            interaction, self._library.presets.list(interaction.guild_id or 0, interaction.user.id)
        )
        await answers.show(interaction, preset_panel.overview(found))

    @app_commands.command(name="edit", description=words.EDIT)
    @app_commands.describe(name=words.OPTION_PRESET)
    async def edit(
        self,
        interaction: discord.Interaction[Any],
        name: Transform[str, Text("preset", longest=PRESET_CHARACTERS)],
    ) -> None:
        """Open the panel of a preset there is; a built-in one is the beginning of one's own."""
        await answers.show(interaction, await answers.patiently(interaction, self._reopened(interaction, name)))

    @app_commands.command(name="delete", description=words.DELETE)
    @app_commands.describe(name=words.OPTION_PRESET)
    async def delete(
        self,
        interaction: discord.Interaction[Any],
        name: Transform[str, Text("preset", longest=PRESET_CHARACTERS)],
    ) -> None:
        """Delete a preset; the answer can bring it back."""
        await answers.show(interaction, await answers.patiently(interaction, self._deleted(interaction, name)))

    @show.autocomplete("name")
    @edit.autocomplete("name")
    async def _names(self, interaction: discord.Interaction[Any], typed: str) -> list[Choice[str]]:
        return await self._completion.presets(interaction, typed)

    @delete.autocomplete("name")
    async def _names_to_delete(self, interaction: discord.Interaction[Any], typed: str) -> list[Choice[str]]:
        return await self._completion.presets(interaction, typed, built_in=False)

    async def open_form(self, interaction: discord.Interaction[Any], argument: str) -> None:
        """Open one group's form, filled in with what the preset has."""
        draft, sketch, group = await self._opened(interaction, argument)
        await show_form(interaction, preset_panel.form(draft.draft_id, group, sketch.values))

    async def fill_in(self, interaction: discord.Interaction[Any], argument: str, values: FormValues) -> None:
        """Take over what a form says; a value that can't be leaves the preset as it was."""
        await _replace(interaction, self._filled_in(interaction, argument, values))

    async def take_last(self, interaction: discord.Interaction[Any], draft_id: str) -> None:
        """Fill the panel with what the member's last picture had."""
        await _replace(interaction, self._with_last(interaction, draft_id))

    async def keep(self, interaction: discord.Interaction[Any], draft_id: str) -> None:
        """Save what the panel has."""
        await _replace(interaction, self._kept(interaction, draft_id))

    async def discard(self, interaction: discord.Interaction[Any], draft_id: str) -> None:
        """Throw the panel away."""
        await _replace(interaction, self._discarded(interaction, draft_id))

    async def undo(self, interaction: discord.Interaction[Any], draft_id: str) -> None:
        """Bring a deleted preset back."""
        await _replace(interaction, self._restored(interaction, draft_id))

    async def _begun(
        self, interaction: discord.Interaction[Any], scope: PresetScope, name: str, *, from_last: bool
    ) -> cards.Card:
        sketch = Sketch(name=check_name("name", name), scope=scope, values=_NOTHING)
        await self._check_free(interaction, sketch)
        if from_last:
            sketch = dataclasses.replace(sketch, values=await self._last(interaction))
        return await self._opened_panel(interaction, sketch)

    async def _reopened(self, interaction: discord.Interaction[Any], name: str) -> cards.Card:
        preset = await self._to_change(interaction, name)
        if preset.scope is PresetScope.BUILT_IN:
            sketch = Sketch(name=preset.name, scope=PresetScope.PERSONAL, values=preset.values)
            await self._check_free(interaction, sketch)
        else:
            sketch = Sketch(name=preset.name, scope=preset.scope, values=preset.values, replaces=True)
        return await self._opened_panel(interaction, sketch)

    async def _deleted(self, interaction: discord.Interaction[Any], name: str) -> cards.Card:
        preset = await self._to_change(interaction, name)
        # Before it is gone, so that there is no deletion without its Undo.
        sketch = Sketch(name=preset.name, scope=preset.scope, values=preset.values)
        draft = await self._draft(interaction, _UNDO_KIND, sketch)
        try:
            await self._library.presets.delete(
                guild_id=interaction.guild_id or 0,
                user_id=interaction.user.id,
                name=token_of(preset),
                may_manage_guild=interaction.permissions.manage_guild,
            )
        except Refusal:
            await self._library.drafts.discard(draft.draft_id)
            raise
        return preset_panel.deleted(draft.draft_id, preset)

    async def _filled_in(self, interaction: discord.Interaction[Any], argument: str, values: FormValues) -> cards.Card:
        draft, sketch, group = await self._opened(interaction, argument)
        listed = await self._library.loras.list(interaction.guild_id or 0)
        # A member's own preset goes along to every guild, and keeps what only another one lists.
        names = [*(entry.name for entry in listed), *(pick.name for pick in sketch.values.loras)]
        changed = dataclasses.replace(sketch.values, **preset_panel.filled_in(group, values, loras=names))
        here = {folded(entry.name) for entry in listed}
        picks = [pick for pick in changed.loras if folded(pick.name) in here]
        if group == "reference":  # the one in which they are picked: their strengths have a limit
            await self._library.loras.resolve(interaction.guild_id or 0, picks)
        return await self._changed(draft, dataclasses.replace(sketch, values=changed))

    async def _with_last(self, interaction: discord.Interaction[Any], draft_id: str) -> cards.Card:
        draft, sketch = await self._read(interaction, draft_id)
        return await self._changed(draft, dataclasses.replace(sketch, values=await self._last(interaction)))

    async def _kept(self, interaction: discord.Interaction[Any], draft_id: str) -> cards.Card:
        _, sketch = await self._read(interaction, draft_id)
        preset = await self._save(interaction, sketch)
        await self._library.drafts.discard(draft_id)
        return cards.notice(words.saved(preset), problem=False)

    async def _discarded(self, interaction: discord.Interaction[Any], draft_id: str) -> cards.Card:
        await self._read(interaction, draft_id)
        await self._library.drafts.discard(draft_id)
        return cards.notice(words.discarded(), problem=False)

    async def _restored(self, interaction: discord.Interaction[Any], draft_id: str) -> cards.Card:
        _, sketch = await self._read(interaction, draft_id, kind=_UNDO_KIND)
        preset = await self._save(interaction, sketch)
        await self._library.drafts.discard(draft_id)
        return cards.notice(words.restored(preset), problem=False)

    async def _opened_panel(self, interaction: discord.Interaction[Any], sketch: Sketch) -> cards.Card:
        draft = await self._draft(interaction, _KIND, sketch)
        return preset_panel.panel(draft.draft_id, sketch)

    async def _changed(self, draft: Draft, sketch: Sketch) -> cards.Card:
        await self._library.drafts.change(draft, sketch.to_json())
        return preset_panel.panel(draft.draft_id, sketch)

    async def _check_free(self, interaction: discord.Interaction[Any], sketch: Sketch) -> None:
        """Refuse at once what Save would refuse in the end."""
        await self._library.presets.check_free(
            interaction.guild_id or 0, interaction.user.id, scope=sketch.scope, name=sketch.name
        )

    async def _to_change(self, interaction: discord.Interaction[Any], name: str) -> Preset:
        return await self._library.presets.find_to_change(
            interaction.guild_id or 0,
            interaction.user.id,
            name,
            may_manage_guild=interaction.permissions.manage_guild,
        )

    async def _draft(self, interaction: discord.Interaction[Any], kind: str, sketch: Sketch) -> Draft:
        return await self._library.drafts.create(
            guild_id=interaction.guild_id or 0, user_id=interaction.user.id, kind=kind, content=sketch.to_json()
        )

    async def _read(
        self, interaction: discord.Interaction[Any], draft_id: str, *, kind: str = _KIND
    ) -> tuple[Draft, Sketch]:
        draft = await self._library.drafts.open(
            draft_id, guild_id=interaction.guild_id or 0, user_id=interaction.user.id, kind=kind
        )
        return draft, Sketch.from_json(draft.content)

    async def _opened(self, interaction: discord.Interaction[Any], argument: str) -> tuple[Draft, Sketch, str]:
        draft_id, _, group = argument.partition(".")
        if group not in preset_panel.GROUPS:
            raise DraftGone
        return *await self._read(interaction, draft_id), group

    async def _save(self, interaction: discord.Interaction[Any], sketch: Sketch) -> Preset:
        return await self._library.presets.save(
            guild_id=interaction.guild_id or 0,
            user_id=interaction.user.id,
            scope=sketch.scope,
            name=sketch.name,
            values=sketch.values,
            may_manage_guild=interaction.permissions.manage_guild,
            replace=sketch.replaces,
        )

    async def _find(self, interaction: discord.Interaction[Any], name: str) -> Preset:
        return await self._library.presets.find(interaction.guild_id or 0, interaction.user.id, name)

    async def _last(self, interaction: discord.Interaction[Any]) -> PresetValues:
        job = await self._library.history.latest_recipe(interaction.guild_id or 0, interaction.user.id)
        if job is None:
            raise NoPictureYet
        return values_of(job)


async def _replace(interaction: discord.Interaction[Any], card: Coroutine[Any, Any, cards.Card]) -> None:
    """Answer a press or a form with another form of the panel, however long that takes to make."""
    await answers.replace(interaction, await answers.patiently(interaction, card))


def _check_may(interaction: discord.Interaction[Any], scope: PresetScope) -> None:
    """Refuse at once what Save would refuse in the end."""
    if scope is PresetScope.GUILD and not interaction.permissions.manage_guild:
        raise NotAllowed("manage_guild")
