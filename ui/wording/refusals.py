"""Why a wish is not carried out, and what the member can do about it; and what is said about a fault of ours."""

from collections.abc import Sequence
from typing import Final

from errors import (
    BooksDisagree,
    CancelRefused,
    CapChanged,
    CapReached,
    ChannelNotAllowed,
    ConfirmationNeeded,
    DraftGone,
    Failure,
    GenerationPaused,
    InvalidOption,
    JobNotFound,
    MissingBotPermissions,
    NameTaken,
    NoPictureYet,
    NotAllowed,
    PictureGone,
    ProviderClosed,
    Refusal,
    RoleNeeded,
    StorageUnavailable,
    TooManyActiveJobs,
    UnusableImage,
    WordsForgotten,
)
from models import JobStatus, Unit
from parameters import INPUT_MAX_BYTES, INPUT_MAX_PIXELS, INPUT_MIN_SIDE_PX
from ui import text
from ui.language import N_, _, ngettext
from ui.wording import access, cases, confirmation, filters, limits, reports, sources, strikes
from ui.wording.accounts import account_name, amount, is_daily
from ui.wording.options import invalid_option

# Discord's permissions as its settings name them in the member's language.
_PERMISSIONS: Final = {
    "VIEW_CHANNEL": N_("View Channel"),
    "SEND_MESSAGES": N_("Send Messages"),
    "SEND_MESSAGES_IN_THREADS": N_("Send Messages In Threads"),
    "ATTACH_FILES": N_("Attach Files"),
    "READ_MESSAGE_HISTORY": N_("Read Message History"),
}

_UNUSABLE: Final = {
    "not_an_image": N_("That file is not a picture that I can read, whatever its name says."),
    "animated": N_("That picture moves, and I can only work from a still one."),
    "empty": N_("That file is empty."),
    "too_large": N_("That file is too large."),
    "too_many_pixels": N_("That picture has too many pixels. Make it smaller first."),
    "too_small": N_("That picture is too small to work from."),
    "undecodable": N_("That file is damaged: it can't be read to its end. Save the picture anew and try again."),
}
_NOT_AT_HAND: Final = {
    "gone": N_("That picture isn't on Discord any more, so I can't fetch it. Upload it anew and try again."),
    "not_fetched": N_("Discord didn't hand that picture over to me. Try again in a moment."),
    "too_hard": N_("Making a map of that picture took too long. Try a smaller or simpler one."),
    "none": N_("That message has no picture in it. Pick one that has."),
}


def guild_only() -> str:
    """Said in direct messages."""
    return _("I only work in servers. Use me in a channel of a server that I'm a member of.")


def command_changed() -> str:
    """Said where Discord's app still has an older form of the command."""
    return _(
        "This command has changed since your Discord last looked. Restart Discord (or press Ctrl+R) and try again."
    )


def button_gone() -> str:
    """Said to a press that nothing handles any more."""
    return _("This button doesn't work any more. Use the command again instead.")


def form_gone() -> str:
    """Said to a form that nothing handles any more."""
    return _("I was restarted while you had this form open, so I can't take it. Please open it again.")


def permission_name(name: str) -> str:
    """A permission's API name (`ATTACH_FILES`) as Discord's settings show it."""
    return _(_PERMISSIONS.get(name, name.replace("_", " ").title()))


def refusal(error: Refusal) -> str:
    """Why a wish is not carried out, and what the member can do about it."""
    match error:
        case InvalidOption():
            return invalid_option(error)
        case CapReached():
            return _cap_reached(error)
        case CapChanged():
            return limits.cap_changed(error)
        case TooManyActiveJobs():
            return _too_many_jobs(error)
        case MissingBotPermissions():
            return _(
                "I can't post pictures in this channel: I lack {permissions}. "
                "Ask an admin to allow me that here, or use me in another channel."
            ).format(permissions=_permissions(error.permissions))
        case UnusableImage():
            return _unusable_image(error)
        case NameTaken():
            return _name_taken(error)
        case _:
            return (
                _closed(error)
                or reports.refused(error)
                or _not_theirs(error)
                or strikes.refusal(error)
                or cases.refusal(error)
                or filters.refusal(error)
                or _("That isn't possible right now. Nothing was spent.")
            )


def failure(error: BaseException, reference: str) -> str:
    """What a member is told about a fault of ours; the reference finds it in the operator's log."""
    if isinstance(error, StorageUnavailable):
        cause = _("I can't write to my books right now, so I did nothing and spent nothing.")
    elif isinstance(error, Failure):
        cause = _("Something went wrong on my side.")
    else:
        cause = _("Something unexpected went wrong on my side.")
    return _(
        "{cause} Try again in a minute. If it stays like this, tell an admin this reference: `{reference}`"
    ).format(cause=cause, reference=reference)


def _closed(error: Refusal) -> str | None:
    """What is said where nobody, or this member, can have a picture made at present."""
    match error:
        case GenerationPaused(by="guild"):
            return _("New pictures are paused in this server. Try again once its moderators have resumed them.")
        case GenerationPaused():
            return _("New pictures are paused everywhere by the operator of this bot. Try again later.")
        case ConfirmationNeeded():
            return confirmation.question(error)
        case BooksDisagree():
            return _(
                "My books don't add up, so I take nothing new on until the operator of this bot has looked into it. "
                "They know; nothing was spent."
            )
        case ChannelNotAllowed():
            return access.channel_not_allowed(error)
        case RoleNeeded():
            return access.role_needed(error)
        case ProviderClosed(stopping=True):
            return _("I'm about to restart. Try again in a minute; nothing was spent.")
        case ProviderClosed():
            return _(
                "The picture service doesn't serve this bot at the moment, and its operator knows. "
                "Try again later; nothing was spent."
            )
        case _:
            return None


