"""What the moderators and the operator are told of a budget."""

from datetime import datetime

from models import Alert, Balance, Scope
from ui import text
from ui.language import _
from ui.wording import accounts


def reference(alert_id: int) -> str:
    """The alert's name, the same in every language: by it a message that was sent already is found again."""
    return f"alert {alert_id}"


def reference_line(alert_id: int) -> str:
    """The line of the message that is nothing but the reference."""
    return f"-# {reference(alert_id)}"


def body(alert: Alert) -> str:
    """The whole message, but for the reference."""
    return "\n".join(
        (
            f"### {_sign(alert.percent)} {_headline(alert)}",
            _standing(alert.balance),
            _consequence(alert),
            "-# " + _pointer(alert.balance.account.scope),
        )
    )


def _sign(percent: int) -> str:
    return {50: "🔵", 80: "🟠"}.get(percent, "🛑")


def _headline(alert: Alert) -> str:
    account = alert.balance.account
    is_guild, is_daily = account.scope is Scope.GUILD, accounts.is_daily(account)
    if alert.percent == 100:
        if not is_guild:
            return _("The whole bot's budget for this month is used up")
        return (
            _("This server's budget for today is used up")
            if is_daily
            else _("This server's budget for this month is used up")
        )
    if not is_guild:
        words = _("{share} of the whole bot's budget for this month is used")
    elif is_daily:
        words = _("{share} of this server's budget for today is used")
    else:
        words = _("{share} of this server's budget for this month is used")
    return words.format(share=_("{percent}%").format(percent=alert.percent))


def _standing(balance: Balance) -> str:
    """The account when the mark was reached; what is held counts as used."""
    used = balance.posted + balance.pending
    parts = [_("{amount} spent").format(amount=text.money(balance.posted))]
    if balance.pending:
        parts.append(_("{amount} held for requests under way").format(amount=text.money(balance.pending)))
    of_cap = _("**{used} of {cap}**").format(used=text.money(used), cap=text.money(balance.cap))
    return f"{text.bar(used, balance.cap)}  {of_cap}\n-# {' · '.join(parts)}"


def _consequence(alert: Alert) -> str:
    renewal = _when(alert.renews_at)
    if alert.percent < 100:
        return _("Once it is used up, I refuse new requests until it renews: {when}.").format(when=renewal)
    words = _("Not one more picture fits, so I refuse new requests until it renews: {when}.").format(when=renewal)
    if alert.balance.pending:
        words += " " + _("Should a request under way fail, its money is given back.")
    return words


def _when(moment: datetime) -> str:
    return f"{text.full_time(moment)}, {text.relative_time(moment)}"


def _pointer(scope: Scope) -> str:
    if scope is Scope.GUILD:
        return _("`/admin spend` shows where it went, `/admin limits` changes the budget.")
    return _("`/operator status` shows where it went, `/operator budget` changes the budget.")
