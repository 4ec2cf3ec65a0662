"""The private panel of `/admin setup`: what is done, what is missing, and every setting; sends nothing.

It has four pages of rows. A row shows one setting and reads what was pressed or chosen in it: another setting is
another row. Everything is in the custom ids, and the values come from the database each time.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final

import discord

from errors import InvalidOption
from generation.access_lists import CHANNEL, LISTED_MOST, ROLE
from generation.guild_settings import IMAGES_PER_JOB_BOUNDS, LANGUAGES
from generation.periods import zone
from models import GuildSettings
from ui import cards, limit_panels
from ui.buttons import ActionButton, ActionChannelSelect, ActionRoleSelect
from ui.cards import Card
from ui.forms import Form, FormValues, TextField
from ui.server_checks import USABLE_KINDS, WRITABLE_KINDS, ServerChecks
from ui.setup_moderation import ROWS as MODERATION_ROWS
from ui.setup_rows import SETUP_ACTION, Choice, Item, Menu, Opening, Page, Row, State, Switch, Wanted
from ui.wording import setup as words
from ui.wording import setup_moderation as moderation_words

LOOK_ACTION: Final = "setuplook"
ZONE_ACTION: Final = "setupzone"

# Longer than any zone's name.
_ZONE_CHARACTERS: Final = 64
_CONFIRM_PERCENTS: Final = (5, 10, 25, 50, 75)
_IMAGES: Final = range(int(IMAGES_PER_JOB_BOUNDS.low), int(IMAGES_PER_JOB_BOUNDS.high) + 1)
_NEVER, _FROM, _SHARE = "never", "images", "percent"
# Discord's ids are whole numbers of 63 bits.
_ID_DIGITS: Final = 19
# Nothing is told apart by this argument: a custom id must have one.
_WHOLE: Final = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class _List:
    """The allowed channels or roles: what is chosen in the menu is the whole list afterwards."""

    setting: str
    kind: str

    def items(self, state: State) -> list[Item]:
        checks, of_channels = state.checks, self.kind == CHANNEL
        listed = checks.channel_ids if of_channels else checks.role_ids
        label = words.channels_label() if of_channels else words.roles_label()
        menu = self._channels(listed) if of_channels else self._roles(listed)
        return [discord.ui.TextDisplay(label), discord.ui.ActionRow(menu)]

    def read(self, page: Page, _wanted: str, chosen: Sequence[str]) -> Wanted:
        return Wanted(page=page, kind=self.kind, ids=_ids(self.setting, chosen, most=LISTED_MOST))

    def _channels(self, listed: Sequence[int]) -> ActionChannelSelect:
        return ActionChannelSelect(
            SETUP_ACTION,
            self.setting,
            kinds=USABLE_KINDS,
            selected=listed,
            placeholder=words.channels_placeholder(),
            most=LISTED_MOST,
        )

    def _roles(self, listed: Sequence[int]) -> ActionRoleSelect:
        placeholder = words.roles_placeholder()
        return ActionRoleSelect(SETUP_ACTION, self.setting, selected=listed, placeholder=placeholder, most=LISTED_MOST)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Moderators:
    """The moderators' channel, or none."""

    setting: str = "moderators_channel_id"

    def items(self, state: State) -> list[Item]:
        check = state.checks.moderators
        menu = ActionChannelSelect(
            SETUP_ACTION,
            self.setting,
            kinds=WRITABLE_KINDS,
            selected=(check.channel_id,) if check is not None and check.exists else (),
            placeholder=words.moderators_placeholder(),
        )
        return [discord.ui.TextDisplay(words.moderators_label()), discord.ui.ActionRow(menu)]

    def read(self, page: Page, _wanted: str, chosen: Sequence[str]) -> Wanted:
        ids = _ids(self.setting, chosen, most=1)
        return Wanted(page=page, settings={self.setting: ids[0] if ids else None})


def _zone_words(state: State) -> str:
    settings = state.settings
    return words.time_zone(settings, state.now, state.now.astimezone(zone(settings.zone_at(state.now))))


def _confirm_choices() -> Iterable[Choice]:
    yield Choice(value=_NEVER, label=words.never, settings={"confirm_images": None, "confirm_percent": None})
    for images in _IMAGES:
        yield Choice(
            value=f"{_FROM}.{images}",
            label=partial(words.confirm_images, images),
            settings={"confirm_images": images, "confirm_percent": None},
        )
    for percent in _CONFIRM_PERCENTS:
        yield Choice(
            value=f"{_SHARE}.{percent}",
            label=partial(words.confirm_percent, percent),
            settings={"confirm_images": None, "confirm_percent": percent},
        )


