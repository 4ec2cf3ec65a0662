"""`/mod reports` and `/mod remove`, and the buttons on the cards of reports.

Which case a button means is in its custom id, so all of them work after a restart. The card itself is edited by whoever
keeps it (`generation/cases.py`); a press is answered in private, with what was done or who was faster.
"""

import logging
from typing import Any, Final

import discord
from discord import app_commands
from discord.app_commands import Choice, Transform
from discord.ext import commands

from cogs.checks import check_may_judge, check_moderates, guild_id_of
from cogs.lookup import WANTED_CHARACTERS, job_named
from cogs.options import Text
from cogs.parts import Parts
from errors import AlreadyDecided, InvalidOption, StorageError
from generation.composing import words_of
from generation.strikes import REASON_MAX_CHARACTERS
from models import Job
from moderation import Case, CaseKind
from recipes import folded
from ui import admin_panels, answers, cards, case_forms, report_cards, report_forms, report_pages
from ui.case_cards import read_case_id
from ui.forms import FormValues, show_form
from ui.report_pages import PAGE_SIZE, CasePage
from ui.wording import filters as filter_words
from ui.wording import history as history_words
from ui.wording import reports as words
from ui.wording import strikes as strike_words

log = logging.getLogger(__name__)

# Discord's own limits.
_CHOICES: Final = 25
_CHOICE_CHARACTERS: Final = 100
# What a moderator types is looked for among so many of the newest.
_SEARCHED: Final = 200


