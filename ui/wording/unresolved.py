"""Words of the pages of requests in doubt: what is known of each, and what a person can say of it."""

from datetime import datetime
from typing import Final

from models import FailureReason, Job, JobStatus
from ui import text
from ui.language import N_, _, ngettext
from ui.wording import cards
from ui.wording.accounts import pictures

UNRESOLVED: Final = N_("Requests of this server of which nobody knows whether they were paid for; say what you know")

# What happened, for people who look into it; what members are told is in `ui.wording.cards`.
_WHY: Final = {
    FailureReason.ACCEPTANCE_UNKNOWN: N_("The picture service did not say whether it took the request."),
    FailureReason.INTERRUPTED_SUBMISSION: N_("I was interrupted while handing the request over."),
    FailureReason.DEADLINE: N_("The picture service took the request, but its result never came."),
    FailureReason.RESULT_UNKNOWN: N_("The picture service took the request, and later did not know it any more."),
}
_REQUEST_ID_CHARACTERS: Final = 60
_GUILD_CHARACTERS: Final = 40


def title(count: int, held_micros: int) -> str:
    """The headline: how many, and how much of the budgets they hold."""
    words = ngettext("### ❔ {count} request in doubt", "### ❔ {count} requests in doubt", count)
    return words.format(count=count) + " · " + _("{amount} held").format(amount=text.money(held_micros))


def explanation() -> str:
    """What being in doubt means, and what the buttons do."""
    return _(
        "-# I don't know whether the picture service made these, and never send anything twice. If its bills tell you, "
        "say so: *It was paid* posts the money, *It was not* gives it back. What nobody decides within a day counts as "
        "paid."
    )


def nothing() -> str:
    """The page where nothing is in doubt."""
    return _("### ✅ Nothing is in doubt") + "\n" + _("Of every request it is known whether it was paid for.")


def entry(job: Job, *, since: datetime, written_off_at: datetime, guild: str | None) -> str:
    """One of them: whose and where, how much it holds, what is known, and when it decides itself."""
    facts = [
        f"**<@{job.origin.user_id}>**",
        None if guild is None else text.escaped(text.shortened(text.one_line(guild), _GUILD_CHARACTERS)),
        pictures(job.images_requested),
        _("**{amount}** held").format(amount=text.money(job.cost_micros)),
    ]
    small = [
        _("asked for {when}").format(when=text.relative_time(job.created_at)),
        _("in doubt since {time}").format(time=text.full_time(since)),
        _("counts as paid {when}").format(when=text.relative_time(written_off_at)),
        text.job_reference(job.job_id),
    ]
    return "\n".join((" · ".join(fact for fact in facts if fact), _known(job), "-# " + " · ".join(small)))


def paid(micros: int) -> str:
    """Settles the request."""
    return _("It was paid ({amount})").format(amount=text.money(micros))


def not_paid() -> str:
    """Releases what the request holds."""
    return _("It was not")


def to_card() -> str:
    """Leads to the request's message."""
    return _("To its message")


def decided(job: Job, *, was_paid: bool) -> str:
    """After a decision: what became of the money."""
    if was_paid:
        words = _("✅ {job} counts as paid: {amount} posted.")
        return words.format(job=text.job_reference(job.job_id), amount=text.money(job.settled_micros))
    words = _("↩️ {job} was not paid: {amount} given back.")
    return words.format(job=text.job_reference(job.job_id), amount=text.money(job.cost_micros))


def decided_meanwhile(job_id: str, status: JobStatus) -> str:
    """Said to a decision that came too late; nothing was changed by it."""
    state = cards.card_title(status).removeprefix("### ")
    return _("⏱️ {job} was decided meanwhile, so nothing was changed: {state}").format(
        job=text.job_reference(job_id), state=state
    )


def page_number(number: int, pages: int) -> str:
    """Which page this is."""
    return "-# " + _("page {number} of {pages}").format(number=number, pages=pages)


def _known(job: Job) -> str:
    why = next((_(words) for reason, words in _WHY.items() if reason == job.reason), None)
    if job.request_id is None:
        asking = _("It gave no number for it, so I can't ask.")
    else:
        # The number is the provider's, so it could hold anything.
        shown = text.shortened(text.one_line(job.request_id), _REQUEST_ID_CHARACTERS).replace("`", "'")
        asking = _("Its number there is `{number}`; I go on asking every five minutes.").format(number=shown)
    return " ".join(part for part in (why, asking) if part)
