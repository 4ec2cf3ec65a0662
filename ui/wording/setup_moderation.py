"""Words of the page of `/admin setup` about moderation."""

from collections.abc import Sequence

from models import GuildSettings
from moderation import Review
from ui.language import _, ngettext
from ui.wording import strikes as strike_words


def title() -> str:
    """The headline of the page."""
    return _("### 🛡️ Moderation in this server") + "\n" + _("-# `/filter` has the words that prompts must not hold.")


def page() -> str:
    """Leads to the page."""
    return _("Moderation")


def review(settings: GuildSettings) -> str:
    """Whose pictures wait for a moderator."""
    return (
        _("**Who looks first?** · {whose}").format(whose=review_choice(settings))
        + "\n"
        + _("-# What waits is shown in the moderators' channel only, with buttons. It is paid for either way.")
    )


def review_choice(settings: GuildSettings) -> str:
    """Whose pictures wait, in a few words."""
    match settings.review:
        case Review.ALWAYS:
            return review_always()
        case Review.NEW:
            return review_new(settings.new_member_days)
        case _:
            return review_never()


def review_never() -> str:
    """No picture waits."""
    return _("nobody: pictures go up at once")


def review_new(days: int) -> str:
    """New members' pictures wait, and those of marked prompts."""
    return ngettext(
        "moderators, for marked prompts and members of less than {count} day",
        "moderators, for marked prompts and members of less than {count} days",
        days,
    ).format(count=days)


def review_always() -> str:
    """Every picture waits."""
    return _("moderators, for every picture")


def review_hours(hours_left: int) -> str:
    """How long moderators have."""
    return (
        _("**Unanswered reviews** · end after {time}").format(time=hours(hours_left))
        + "\n"
        + _("-# The picture is then shown to nobody.")
    )


def hours(count: int) -> str:
    """So many hours, or days."""
    return strike_words.span(count * 3600)


def reports_to_hide(count: int) -> str:
    """How many reports hide a picture."""
    return (
        _("**Hide what is reported** · by {members}").format(members=members(count))
        + "\n"
        + _("-# Until a moderator has looked. Every report comes to the moderators' channel.")
    )


def members(count: int) -> str:
    """So many members."""
    return ngettext("{count} member", "{count} members", count).format(count=count)


def strikes(settings: GuildSettings) -> str:
    """What counts as a strike."""
    return (
        _("**Strikes** · {what}").format(what=strikes_choice(settings.strikes, settings.strike_flagged))
        + "\n"
        + _("-# One at most for each request; a word that was plainly disguised counts double.")
    )


def strikes_choice(given: bool, flagged: bool) -> str:
    """What counts, in a few words."""
    if not given:
        return _("none are given")
    if flagged:
        return _("for blocked prompts, and for pictures that the safety checker flags")
    return _("for blocked prompts")


def strike_days(count: int) -> str:
    """How long a strike counts."""
    return _("**A strike counts** · for {time}").format(time=days(count))


def days(count: int) -> str:
    """So many days."""
    return ngettext("{count} day", "{count} days", count).format(count=count)


def ladder(steps: Sequence[int]) -> str:
    """What follows each strike."""
    lines = [_("**What follows**")]
    for number, step in enumerate(steps, start=1):
        if number < len(steps) or number == 1:
            words = _("strike {number}: {step}")
        else:
            words = _("strike {number} and more: {step}")
        lines.append("• " + words.format(number=number, step=strike_words.step(step)))
    return "\n".join(lines)


def change_ladder() -> str:
    """Opens the form of the ladder."""
    return _("Change…")


def ladder_form() -> str:
    """The title of the form, and the label of its field."""
    return _("What follows each strike")


def ladder_hint() -> str:
    """Below the field."""
    return _("Steps with commas: {warn}, lengths such as 1h or 7d, and as the last one {moderators}").format(
        warn=warn(), moderators=moderators()
    )


def warn() -> str:
    """How a warning is typed in the ladder."""
    return _("warn")


def moderators() -> str:
    """How "until moderators decide" is typed in the ladder."""
    return _("moderators")


def appeals_per_day(count: int) -> str:
    """How often a member may appeal."""
    return (
        _("**Appeals** · {times}").format(times=appeals(count))
        + "\n"
        + _("-# They come to the moderators' channel. Each refusal can be appealed once.")
    )


def appeals(count: int) -> str:
    """So many appeals a day."""
    if not count:
        return _("none are taken")
    return ngettext("{count} a day for each member", "{count} a day for each member", count).format(count=count)
