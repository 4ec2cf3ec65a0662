"""Words of pausing and resuming, in one server or everywhere."""

from datetime import datetime
from typing import Final

from ui import text
from ui.language import N_, _

PAUSE: Final = N_("Stop new pictures in this server at once; what is being made is finished")
RESUME: Final = N_("Take new pictures in this server again")
PAUSE_EVERYWHERE: Final = N_("Stop new pictures in every server at once; what is being made is finished")
RESUME_EVERYWHERE: Final = N_("Take new pictures again, in every server that has not paused them itself")
OPTION_REASON: Final = N_("Why: kept with the change, and shown to whoever looks after you")

_REASON_CHARACTERS: Final = 200


def paused_title(*, everywhere: bool) -> str:
    """The headline while a pause holds."""
    if everywhere:
        return _("### ⏸️ New pictures are paused in every server")
    return _("### ⏸️ New pictures are paused in this server")


def paused_meaning(*, everywhere: bool) -> str:
    """What a pause does, and what it does not."""
    lines = (
        _("• Whoever asks for a picture is told that new ones are paused."),
        _("• What the picture service has already is finished and posted."),
        _("• What waits in line stays there and is not handed over. After an hour it is cancelled, and costs nothing."),
        _("-# `/operator resume` ends it.") if everywhere else _("-# `/admin resume` ends it."),
    )
    return "\n".join(lines)


def paused_by(user_id: int | None, at: datetime, reason: str) -> str:
    """Who has paused, when and why."""
    words = _("By {member}, {when} ({time})").format(
        member=text.person(user_id), when=text.relative_time(at), time=text.full_time(at)
    )
    return f"{words}\n{text.quoted(reason, _REASON_CHARACTERS)}" if reason.strip() else words


def already_paused() -> str:
    """Said where a pause was asked for that holds already."""
    return _("-# It was paused before, so nothing has changed.")


def resumed(*, everywhere: bool) -> str:
    """The headline once a pause is over."""
    if everywhere:
        return (
            _("### ▶️ New pictures are taken again")
            + "\n"
            + _("What waited in line goes on. A server that has paused by itself stays paused.")
        )
    return _("### ▶️ New pictures are taken again in this server") + "\n" + _("What waited in line goes on.")


def was_paused() -> str:
    """Stands before who had paused."""
    return _("-# It had been paused:")


def not_paused(*, everywhere: bool) -> str:
    """Said where there is no pause to end."""
    if everywhere:
        return _("New pictures are not paused everywhere, so there is nothing to resume.")
    return _("New pictures are not paused in this server, so there is nothing to resume.")


def operator_paused() -> str:
    """Said to admins whose own server is not, or no longer, what keeps pictures from being made."""
    return _("⚠️ The operator of this bot has paused all servers, so nothing new is made here until they resume.")


def resume() -> str:
    """Ends the pause."""
    return _("Resume")
