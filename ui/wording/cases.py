"""Words of the cards in the moderators' channel: what waits for a decision, and what was decided, by whom and when."""

from datetime import datetime
from typing import Final

from errors import AlreadyDecided, CaseGone, Refusal
from generation.screening import PromptVerdict, View
from generation.strikes import Strike, StrikeCause
from models import FailureReason, Job, JobStatus
from moderation import Case, CaseKind, CaseOutcome, ReviewMark
from ui import text
from ui.language import N_, _, ngettext
from ui.wording import strikes

_TERM_CHARACTERS: Final = 60

APPROVE: Final = N_("Approve")
REJECT: Final = N_("Reject")
REJECT_AND_SUSPEND: Final = N_("Reject and suspend")
GRANT: Final = N_("Grant")
DENY: Final = N_("Deny")
LIFT: Final = N_("Lift suspension")
KEEP: Final = N_("Keep suspended")

_OPEN_TITLES: Final = {
    CaseKind.REVIEW: N_("🔎 A picture waits for your approval"),
    CaseKind.REPORT: N_("🚩 A picture was reported"),
    CaseKind.APPEAL: N_("✋ A member asks you to look again"),
    CaseKind.STRIKES: N_("⚖️ A member is suspended until you decide"),
}
_DECIDED_TITLES: Final = {
    CaseOutcome.APPROVED: N_("✅ Approved"),
    CaseOutcome.REJECTED: N_("🛡️ Rejected"),
    CaseOutcome.EXPIRED: N_("⌛ Nobody answered in time"),
    CaseOutcome.REMOVED: N_("🛡️ Removed"),
    CaseOutcome.DISMISSED: N_("☑️ Dismissed"),
    CaseOutcome.GRANTED: N_("✅ Granted"),
    CaseOutcome.DENIED: N_("☑️ Denied"),
    CaseOutcome.LIFTED: N_("✅ Suspension lifted"),
    CaseOutcome.KEPT: N_("☑️ Stays suspended"),
}
# The same within a sentence, for whoever was too late.
_DECISIONS: Final = {
    CaseOutcome.APPROVED: N_("{who} has approved it already, {when}."),
    CaseOutcome.REJECTED: N_("{who} has rejected it already, {when}."),
    CaseOutcome.EXPIRED: N_("Nobody had answered in time, so it has ended by itself, {when}."),
    CaseOutcome.REMOVED: N_("{who} has removed it already, {when}."),
    CaseOutcome.DISMISSED: N_("{who} has dismissed it already, {when}."),
    CaseOutcome.GRANTED: N_("{who} has granted it already, {when}."),
    CaseOutcome.DENIED: N_("{who} has denied it already, {when}."),
    CaseOutcome.LIFTED: N_("{who} has lifted it already, {when}."),
    CaseOutcome.KEPT: N_("{who} has decided already that it stays, {when}."),
}
_DONE: Final = {
    CaseOutcome.APPROVED: N_("Approved: the picture is being posted."),
    CaseOutcome.REJECTED: N_("Rejected: the picture is not shown, and its author is told."),
    CaseOutcome.GRANTED: N_("Granted: the member is told."),
    CaseOutcome.DENIED: N_("Denied: the member is told."),
    CaseOutcome.LIFTED: N_("The suspension is lifted."),
    CaseOutcome.KEPT: N_("The member stays suspended, until a moderator lifts it."),
}


def reference(case_id: int) -> str:
    """The case's name, the same in every language: by it a card that was sent already is found again."""
    return f"case {case_id}"


def reference_line(case_id: int) -> str:
    """The line of the card that is nothing but the reference."""
    return f"-# {reference(case_id)}"


def title(case: Case) -> str:
    """The headline of a card."""
    words = _OPEN_TITLES[case.kind] if case.outcome is None else _DECIDED_TITLES[case.outcome]
    return f"### {_(words)}"


def decided_by(case: Case) -> str | None:
    """Who decided and when; None for what is open, or ended by itself."""
    if case.outcome is None or case.decided_at is None or case.decided_by == 0:
        return None
    who, when = text.person(case.decided_by), text.relative_time(case.decided_at)
    return _("by {who}, {when}").format(who=who, when=when)


def already(outcome: str, *, by_id: int | None, at: datetime) -> str:
    """What a moderator is told who was too late."""
    words = next((_(sentence) for known, sentence in _DECISIONS.items() if known == outcome), None)
    if words is None:
        words = _("{who} has decided already, {when}.")
    return words.format(who=text.person(by_id), when=text.relative_time(at))


def refusal(error: Refusal) -> str | None:
    """What a moderator is told who was too late, or where there is no such case; None for what is no such refusal."""
    match error:
        case AlreadyDecided():
            return already(error.outcome, by_id=error.by_id, at=error.at)
        case CaseGone():
            return _("There is nothing to decide here any more.")
        case _:
            return None


def done(outcome: CaseOutcome) -> str:
    """What a moderator is told whose word counted."""
    return _(_DONE[outcome])


