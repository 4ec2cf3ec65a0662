"""Words about strikes, suspensions and appeals: for the member whom they are about, and for moderators."""

from typing import Final

from errors import NothingToAppeal, PromptBlocked, Refusal, Suspended, TooManyAppeals
from generation.appeals import AppealAnswer
from generation.ladder import UNTIL_DECIDED, WARNING
from generation.strikes import Strike, StrikeCause, StrikeSheet, SuspendedMember
from moderation import Suspension
from ui import text
from ui.language import N_, _, ngettext
from ui.wording.categories import category_name

GROUP: Final = N_("For moderators: members, reports and the log")
SUSPEND: Final = N_("Keep a member from making pictures here, for a while or until it is lifted")
UNSUSPEND: Final = N_("Let a member make pictures here again")
STRIKES: Final = N_("A member's strikes here: what for, what they led to, and buttons to lift them")
OPTION_USER: Final = N_("The member")
OPTION_DURATION: Final = N_("How long, such as 2h, 3d or 1w; leave it out for until it is lifted")
OPTION_REASON: Final = N_("Why: the member is shown it, and it is kept in the log")

_REASON_CHARACTERS: Final = 200
_PROMPT_CHARACTERS: Final = 100
_TERM_CHARACTERS: Final = 60
_SERVER_CHARACTERS: Final = 60

# What had to be undone before the filter saw it, by the codes of `safety.disguises.View`.
_DISGUISES: Final = {
    "bidi_override": N_("letters shown in another order"),
    "invisible_characters": N_("invisible characters"),
    "look_alikes": N_("letters of other alphabets"),
    "enclosed_letters": N_("letters in circles or boxes"),
    "styled_letters": N_("letters in other styles"),
    "leet": N_("digits and signs for letters"),
    "spaced_out": N_("spaces or signs between letters"),
    "stretched": N_("stretched letters"),
    "diacritics": N_("accents"),
    "markdown": N_("formatting marks"),
}
_CAUSES: Final = {
    StrikeCause.BLOCKED_PROMPT: N_("blocked prompt"),
    StrikeCause.FLAGGED_IMAGE: N_("picture flagged by the safety check"),
}
_NOTHING: Final = {
    "gone": N_("There is nothing to appeal any more: that refusal is forgotten by now, or was not yours."),
    "lifted": N_("That strike was lifted already, so there is nothing to appeal."),
    "over": N_("You are not suspended in this server (any more), so there is nothing to appeal."),
    "appealed": N_("You have appealed that before, and each can be appealed once. The moderators decide."),
}


def span(seconds: int) -> str:
    """A length of time in its two largest units: "1 day and 12 hours"."""
    minutes = seconds // 60
    parts = []
    for size, count in _units(minutes):
        parts.append(_counted(size, count))
    if len(parts) == 1:
        return parts[0]
    return _("{one} and {other}").format(one=parts[0], other=parts[1])


def _units(minutes: int) -> list[tuple[str, int]]:
    found = []
    for size, length in (("week", 10080), ("day", 1440), ("hour", 60), ("minute", 1)):
        if size == "week" and minutes % length:  # 8 days are no "1 week and 1 day" to anybody
            continue
        count, minutes = divmod(minutes, length)
        if count:
            found.append((size, count))
    return found[:2] or [("minute", 0)]


def _counted(size: str, count: int) -> str:
    match size:
        case "week":
            words = ngettext("{count} week", "{count} weeks", count)
        case "day":
            words = ngettext("{count} day", "{count} days", count)
        case "hour":
            words = ngettext("{count} hour", "{count} hours", count)
        case _:
            words = ngettext("{count} minute", "{count} minutes", count)
    return words.format(count=count)