_ROWS: Final[Mapping[Page, Sequence[Row]]] = {
    Page.START: (
        _List(setting="channels", kind=CHANNEL),
        _List(setting="roles", kind=ROLE),
        _Moderators(),
    ),
    Page.MONEY: (
        Opening(
            setting="caps",
            action=limit_panels.PAGE_ACTION,
            argument="1",
            words=lambda state: words.caps(state.caps),
            label=words.change_caps,
        ),
        Menu(setting="confirm", words=words.confirm, choices=tuple(_confirm_choices())),
        Opening(setting="time_zone", action=ZONE_ACTION, argument=_WHOLE, words=_zone_words, label=words.change),
    ),
    Page.PICTURES: (
        Menu(
            setting="images_per_job",
            words=lambda settings: words.images_per_job(settings.images_per_job),
            choices=tuple(
                Choice(
                    value=str(images),
                    label=partial(words.images_per_job_choice, images),
                    settings={"images_per_job": images},
                )
                for images in _IMAGES
            ),
        ),
        Menu(
            setting="language",
            words=lambda settings: words.language(settings.language),
            choices=tuple(
                Choice(value=code, label=partial(words.language_choice, code), settings={"language": code})
                for code in LANGUAGES
            ),
        ),
        Switch(setting="recipe_in_files", words=words.recipe_in_files),
        Switch(setting="spoilers", words=words.spoilers),
    ),
    Page.MODERATION: MODERATION_ROWS,
}
_TITLES: Final = {
    Page.START: words.title,
    Page.MONEY: words.money_title,
    Page.PICTURES: words.pictures_title,
    Page.MODERATION: moderation_words.title,
}
_TABS: Final = {
    Page.START: words.page_start,
    Page.MONEY: words.page_money,
    Page.PICTURES: words.page_pictures,
    Page.MODERATION: moderation_words.page,
}


def panel(page: Page, state: State) -> Card:
    """A page: on the first what is done and missing, on each its settings as they are stored."""
    items: list[Item] = [discord.ui.TextDisplay(_TITLES[page]())]
    if page is Page.START:
        checklist = words.checklist(state.settings, state.checks, state.caps)
        items += [discord.ui.TextDisplay(checklist), discord.ui.Separator()]
    for row in _ROWS[page]:
        items += row.items(state)
    if page is Page.START:
        items += [discord.ui.Separator(), discord.ui.TextDisplay(_permissions(state.checks))]
    return Card(*items, discord.ui.Separator(), _tabs(page), colour=cards.BLURPLE)


def page_of(argument: str) -> Page:
    """The page that a button leads to; the first for what no button of ours says."""
    return Page(argument) if argument in list(Page) else Page.START


def wanted(argument: str, chosen: Sequence[str]) -> Wanted:
    """What a press or choice in the panel asks for. Raises InvalidOption for what no panel says."""
    setting, _, value = argument.partition(".")
    for page, rows in _ROWS.items():
        for row in rows:
            if row.setting == setting:
                return row.read(page, value, chosen)
    raise InvalidOption(setting, "not_a_choice")


def zone_form(settings: GuildSettings, now: datetime) -> Form:
    """The form for the time zone, with the one that holds."""
    zone_field = TextField(
        name="time_zone",
        label=words.time_zone_form(),
        value=settings.next_time_zone or settings.zone_at(now),
        description=words.time_zone_hint(),
        required=True,
        longest=_ZONE_CHARACTERS,
    )
    return Form(ZONE_ACTION, _WHOLE, title=words.time_zone_form(), fields=[zone_field])


def zone_in(values: FormValues) -> str:
    """The time zone as it was typed into the form."""
    return values.text("time_zone")


def _permissions(checks: ServerChecks) -> str:
    lacking = checks.here.missing or any(check.missing for check in checks.channels)
    if lacking or (checks.moderators is not None and checks.moderators.missing):
        return words.missing(checks)
    return words.nothing_missing(checks)


def _tabs(page: Page) -> Item:
    """The buttons to the pages, the present one among them: it looks anew."""
    buttons = []
    for other, label in _TABS.items():
        here = other is page
        buttons.append(
            ActionButton(
                LOOK_ACTION,
                other,
                label=words.look_again() if here else label(),
                emoji="🔄" if here else None,
                style=discord.ButtonStyle.primary if here else discord.ButtonStyle.secondary,
            )
        )
    return discord.ui.ActionRow(*buttons)


def _ids(setting: str, chosen: Sequence[str], *, most: int) -> tuple[int, ...]:
    """The ids in a menu that Discord's client fills. Raises InvalidOption for what is no id, twice, or too many."""
    if not all(value.isascii() and value.isdecimal() and len(value) <= _ID_DIGITS for value in chosen):
        raise InvalidOption(setting, "not_a_choice")
    if len(set(chosen)) < len(chosen) or len(chosen) > most:
        raise InvalidOption(setting, "not_a_choice")
    return tuple(int(value) for value in chosen)
