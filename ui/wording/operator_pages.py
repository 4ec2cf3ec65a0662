"""Words of `/operator`: the state of the whole bot, its budget, and the ceilings of servers."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from generation.overview import Audit, Budget, Line, ProviderState, Spend, Status
from models import JobStatus
from ui import text
from ui.language import N_, _, ngettext

GROUP: Final = N_("For the people who run this bot: all servers together")
STATUS: Final = N_("How the whole bot is: requests, picture service, budget, servers by spend, database")
BUDGET: Final = N_("See or set the budget of the whole bot, or how far a server may raise its own")
UNRESOLVED: Final = N_("Requests of all servers of which nobody knows whether they were paid for; say what you know")

OPTION_MONTHLY: Final = N_("US dollars a month, such as 200 or 49.50; or: default")
OPTION_SERVER: Final = N_("The server whose ceilings you want to see or set; leave it out for the whole bot")
OPTION_DAILY: Final = N_("US dollars a day that this server may allow itself at most; or: default")
OPTION_REASON: Final = N_("Why: kept with the change")

_JOBS: Final = {
    JobStatus.QUEUED: N_("{count} waiting in line"),
    JobStatus.SUBMITTING: N_("{count} being handed over"),
    JobStatus.SUBMITTED: N_("{count} being made"),
    JobStatus.GENERATED: N_("{count} being checked and posted"),
    JobStatus.IN_REVIEW: N_("{count} waiting for a moderator"),
    JobStatus.IN_DOUBT: N_("{count} in doubt"),
}
_NAME_CHARACTERS: Final = 40
_BYTES_PER_MEGABYTE: Final = 1_000_000
_REASON_CHARACTERS: Final = 80


def title(version: str, status: Status, *, guilds: int, latency_ms: int | None) -> str:
    """The headline: which release, since when, for how many servers, and how far Discord is away."""
    facts = [
        _("up since {time} ({when})").format(
            time=text.full_time(status.started_at), when=text.relative_time(status.started_at)
        ),
        ngettext("in {count} server", "in {count} servers", guilds).format(count=guilds),
        _("not connected to Discord") if latency_ms is None else _("Discord answers in {ms} ms").format(ms=latency_ms),
    ]
    return f"### 🎛️ Easel {version}\n-# {' · '.join(facts)}"


def paused_guilds(count: int) -> str:
    """How many servers have paused by themselves."""
    words = ngettext("{count} server has paused new pictures.", "{count} servers have paused new pictures.", count)
    return "⏸️ " + words.format(count=count)


def jobs(counts: Mapping[JobStatus, int], *, waiting: int, in_flight: int) -> str:
    """The requests that have not ended."""
    found = [_(words).format(count=counts[status]) for status, words in _JOBS.items() if counts.get(status)]
    state = " · ".join(found) or _("none under way")
    places = _("-# in line for the picture service: {waiting} · there: {in_flight}")
    return _("**Requests** · {state}").format(state=state) + "\n" + places.format(waiting=waiting, in_flight=in_flight)


def provider(state: ProviderState) -> str:
    """Whether the picture service takes the account, or asks for patience."""
    if state.refuses_since is not None:
        words = _("**Picture service** · ⚠️ has refused the account since {time} ({when})").format(
            time=text.full_time(state.refuses_since), when=text.relative_time(state.refuses_since)
        )
        if state.next_try_at is None:
            return f"{words}\n-# " + _("The next request tries it again.")
        return f"{words}\n-# " + _("I try it again {when}.").format(when=text.relative_time(state.next_try_at))
    if state.next_try_at is not None:
        words = _("**Picture service** · ⏳ asks for patience; I submit again {when}")
        return words.format(when=text.relative_time(state.next_try_at))
    return _("**Picture service** · ✅ takes the account")


def doubts(count: int, held_micros: int, oldest_at: datetime | None) -> str:
    """What is in doubt everywhere."""
    if not count or oldest_at is None:
        return _("**In doubt** · nothing")
    words = ngettext(
        "**In doubt** · ❔ {count} request, {amount} held, asked {when}: `/operator unresolved`",
        "**In doubt** · ❔ {count} requests, {amount} held, the oldest asked {when}: `/operator unresolved`",
        count,
    )
    return words.format(count=count, amount=text.money(held_micros), when=text.relative_time(oldest_at))


def budget(budget: Budget) -> str:
    """The budget of the whole bot as a bar, with this day and month."""
    day, month = budget.spend.day, budget.spend.month
    left = _("**{amount} left**").format(amount=text.money(budget.left_micros))
    return "\n".join(
        (
            _("**Budget of the whole bot** · {cap} a month").format(cap=text.money(budget.cap.value)),
            f"{text.bar(month.spent_micros + month.held_micros, budget.cap.value)}  {left}",
            "-# " + _("this month: {spend}").format(spend=_spend(month)),
            "-# " + _("today (UTC): {spend}").format(spend=_spend(day)),
            "-# " + _("renews {when}").format(when=text.relative_time(budget.renews_at)),
        )
    )


def guilds(spends: tuple[Spend, ...], names: Mapping[int, str]) -> str:
    """The servers that spent the most in this month."""
    if not spends:
        return _("**Servers by spend** · nothing was spent this month")
    lines = [_("**Servers by spend this month**")]
    lines += [
        f"{number}. {guild_name(spend.guild_id, names)} · {_spend(spend)}" for number, spend in enumerate(spends, 1)
    ]
    return "\n".join(lines)


def guild_name(guild_id: int, names: Mapping[int, str]) -> str:
    """A server by its name, or its id where the bot is no longer in it."""
    name = names.get(guild_id)
    if name is None:
        return f"`{guild_id}`"
    return text.escaped(text.shortened(text.one_line(name), _NAME_CHARACTERS))


def database(size_bytes: int, audit: Audit | None) -> str:
    """How large the database is, and whether its books add up."""
    size = _("**Database** · {megabytes} MB").format(megabytes=text.bound(round(size_bytes / _BYTES_PER_MEGABYTE, 1)))
    if audit is None:
        return f"{size}\n" + _("⏳ The books are being audited; until then nothing new is taken on.")
    when = text.relative_time(audit.at)
    if audit.sound:
        return f"{size}\n" + _("-# ✅ audited {when}: every balance is the sum of its entries").format(when=when)
    count = len(audit.findings)
    words = ngettext(
        "⚠️ **Audited {when}: {count} balance is not the sum of its entries.** Nothing new is taken on. "
        "`python bot.py report` shows which.",
        "⚠️ **Audited {when}: {count} balances are not the sums of their entries.** Nothing new is taken on. "
        "`python bot.py report` shows which.",
        count,
    )
    return f"{size}\n" + words.format(when=when, count=count)


def look_again() -> str:
    """Reads everything anew."""
    return _("Look again")


def audit_now() -> str:
    """Audits the books now."""
    return _("Audit the books")


def budget_set(before: int | None, after: int | None, budget: Budget) -> str:
    """After setting the budget of the whole bot."""
    return _("✅ The whole bot's budget was {before} a month and is {after} now.").format(
        before=_amount(before, budget.default_micros), after=_amount(after, budget.default_micros)
    )


def budget_note(default_micros: int) -> str:
    """What stands below the budget: where its default comes from, and what lowering it does."""
    return _(
        "-# The default is {amount} (`GLOBAL_MONTHLY_USD`). Lowering it takes nothing back: what is held stays held, "
        "and new requests are refused until there is room."
    ).format(amount=text.money(default_micros))


def changes(latest: tuple[Line, ...], default_micros: int) -> str:
    """Who changed the budget of the whole bot, when and why."""
    lines = [_("**Latest changes**")]
    for change in latest:
        said = _("-# {when} by {member}") if change.erased else _("-# {when} by {member}: {before} → {after}")
        words = said.format(
            when=text.relative_time(change.at),
            member=text.person(change.by_id),
            before=_amount(_micros(change.before), default_micros),
            after=_amount(_micros(change.after), default_micros),
        )
        reason = text.escaped(text.shortened(text.one_line(change.reason), _REASON_CHARACTERS))
        lines.append(f"{words} · {reason}" if reason else words)
    return "\n".join(lines)


def ceilings_title(name: str) -> str:
    """The headline of a server's ceilings; `name` is shown as it comes."""
    return (
        _("### 🏦 Ceilings of {server}").format(server=name)
        + "\n"
        + _("-# Its admins set their own budgets below these; only you can raise them.")
    )


