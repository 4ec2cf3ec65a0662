"""The buttons on the cards in the moderators' channel, and the form that one of them opens.

Which case a button means is in its custom id, so all of them work after a restart. The card itself is edited by whoever
keeps it (`generation/cases.py`); the press is answered in private, with what was done or who was faster.
"""

from collections.abc import Coroutine
from typing import Any

import discord
from discord.ext import commands

from cogs.checks import check_moderates, guild_id_of
from cogs.parts import Parts
from errors import AlreadyDecided
from moderation import Case, CaseKind
from ui import answers, cards, case_cards, case_forms
from ui.case_cards import read_case_id
from ui.forms import FormValues, show_form
from ui.wording import cases as words


class CasesCog(commands.Cog):
    """What moderators decide on a review, an appeal, or a member at the end of the ladder."""

    def __init__(self, parts: Parts) -> None:
        self._client = parts.client
        self._cases = parts.desk.cases
        self._appeals = parts.desk.appeals

    async def cog_load(self) -> None:
        """Answer the buttons and the form; discord.py calls this when the cog is added."""
        self._client.add_action(case_cards.APPROVE_ACTION, self.approve)
        self._client.add_action(case_cards.REJECT_ACTION, self.reject)
        self._client.add_action(case_cards.SUSPEND_ACTION, self.ask_for_how_long)
        self._client.add_form(case_cards.SUSPEND_ACTION, self.reject_and_suspend)
        self._client.add_action(case_cards.GRANT_ACTION, self.grant)
        self._client.add_action(case_cards.DENY_ACTION, self.deny)
        self._client.add_action(case_cards.LIFT_ACTION, self.lift)
        self._client.add_action(case_cards.KEEP_ACTION, self.keep)

    async def approve(self, interaction: discord.Interaction[Any], argument: str) -> None:
        """Let the picture be shown."""
        check_moderates(interaction)
        approving = self._cases.approve(
            read_case_id(argument), guild_id=guild_id_of(interaction), by_id=interaction.user.id
        )
        await _decide(interaction, approving)

    async def reject(self, interaction: discord.Interaction[Any], argument: str) -> None:
        """Don't let the picture be shown."""
        check_moderates(interaction)
        rejecting = self._cases.reject(
            read_case_id(argument), guild_id=guild_id_of(interaction), by_id=interaction.user.id
        )
        await _decide(interaction, rejecting)

    async def ask_for_how_long(self, interaction: discord.Interaction[Any], argument: str) -> None:
        """Ask for how long, and why, unless the review is decided: nobody should fill that in for nothing."""
        check_moderates(interaction)
        case = await self._cases.find(read_case_id(argument), guild_id=guild_id_of(interaction), kind=CaseKind.REVIEW)
        if case.outcome is not None and case.decided_at is not None:
            raise AlreadyDecided(case.outcome, by_id=case.decided_by, at=case.decided_at)
        await show_form(interaction, case_forms.suspend_form(case.case_id))

    async def reject_and_suspend(
        self, interaction: discord.Interaction[Any], argument: str, values: FormValues
    ) -> None:
        """Don't let the picture be shown, and suspend its author."""
        check_moderates(interaction)
        rejecting = self._cases.reject_and_suspend(
            read_case_id(argument),
            guild_id=guild_id_of(interaction),
            by_id=interaction.user.id,
            seconds=case_forms.seconds(values),
            reason=case_forms.reason(values),
        )
        done = await answers.patiently(interaction, rejecting, apart=True)
        said = words.rejected_and_suspended(done.case.user_id, done.holds.until, len(done.cancelled))
        await answers.show(interaction, cards.notice(said, problem=False))

    async def grant(self, interaction: discord.Interaction[Any], argument: str) -> None:
        """Say that what a member appeals was a mistake."""
        check_moderates(interaction)
        granting = self._appeals.grant(
            read_case_id(argument),
            guild_id=guild_id_of(interaction),
            by_id=interaction.user.id,
            may_manage=interaction.permissions.manage_guild,
        )
        await _decide(interaction, granting)

    async def deny(self, interaction: discord.Interaction[Any], argument: str) -> None:
        """Say that it was none."""
        check_moderates(interaction)
        denying = self._appeals.deny(
            read_case_id(argument), guild_id=guild_id_of(interaction), by_id=interaction.user.id
        )
        await _decide(interaction, denying)

    async def lift(self, interaction: discord.Interaction[Any], argument: str) -> None:
        """End the suspension of a member at the end of the ladder."""
        check_moderates(interaction)
        lifting = self._cases.lift(
            read_case_id(argument),
            guild_id=guild_id_of(interaction),
            by_id=interaction.user.id,
            may_manage=interaction.permissions.manage_guild,
        )
        await _decide(interaction, lifting)

    async def keep(self, interaction: discord.Interaction[Any], argument: str) -> None:
        """Let it last."""
        check_moderates(interaction)
        keeping = self._cases.keep(read_case_id(argument), guild_id=guild_id_of(interaction), by_id=interaction.user.id)
        await _decide(interaction, keeping)


async def _decide(interaction: discord.Interaction[Any], deciding: Coroutine[Any, Any, Case]) -> None:
    case = await answers.patiently(interaction, deciding, apart=True)
    assert case.outcome is not None  # it has just been decided
    await answers.show(interaction, cards.notice(words.done(case.outcome), problem=False))
