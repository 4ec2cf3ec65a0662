"""Words of `/admin limits` and `/admin grant`: caps, whose they are, who set them last, and what became of a change."""

from collections.abc import Sequence
from typing import Final

from errors import CapChanged
from generation.limit_book import Grant, GuildLimits, Line, unit_of
from generation.service import QuotaLine
from limits import HoldingCap, LimitKind, LimitName
from models import Balance, Unit
from ui import text
from ui.language import N_, _, ngettext
from ui.wording import sources
from ui.wording.accounts import amount, quota_line

LIMITS: Final = N_("Who may make how much here: the server, each member, some roles, members or channels")
GRANT: Final = N_("Give a member some more pictures for a day, or some more money for a month")

OPTION_MEMBER: Final = N_("Whose caps: what holds for this member, and from where")
OPTION_ROLE: Final = N_("The caps of members with this role; of several roles the most generous counts")
OPTION_CHANNEL: Final = N_("The caps of members while they are in this channel; it can only lower theirs")
OPTION_CAP: Final = N_("Which cap to set; say the value too")
OPTION_VALUE: Final = N_("20 for pictures, $5 or 5.50 for money, 0 for none at all, default to take it back")
OPTION_REASON: Final = N_("Why; it is kept with your name")
OPTION_USER: Final = N_("Who gets it")
OPTION_IMAGES: Final = N_("So many more pictures for the day; below zero takes back")
OPTION_USD: Final = N_("So much more money for the month, such as $5 or 5.50; below zero takes back")
OPTION_PERIOD: Final = N_("For the day or month that is (default), or the next one")

CAP_CHOICES: Final = {
    LimitName.MEMBER_DAILY_IMAGES: N_("pictures a day, each member"),
    LimitName.MEMBER_MONTHLY_MICROS: N_("money a month, each member"),
    LimitName.GUILD_DAILY_MICROS: N_("money a day, the whole server"),
    LimitName.GUILD_MONTHLY_MICROS: N_("money a month, the whole server"),
}
PERIOD_CHOICES: Final = {"now": N_("this day or month"), "next": N_("the next one")}

_TITLES: Final = {
    LimitName.MEMBER_DAILY_IMAGES: N_("Each member, a day"),
    LimitName.MEMBER_MONTHLY_MICROS: N_("Each member, a month"),
    LimitName.GUILD_DAILY_MICROS: N_("The whole server, a day"),
    LimitName.GUILD_MONTHLY_MICROS: N_("The whole server, a month"),
    LimitName.GLOBAL_MONTHLY_MICROS: N_("The whole bot, a month"),
}
_SHORT: Final = {
    LimitName.MEMBER_DAILY_IMAGES: N_("Pictures a day"),
    LimitName.MEMBER_MONTHLY_MICROS: N_("Money a month"),
}
# With these lengths the fullest page stays below Discord's 4000 characters.
_REASON_CHARACTERS: Final = 40
_NAME_CHARACTERS: Final = 60


def overview_title() -> str:
    """The headline of everything that holds."""
    return _("### 🧮 Who may make how much") + "\n" + _("-# A change holds at once. What is under way is not touched.")


def title(name: LimitName) -> str:
    """What a cap is for."""
    return _(_TITLES[name])


def short(name: LimitName) -> str:
    """What a cap of members counts."""
    return _(_SHORT[name])


def value(name: LimitName, number: int | None) -> str:
    """A cap in what it counts; None is the default."""
    return _("the default") if number is None else amount(unit_of(name), number)


def server_cap(view: GuildLimits, name: LimitName, last: Line | None) -> str:
    """One of the server's caps: what holds, where it comes from, who set it last, how far it can go."""
    held = view.holding(name)
    # Who set it says where it comes from, too.
    is_said = held.kind is LimitKind.GUILD and last is not None and last.after is not None
    facts = [
        None if is_said else sources.source(held, own=False),
        _room(view, name, held),
        None if last is None else _last(last),
    ]
    return f"**{title(name)}** · {value(name, held.value)}\n-# {' · '.join(fact for fact in facts if fact)}"


def changed_by(change: Line) -> str:
    """Who made a change, when, and why."""
    words = _("{member} {when}").format(member=text.person(change.by_id), when=text.relative_time(change.at))
    return f"{words}: {_reason(change.reason)}" if change.reason else words


def bot_cap(view: GuildLimits) -> str:
    """The budget that all servers share."""
    name = LimitName.GLOBAL_MONTHLY_MICROS
    held = view.holding(name)
    return f"**{title(name)}** · {value(name, held.value)}\n-# {sources.source(held)}"


def overrides_title(count: int) -> str:
    """The headline of the roles, channels and members with caps of their own."""
    if not count:
        return _("**Roles, channels and members** · none has caps of its own")
    words = ngettext(
        "**Roles, channels and members** · {count} has caps of its own",
        "**Roles, channels and members** · {count} have caps of their own",
        count,
    )
    return words.format(count=count)


