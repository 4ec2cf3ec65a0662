"""Words of `/admin setup`: what is set up and what is missing, every setting, and the hello in a new server."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from generation.limit_book import GuildLimits, unit_of
from limits import LimitName
from models import GuildSettings
from ui import text
from ui.language import N_, _, ngettext
from ui.server_checks import ChannelCheck, ServerChecks
from ui.wording import access, limits
from ui.wording.accounts import amount
from ui.wording.refusals import permission_name

SETUP: Final = N_("Set me up in this server, step by step, and see what is still missing")

# What the bot needs each permission for, by Discord's API names.
_PURPOSES: Final = {
    "VIEW_CHANNEL": N_("to find my cards again and turn them into pictures"),
    "SEND_MESSAGES": N_("to tell members when a picture took long"),
    "SEND_MESSAGES_IN_THREADS": N_("to tell members when a picture took long"),
    "ATTACH_FILES": N_("to put the pictures on my cards"),
    "READ_MESSAGE_HISTORY": N_("to make pictures from members' own images"),
}
_LANGUAGES: Final = {"auto": N_("each member's own"), "en": N_("English"), "de": N_("German")}
_CAPS: Final = (
    LimitName.MEMBER_DAILY_IMAGES,
    LimitName.MEMBER_MONTHLY_MICROS,
    LimitName.GUILD_DAILY_MICROS,
    LimitName.GUILD_MONTHLY_MICROS,
)
# Groups of channels that lack the same permissions, and channels in each: the page stays below 4000 characters.
_GROUPS: Final = 5
_CHANNELS_IN_GROUP: Final = 5
# From so many channels on it is easier to give a permission once, to the bot's role.
_MANY: Final = 3

_DONE, _OPEN, _WRONG = "✅", "⬜", "⚠️"


def title() -> str:
    """The headline of the first page."""
    return _("### ⚙️ Set me up in this server") + "\n" + _("-# Every change holds at once, for everybody here.")


def money_title() -> str:
    """The headline of the page about caps."""
    return _("### 💵 Money in this server") + "\n" + _("-# Every change holds at once, for everybody here.")


def pictures_title() -> str:
    """The headline of the page about pictures and words."""
    return _("### 🖼️ Pictures in this server") + "\n" + _("-# Every change holds at once, for everybody here.")


def page_start() -> str:
    """Leads to the first page."""
    return _("Start")


def page_money() -> str:
    """Leads to the page about caps."""
    return _("Money")


def page_pictures() -> str:
    """Leads to the page about pictures."""
    return _("Pictures")


def look_again() -> str:
    """Reads everything anew."""
    return _("Check again")


def checklist(settings: GuildSettings, checks: ServerChecks, caps: GuildLimits) -> str:
    """What is done and what is missing, a line each, and what it comes to."""
    lines = [
        _channels_line(checks),
        _roles_line(checks),
        _moderators_line(checks.moderators),
        f"{_DONE} " + _("**Caps** · {caps}").format(caps=caps_summary(caps)),
        _permissions_line(checks),
    ]
    if settings.paused:
        lines.append(f"{_WRONG} " + _("**Paused** · no new pictures until somebody uses `/admin resume`"))
    wrong = sum(line.startswith(_WRONG) for line in lines)
    if wrong:
        lines.append(
            ngettext(
                "**{count} thing needs you.** What is below says how.",
                "**{count} things need you.** What is below says how.",
                wrong,
            ).format(count=wrong)
        )
    else:
        lines.append(_("**Ready:** members can use `/imagine`."))
    return "\n".join(lines)


def caps_summary(caps: GuildLimits) -> str:
    """What a member may make a day and the server spend in a month, in one short line; the page of caps has all."""
    images, _money, _day, month = (amount(unit_of(name), caps.holding(name).value) for name in _CAPS)
    return _("{images} a day each, {month} a month for all").format(images=images, month=month)


def channels_label() -> str:
    """Above the menu of allowed channels."""
    return (
        _("**Where may members use me?**")
        + "\n"
        + _("-# Choose nothing for everywhere. Threads and forum posts follow their channel.")
    )


def channels_placeholder() -> str:
    """In the empty menu of channels."""
    return _("Everywhere")


def roles_label() -> str:
    """Above the menu of allowed roles."""
    return _("**Who may use me?**") + "\n" + _("-# Choose nothing for everybody. One of the roles is enough.")


def roles_placeholder() -> str:
    """In the empty menu of roles."""
    return _("Everybody")


def moderators_label() -> str:
    """Above the menu of the moderators' channel."""
    return (
        _("**Where can I write to the moderators?**")
        + "\n"
        + _("-# I tell them there when half, most and all of a budget of this server is used up.")
    )


def moderators_placeholder() -> str:
    """In the empty menu of the moderators' channel."""
    return _("Nowhere yet")