def ceiling(*, daily: bool, set_micros: int | None, default_micros: int, holds_micros: int) -> str:
    """One of a server's two ceilings, and the budget that holds below it."""
    most = _amount(set_micros, default_micros)
    if daily:
        words = _("**A day** · {most} at most · its own budget: {own}")
    else:
        words = _("**A month** · {most} at most · its own budget: {own}")
    return words.format(most=most, own=text.money(holds_micros))


def ceiling_set(*, daily: bool, before: int | None, after: int | None, default_micros: int) -> str:
    """After setting one of them."""
    if daily:
        words = _("✅ The ceiling of a day was {before} and is {after} now.")
    else:
        words = _("✅ The ceiling of a month was {before} and is {after} now.")
    return words.format(before=_amount(before, default_micros), after=_amount(after, default_micros))


def daily_needs_server() -> str:
    """Said where a daily amount was given for the whole bot."""
    return _("The whole bot has a budget by the month only. `daily` goes with a `server`. Nothing was changed.")


def _amount(micros: int | None, default_micros: int) -> str:
    if micros is None:
        return _("{amount} (default)").format(amount=text.money(default_micros))
    return text.money(micros)


def _micros(stored: str | None) -> int | None:
    return int(stored) if stored is not None and stored.isdecimal() else None


def _spend(spend: Spend) -> str:
    spent = _("{amount} spent").format(amount=text.money(spend.spent_micros))
    if not spend.held_micros:
        return spent
    return f"{spent}, " + _("{amount} held").format(amount=text.money(spend.held_micros))