def overrides_note() -> str:
    """Which of several caps counts."""
    return _(
        "-# A member's own cap counts first, then the most generous of their roles, then the server's. A channel can "
        "only lower it."
    )


def override(view: GuildLimits, kind: LimitKind, subject_id: int, who: str, found: Sequence[Line]) -> str:
    """One line of that list; `who` is how it is shown, `found` the last change of each of its caps."""
    caps = [_per(name, own) for name in _SHORT if (own := view.own(kind, subject_id, name)) is not None]
    line = f"{who} · {' · '.join(caps)}"
    if not found:
        return line
    return f"{line}\n-# {_last(max(found, key=lambda change: change.at))}"


def mention(kind: LimitKind, subject_id: int, *, gone: bool) -> str:
    """A role, channel or member as a message shows it; one that is deleted by its id."""
    if gone:
        return _("`{id}` (deleted)").format(id=subject_id)
    return {LimitKind.ROLE: "<@&{}>", LimitKind.CHANNEL: "<#{}>"}.get(kind, "<@{}>").format(subject_id)


def plain(kind: LimitKind, subject_id: int, name: str | None, *, gone: bool) -> str:
    """The same where nothing is rendered, as in a menu; `name` None where it is not known."""
    if gone:
        return _("{id} (deleted)").format(id=subject_id)
    if name is None:
        return _("Member {id}").format(id=subject_id) if kind is LimitKind.MEMBER else str(subject_id)
    sign = {LimitKind.ROLE: "@", LimitKind.CHANNEL: "#"}.get(kind, "")
    return f"{sign}{text.shortened(name, _NAME_CHARACTERS)}"


def caps_in_short(view: GuildLimits, kind: LimitKind, subject_id: int) -> str:
    """The caps of one of them, for a menu."""
    return " · ".join(_per(name, own) for name in _SHORT if (own := view.own(kind, subject_id, name)) is not None)


def subject_title(who: str) -> str:
    """The headline of one role's, channel's or member's caps."""
    return _("### 🧮 Caps of {who}").format(who=who)


def subject_note(kind: LimitKind) -> str:
    """When these caps count."""
    match kind:
        case LimitKind.ROLE:
            return _("-# For members with this role. Of several roles with a cap the most generous counts.")
        case LimitKind.CHANNEL:
            return _("-# For everybody in this channel and its threads. It can only lower what they may otherwise.")
        case _kind:
            return _("-# A member's own cap counts before those of roles and of the server.")


def gone_note(kind: LimitKind) -> str:
    """Said of what is not there any more."""
    if kind is LimitKind.MEMBER:
        return _("-# ⚠️ Not in this server any more. The caps count again should they come back.")
    return _("-# ⚠️ Deleted since. These caps count for nobody; *Back to default* removes them.")


def unknown_note() -> str:
    """Said where Discord did not say which roles a member has."""
    return _("-# ⚠️ Discord didn't tell me this member's roles, so what holds for them can't be shown just now.")


def own_cap(name: LimitName, own: int | None, line: QuotaLine | None, last: Line | None) -> str:
    """One cap of a role, channel or member, and who set it last; with a member's `line` what holds for them."""
    if line is not None:
        words = quota_line(line, name=f"**{short(name)}**", own=False)
    else:
        set_to = _("not set") if own is None else value(name, own)
        words = f"**{short(name)}** · {set_to}"
    return words if last is None else f"{words}\n-# {_last(last)}"


def binding(balance: Balance) -> str:
    """Said to admins where the server's or the whole bot's budget leaves a member less than their own caps do."""
    return _("-# ⚠️ {left} left of a budget that is not theirs alone, which runs out first.").format(
        left=amount(balance.account.unit, balance.left)
    )


def history_title() -> str:
    """The headline of the latest changes."""
    return _("**Latest changes**")


def change_line(change: Line) -> str:
    """One line of the latest changes, of caps and of grants."""
    kind, _dot, rest = change.what.partition(".")
    what = _grant_line(change, rest) if kind == "grant" else _limit_line(change, rest)
    return f"-# {what} · {changed_by(change)}"


def changed(name: LimitName, before: int | None, after: int | None) -> str:
    """Said above the page after a change."""
    if before == after:
        return _("✅ Nothing to change: it is {value} already.").format(value=value(name, after))
    return _("✅ {cap}: {before} → **{after}**").format(
        cap=title(name) if name not in _SHORT else short(name), before=value(name, before), after=value(name, after)
    )


def cap_changed(error: CapChanged) -> str:
    """Why a cap was left as it is: somebody was faster."""
    unit = Unit.MICROS if error.is_money else Unit.IMAGE
    now = _("the default") if error.now is None else amount(unit, error.now)
    if error.by_id is None or error.at is None:
        who = _("It is **{now}** by now.").format(now=now)
    else:
        who = _("{member} set it to **{now}** {when}.").format(
            member=f"<@{error.by_id}>", now=now, when=text.relative_time(error.at)
        )
    return _("Somebody else was faster, so I changed nothing. {who} Look again, then decide.").format(who=who)