def refusal(error: Refusal) -> str | None:
    """What is said to a member whom the prompt filter, strikes or moderators refuse something; None for all else."""
    match error:
        case PromptBlocked():
            return blocked(error)
        case Suspended():
            return suspended(error)
        case NothingToAppeal():
            return nothing_to_appeal(error)
        case TooManyAppeals():
            return too_many_appeals(error)
        case _:
            return None


def blocked(error: PromptBlocked) -> str:
    """Why the prompt was refused, and what follows from it. Never the term: that would say what to disguise next."""
    refused = _("That prompt isn't allowed here: **{category}**. Nothing was made and nothing was spent.")
    lines = [refused.format(category=category(error.category)), _consequence(error)]
    if error.strike_id is not None:
        lines.append(_("-# Do you think that this is a mistake? *Appeal* asks the moderators."))
    return "\n".join(line for line in lines if line)


def _consequence(error: PromptBlocked) -> str | None:
    if not error.weight:
        return None
    counted = ngettext("{count} strike", "{count} strikes", error.total).format(count=error.total)
    double = _("Disguised words count double.") + " " if error.weight > 1 else ""
    if not error.suspended:
        words = _("⚠️ {double}Take this as a warning: you have {strikes} here now, and more can suspend you.")
        return words.format(double=double, strikes=counted)
    if error.until is None:
        words = _(
            "⏸️ {double}You have {strikes} here now, so you can't make pictures here until the moderators have decided."
        )
        return words.format(double=double, strikes=counted)
    words = _("⏸️ {double}You have {strikes} here now, so you can't make pictures here until {time} ({when}).")
    return words.format(
        double=double, strikes=counted, time=text.full_time(error.until), when=text.relative_time(error.until)
    )


def suspended(error: Suspended) -> str:
    """That the member is suspended: by whom, until when, and why."""
    if error.by_strikes and error.until is None:
        state = _("You have too many strikes to make pictures in this server, until its moderators have decided.")
    elif error.by_strikes:
        state = _("You have too many strikes to make pictures in this server for now.")
    else:
        state = _("A moderator has suspended you from making pictures in this server.")
    lines = [state]
    if error.until is not None:
        lines.append(
            _("You can make some again {when} ({time}).").format(
                when=text.relative_time(error.until), time=text.full_time(error.until)
            )
        )
    if error.reason.strip():
        lines.append(text.quoted(error.reason, _REASON_CHARACTERS))
    if error.appealable:
        lines.append(_("-# Do you think that this is a mistake? *Appeal* asks the moderators."))
    else:
        lines.append(_("-# Ask the moderators if you think that this is a mistake."))
    return "\n".join(lines)


def category(name: str) -> str:
    """What kind of thing the filter refuses."""
    return category_name(name)


def appeal() -> str:
    """The button that opens the form."""
    return _("Appeal")


def appeal_title() -> str:
    """The form's headline."""
    return _("Appeal to the moderators")


def appeal_label() -> str:
    """The form's one field."""
    return _("Why was this a mistake?")


def appeal_hint(*, of_strike: bool) -> str:
    """What moderators see besides."""
    if of_strike:
        return _("The moderators read this together with your prompt.")
    return _("The moderators read this together with why you are suspended.")


def appealed() -> str:
    """After the form was sent off."""
    return _(
        "✅ The moderators have your appeal. I tell you in a direct message what they decide, if you take messages "
        "from members of this server."
    )


def nothing_to_appeal(error: NothingToAppeal) -> str:
    """Why there is nothing to appeal."""
    return _(_NOTHING.get(error.why, _NOTHING["gone"]))


def too_many_appeals(error: TooManyAppeals) -> str:
    """That the member has to wait, or to find the moderators elsewhere."""
    if error.limit == 0:
        return _("This server takes no appeals here. Talk to its moderators instead.")
    words = ngettext(
        "You have made {count} appeal within a day, which is the most.",
        "You have made {count} appeals within a day, which is the most.",
        error.limit,
    ).format(count=error.limit)
    if error.renews_at is None:
        return words
    return words + " " + _("You can make another {when}.").format(when=text.relative_time(error.renews_at))


