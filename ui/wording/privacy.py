"""Words of `/privacy`: what is kept about a member, for how long, and what is forgotten on request."""

from generation.privacy import Forgotten, Holdings, Kept
from ui.language import N_, _, ngettext

GROUP = N_("What I keep about you, as a page or a file, and how to have it deleted")
SHOW = N_("See what I keep about you, where, and for how long")
EXPORT = N_("Get everything that I keep about you as a file")
DELETE = N_("Have everything that I keep about you deleted")


def sheet(held: Holdings, retention_days: int, log_days: int) -> str:
    """What is kept, with its numbers, and for how long each stays."""
    lines = [
        _("### 🔒 What I keep about you"),
        _("In all servers where you have used me, together:"),
        "• " + _jobs(held, retention_days),
        "• "
        + ngettext(
            "**{count} preset** of your own, until you delete it",
            "**{count} presets** of your own, until you delete them",
            held.presets,
        ).format(count=held.presets),
        "• "
        + ngettext(
            "**{count} favourite**, until you take it out",
            "**{count} favourites**, until you take them out",
            held.favourites,
        ).format(count=held.favourites),
        "• "
        + ngettext(
            "**{count} account** of what your pictures cost, by month and day, for the books of whoever runs me",
            "**{count} accounts** of what your pictures cost, by month and day, for the books of whoever runs me",
            held.accounts,
        ).format(count=held.accounts),
    ]
    if held.strikes or held.suspensions or held.appeals or held.reports:
        lines.append(
            "• "
            + _(
                "for the moderators: {strikes} refused prompts, {suspensions} suspensions, {appeals} appeals, "
                "and {reports} reports that you made"
            ).format(strikes=held.strikes, suspensions=held.suspensions, appeals=held.appeals, reports=held.reports)
        )
    lines += [
        "• " + _("who did what as a moderator or admin, for {days} days").format(days=log_days),
        "",
        _(
            "**Where it goes:** prompts and images that you give are sent to the service that makes the pictures. "
            "The pictures are posted here, on Discord. Nobody else gets anything."
        ),
        _("-# `/privacy export` has all of it as a file; `/privacy delete` has it deleted."),
    ]
    return "\n".join(lines)


def _jobs(held: Holdings, retention_days: int) -> str:
    jobs = ngettext("**{count} request**", "**{count} requests**", held.jobs).format(count=held.jobs)
    return jobs + _(
        ": what came of each and what it cost. The words of {words} of them are still kept; they go {days} days after "
        "the picture was made"
    ).format(words=held.jobs_with_words, days=retention_days)


def export() -> str:
    """Above the file."""
    return _("### 📦 Everything that I keep about you") + "\n" + _("-# Only you can see this message. Save the file.")


def question() -> str:
    """What pressing the button does."""
    return "\n".join(
        [
            _("### 🗑️ Have your data deleted?"),
            _("In every server, at once and for good:"),
            "• " + _("the words of all your requests, your images' names, and the links to your pictures"),
            "• " + _("your history, favourites, presets and preferences"),
            "• " + _("what you wrote to moderators, in reports and appeals"),
            "• " + _("what still waits in line is cancelled and costs nothing"),
            "",
            _(
                "**What stays:** what was spent, without your name. Until they end by themselves, this month's and "
                "today's caps, strikes and suspensions keep your id."
            ),
            _(
                "**What I can't take back:** pictures that were posted stay on Discord. Delete those first with the "
                "button below each, if you want that; afterwards I don't know any more that they are yours."
            ),
        ]
    )


def delete() -> str:
    """The button that does it."""
    return _("Delete my data")


def done(forgotten: Forgotten) -> str:
    """Said once it is done."""
    lines = [
        _("### ✅ Deleted"),
        ngettext(
            "The words and links of {count} request are gone, and everything else that I kept for you.",
            "The words and links of {count} requests are gone, and everything else that I kept for you.",
            forgotten.jobs,
        ).format(count=forgotten.jobs),
    ]
    kept = _still(forgotten.kept)
    if kept:
        lines.append(_("These keep your id until they end by themselves: {what}.").format(what=", ".join(kept)))
    return "\n".join(lines)


def _still(kept: Kept) -> list[str]:
    named = (
        (kept.accounts, _("the caps of the running day and month")),
        (kept.jobs, _("requests under way")),
        (kept.strikes, _("strikes")),
        (kept.suspensions, _("a suspension")),
        (kept.cases, _("cards in the moderators' channel")),
    )
    return [words for count, words in named if count]
