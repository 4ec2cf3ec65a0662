"""Where a cap comes from, for the member whom it holds for and for those who run the server."""

from limits import HoldingCap, LimitKind
from ui.language import _


def source(holding: HoldingCap, *, own: bool = True) -> str:
    """Who or what set the cap that holds; `own` where it is said to the member themselves.

    Roles and channels are mentioned: mentions are switched off in every message, so nobody is notified.
    """
    match holding.kind:
        case LimitKind.MEMBER:
            return _("set for you") if own else _("set for this member")
        case LimitKind.ROLE:
            role = f"<@&{holding.subject_id}>"
            return _("from your role {role}").format(role=role) if own else _("from the role {role}").format(role=role)
        case LimitKind.CHANNEL:
            return _("set for {channel}").format(channel=f"<#{holding.subject_id}>")
        case LimitKind.GUILD:
            return _("set by those who run this server")
        case LimitKind.CEILING:
            return _("set for this server by the operator of this bot")
        case LimitKind.OPERATOR:
            return _("set by the operator of this bot")