def appeal_answer(answer: AppealAnswer, server: str | None) -> str:
    """What became of an appeal, for the member whose it was."""
    name = text.escaped(text.shortened(text.one_line(server), _SERVER_CHARACTERS)) if server else _("a server")
    if not answer.granted:
        title = _("### ⚖️ Your appeal was denied")
        stays = _("The moderators of **{server}** have looked at it and decided that it stays as it is.")
    elif answer.of_strike:
        title = _("### ✅ Your appeal was granted")
        stays = _("The moderators of **{server}** have lifted the strike.")
    else:
        title = _("### ✅ Your appeal was granted")
        stays = _("The moderators of **{server}** have lifted your suspension.")
    lines = [title, stays.format(server=name)]
    if answer.suspension is not None:
        lines.append(_still(answer.suspension))
    elif answer.granted:
        lines.append(_("You can make pictures there."))
    return "\n".join(lines)


def _still(suspension: Suspension) -> str:
    if suspension.until is None:
        return _("You still can't make pictures there until a moderator lifts that.")
    return _("You still can't make pictures there until {time} ({when}).").format(
        time=text.full_time(suspension.until), when=text.relative_time(suspension.until)
    )


def suspended_member(user_id: int, done: SuspendedMember) -> str:
    """After `/mod suspend`: what holds now, what held before, and what it ended."""
    lines = [_("### ⏸️ Suspended: {member}").format(member=text.person(user_id)), suspension(done.holds)]
    if done.holds.by_strikes:
        lines.append(_("-# That is what their strikes have led to. It lasts longer than what you said, so it holds."))
    elif done.before is not None:
        lines.append(_("-# Before: {state}").format(state=_ending(done.before)))
    if done.cancelled:
        count = len(done.cancelled)
        lines.append(
            ngettext(
                "{count} waiting request of theirs was cancelled and costs nothing.",
                "{count} waiting requests of theirs were cancelled and cost nothing.",
                count,
            ).format(count=count)
        )
    lines.append(_("-# What is being made already is finished. They see the reason when they ask for a picture."))
    return "\n".join(lines)


def suspension(holds: Suspension) -> str:
    """A suspension: until when, by whom, since when, and why."""
    by = _("because of strikes") if holds.by_strikes else _("by {member}").format(member=text.person(holds.by_id))
    facts = [_ending(holds), by]
    if holds.at is not None:
        facts.append(_("since {time}").format(time=text.full_time(holds.at)))
    line = "⏸️ " + " · ".join(facts)
    return f"{line}\n{text.quoted(holds.reason, _REASON_CHARACTERS)}" if holds.reason.strip() else line


def _ending(holds: Suspension) -> str:
    if holds.until is None:
        return _("suspended until a moderator lifts it")
    return _("suspended until {time} ({when})").format(
        time=text.full_time(holds.until), when=text.relative_time(holds.until)
    )


def unsuspended(user_id: int, lifted: Suspension | None) -> str:
    """After a suspension was lifted, or was not there."""
    member = text.person(user_id)
    if lifted is None:
        return _("{member} is not suspended here, so nothing was changed.").format(member=member)
    return _("▶️ {member} can make pictures here again.").format(member=member)


def still_suspended(user_id: int) -> str:
    """After a button whose suspension was replaced by another one meanwhile."""
    return _("⏱️ {member} has been suspended anew since this page was made. See below.").format(
        member=text.person(user_id)
    )


def strike_lifted(strike: Strike) -> str:
    """After a strike was lifted."""
    return _("↩️ Strike {number} is lifted.").format(number=f"#{strike.strike_id}")


def strike_lifted_before(strike_id: int, by_id: int | None) -> str:
    """Said to a choice that came too late."""
    return _("⏱️ Strike {number} was lifted before, by {member}.").format(
        number=f"#{strike_id}", member=text.person(by_id)
    )