def nothing_missing(checks: ServerChecks) -> str:
    """The bot has every permission that it needs."""
    if checks.channels:
        said = _("**My permissions** · ✅ I may do everything that I need, here and in every channel of the list.")
    else:
        said = _("**My permissions** · ✅ I may do everything that I need here.")
    return said + "\n" + _("-# Use `/admin setup` in another channel to check that one.")


def missing(checks: ServerChecks) -> str:
    """Each permission that the bot lacks, where, what it is for, and how it is given."""
    lines = [_("**My permissions** · ⚠️ I lack:")]
    groups = _groups(checks)
    lines += [
        f"• {_channels(ids, checks.here.channel_id)}: {_names(names)}" for names, ids in list(groups.items())[:_GROUPS]
    ]
    if len(groups) > _GROUPS:
        lines.append(_("• … and others in further channels; check again once these are there."))
    if checks.moderators is not None and checks.moderators.missing:
        lines.append(
            _("• {channel}: {permissions}, to write to the moderators").format(
                channel=f"<#{checks.moderators.channel_id}>", permissions=_names(checks.moderators.missing)
            )
        )
    lines += [
        f"-# **{permission_name(name)}** {_(_PURPOSES[name])}"
        for name in _PURPOSES
        if any(name in names for names in groups)
    ]
    lines.append(
        _(
            "**How to give them:** open the channel's settings (*Edit Channel*), go to *Permissions*, add my role, and "
            "allow each of these."
        )
    )
    if checks.in_thread and checks.here.missing:
        lines.append(_("A thread takes its permissions from its channel: give them there."))
    if sum(map(len, groups.values())) >= _MANY:
        lines.append(_("Or give them once for all channels: *Server Settings*, *Roles*, my role."))
    return "\n".join(lines)


def caps(found: GuildLimits) -> str:
    """The caps that hold, a line each."""
    lines = [_("**Caps**")]
    for name in _CAPS:
        held = found.holding(name).value
        lines.append(f"• {limits.title(name)}: {amount(unit_of(name), held)}")
    lines.append(_("-# `/admin limits` has more: caps of roles, of channels and of single members, and who set them."))
    return "\n".join(lines)


def change_caps() -> str:
    """Opens the page of all caps."""
    return _("Change caps…")


def confirm(settings: GuildSettings) -> str:
    """Whether a confirming press is asked for."""
    return (
        _("**Ask before spending** · {when}").format(when=confirm_choice(settings))
        + "\n"
        + _("-# A private question with the price, and a button to go on. For those who ask for a lot at once.")
    )


def confirm_choice(settings: GuildSettings) -> str:
    """When it is asked for, in a few words."""
    parts = []
    if settings.confirm_images is not None:
        parts.append(confirm_images(settings.confirm_images))
    if settings.confirm_percent is not None:
        parts.append(confirm_percent(settings.confirm_percent))
    return _("{one} or {other}").format(one=parts[0], other=parts[1]) if len(parts) > 1 else (parts or [never()])[0]


def never() -> str:
    """No confirming press is asked for."""
    return _("never")


def confirm_images(images: int) -> str:
    """It is asked for from so many pictures on."""
    if images == 1:
        return _("every time")
    return _("from {count} pictures on").format(count=images)


def confirm_percent(percent: int) -> str:
    """It is asked for from such a share of what is left on."""
    return _("from {percent} % of what the member has left").format(percent=percent)


def time_zone(settings: GuildSettings, now: datetime, local: datetime) -> str:
    """When days and months of caps begin; `local` is the time there."""
    lines = [
        _("**Time zone** · {zone}, where it is {time}").format(zone=_zone(settings.zone_at(now)), time=f"{local:%H:%M}")
    ]
    if settings.next_time_zone_from is not None and settings.next_time_zone_from > now:
        lines.append(
            _("From {when} on: {zone}").format(
                when=text.full_time(settings.next_time_zone_from), zone=_zone(settings.next_time_zone or "")
            )
        )
    lines.append(_("-# Days and months of caps begin at midnight there. Another zone counts from the next day on."))
    return "\n".join(lines)


def change() -> str:
    """Opens a form for one setting."""
    return _("Change…")


def time_zone_form() -> str:
    """The title of the form, and the label of its field."""
    return _("Time zone")


def time_zone_hint() -> str:
    """Below the field."""
    return _("Continent and city, such as Europe/Berlin or America/New_York")


def images_per_job(most: int) -> str:
    """How many pictures a request may ask for."""
    return (
        _("**Pictures a request** · {most} at most").format(most=most)
        + "\n"
        + _("-# What `count` can be. Each picture is charged.")
    )


def images_per_job_choice(most: int) -> str:
    """One of the numbers to choose from."""
    return ngettext("{count} picture at most", "{count} pictures at most", most).format(count=most)


