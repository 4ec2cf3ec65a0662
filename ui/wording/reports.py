"""Words about reported pictures: on their cards, for whoever reports one, and for the moderators who decide."""

from typing import Final

from errors import PictureHidden, PictureRemoved, Refusal, TooManyReports
from generation.reports import Report
from models import Job, JobStatus
from moderation import Case, CaseKind
from ui import text
from ui.language import N_, _, ngettext
from ui.wording.cases import title as case_title

REPORTS: Final = N_("What waits for a moderator: reports, pictures to approve, appeals")
REMOVE: Final = N_("Take somebody's pictures off Discord for good")
OPTION_JOB: Final = N_("Pick one of the latest, or paste the id below a picture or the link to its message")
OPTION_REASON: Final = N_("Why; it goes into the log")

_REASON_CHARACTERS: Final = 120


def hidden_card() -> str:
    """The whole card of a job that enough members have reported."""
    return (
        _("### 🙈 Hidden for now")
        + "\n"
        + _(
            "Members have reported this, so it is hidden until a moderator has looked. "
            "That need not mean that anything is wrong with it."
        )
    )


def removed_card() -> str:
    """The whole card of a job that a moderator has removed."""
    return _("### 🛡️ Removed") + "\n" + _("A moderator removed this picture.")


def lost_card() -> str:
    """The headline of a job that may be shown again, where nobody has its pictures any more."""
    return (
        _("### 📭 No longer there")
        + "\n"
        + _(
            "A moderator has looked and found nothing wrong, but the pictures could not be kept meanwhile. "
            "*Reroll* makes others; with the same `seed`, *Edit…* makes these again."
        )
    )


def refused(error: Refusal) -> str | None:
    """What is said to whoever wants something of a hidden or removed picture, or reports too many; else None."""
    match error:
        case PictureHidden():
            return _(
                "Members have reported this picture, so it is hidden until a moderator has looked. Try again later."
            )
        case PictureRemoved():
            return _("These pictures are no longer there: their author or a moderator has taken them off, for good.")
        case TooManyReports(limit=limit):
            return ngettext(
                "You have made {limit} report today, and that is the most I take from one member. "
                "If this can't wait, tell a moderator yourself.",
                "You have made {limit} reports today, and that is the most I take from one member. "
                "If this can't wait, tell a moderator yourself.",
                limit,
            ).format(limit=limit)
        case _:
            return None


def remove() -> str:
    """The button that takes a reported picture off for good."""
    return _("Remove image")


def suspend_author() -> str:
    """The button that suspends whoever made it."""
    return _("Suspend author")


def dismiss() -> str:
    """The button that leaves it where it is, or shows it again."""
    return _("Dismiss")


def block_term() -> str:
    """The button that puts a word on the server's prompt filter."""
    return _("Block a term")


def whose(job: Job, link: str | None) -> str:
    """Who made it and where, and the way to its message where that is still there."""
    words = _("{member} in {channel}").format(
        member=text.person(job.origin.user_id), channel=f"<#{job.origin.channel_id}>"
    )
    if link is None:
        return words
    return words + " · " + _("[to its message]({link})").format(link=link)


def standing(job: Job, *, counted: int, needed: int) -> str:
    """Whether it is shown at present, and what would change that."""
    if job.removed_at is not None:
        return _("**Its message has been deleted since.** These are the copies that I made for you.")
    if job.hidden_at is not None:
        return _("🙈 **Hidden** {when}: nobody sees it in the channel until you decide.").format(
            when=text.relative_time(job.hidden_at)
        )
    return ngettext(
        "**Still shown.** {count} of {needed} report that hides it until you decide.",
        "**Still shown.** {count} of {needed} reports that hide it until you decide.",
        needed,
    ).format(count=counted, needed=needed)


def prompt_forgotten() -> str:
    """Said in place of a prompt that is no longer kept."""
    return "> " + _("*The words of this one are forgotten.*")


def reported_by(count: int) -> str:
    """The headline of the reasons."""
    return ngettext("**{count} report**", "**{count} reports**", count).format(count=count)


def reason(report: Report, limit: int) -> str:
    """What one member has said, and who and when."""
    who = text.person(report.reporter_id)
    if not report.counts:
        who = _("{member}, who made it").format(member=who)
    said = text.quoted(report.reason, limit) if report.reason else "> " + _("*no reason given*")
    return f"{said}\n-# {who} · {text.relative_time(report.at)}"