def _not_theirs(error: Refusal) -> str | None:
    """What is said where the thing is somebody else's, or not there any more."""
    match error:
        case JobNotFound():
            return _("There is no such request of yours here. `/queue` lists those that are under way.")
        case CancelRefused():
            return _cancel_refused(error)
        case NotAllowed(needs="author"):
            return _("Only the member who asked for this can do that, or a moderator (**Manage Messages**).")
        case NotAllowed(needs="manage_guild"):
            return _("Only those who run this server can do that: it takes the permission **Manage Server**.")
        case NotAllowed(needs="operator"):
            return _("Only the operator of this bot can do that: the people who run it for all servers.")
        case NotAllowed():
            return _("Only moderators can do that: it takes the permission **Manage Messages**.")
        case DraftGone():
            return _(
                "This panel doesn't work any more: it was finished or discarded, is somebody else's, or is older "
                "than an hour. Start again with the command; nothing was spent."
            )
        case WordsForgotten():
            return _(
                "I forget prompts after a while, and this picture's is forgotten, so I can't make it again by itself. "
                "*Edit…* and *Use as reference* still work: type new words there."
            )
        case NoPictureYet():
            return _(
                "You have no picture in this server yet that I could take settings from. "
                "Make one with `/imagine`, then try again."
            )
        case PictureGone():
            return _(
                "These pictures are no longer there: their message is gone, and I keep no copies. "
                "The same prompt, settings and `seed` make them again."
            )
        case _:
            return None


def _too_many_jobs(error: TooManyActiveJobs) -> str:
    return ngettext(
        "You have {count} request under way, and {limit} is the most at once. "
        "Wait until one is done, or cancel one with `/queue`.",
        "You have {count} requests under way, and {limit} is the most at once. "
        "Wait until one is done, or cancel one with `/queue`.",
        error.active,
    ).format(count=error.active, limit=error.limit)


def _permissions(names: Sequence[str]) -> str:
    """Discord's API names (`ATTACH_FILES`) as its settings show them, in bold."""
    shown = [f"**{permission_name(name)}**" for name in names]
    if len(shown) == 1:
        return shown[0]
    return _("{several} and {last}").format(several=", ".join(shown[:-1]), last=shown[-1])


def _cap_reached(error: CapReached) -> str:
    account, unit = error.account, error.account.unit
    if unit is Unit.IMAGE:
        left, needed = str(error.left) if error.left else _("none"), str(error.amount)
    else:
        left, needed = text.money(error.left) if error.left else _("nothing"), text.money(error.amount)
    if is_daily(account):
        state = _("{account}: {left} of {cap} a day left, and this needs {needed}.")
    else:
        state = _("{account}: {left} of {cap} a month left, and this needs {needed}.")
    state = state.format(account=account_name(account), left=left, cap=amount(unit, error.cap), needed=needed)
    if error.holding is not None:
        state += "\n-# " + _("The cap: {source}").format(source=sources.source(error.holding))
    renewal = _("More {when} ({time}). Nothing was spent.").format(
        when=text.relative_time(error.renews_at), time=text.full_time(error.renews_at)
    )
    if not error.fitting:
        return f"{state}\n{renewal}"
    way_out = _("Ask for a `count` of {fitting} or less, or wait.").format(fitting=error.fitting)
    return f"{state}\n{way_out} {renewal}"


def _cancel_refused(error: CancelRefused) -> str:
    if error.why == "not_yours":
        return _(
            "Only the member who asked for it can cancel this, or a moderator (**Manage Messages**): ask one of them."
        )
    if error.status is JobStatus.CANCELLED:
        return _("It was cancelled before.")
    if error.status.is_terminal:
        return _("Too late: it has ended already.")
    return _("Too late: it is being made already, so it can't be cancelled any more.")


def _unusable_image(error: UnusableImage) -> str:
    if error.why in _NOT_AT_HAND:
        return _(_NOT_AT_HAND[error.why])
    cause = _(_UNUSABLE[error.why]) if error.why in _UNUSABLE else _("I can't use that picture.")
    side = round(INPUT_MAX_PIXELS**0.5)
    rule = _(
        "I take still pictures as PNG, JPEG or WebP: up to {megabytes} MB, up to as many pixels as {most} has, and at "
        "least {least}."
    ).format(
        megabytes=INPUT_MAX_BYTES // (1024 * 1024),
        most=text.pixels(side, side),
        least=text.pixels(INPUT_MIN_SIDE_PX, INPUT_MIN_SIDE_PX),
    )
    return f"{cause} {rule}"


def _name_taken(error: NameTaken) -> str:
    name = text.escaped(text.one_line(error.name))
    if error.limit is not None:
        if error.what == "preset":
            words = ngettext(
                "There is {limit} preset already, and more don't fit. Delete one that isn't needed any more.",
                "There are {limit} presets already, and more don't fit. Delete one that isn't needed any more.",
                error.limit,
            )
        else:
            words = ngettext(
                "There is {limit} LoRA already, and more don't fit. Remove one that isn't needed any more.",
                "There are {limit} LoRAs already, and more don't fit. Remove one that isn't needed any more.",
                error.limit,
            )
        return words.format(limit=error.limit)
    if error.what == "preset":
        return _("There is a preset called **{name}** already. Pick another name, or edit that one.").format(name=name)
    return _("There is a LoRA called **{name}** already. Pick another name, or remove that one first.").format(
        name=name
    )