def recipe_in_files(on: bool) -> str:
    """Whether the recipe is written into the files."""
    return (
        _("**Recipe in the files** · {state}").format(state=_state(on))
        + "\n"
        + _(
            "-# Prompt and settings, as other tools read them. That a model made the picture is in the file either way."
        )
    )


def spoilers(on: bool) -> str:
    """Whether pictures are blurred."""
    return (
        _("**Spoilers** · {state}").format(state=_state(on))
        + "\n"
        + _("-# Pictures stay blurred until somebody clicks them.")
    )


def language(code: str) -> str:
    """Which language the cards speak."""
    return (
        _("**Language of my cards** · {language}").format(language=language_choice(code))
        + "\n"
        + _("-# What is private, such as this page, always speaks the language of your Discord.")
    )


def language_choice(code: str) -> str:
    """One of the languages to choose from."""
    return _(_LANGUAGES.get(code, code))


def turn_on() -> str:
    """Turns a setting on."""
    return _("Turn on")


def turn_off() -> str:
    """Turns a setting off."""
    return _("Turn off")


def hello() -> str:
    """What a server is told when the bot has joined it."""
    return "\n".join(
        [
            _("### 👋 Hello, I'm Easel"),
            _("I make pictures from words: type `/imagine` and say what you would like to see."),
            _(
                "**For those who run this server:** `/admin setup` shows in one place who may use me where, how much "
                "they may spend, and what I still need."
            ),
            _("-# `/help` has the rest. I write by myself only this once."),
        ]
    )


def _channels_line(checks: ServerChecks) -> str:
    if not checks.channels:
        return f"{_DONE} " + _("**Channels** · everywhere")
    if not checks.channel_ids:
        return f"{_WRONG} " + _("**Channels** · every one on the list was deleted, so nobody can use me anywhere")
    said = f"{_DONE} " + _("**Channels** · {channels}").format(channels=access.channels(checks.channel_ids))
    return said + _deleted(len(checks.deleted_channels))


def _roles_line(checks: ServerChecks) -> str:
    if not checks.role_ids and not checks.deleted_roles:
        return f"{_DONE} " + _("**Members** · everybody")
    if not checks.role_ids:
        return f"{_WRONG} " + _("**Members** · every role on the list was deleted, so nobody can use me")
    said = f"{_DONE} " + _("**Members** · {roles}").format(roles=access.roles(checks.role_ids))
    return said + _deleted(len(checks.deleted_roles))


def _deleted(count: int) -> str:
    if not count:
        return ""
    return " " + ngettext("(and {count} that was deleted)", "(and {count} that were deleted)", count).format(
        count=count
    )


def _moderators_line(check: ChannelCheck | None) -> str:
    if check is None:
        return f"{_OPEN} " + _("**Moderators' channel** · none yet, so nobody hears of a budget that runs out")
    if not check.exists:
        return f"{_WRONG} " + _("**Moderators' channel** · it was deleted: choose another")
    if check.missing:
        return f"{_WRONG} " + _("**Moderators' channel** · {channel}, but I can't write there").format(
            channel=f"<#{check.channel_id}>"
        )
    return f"{_DONE} " + _("**Moderators' channel** · {channel}").format(channel=f"<#{check.channel_id}>")


def _permissions_line(checks: ServerChecks) -> str:
    lacking = sum(len(ids) for ids in _groups(checks).values())
    if not lacking:
        return f"{_DONE} " + _("**My permissions** · complete")
    return f"{_WRONG} " + ngettext(
        "**My permissions** · something is missing in {count} channel",
        "**My permissions** · something is missing in {count} channels",
        lacking,
    ).format(count=lacking)


def _groups(checks: ServerChecks) -> dict[tuple[str, ...], list[int]]:
    """The channels in which something is missing by what that is; the one that is looked at comes first."""
    groups: dict[tuple[str, ...], list[int]] = {}
    for check in (checks.here, *checks.channels):
        ids = groups.setdefault(check.missing, []) if check.missing else []
        if check.channel_id not in ids:
            ids.append(check.channel_id)
    return groups


def _channels(ids: Sequence[int], here: int) -> str:
    shown = [
        _("{channel} (here)").format(channel=f"<#{channel_id}>") if channel_id == here else f"<#{channel_id}>"
        for channel_id in ids[:_CHANNELS_IN_GROUP]
    ]
    more = len(ids) - len(shown)
    listed = ", ".join(shown)
    if not more:
        return listed
    return ngettext("{shown} and {count} more", "{shown} and {count} more", more).format(shown=listed, count=more)


def _names(permissions: Sequence[str]) -> str:
    return ", ".join(f"**{permission_name(name)}**" for name in permissions)


def _zone(name: str) -> str:
    return f"`{name}`"


def _state(on: bool) -> str:
    return _("on") if on else _("off")
