"""Words of `/mod log`: a sentence for everything that is written down, what it can be asked for, and its pages."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from clock import from_ms
from generation.audit_log import UNTIL_LIFTED, Line, LogQuery, Topic
from limits import LimitKind, LimitName
from models import JobStatus, Unit
from ui import text
from ui.language import N_, _, ngettext
from ui.wording import limits
from ui.wording.accounts import amount

LOG: Final = N_("Who did what here, when and why: moderation, settings and money")
OPTION_MEMBER: Final = N_("Only what this member did, and what was done about them")
OPTION_KIND: Final = N_("Only what is of this kind")
OPTION_DAYS: Final = N_("Only the last so many days; everything is kept for a year")

TOPICS: Final = {
    Topic.MODERATION: N_("Moderation"),
    Topic.FILTER: N_("Prompt filter"),
    Topic.SETTINGS: N_("Settings"),
    Topic.MONEY: N_("Caps and money"),
    Topic.PRESETS: N_("Presets and LoRAs"),
    Topic.PRIVACY: N_("Privacy"),
}

# What is said of most lines, by their names. `{before}` and `{after}` are names of things.
_SENTENCES: Final = {
    "mod.cancel": N_("{by} cancelled {job} of {subject}"),
    "mod.remove": N_("{by} removed the pictures of {job} of {subject}"),
    "mod.hide": N_("The pictures of {job} of {subject} were hidden, as enough members reported them"),
    "mod.restore": N_("{by} showed the pictures of {job} of {subject} again"),
    "mod.strike.lift": N_("{by} lifted a strike of {subject}"),
    "mod.review.approved": N_("{by} approved {job} of {subject}"),
    "mod.review.rejected": N_("{by} rejected {job} of {subject}"),
    "mod.review.expired": N_("Nobody looked at {job} of {subject} in time, so it was not posted"),
    "mod.report.removed": N_("{by} answered the reports of {job} of {subject} by removing its pictures"),
    "mod.report.dismissed": N_("{by} dismissed the reports of {job} of {subject}"),
    "mod.report.expired": N_("The reports of {job} of {subject} ended without an answer"),
    "mod.appeal.granted": N_("{by} granted an appeal of {subject}"),
    "mod.appeal.denied": N_("{by} denied an appeal of {subject}"),
    "mod.appeal.expired": N_("An appeal of {subject} ended without an answer"),
    "mod.strikes.lifted": N_("{by} decided about the strikes of {subject}: they may go on"),
    "mod.strikes.kept": N_("{by} decided about the strikes of {subject}: they stay suspended"),
    "mod.strikes.expired": N_("The strikes of {subject} were not decided about"),
    "filter.import": N_("{by} imported entries of the prompt filter: {after}"),
    "filter.remove": N_("{by} took {before} off the prompt filter"),
    "preset.delete": N_("{by} deleted the server's preset {before}"),
    "lora.add": N_("{by} added the LoRA {after}"),
    "lora.remove": N_("{by} removed the LoRA {before}"),
    "privacy.delete": N_("What was stored of a member was deleted, as they asked for"),
    "privacy.guild": N_("What was stored of this server was deleted, as I had left it"),
    "audit.cut": N_("Lines older than a year were taken out of the log"),
}
_SETTINGS: Final = {
    "time_zone": N_("time zone"),
    "next_time_zone": N_("time zone to come"),
    "next_time_zone_from": N_("when the time zone to come counts"),
    "images_per_job": N_("pictures in one request"),
    "recipe_in_files": N_("recipe in the files"),
    "spoilers": N_("spoilers over pictures"),
    "moderators_channel_id": N_("the moderators' channel"),
    "review": N_("pictures that wait for a moderator"),
    "language": N_("language"),
    "confirm_images": N_("pictures from which on the price is confirmed"),
    "confirm_percent": N_("share from which on the price is confirmed"),
    "greeted_at": N_("when I said hello"),
    "new_member_days": N_("days for which a member is new"),
    "review_hours": N_("hours until a review runs out"),
    "reports_to_hide": N_("reports that hide a picture"),
    "strikes": N_("strikes for blocked prompts"),
    "strike_flagged": N_("strikes for flagged pictures"),
    "strike_days": N_("days for which a strike counts"),
    "ladder": N_("what strikes lead to"),
    "appeals_per_day": N_("appeals a day"),
}
# What `storage.guilds` writes for a switch.
_SWITCHES: Final = {"True": N_("on"), "False": N_("off")}
_TIMES: Final = frozenset({"next_time_zone_from", "greeted_at"})

_VALUE_CHARACTERS: Final = 40
_REASON_CHARACTERS: Final = 80


def title() -> str:
    """The headline of a page."""
    return _("### 📜 Who did what here")


def asked(query: LogQuery) -> str | None:
    """What a page is of, in one small line; None where it is of everything."""
    parts = []
    if query.member_id is not None:
        parts.append(_("by or about {member}").format(member=text.person(query.member_id)))
    if query.topic is not None:
        parts.append(_(TOPICS[query.topic]))
    if query.days is not None:
        parts.append(ngettext("the last day", "the last {count} days", query.days).format(count=query.days))
    return "-# " + " · ".join(parts) if parts else None


def nothing(query: LogQuery) -> str:
    """Said instead of an empty page."""
    if asked(query) is None:
        return _("Nothing has been done yet that is written down here: settings, caps, and what moderators do.")
    return _("Nothing like that is written down. `/mod log` without options shows everything.")


def entry(line: Line) -> str:
    """One line: when, what was done by whom, and why."""
    said = f"{text.relative_time(line.at)} · {sentence(line)}"
    if not line.reason.strip():
        return said
    reason = text.escaped(text.shortened(text.one_line(line.reason), _REASON_CHARACTERS))
    return _("{what}: “{reason}”").format(what=said, reason=reason)


def sentence(line: Line) -> str:
    """What was done, by whom and about whom. A name that is not known here, of another release, is said as it is."""
    kind = line.what.partition(".")[0]
    special = _SPECIAL.get(line.what) or _FAMILIES.get(kind)
    if special is not None:
        return special(line)
    template = _SENTENCES.get(line.what)
    return _unknown(line) if template is None else _filled(_(template), line)


def is_worded(what: str) -> bool:
    """Whether there is a sentence for lines of that name, or of names that begin so."""
    return what in _SENTENCES or what in _SPECIAL or what.partition(".")[0] in _FAMILIES


def newer() -> str:
    """Leads to the lines after these."""
    return _("Newer")


def older() -> str:
    """Leads to the lines before these."""
    return _("Older")


def to_sheet() -> str:
    """Makes a spreadsheet of what is asked for."""
    return _("Spreadsheet (CSV)")


def any_topic() -> str:
    """In the menu: everything."""
    return _("Everything")


def choose_topic() -> str:
    """In the empty menu of kinds."""
    return _("Show only …")


def sheet(lines: int, *, complete: bool) -> str:
    """Said above the spreadsheet."""
    said = ngettext("🧾 {count} line of the log.", "🧾 {count} lines of the log.", lines).format(count=lines)
    times = _("-# The times are in UTC. By 0 is what I did myself; an empty id is of somebody who was forgotten.")
    if complete:
        return f"{said}\n{times}"
    return f"{said}\n" + _("These are the newest; ask for fewer days, a member or a kind to see others.") + f"\n{times}"


def _filled(template: str, line: Line) -> str:
    return template.format(
        by=text.person(line.by_id),
        subject=text.person(line.subject_id),
        job=_("a request") if line.job_id is None else text.job_reference(line.job_id),
        before=_named(line, line.before),
        after=_named(line, line.after),
    )


def _unknown(line: Line) -> str:
    return _("{by} did `{what}`").format(by=text.person(line.by_id), what=line.what.replace("`", ""))


def _named(line: Line, value: str | None) -> str:
    """A value as it was written, made harmless; what was erased is said to be."""
    if line.erased:
        return _("(forgotten)")
    if value is None:
        return _("nothing")
    return f"**{text.escaped(text.shortened(text.one_line(value), _VALUE_CHARACTERS))}**"


def _suspended(line: Line) -> str:
    if line.after == UNTIL_LIFTED:
        return _filled(_("{by} suspended {subject} until a moderator lifts it"), line)
    until = _moment(line.after)
    if until is None:
        return _filled(_("{by} suspended {subject}"), line)
    return _("{by} suspended {subject} until {time}").format(
        by=text.person(line.by_id), subject=text.person(line.subject_id), time=text.full_time(until)
    )


def _unsuspended(line: Line) -> str:
    until = _moment(line.after)
    if until is None:
        return _filled(_("{by} lifted the suspension of {subject}"), line)
    return _("{by} shortened the suspension of {subject} to {time}").format(
        by=text.person(line.by_id), subject=text.person(line.subject_id), time=text.full_time(until)
    )


def _struck(line: Line) -> str:
    total = _number(line.after)
    if total is None:
        return _filled(_("{subject} got a strike"), line)
    return ngettext(
        "{subject} got a strike and has {count} now", "{subject} got a strike and has {count} now", total
    ).format(subject=text.person(line.subject_id), count=total)


def _filter_added(line: Line) -> str:
    if line.before is None:
        return _filled(_("{by} put {after} on the prompt filter"), line)
    return _filled(_("{by} changed {before} of the prompt filter to {after}"), line)


def _preset_saved(line: Line) -> str:
    if line.before is None:
        return _filled(_("{by} saved the server's preset {after}"), line)
    return _filled(_("{by} changed the server's preset {after}"), line)


def _resolved(line: Line) -> str:
    by = text.person(line.by_id) if line.by_id != 0 else _("The operator")  # at the machine's command line
    job = _("a request") if line.job_id is None else text.job_reference(line.job_id)
    if line.erased:
        return _("{by} resolved {job}, which was in doubt").format(by=by, job=job)
    if line.after == JobStatus.WRITTEN_OFF:
        return _("{by} settled {job}, which was in doubt").format(by=by, job=job)
    return _("{by} released the money of {job}, which was in doubt").format(by=by, job=job)


def _setting(line: Line) -> str:
    name = line.what.partition(".")[2]
    if name == "paused":
        return _filled(_paused(line), line)
    return _("{by} set {setting}: {before} → {after}").format(
        by=text.person(line.by_id),
        setting=_(_SETTINGS[name]) if name in _SETTINGS else f"`{name.replace('`', '')}`",
        before=_chosen(line, name, line.before),
        after=_chosen(line, name, line.after),
    )


def _paused(line: Line) -> str:
    if line.erased:
        return _("{by} paused or resumed new pictures")
    return _("{by} paused new pictures") if line.after == "True" else _("{by} resumed new pictures")


def _chosen(line: Line, name: str, value: str | None) -> str:
    if value in _SWITCHES:
        return f"**{_(_SWITCHES[value])}**"
    number = _number(value)
    if number is not None and name == "moderators_channel_id":
        return f"<#{number}>"
    if number is not None and name in _TIMES:
        return text.full_time(from_ms(number))
    return _named(line, value)


def _limit(line: Line) -> str:
    _kind, kind, name = (*line.what.split("."), "", "")[:3]
    if name not in set(LimitName) or kind not in set(LimitKind):
        return _unknown(line)
    cap = LimitName(name)
    before, after = (
        _("(forgotten)") if line.erased else f"**{limits.value(cap, _number(value))}**"
        for value in (line.before, line.after)
    )
    return _("{by} set a cap of {whose} ({cap}): {before} → {after}").format(
        by=text.person(line.by_id),
        whose=_whose(LimitKind(kind), line),
        cap=limits.title(cap),
        before=before,
        after=after,
    )


def _whose(kind: LimitKind, line: Line) -> str:
    match kind:
        case LimitKind.ROLE:
            return f"<@&{line.subject_id}>"
        case LimitKind.CHANNEL:
            return f"<#{line.subject_id}>"
        case LimitKind.MEMBER:
            return text.person(line.subject_id)
        case LimitKind.CEILING:
            return _("the operator, for this server")
        case LimitKind.OPERATOR:
            return _("the whole bot")
        case _:
            return _("the server")


def _grant(line: Line) -> str:
    _kind, unit, period = (*line.what.split("."), "", "")[:3]
    before, after = _number(line.before), _number(line.after)
    if before is None or after is None or unit not in set(Unit):
        return _filled(_("{by} granted {subject} more"), line)
    template = _("{by} granted {subject} {amount} for {period}")
    if after < before:
        template = _("{by} took {amount} for {period} back from {subject}")
    return template.format(
        by=text.person(line.by_id),
        subject=text.person(line.subject_id),
        amount=amount(Unit(unit), abs(after - before)),
        period=period,
    )


def _allowed(line: Line) -> str:
    is_role = line.what == "allowed.role"
    thing = f"<@&{line.subject_id}>" if is_role else f"<#{line.subject_id}>"
    if line.erased:
        template = _("{by} changed where or by whom I may be used: {thing}")
    elif line.after is None:
        template = _("{by} took {thing} off the list of those that I may be used in or by")
    else:
        template = _("{by} put {thing} on the list of those that I may be used in or by")
    return template.format(by=text.person(line.by_id), thing=thing)


def _number(value: str | None) -> int | None:
    return int(value) if value is not None and value.isascii() and value.isdigit() else None


def _moment(value: str | None) -> datetime | None:
    try:
        return None if value is None else datetime.fromisoformat(value)
    except ValueError:
        return None


_SPECIAL: Final[dict[str, Callable[[Line], str]]] = {
    "mod.suspend": _suspended,
    "mod.unsuspend": _unsuspended,
    "mod.strike": _struck,
    "filter.add": _filter_added,
    "preset.save": _preset_saved,
    "job.resolved": _resolved,
}
# By the first word of the name, where more words follow that say what was changed.
_FAMILIES: Final[dict[str, Callable[[Line], str]]] = {
    "setting": _setting,
    "limit": _limit,
    "grant": _grant,
    "allowed": _allowed,
}