def rejected_and_suspended(user_id: int, until: datetime | None, cancelled: int) -> str:
    """What a moderator is told who rejected a picture and suspended its author."""
    if until is None:
        words = _("Rejected, and {member} is suspended until a moderator lifts it.")
        sentence = words.format(member=text.person(user_id))
    else:
        words = _("Rejected, and {member} is suspended until {moment}.")
        sentence = words.format(member=text.person(user_id), moment=text.full_time(until))
    if cancelled:
        sentence += " " + ngettext(
            "{count} request of theirs that was waiting has ended.",
            "{count} requests of theirs that were waiting have ended.",
            cancelled,
        ).format(count=cancelled)
    return sentence


def wants_to_show(job: Job) -> str:
    """Whose picture it is, and where it would be shown."""
    words = _("{member} in {channel}")
    return words.format(member=text.person(job.origin.user_id), channel=f"<#{job.origin.channel_id}>")


def why_it_waits(mark: str | None, marked: PromptVerdict | None) -> str:
    """Why a moderator is asked: the member, the words, or the server's own rule."""
    if mark == ReviewMark.NEW_MEMBER:
        return _("**Why:** the member is new to this server.")
    if mark != ReviewMark.PROMPT:
        return _("**Why:** this server approves every picture first.")
    if marked is None:
        return _("**Why:** the prompt filter marked these words for review.")
    return _("**Why:** the prompt filter marks such words for review. {found}").format(
        found=_found(marked.category, marked.term, marked.view if marked.disguised else None)
    )


def _found(category: str | None, term: str | None, view: str | None) -> str:
    """What the filter found, for moderators: of what kind, which term, and what had to be undone to see it."""
    parts = []
    if category:
        parts.append(strikes.category(category))
    if term:
        parts.append(f"**{text.escaped(text.shortened(text.one_line(term), _TERM_CHARACTERS))}**")
    if view and view != View.PLAIN:
        parts.append(_("behind {disguise}").format(disguise=strikes.disguise(view)))
    return " · ".join(parts)


def refused(strike: Strike) -> str:
    """What a strike was given for."""
    if strike.cause is StrikeCause.FLAGGED_IMAGE:
        what = _("**Refused:** a picture that the safety check flagged.")
    else:
        what = _("**Refused:** the prompt.")
    found = _found(strike.category, strike.term, strike.reading)
    when = text.relative_time(strike.at)
    number = f"#{strike.strike_id}"
    weight = ngettext("strike {number}, weighs {count}", "strike {number}, weighs {count}", strike.weight).format(
        number=number, count=strike.weight
    )
    return "\n".join(line for line in (what, found, f"-# {weight} · {when}") if line)


def appealed(case: Case) -> str:
    """Whose appeal it is."""
    if case.strike_id is None:
        words = _("{member} appeals against a suspension:")
    else:
        words = _("{member} appeals against a refusal:")
    return words.format(member=text.person(case.user_id))


def prompt_is_forgotten() -> str:
    """Where the refused words are no longer kept."""
    return _("What was asked for is not kept any more.")


def not_suspended_any_more() -> str:
    """Where the suspension that was appealed is over."""
    return _("The suspension is over by now.")


def sent_as(prompt: str, limit: int) -> str:
    """What was really sent, where a preset or a LoRA has added to it."""
    return _("Sent as:") + "\n" + text.quoted(prompt, limit)


def asked(at: datetime) -> str:
    """When the member asked for it."""
    return _("asked {when}").format(when=text.relative_time(at))


def expires(at: datetime) -> str:
    """When it is too late for an answer."""
    return _("expires {when}").format(when=text.relative_time(at))


def left_out(withheld: int) -> str:
    """Says that the safety check had held back other pictures of the request, which nobody sees."""
    return ngettext(
        "{count} more picture was held back by the safety check and is not shown to anybody.",
        "{count} more pictures were held back by the safety check and are not shown to anybody.",
        withheld,
    ).format(count=withheld)


def came_to(case: Case, job: Job, link: str | None) -> str | None:
    """What has become of the picture since the decision; None where that goes without saying."""
    if case.outcome is CaseOutcome.APPROVED:
        if job.status is JobStatus.UNDELIVERABLE:
            return _("Its message had been deleted, so only its author can still see it, for some days.")
        if job.status is JobStatus.EXPIRED:
            return _("But it was lost meanwhile, so it can't be shown. That is a fault on the bot's side.")
        if link is not None:
            return _("[To the picture]({link})").format(link=link)
    if case.outcome is CaseOutcome.EXPIRED and job.reason == FailureReason.PICTURES_LOST:
        return _("It was lost while it waited, so it can't be shown. That is a fault on the bot's side.")
    return None


def picture_is_lost() -> str:
    """Where the pictures can't be shown to moderators either."""
    return _("The pictures are not there any more.")


def alternative_text(number: int, count: int) -> str:
    """What a screen reader says about a picture that nobody has approved yet."""
    return _("Picture {number} of {count}, not approved yet").format(number=number, count=count)


def suspend_title() -> str:
    """The headline of the form that rejects and suspends."""
    return _("Reject and suspend")


def for_how_long() -> str:
    """The label of the form's first field."""
    return _("For how long?")


def for_how_long_hint() -> str:
    """What to write there."""
    return _("Such as 2h, 3d or 1w; leave it empty for until it is lifted")


def why() -> str:
    """The label of the form's text."""
    return _("Why?")


def why_hint() -> str:
    """What the reason is for."""
    return _("The member is shown this, and it goes into the log")