class ReportCommands(commands.Cog):
    """A part of `/mod`."""

    _parts: Parts

    def _register_reports(self) -> None:
        """Answer the buttons and forms."""
        client = self._parts.client
        client.add_action(report_pages.LIST_ACTION, self.turn_reports)
        client.add_action(report_pages.LOOK_ACTION, self.look)
        client.add_action(report_cards.REMOVE_ACTION, self.press_remove)
        client.add_action(report_cards.DISMISS_ACTION, self.press_dismiss)
        client.add_action(report_cards.SUSPEND_ACTION, self.ask_for_how_long)
        client.add_form(report_cards.SUSPEND_ACTION, self.suspend_author)
        client.add_action(report_cards.BLOCK_ACTION, self.ask_for_term)
        client.add_form(report_cards.BLOCK_ACTION, self.block_term)

    @app_commands.command(name="reports", description=words.REPORTS)
    async def reports(self, interaction: discord.Interaction[Any]) -> None:
        """Show what waits for a moderator, in private."""
        check_moderates(interaction)
        page = self._open_cases(guild_id_of(interaction), 1)
        await answers.show(interaction, await answers.patiently(interaction, page))

    @app_commands.command(name="remove", description=words.REMOVE)
    @app_commands.describe(job=words.OPTION_JOB, reason=words.OPTION_REASON)
    async def remove(
        self,
        interaction: discord.Interaction[Any],
        job: Transform[str, Text("job", longest=WANTED_CHARACTERS)],
        reason: Transform[str, Text("reason", longest=REASON_MAX_CHARACTERS)] = "",
    ) -> None:
        """Take a job's pictures off Discord for good."""
        check_moderates(interaction)
        said = await answers.patiently(interaction, self._job_removed(interaction, job, reason))
        await answers.show(interaction, cards.notice(said, problem=False))

    @remove.autocomplete("job")
    async def _complete_job(self, interaction: discord.Interaction[Any], typed: str) -> list[Choice[str]]:
        """The newest pictures, for moderators only: prompts of hidden ones are among them."""
        if not interaction.permissions.manage_messages:
            return []
        try:
            found = await self._parts.desk.removal.latest(guild_id_of(interaction), limit=_SEARCHED)
        except StorageError as error:
            log.warning("no jobs to suggest: %s", error)
            return []
        fitting = [job for job in found if typed in job.job_id or folded(typed) in folded(words_of(job))]
        return [Choice(name=self._job_choice(job), value=job.job_id) for job in fitting[:_CHOICES]]

    async def turn_reports(self, interaction: discord.Interaction[Any], argument: str) -> None:
        """Show another page in the place of the one with the button."""
        check_moderates(interaction)
        page = self._open_cases(guild_id_of(interaction), admin_panels.page_number(argument))
        await answers.replace(interaction, await answers.patiently(interaction, page))

    async def look(self, interaction: discord.Interaction[Any], argument: str) -> None:
        """Show what would be on the card of a case that has none, with its buttons, in private."""
        check_moderates(interaction)
        guild_id, case_id = guild_id_of(interaction), read_case_id(argument)
        await answers.defer_privately(interaction)
        case = await self._parts.desk.cases.find(case_id, guild_id=guild_id)
        _check_open(case)
        guild = await self._parts.library.guilds.of(guild_id)
        sheet = await self._parts.desk.views[case.kind](case, guild)
        if sheet.job is None or not sheet.images:
            await answers.show(interaction, sheet.card(()))
        else:
            await self._parts.delivery.hand_over(interaction, sheet.job, sheet.images, guild=guild, view=sheet.card)

    async def press_remove(self, interaction: discord.Interaction[Any], argument: str) -> None:
        """Take the reported pictures off for good, which closes the report."""
        check_moderates(interaction)
        removing = self._parts.desk.removal.remove_reported(
            read_case_id(argument), guild_id=guild_id_of(interaction), by_id=interaction.user.id
        )
        removed = await answers.patiently(interaction, removing, apart=True)
        await answers.show(interaction, cards.notice(words.removed_reported(removed.job), problem=False))

    async def press_dismiss(self, interaction: discord.Interaction[Any], argument: str) -> None:
        """Leave the pictures where they are, or show them again, which closes the report."""
        check_moderates(interaction)
        dismissed = await answers.patiently(interaction, self._report_dismissed(interaction, argument), apart=True)
        await answers.show(interaction, cards.notice(dismissed, problem=False))

    async def ask_for_how_long(self, interaction: discord.Interaction[Any], argument: str) -> None:
        """Ask for how long the author is suspended, and why."""
        case = await self._report(interaction, argument)
        await show_form(interaction, report_forms.suspend_form(case.case_id))

    async def suspend_author(self, interaction: discord.Interaction[Any], argument: str, values: FormValues) -> None:
        """Suspend the author of a reported picture; what becomes of the picture is still to be decided."""
        check_moderates(interaction)
        said = await answers.patiently(interaction, self._author_suspended(interaction, argument, values), apart=True)
        await answers.show(interaction, cards.notice(said, problem=False))

    async def ask_for_term(self, interaction: discord.Interaction[Any], argument: str) -> None:
        """Ask what the prompt filter is to refuse from now on."""
        case = await self._report(interaction, argument)
        await show_form(interaction, report_forms.block_form(case.case_id))

    async def block_term(self, interaction: discord.Interaction[Any], argument: str, values: FormValues) -> None:
        """Put a term on the server's prompt filter; what becomes of the picture is still to be decided."""
        check_moderates(interaction)
        said = await answers.patiently(interaction, self._term_blocked(interaction, argument, values), apart=True)
        await answers.show(interaction, cards.notice(said, problem=False))

    async def _open_cases(self, guild_id: int, number: int) -> cards.Card:
        guild = await self._parts.library.guilds.of(guild_id)
        total = await self._parts.desk.cases.count_open(guild_id)
        shown = CasePage(cases=(), number=1, total=total)
        number = min(max(1, number), shown.pages)
        offset = (number - 1) * PAGE_SIZE
        found = await self._parts.desk.cases.open_of(guild_id, offset=offset, size=PAGE_SIZE)
        shown = CasePage(cases=found, number=number, total=total)
        return report_pages.page(shown, has_channel=guild.moderators_channel_id is not None)

    async def _job_removed(self, interaction: discord.Interaction[Any], wanted: str, reason: str) -> str:
        guild_id = guild_id_of(interaction)
        job = await job_named(self._parts.library.history, guild_id, wanted)
        removed = await self._parts.desk.removal.remove(
            job.job_id, guild_id=guild_id, by_id=interaction.user.id, reason=reason
        )
        return words.removed_now(removed)

    async def _report_dismissed(self, interaction: discord.Interaction[Any], argument: str) -> str:
        case = await self._report(interaction, argument)
        check_may_judge(interaction, case.user_id)
        done = await self._parts.desk.removal.dismiss(case.case_id, guild_id=case.guild_id, by_id=interaction.user.id)
        return words.dismissed(restored=done.changed)

    async def _author_suspended(self, interaction: discord.Interaction[Any], argument: str, values: FormValues) -> str:
        case = await self._report(interaction, argument)
        if case.user_id == interaction.user.id:
            raise InvalidOption("user", "yourself")
        done = await self._parts.desk.strikes.suspend(
            case.guild_id,
            case.user_id,
            by_id=interaction.user.id,
            seconds=case_forms.seconds(values),
            reason=case_forms.reason(values),
        )
        await self._parts.library.reports.changed(case.case_id)
        return words.suspended(strike_words.suspended_member(case.user_id, done))

    async def _term_blocked(self, interaction: discord.Interaction[Any], argument: str, values: FormValues) -> str:
        case = await self._report(interaction, argument)
        added = await self._parts.desk.filters.add(
            case.guild_id,
            report_forms.term(values),
            category=report_forms.category(values),
            by_id=interaction.user.id,
        )
        return words.blocked(filter_words.added(added, everywhere=False))

    async def _report(self, interaction: discord.Interaction[Any], argument: str) -> Case:
        """The open report that a button means. Raises AlreadyDecided, CaseGone or NotAllowed."""
        check_moderates(interaction)
        case = await self._parts.desk.cases.find(
            read_case_id(argument), guild_id=guild_id_of(interaction), kind=CaseKind.REPORT
        )
        _check_open(case)
        return case

    def _job_choice(self, job: Job) -> str:
        now = self._parts.clock.now()
        return words.job_choice(job, history_words.choice(job, words_of(job), now, _CHOICE_CHARACTERS - 2))


def _check_open(case: Case) -> None:
    if case.outcome is not None and case.decided_at is not None:
        raise AlreadyDecided(case.outcome, by_id=case.decided_by, at=case.decided_at)
