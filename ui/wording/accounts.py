"""What an account holds: whose cap it is, what is used and left, and when it renews."""

from datetime import datetime

from models import AccountKey, Balance, Scope, Unit
from ui import text
from ui.language import _, ngettext


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


def quota_title() -> str:
    """The headline of `/quota`."""
    return _("### 📊 What is left")


def quota_line(balance: Balance, renews_at: datetime) -> str:
    """One account with its bar: how much is used, how much is left, and when it renews."""
    account = balance.account
    cap = _("{cap} a day") if is_daily(account) else _("{cap} a month")
    used = [_("{amount} used").format(amount=amount(account.unit, balance.posted))]
    if balance.pending:
        used.append(_("{amount} held").format(amount=amount(account.unit, balance.pending)))
    used.append(_("renews {when}").format(when=text.relative_time(renews_at)))
    left = _("**{amount} left**").format(amount=amount(account.unit, balance.left))
    return (
        f"{account_name(account)} · {cap.format(cap=amount(account.unit, balance.cap))}\n"
        f"{text.bar(balance.posted + balance.pending, balance.cap)}  {left}\n"
        f"-# {' · '.join(used)}"
    )


def quota_note() -> str:
    """What is below the accounts: what being held means."""
    return "-# " + _("What is held belongs to requests under way: charged when they are made, freed when they fail.")
