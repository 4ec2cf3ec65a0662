"""What an account holds: whose cap it is, what is used and left, and when it renews."""

from collections.abc import Sequence

from generation.service import QuotaLine
from limits import LimitKind
from models import AccountKey, Scope, Unit
from ui import text
from ui.language import _, ngettext
from ui.wording import sources


def amount(unit: Unit, value: int) -> str:
    """A value of an account in words: `3 pictures` or `$0.27`."""
    return pictures(value) if unit is Unit.IMAGE else text.money(value)


def pictures(count: int) -> str:
    """So many pictures."""
    return ngettext("{count} picture", "{count} pictures", count).format(count=count)


def account_name(account: AccountKey) -> str:
    """Whose cap an account holds, for the member whom it touches."""
    match account.scope, account.unit:
        case Scope.MEMBER, Unit.IMAGE:
            return _("**Your pictures**")
        case Scope.MEMBER, _unit:
            return _("**Your spending**")
        case Scope.GUILD, _unit:
            return _("**This server's budget**")
        case _scope:
            return _("**The budget of the whole bot**")


def is_daily(account: AccountKey) -> bool:
    """Whether the account renews every day, not every month."""
    # A day's period has a day in it: 2026-11-22, and a month's has none: 2026-11.
    return account.period.count("-") == 2


def quota_title(lines: Sequence[QuotaLine]) -> str:
    """The headline of `/quota`: how many pictures the member can still make, and what one costs."""
    fitting = min(line.fitting for line in lines)
    if fitting:
        title = ngettext(
            "### 📊 You can make {count} more picture now", "### 📊 You can make {count} more pictures now", fitting
        )
        price = max(line.each for line in lines if line.balance.account.unit is Unit.MICROS)
        note = _("{price} each").format(price=text.money(price))
    else:
        title = _("### 📊 No more pictures for now")
        # What has room again before the last of them has, can't be used before.
        until = max(line.renews_at for line in lines if not line.fitting)
        note = _("More {when} ({time}).").format(when=text.relative_time(until), time=text.full_time(until))
    return f"{title.format(count=fitting)}\n-# {note}"


def quota_line(line: QuotaLine, *, name: str | None = None, own: bool = True) -> str:
    """One account with its bar: the cap and where it comes from, what is used, held and left, when it renews.

    `own` where it is said to the member whose it is: what the operator set is said below all of them, once. `name`
    stands in for what it is called then.
    """
    account = line.balance.account
    facts = _facts(line)
    if not own or line.holding.kind is not LimitKind.OPERATOR:
        facts.append(sources.source(line.holding, own=own))
    return (
        f"{name or account_name(account)} · {_cap(line)}\n"
        f"{text.bar(line.balance.posted + line.balance.pending, line.balance.cap)}  {_left(line)}\n"
        f"-# {' · '.join(facts)}"
    )


def quota_note(lines: Sequence[QuotaLine]) -> str | None:
    """What is below the accounts: what being held means, and who set the caps that say nothing of it."""
    notes = []
    if any(line.balance.pending for line in lines):
        notes.append(_("What is held is for requests under way: charged when made, freed when they fail."))
    if any(line.holding.kind is LimitKind.OPERATOR for line in lines):
        notes.append(_("Where nothing is said of it, a cap was set by the operator of this bot."))
    return "\n".join(f"-# {note}" for note in notes) or None


def _cap(line: QuotaLine) -> str:
    account = line.balance.account
    cap = _("{cap} a day") if is_daily(account) else _("{cap} a month")
    words = cap.format(cap=amount(account.unit, line.holding.value))
    granted = line.balance.cap - line.holding.value
    if not granted:
        return words
    return _("{cap}, and {amount} granted").format(cap=words, amount=amount(account.unit, granted))


def _left(line: QuotaLine) -> str:
    left = _("**{amount} left**").format(amount=amount(line.balance.account.unit, line.balance.left))
    return f"{left}  ◀ " + _("runs out first") if line.binds else left


def _facts(line: QuotaLine) -> list[str]:
    unit = line.balance.account.unit
    facts = [_("{amount} used").format(amount=amount(unit, line.balance.posted))]
    if line.balance.pending:
        facts.append(_("{amount} held").format(amount=amount(unit, line.balance.pending)))
    facts.append(_("renews {when}").format(when=text.relative_time(line.renews_at)))
    return facts
