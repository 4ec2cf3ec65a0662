"""What `/filter` and `/operator filter` have in common: one list each, and the pages about it."""

import contextlib
import io
import logging
from collections.abc import Sequence
from typing import Any, Final

import discord
from discord.app_commands import Choice

from cogs.checks import guild_id_of
from cogs.completion import CHOICE_CHARACTERS, CHOICES_MAX
from cogs.parts import Parts
from errors import DraftGone, StorageError, TermRefused, UnusableImage
from generation import filter_files
from generation.filter_files import FILE_MAX_BYTES, FileLine
from generation.filter_terms import CATEGORIES, term_of
from generation.filters import EVERYWHERE, FilterTerm
from recipes import folded
from ui import answers, cards, filter_pages, text
from ui.cards import Card
from ui.filter_pages import Actions, Asked
from ui.wording import filters as words

log = logging.getLogger(__name__)

_EXPORT_NAME: Final = "prompt-filter.csv"
# What cannot be fetched, as the codes of what a list does not take.
_NOT_FETCHED: Final = {
    "empty": "no_terms",
    "too_large": "too_large",
    "not_an_image": "not_text",
    "gone": "file_gone",
}


class FilterLists:
    """The pages of one kind of list: the guild's where somebody is, or the operator's."""

    def __init__(self, parts: Parts, actions: Actions) -> None:
        self._parts = parts
        self._actions = actions
        self._book = parts.desk.filters
        # A moderator's draft is none of the operator's, whatever a button says.
        self._draft_kind = actions.take

    async def added(
        self, interaction: discord.Interaction[Any], typed: str, category: str | None, action: str | None
    ) -> Card:
        """Put an entry on the list, and say what that means."""
        added = await self._book.add(
            self._list_of(interaction), typed, category=category, action=action, by_id=interaction.user.id
        )
        return cards.notice(words.added(added, everywhere=self._actions.everywhere), problem=False)

    async def removed(self, interaction: discord.Interaction[Any], typed: str) -> Card:
        """Take an entry off the list."""
        entry = await self._book.remove(self._list_of(interaction), typed, by_id=interaction.user.id)
        return cards.notice(words.removed(entry), problem=False)

    async def page(self, interaction: discord.Interaction[Any], asked: Asked) -> Card:
        """A page of the list."""
        entries = await self._book.list(self._list_of(interaction))
        beneath = () if self._actions.everywhere else await self._book.list(EVERYWHERE)
        return filter_pages.listing(entries, asked, self._actions, beneath=beneath)

    async def send_export(self, interaction: discord.Interaction[Any]) -> None:
        """Answer with the list as a file."""
        await answers.defer_privately(interaction)
        data, count = await self._book.export(self._list_of(interaction))
        with contextlib.closing(io.BytesIO(data)) as file:
            sheet = discord.File(file, filename=_EXPORT_NAME)
            await answers.show(interaction, filter_pages.exported(_EXPORT_NAME, count), files=[sheet])

    async def lines_of(self, file: discord.Attachment) -> list[FileLine]:
        """What is in a file that a moderator gave. Raises TermRefused."""
        if file.size > FILE_MAX_BYTES:
            raise TermRefused("too_large", limit=FILE_MAX_BYTES)
        try:
            async with self._parts.desk.attachments.fetched(file.url, file.size) as fetched:
                return filter_files.read(fetched.read(FILE_MAX_BYTES + 1))
        except UnusableImage as error:
            raise TermRefused(_NOT_FETCHED.get(error.why, "file_not_fetched"), limit=FILE_MAX_BYTES) from error

    async def planned(
        self,
        interaction: discord.Interaction[Any],
        lines: Sequence[FileLine],
        source: str,
        *,
        category: str | None = None,
        notes: Sequence[str] = (),
    ) -> Card:
        """Say what an import would do, and offer to do it; `category` is for the lines that name none."""
        plan = await self._book.plan(self._list_of(interaction), lines, category=category)
        draft_id = None
        if plan.new or plan.changed:
            kept = {"terms": [_kept(term) for term in plan.terms]}
            draft = await self._parts.library.drafts.create(
                guild_id=guild_id_of(interaction), user_id=interaction.user.id, kind=self._draft_kind, content=kept
            )
            draft_id = draft.draft_id
        return filter_pages.plan(plan, self._actions, draft_id, source=source, notes=notes)

    async def taken(self, interaction: discord.Interaction[Any], draft_id: str) -> Card:
        """Do what a plan says. Raises DraftGone, or TermRefused where the list has grown meanwhile."""
        draft = await self._parts.library.drafts.open(
            draft_id, guild_id=guild_id_of(interaction), user_id=interaction.user.id, kind=self._draft_kind
        )
        terms = [term_of(**kept) for kept in draft.content["terms"]]
        done = await self._book.take(self._list_of(interaction), terms, by_id=interaction.user.id)
        await self._parts.library.drafts.discard(draft_id)
        return cards.notice(words.imported(done.added, done.changed, done.same), problem=False)

    async def declined(self, interaction: discord.Interaction[Any], draft_id: str) -> Card:
        """Forget a plan."""
        with contextlib.suppress(DraftGone):
            await self._parts.library.drafts.open(
                draft_id, guild_id=guild_id_of(interaction), user_id=interaction.user.id, kind=self._draft_kind
            )
            await self._parts.library.drafts.discard(draft_id)
        return cards.notice(words.declined(), problem=False)

    async def complete(self, interaction: discord.Interaction[Any], typed: str) -> list[Choice[str]]:
        """Entries of the list with these letters in them, those that begin with them first."""
        try:
            entries = await self._book.list(self._list_of(interaction))
        except StorageError as error:
            log.warning("no entries to suggest: %s", type(error).__name__)
            return []
        part = folded(typed)
        # Discord takes no longer value: a longer pattern is typed as a whole.
        fitting = [entry for entry in entries if part in folded(entry.shown) and len(entry.shown) <= CHOICE_CHARACTERS]
        fitting.sort(key=lambda entry: not folded(entry.shown).startswith(part))
        return [
            Choice(name=text.shortened(words.choice(entry), CHOICE_CHARACTERS), value=entry.shown)
            for entry in fitting[:CHOICES_MAX]
        ]

    async def complete_category(self, interaction: discord.Interaction[Any], typed: str) -> list[Choice[str]]:
        """The categories that are known, and those that the list has besides."""
        try:
            entries = await self._book.list(self._list_of(interaction))
        except StorageError as error:
            log.warning("no categories to suggest: %s", type(error).__name__)
            entries = ()
        own = sorted({entry.category for entry in entries if entry.category} - set(CATEGORIES))
        part = folded(typed)
        named = [(words.category_choice(category), category) for category in (*CATEGORIES, *own)]
        return [
            Choice(name=text.shortened(name, CHOICE_CHARACTERS), value=category)
            for name, category in named
            if part in folded(name)
        ][:CHOICES_MAX]

    def _list_of(self, interaction: discord.Interaction[Any]) -> int:
        return EVERYWHERE if self._actions.everywhere else guild_id_of(interaction)


def _kept(term: FilterTerm) -> dict[str, str]:
    """An entry as a draft keeps it: what `term_of` makes it from again."""
    return {"typed": term.text, "kind": term.kind, "category": term.category, "action": term.action}