def change_button() -> str:
    """Opens the form for a cap."""
    return _("Change…")


def default_button(name: LimitName) -> str:
    """Takes a cap back to the default."""
    return _("Back to default: {cap}").format(cap=short(name) if name in _SHORT else title(name))


def all_caps_button() -> str:
    """Leads from one role, channel or member to everything."""
    return _("All caps")


def pick_override() -> str:
    """Says what the menu of those with caps of their own is for."""
    return _("Look at one of these, or change it…")


def pick_somebody() -> str:
    """Says what the menu of all roles and members is for."""
    return _("Caps for a role or a member…")


def pick_channel() -> str:
    """Says what the menu of all channels is for."""
    return _("Caps for a channel…")


def list_page(number: int, pages: int) -> str:
    """Which page of the overrides this is."""
    return "-# " + _("page {number} of {pages}").format(number=number, pages=pages)


def form_title(name: LimitName) -> str:
    """The headline of the form."""
    return title(name) if name not in _SHORT else short(name)


def form_value(name: LimitName) -> str:
    """The field for the new cap."""
    return _("How many pictures") if unit_of(name) is Unit.IMAGE else _("How much, in US dollars")


def form_value_hint(name: LimitName) -> str:
    """What can be written there."""
    if unit_of(name) is Unit.IMAGE:
        return _("A whole number such as 20; 0 means none at all; *default* takes it back.")
    return _("Such as 5 or 5.50; 0 means none at all; *default* takes it back.")


def form_reason() -> str:
    """The field for the reason."""
    return _("Why (kept with your name)")


def granted(grant: Grant, member: str) -> str:
    """Said after a grant: what it was, and where the member stands."""
    balance = grant.balance
    unit = balance.account.unit
    if grant.amount > 0:
        line = _("✅ **{amount}** more for {member}").format(amount=amount(unit, grant.amount), member=member)
    else:
        line = _("✅ **{amount}** taken back from {member}").format(amount=amount(unit, -grant.amount), member=member)
    period = _("for {period}").format(period=f"`{balance.account.period}`")
    facts = [
        period,
        _("{amount} granted in all").format(amount=amount(unit, grant.granted)),
        _("{amount} used or held").format(amount=amount(unit, balance.posted + balance.pending)),
        _("**{amount} left**").format(amount=amount(unit, balance.left)),
    ]
    facts.append(_("ends {when}").format(when=text.relative_time(grant.renews_at)))
    return f"{line}\n{text.bar(balance.posted + balance.pending, balance.cap)}\n-# {' · '.join(facts)}"


def _room(view: GuildLimits, name: LimitName, held: HoldingCap) -> str | None:
    """How far a budget of the server can be moved, where that is not what it is."""
    if name in _SHORT:
        own = view.own(LimitKind.GUILD, 0, name)
        default = view.defaults.user_daily_images if unit_of(name) is Unit.IMAGE else view.defaults.user_monthly_micros
        return None if own is None else _("default: {value}").format(value=value(name, default))
    most = view.ceiling(name)
    return None if held.value == most else _("up to {value}").format(value=value(name, most))


def _last(change: Line) -> str:
    """A change where the value that it led to may not be what is shown beside it, or was forgotten with somebody."""
    if change.erased:
        return _("last changed by {by}").format(by=changed_by(change))
    if change.after is None:
        return _("taken back by {by}").format(by=changed_by(change))
    return _("set by {by}").format(by=changed_by(change))


def _per(name: LimitName, number: int) -> str:
    template = _("{cap} a day") if unit_of(name) is Unit.IMAGE else _("{cap} a month")
    return template.format(cap=value(name, number))


def _reason(reason: str) -> str:
    return _("“{reason}”").format(reason=text.escaped(text.shortened(text.one_line(reason), _REASON_CHARACTERS)))


def _grant_line(change: Line, rest: str) -> str:
    if change.erased:
        return _("a grant to {member}").format(member=text.person(change.subject_id))
    unit = Unit(rest.partition(".")[0])
    more = _number(change.after) - _number(change.before)
    words = _("{amount} more for {member}") if more > 0 else _("{amount} taken back from {member}")
    return words.format(amount=amount(unit, abs(more)), member=f"<@{change.subject_id}>")


def _limit_line(change: Line, rest: str) -> str:
    whose, _dot, named = rest.partition(".")
    kind, name = LimitKind(whose), LimitName(named)
    what = title(name)
    if change.subject_id:
        what = f"{mention(kind, change.subject_id, gone=False)} · {short(name)}"
    if change.erased:
        return what
    before, after = (None if number is None else _number(number) for number in (change.before, change.after))
    return f"{what}: {value(name, before)} → {value(name, after)}"


def _number(written: str | None) -> int:
    return int(written or 0)
