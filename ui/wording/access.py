"""Words about where and by whom the bot may be used: the refusals, and the pages of `/admin channels` and `roles`."""

from collections.abc import Sequence
from typing import Final

from errors import ChannelNotAllowed, RoleNeeded
from generation.limit_book import GuildLimits
from limits import LimitKind, LimitName
from models import Unit
from ui.language import N_, _, ngettext
from ui.wording.accounts import amount

CHANNELS: Final = N_("Where members may use me: everywhere, or only in the channels on a list")
ROLES: Final = N_("Who may use me: everybody, or only members with a role on a list")
OPTION_ADD_CHANNEL: Final = N_("Put this channel on the list; its threads and posts follow it")
OPTION_REMOVE_CHANNEL: Final = N_("Take this channel off the list; with none left, everywhere is allowed")
OPTION_CAP_IMAGES: Final = N_(
    "With `add`: pictures a day for a member there, such as 5, or default for none of its own"
)
OPTION_CAP_USD: Final = N_("With `add`: money a month for a member there, such as $2, or default")
OPTION_ADD_ROLE: Final = N_("Put this role on the list; @everyone empties it")
OPTION_REMOVE_ROLE: Final = N_("Take this role off the list; with none left, everybody may use me")

# Mentions are about twenty characters each; what there is beyond is counted.
MENTIONED: Final = 10


def channel_not_allowed(error: ChannelNotAllowed) -> str:
    """Says where the member can go instead."""
    return _(
        "This server lets me make pictures in certain channels only: {channels}. Use me there; nothing was spent."
    ).format(channels=channels(error.channel_ids))


def role_needed(error: RoleNeeded) -> str:
    """Says which role the member would need."""
    return ngettext(
        "This server lets members make pictures who have the role {roles}, and you don't have it. "
        "Ask those who run this server; nothing was spent.",
        "This server lets members make pictures who have one of these roles, and you have none of them: {roles}. "
        "Ask those who run this server; nothing was spent.",
        len(error.role_ids),
    ).format(roles=roles(error.role_ids))


def channels(ids: Sequence[int]) -> str:
    """The channels as links, ten at most."""
    return _listed([f"<#{channel_id}>" for channel_id in ids])


def roles(ids: Sequence[int]) -> str:
    """The roles by their mentions, ten at most; nobody is called by them, since mentions are switched off."""
    return _listed([f"<@&{role_id}>" for role_id in ids])


def _listed(mentions: Sequence[str]) -> str:
    shown, more = ", ".join(mentions[:MENTIONED]), len(mentions) - MENTIONED
    return (
        shown
        if more <= 0
        else ngettext("{shown} and {count} more", "{shown} and {count} more", more).format(shown=shown, count=more)
    )


def channels_title() -> str:
    """The headline of the list of channels."""
    return _("### 📍 Where members may use me")


def channels_state(count: int) -> str:
    """What the list means as it is."""
    if not count:
        return _("Everywhere: no channel is on the list.")
    return ngettext("Only in this channel:", "Only in these {count} channels:", count).format(count=count)


def channels_note() -> str:
    """What else there is to know about channels."""
    return (
        _("-# Threads and forum posts follow their channel.")
        + "\n"
        + _("-# A cap of a channel holds while members are there, and counts what they made anywhere in this server.")
        + "\n"
        + _("-# `/admin limits channel:` sets the caps of a channel, whether it is on the list or not.")
    )


def channel_line(channel_id: int, *, exists: bool, caps: str | None) -> str:
    """One channel."""
    shown = f"• <#{channel_id}>" if exists else "• " + _deleted(channel_id)
    return f"{shown} · {caps}" if caps else shown


def caps_of(found: GuildLimits, channel_id: int) -> str | None:
    """A channel's own caps, or None where it has none."""
    parts = []
    images = found.own(LimitKind.CHANNEL, channel_id, LimitName.MEMBER_DAILY_IMAGES)
    if images is not None:
        parts.append(_("{amount} a day").format(amount=amount(Unit.IMAGE, images)))
    micros = found.own(LimitKind.CHANNEL, channel_id, LimitName.MEMBER_MONTHLY_MICROS)
    if micros is not None:
        parts.append(_("{amount} a month").format(amount=amount(Unit.MICROS, micros)))
    return _("at most {caps} each").format(caps=", ".join(parts)) if parts else None


def other_caps_title() -> str:
    """Above the channels that have caps and are not on the list."""
    return _("**Not on the list, but with caps of their own**")


def more(count: int) -> str:
    """There are more than are shown."""
    return ngettext("-# and {count} more", "-# and {count} more", count).format(count=count)


def roles_title() -> str:
    """The headline of the list of roles."""
    return _("### 👥 Who may use me")


def roles_state(count: int) -> str:
    """What the list means as it is."""
    if not count:
        return _("Everybody: no role is on the list.")
    return ngettext(
        "Only members with this role:", "Only members with at least one of these {count} roles:", count
    ).format(count=count)


def roles_note() -> str:
    """What else there is to know about roles."""
    return (
        _("-# This holds for those who run this server too. `/admin` works for them either way.")
        + "\n"
        + _("-# `/admin limits role:` sets how much the members of a role may make.")
    )


def role_line(role_id: int, *, exists: bool) -> str:
    """One role."""
    return f"• <@&{role_id}>" if exists else "• " + _deleted(role_id)


def remove_placeholder() -> str:
    """In the menu that takes some off the list."""
    return _("Take off the list…")


def deleted_label(found: int) -> str:
    """A deleted channel or role in that menu."""
    return _("{id} (deleted)").format(id=found)


def added(mention: str) -> str:
    """After something was put on a list."""
    return _("✅ {what} is on the list.").format(what=mention)


def removed(count: int) -> str:
    """After something was taken off a list."""
    return ngettext("✅ Taken off the list.", "✅ {count} taken off the list.", count).format(count=count)


def was_not_listed(mention: str) -> str:
    """Where nothing had to be taken off."""
    return _("{what} was not on the list.").format(what=mention)


def emptied_channels() -> str:
    """After the last channel was taken off the list: what that means."""
    return _("⚠️ No channel is left on the list, so members can use me **everywhere** now.")


def emptied_roles() -> str:
    """After the last role was taken off the list: what that means."""
    return _("⚠️ No role is left on the list, so **everybody** can use me now.")


def capped(mention: str) -> str:
    """After the caps of a channel were set."""
    return _("✅ The caps of {channel} are as you said.").format(channel=mention)


def _deleted(found: int) -> str:
    return _("`{id}` (deleted)").format(id=found)