def sheet_title(sheet: StrikeSheet) -> str:
    """Whose strikes they are, how many count, what holds, and what one more leads to."""
    counted = ngettext("**{count}** strike counts", "**{count}** strikes count", sheet.total).format(count=sheet.total)
    ever = ngettext("{count} entry in all", "{count} entries in all", sheet.count).format(count=sheet.count)
    lines = [
        _("### ⚖️ Strikes of {member}").format(member=text.person(sheet.user_id)),
        f"{counted} · {ever}",
        _("Not suspended") if sheet.suspension is None else suspension(sheet.suspension),
    ]
    days = ngettext("{count} day", "{count} days", sheet.days).format(count=sheet.days)
    if sheet.gives:
        lines.append(
            "-# " + _("The next one: {step}. A strike counts for {days}.").format(step=step(sheet.next_step), days=days)
        )
    else:
        lines.append(_("-# This server gives no strikes at present: refusals are listed, and weigh nothing."))
    return "\n".join(lines)


def no_strikes() -> str:
    """Where a member has none."""
    return _("There are none, and there never were.")


def step(seconds: int) -> str:
    """What a step of the ladder is."""
    if seconds == WARNING:
        return _("a warning")
    if seconds == UNTIL_DECIDED:
        return _("suspended until moderators decide")
    return _("suspended for {span}").format(span=span(seconds))


def entry(strike: Strike, sheet: StrikeSheet) -> str:
    """One strike, for moderators: what for, what was found and how it was disguised, and where it stands."""
    title = [f"**#{strike.strike_id}**", text.relative_time(strike.at), _(_CAUSES[strike.cause])]
    if strike.category:
        title.append(category(strike.category))
    lines = [" · ".join(title)]
    if strike.prompt:
        lines.append(text.quoted(strike.prompt, _PROMPT_CHARACTERS))
    found = _found(strike)
    if found:
        lines.append(found)
    lines.append("-# " + " · ".join(_state(strike, sheet)))
    return "\n".join(lines)


def _found(strike: Strike) -> str | None:
    if not strike.term:
        return None
    term = text.escaped(text.shortened(text.one_line(strike.term), _TERM_CHARACTERS))
    if strike.reading is None:
        return _("Found: **{term}**").format(term=term)
    return _("Found: **{term}**, behind {disguise}").format(term=term, disguise=disguise(strike.reading))


def disguise(view: str) -> str:
    """What had to be undone to see it."""
    return _(_DISGUISES[view]) if view in _DISGUISES else text.escaped(view)


def _state(strike: Strike, sheet: StrikeSheet) -> list[str]:
    facts = []
    if strike.lifted_at is not None:
        facts.append(
            _("lifted by {member} {when}").format(
                member=text.person(strike.lifted_by), when=text.relative_time(strike.lifted_at)
            )
        )
    elif not strike.weight:
        facts.append(_("weighs nothing"))
    elif sheet.is_live(strike):
        facts.append(_("counts double") if strike.weight > 1 else _("counts"))
    else:
        facts.append(_("has stopped counting"))
    if strike.excused and strike.lifted_at is None:
        facts.append(_("its suspension was lifted"))
    if strike.appeal_case_id is not None:
        facts.append(_("appealed"))
    if strike.job_id is not None:
        facts.append(text.job_reference(strike.job_id))
    return facts


def lift_strike() -> str:
    """Stands in the menu of strikes."""
    return _("Lift a strike …")


def lift_option(strike: Strike) -> str:
    """A strike in that menu."""
    parts = [f"#{strike.strike_id}", _(_CAUSES[strike.cause])]
    if strike.category:
        parts.append(category(strike.category))
    return " · ".join(parts)


def lift_suspension() -> str:
    """Ends the suspension."""
    return _("Lift the suspension")


def show_strikes() -> str:
    """Leads to the page of strikes."""
    return _("Show strikes")