def more_reasons(count: int) -> str:
    """Says that there are others."""
    return "-# " + ngettext("and {count} more", "and {count} more", count).format(count=count)


def no_pictures(job: Job) -> str:
    """Why a card that waits for a decision shows nothing."""
    if not job.status.is_terminal:
        return _("It is still being made. What you decide holds for what comes of it.")
    if job.images_released == 0:
        return _("It has no pictures: what was reported is what its message says.")
    if job.status is JobStatus.DELIVERED and job.removed_at is None:
        return _("I could not fetch its pictures; see its message.")
    return _("Its pictures are not there any more.")


def alternative_text(number: int, count: int) -> str:
    """What a screen reader says about a reported picture."""
    return _("Picture {number} of {count}, reported").format(number=number, count=count)


def given_image() -> str:
    """What a screen reader says about the image that it was made from."""
    return _("The picture that its author gave")


def suspend_title() -> str:
    """The headline of the form that suspends an author."""
    return _("Suspend the author")


def suspended(said: str) -> str:
    """After suspending: what holds, and that the report is still to be decided."""
    return f"{said}\n{_still_open()}"


def block_title() -> str:
    """The headline of the form that blocks a term."""
    return _("Block a term")


def block_what() -> str:
    """The field of the term."""
    return _("Word or phrase")


def block_hint() -> str:
    """Below the term."""
    return _("Prompts with it are refused from now on; * at an end stands for more letters.")


def block_category() -> str:
    """The choice of what it is about."""
    return _("Category")


def block_category_hint() -> str:
    """Below that choice."""
    return _("This is all that members are told.")


def blocked(said: str) -> str:
    """After blocking a term: what was done, and that the report is still to be decided."""
    return f"{said}\n{_still_open()}"


def removed_reported(job: Job) -> str:
    """After a removal from the card of a report."""
    return f"{removed_now(job)}\n-# " + _("The report is closed.")


def dismissed(*, restored: bool) -> str:
    """After a dismissal."""
    if restored:
        return _("Dismissed: the pictures are being put back. Reports count anew from now on.")
    return _("Dismissed: everything stays as it is. Reports count anew from now on.")


def removed_now(job: Job) -> str:
    """After a removal: what happens to it."""
    if job.status is JobStatus.CANCELLED:
        return _("🛡️ {job} was still waiting: it is cancelled, and nothing was charged.").format(
            job=text.job_reference(job.job_id)
        )
    if not job.status.is_terminal:
        return _("🛡️ {job} is still being made: what comes of it is shown to nobody.").format(
            job=text.job_reference(job.job_id)
        )
    return _("🛡️ {job} is being taken off: pictures, prompt and the image that was given.").format(
        job=text.job_reference(job.job_id)
    )


def reports_title(total: int) -> str:
    """The headline of the list of open cases."""
    return ngettext(
        "### 🗂️ {count} case waits for a moderator", "### 🗂️ {count} cases wait for a moderator", total
    ).format(count=total)


def reports_nothing() -> str:
    """The list where nothing waits."""
    return _("### ✅ Nothing waits for you")


def no_channel() -> str:
    """Below the list, where the server has no channel for its moderators."""
    return "-# " + _("Choose a moderators' channel in `/admin setup`, and I post a card for each of these there.")


def entry(case: Case) -> str:
    """One open case: what, about whom, since when."""
    facts = [text.person(case.user_id), text.relative_time(case.opened_at)]
    if case.job_id is not None:
        facts.append(text.job_reference(case.job_id))
    if case.expires_at is not None:
        facts.append(_("expires {when}").format(when=text.relative_time(case.expires_at)))
    heading = f"**{case_title(case).removeprefix('### ')}**"
    said = [text.quoted(case.words, _REASON_CHARACTERS)] if case.words and case.kind is CaseKind.APPEAL else []
    return "\n".join((heading, *said, "-# " + " · ".join(facts)))


def to_case() -> str:
    """The way to a case's card."""
    return _("To its card")


def look() -> str:
    """The button that shows a case that has no card, with the buttons to decide it."""
    return _("Look and decide")


def page_number(number: int, pages: int) -> str:
    """Which page this is."""
    return "-# " + _("page {number} of {pages}").format(number=number, pages=pages)


def job_choice(job: Job, said: str) -> str:
    """A request in the list that appears while `/mod remove` is typed."""
    return said if job.hidden_at is None else f"🙈 {said}"


def _still_open() -> str:
    return "-# " + _("The report is still open: remove the image, or dismiss it.")
