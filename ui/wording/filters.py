"""Words about the prompt filter: its lists, what they hold, and what they would say of a text. For moderators.

Members are told a category and nothing else; what it is called is said here too.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from errors import FilterUnreadable, Refusal, TermRefused
from generation.filter_files import RefusedLine
from generation.filter_terms import ALLOW, BLOCK, REVIEW
from generation.filters import Added, Covered, FilterTerm, Plan, TermKind
from generation.screening import Screening, Whose
from ui import text
from ui.language import N_, _, ngettext
from ui.wording.categories import CATEGORIES, category_name
from ui.wording.strikes import disguise

GROUP: Final = N_("What prompts may not say in this server")
GROUP_EVERYWHERE: Final = N_("What prompts may not say in any server")
ADD: Final = N_("Block a word, phrase or /pattern/, mark it for review, or allow it")
REMOVE: Final = N_("Take a word, phrase or pattern off the list")
LIST: Final = N_("What is blocked, marked for review and allowed")
TEST: Final = N_("Try what the filter says of a text; nothing is made, and nobody gets a strike")
IMPORT: Final = N_("Take a list from a file, or from this server's own AutoMod rules")
IMPORT_EVERYWHERE: Final = N_("Take a list from a file")
EXPORT: Final = N_("This list as a file")

OPTION_TERM: Final = N_("A word or phrase; * at its ends for any letters; a pattern between slashes: /colou?r/")
OPTION_CATEGORY: Final = N_("What it is about: members are told this, and never the word")
OPTION_ACTION: Final = N_("Block it (the default), have a moderator look first, or allow it")
OPTION_LISTED: Final = N_("What to take off")
OPTION_TEXT: Final = N_("What a member might write")
OPTION_FILE: Final = N_("One word or phrase a line; or CSV, as the export writes it; or JSON")
OPTION_CATEGORY_OF_ALL: Final = N_("What it is about, where the list doesn't say")
OPTION_SOURCE: Final = N_("Where the list comes from (default: the file, if there is one)")

ACTIONS: Final = {
    BLOCK: N_("Block"),
    REVIEW: N_("A moderator looks first"),
    ALLOW: N_("Allow (excuses only itself)"),
}
SOURCES: Final = {"file": N_("The file"), "automod": N_("This server's AutoMod rules")}

_REFUSED: Final = {
    "empty": N_("There is no letter, digit or symbol in that which could be looked for."),
    "control_characters": N_("There are invisible control characters in that. Type it anew."),
    "too_long": N_("A word or phrase can have {limit} characters at most."),
    "wildcard_inside": N_(
        "`*` stands for any letters, and only at the beginning or the end: `*cat`, `cat*` or `*cat*`. "
        "For anything else write a pattern between slashes: `/c.t/`."
    ),
    "wildcard_too_short": N_("With `*`, at least two letters are needed: otherwise nearly everything would match."),
    "pattern_empty": N_("There is nothing between the slashes."),
    "pattern_too_long": N_("A pattern can have {limit} characters at most."),
    "pattern_not_re2": N_("That is no pattern that I can use. RE2 says: {detail}"),
    "pattern_matches_nothing": N_("That pattern also matches where there is no text, so it would match every prompt."),
    "allowed_pattern": N_(
        "A pattern can't be allowed, only words and phrases can: what it excuses must be plain to see."
    ),
    "category_too_long": N_("A category can have {limit} characters at most."),
    "category_control_characters": N_("The category contains invisible control characters. Type it anew."),
    "unknown_action": N_("{detail} is no action: it is `block`, `review` or `allow`."),
    "unknown_kind": N_("{detail} is no kind: it is `block`, `allow` or `pattern`."),
    "twice": N_("It is there twice: the first one counts."),
    "too_many_terms": N_("A list can hold {limit} words and phrases. Remove some that aren't needed any more."),
    "too_many_patterns": N_("A list can hold {limit} patterns. Remove some that aren't needed any more."),
    "too_large": N_("That file is too large: it can have {limit} KB at most."),
    "too_many_lines": N_("That file has too many lines: {limit} is the most."),
    "not_text": N_(
        "That file is no text in UTF-8. Save it as UTF-8 (in a spreadsheet program: *CSV UTF-8*) and try again."
    ),
    "bad_json": N_("I can't make sense of that JSON. It should be a list of texts, or of objects: `{example}`."),
    "bad_csv": N_("I can't read that CSV: line {detail} is broken."),
    "no_terms": N_("There is nothing in that file that could be put on a list."),
    "file_gone": N_("That file isn't on Discord any more. Upload it anew and try again."),
    "file_not_fetched": N_("Discord didn't hand that file over to me. Try again in a moment."),
    "no_file": N_("Give me a `file` to import, or choose AutoMod as the `source`."),
    "no_automod_rules": N_("This server's AutoMod has no rules with keywords, patterns or allowed phrases of its own."),
    "automod_forbidden": N_(
        "To read this server's AutoMod rules I need the permission **Manage Server**, which I normally do without. "
        "Give it to my role (*Server Settings → Roles*), import, and take it away again."
    ),
    "automod_unavailable": N_("Discord didn't hand its AutoMod rules over. Try again in a moment."),
}
_JSON_EXAMPLE: Final = '{"term": "…", "kind": "block", "category": "…", "action": "block"}'
_WITHOUT_KB: Final = frozenset({"too_large"})
_TERM_CHARACTERS: Final = 80
_LINE_CHARACTERS: Final = 40
_DETAIL_CHARACTERS: Final = 100
# Of what is said of a text, so much is repeated.
_FOUND_CHARACTERS: Final = 200
_EXCEPTIONS_SHOWN: Final = 5
_REFUSED_SHOWN: Final = 8
_COUNTS_SHOWN: Final = 12


def category_choice(category: str) -> str:
    """A category in the list that appears while it is typed."""
    return f"{category} · {_(CATEGORIES[category])}" if category in CATEGORIES else category


def term(entry: FilterTerm) -> str:
    """An entry as it is written, in one line and harmless."""
    return _quoted(entry.shown)


def refusal(error: Refusal) -> str | None:
    """What is said of a refusal that has to do with a prompt filter's list."""
    match error:
        case TermRefused():
            return refused(error)
        case FilterUnreadable():
            return unreadable(error)
        case _:
            return None


def refused(error: TermRefused) -> str:
    """Why something can't be put on a list, or a file not be read."""
    limit = error.limit or 0
    return _(_REFUSED.get(error.problem, _REFUSED["empty"])).format(
        limit=text.bound(limit // 1024 if error.problem in _WITHOUT_KB else limit),
        detail=text.escaped(text.shortened(text.one_line(error.detail), _DETAIL_CHARACTERS)),
        example=_JSON_EXAMPLE,
    )


def unreadable(error: FilterUnreadable) -> str:
    """Said to everybody whose words can't be judged."""
    if error.whose == Whose.GUILD:
        return _(
            "I can't read this server's prompt filter right now, so I let nothing through. Nothing was spent. "
            "Try again in a minute; if it stays like this, tell a moderator."
        )
    return _(
        "I can't read my prompt filter right now, so I let nothing through. Nothing was spent. "
        "The operator of this bot is told; try again in a few minutes."
    )


def added(result: Added, *, everywhere: bool) -> str:
    """What came of adding an entry, and everything that somebody would like to know of it."""
    entry = result.term
    lines = [_headline(result)]
    if entry.kind is not TermKind.ALLOW:
        lines.append(_("-# Members are told: {category}").format(category=category_name(entry.category)))
    lines += _remarks(result)
    if result.review_is_off:
        lines.append(
            _(
                "⚠️ In this server nobody's pictures wait for a moderator, so marking has no effect. "
                "Turn that on under `/admin setup`, *Moderation*, or use the action *Block*."
            )
        )
    if everywhere and entry.action == REVIEW and entry.kind is not TermKind.ALLOW:
        lines.append(_("-# Marking has an effect in servers that have pictures looked at before they are posted."))
    return "\n".join(lines)


def _headline(result: Added) -> str:
    entry, shown = result.term, term(result.term)
    if result.is_same:
        return _("{term} is on the list already, exactly like that.").format(term=shown)
    if result.before is not None:
        return _("✅ Changed: {term} · {before} → {after}").format(
            term=shown, before=_effect(result.before), after=_effect(entry)
        )
    if entry.kind is TermKind.ALLOW:
        return _("✅ Allowed: {term}").format(term=shown)
    if entry.action == REVIEW:
        return _("✅ Marked for review: {term}").format(term=shown)
    return _("✅ Blocked: {term}").format(term=shown)


def _remarks(result: Added) -> list[str]:
    lines = []
    covered = result.covered
    if result.term.kind is TermKind.ALLOW:
        if covered is not None:
            lines.append(
                _(
                    "⚠️ The operator's list has {term}, and what a server allows excuses nothing there: "
                    "it stays as it was."
                ).format(term=_by(covered))
            )
        elif result.idle:
            lines.append(_("-# Nothing on this server's list is in it, so there is nothing to excuse at present."))
        return lines
    if result.excused:
        lines.append(
            _("⚠️ It has no effect: an allowed phrase excuses it. Take that off the list if you want it blocked.")
        )
    if covered is not None:
        lines.append(
            _("-# The operator's list covers it already, with {term}.").format(term=_by(covered))
            if covered.whose is Whose.OPERATOR
            else _("-# Your list covers it already, with {term}.").format(term=_by(covered))
        )
    if result.exceptions:
        shown = ", ".join(_quoted(phrase) for phrase in result.exceptions[:_EXCEPTIONS_SHOWN])
        lines.append(_("-# These allowed phrases have it in them and stay allowed: {phrases}").format(phrases=shown))
    return lines


def removed(entry: FilterTerm) -> str:
    """After an entry was taken off its list."""
    return _("✅ Taken off the list: {term} · {effect}").format(term=term(entry), effect=_effect(entry))


def verdict(screening: Screening, typed: str) -> str:
    """What the filter says of a text, with the entry, whose list it is on, and the disguise that was undone."""
    found = screening.verdict
    title = _("### ✅ Nothing on the lists")
    if found.blocked:
        title = _("### 🚫 Blocked")
    elif found.review:
        title = _("### 👀 Marked for review")
    lines = [title, text.quoted(typed, _FOUND_CHARACTERS)]
    if not (found.blocked or found.review):
        return "\n".join([*lines, _("-# A prompt with these words is taken.")])
    whose = _("the operator's list") if screening.whose is Whose.OPERATOR else _("this server's list")
    lines.append(_("**By** {term}, on {whose}").format(term=_quoted(found.term or ""), whose=whose))
    if found.found is not None:
        lines.append(_("**Found in** {words}").format(words=_quoted(found.found, _FOUND_CHARACTERS)))
    lines.append(_("**Category** {category}").format(category=category_name(found.category)))
    if found.disguised:
        undone = ", ".join(disguise(view) for view in found.views)
        lines.append(_("**Seen through** {disguises}").format(disguises=undone))
    if found.evasion:
        lines.append(_("-# An obvious evasion: it would count as two strikes. This test counts as none."))
    return "\n".join(lines)


def list_title(*, everywhere: bool, count: int, limit: int) -> str:
    """The headline of a list."""
    title = _("### 🧹 The operator's prompt filter") if everywhere else _("### 🧹 This server's prompt filter")
    words = ngettext("{count} entry", "{count} entries", count).format(count=text.bound(count))
    return f"{title}\n{words} · " + _("room for {limit} words and phrases").format(limit=text.bound(limit))


def list_empty(*, everywhere: bool) -> str:
    """Said where nothing is on a list."""
    if everywhere:
        return _("Nothing is on it. `/operator filter add` puts words on it that no server can allow.")
    return _("Nothing is on it yet. `/filter add` blocks a word, `/filter import` takes a whole list.")


def nothing_of_that_kind() -> str:
    """Said where what was chosen to be shown is not there."""
    return _("Nothing like that is on the list.")


def beneath(counts: Mapping[str, int]) -> str:
    """What the operator's list holds: how much of each category, not what."""
    if not counts:
        return _("-# The operator's list beneath is empty.")
    most = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:_COUNTS_SHOWN]
    shown = ", ".join(f"{category_name(category)} {count}" for category, count in most)
    return (
        _("**Beneath it, for every server:** {counts}").format(counts=shown)
        + "\n"
        + _("-# The operator's list holds in every server: you can add to it, and not take from it.")
    )


def entry_line(entry: FilterTerm) -> str:
    """An entry in a list."""
    sign = {TermKind.ALLOW: "✅", TermKind.BLOCK: "🚫", TermKind.PATTERN: "🚫"}[entry.kind]
    if entry.kind is not TermKind.ALLOW and entry.action == REVIEW:
        sign = "👀"
    parts = [f"{sign} {term(entry)}"]
    if entry.kind is not TermKind.ALLOW:
        parts.append(category_name(entry.category))
    if entry.added_at is not None and entry.added_by:
        parts.append(
            _("{member} {when}").format(member=text.person(entry.added_by), when=text.relative_time(entry.added_at))
        )
    return " · ".join(parts)


def page_number(number: int, pages: int) -> str:
    """Which page this is."""
    return "-# " + _("page {number} of {pages}").format(number=number, pages=pages)


def show_everything() -> str:
    """Shows the whole list."""
    return _("Everything")


def show_kind(kind: str) -> str:
    """Shows one kind of entry only."""
    return {
        BLOCK: _("Blocked"),
        REVIEW: _("Marked for review"),
        ALLOW: _("Allowed"),
        TermKind.PATTERN.value: _("Patterns"),
    }[kind]


def show_category(category: str) -> str:
    """Shows one category only, in a menu, where markup does nothing."""
    known = CATEGORIES.get(category)
    return text.one_line(category) if known is None else _(known)


def show_placeholder() -> str:
    """What the menu of what is shown is for."""
    return _("What to show")


def plan(what: Plan, source: str) -> str:
    """What an import would do, before it is done."""
    lines = [_("### 📥 Import from {source}").format(source=source)]
    if what.terms:
        parts = [ngettext("**{count}** new", "**{count}** new", what.new).format(count=text.bound(what.new))]
        if what.changed:
            parts.append(_("**{count}** changed").format(count=text.bound(what.changed)))
        if what.same:
            parts.append(_("{count} as they are").format(count=text.bound(what.same)))
        lines.append(" · ".join(parts))
        lines.append(_("-# What is on the list and not in there stays."))
    else:
        lines.append(_("Nothing in there can be taken."))
    return "\n".join([*lines, *_refused_lines(what.refused)])


def rules_note(*, disabled: int, presets: int, others: int) -> str | None:
    """What of the server's AutoMod rules can't be taken."""
    parts = []
    if presets:
        parts.append(_("Discord's own word lists: Discord doesn't say what is in them"))
    if disabled:
        parts.append(
            ngettext("{count} rule that is off", "{count} rules that are off", disabled).format(count=disabled)
        )
    if others:
        parts.append(
            ngettext(
                "{count} rule about something else than words",
                "{count} rules about something else than words",
                others,
            ).format(count=others)
        )
    return "-# " + _("Left out: {what}").format(what="; ".join(parts)) if parts else None


def exemptions_note() -> str:
    """What is different about AutoMod's allowed phrases here."""
    return _(
        "-# An allowed phrase of one rule holds for the whole list here, and roles and channels that a rule spares "
        "aren't spared."
    )


def source_file(filename: str) -> str:
    """A file as the source of an import."""
    return text.escaped(text.shortened(text.one_line(filename), _LINE_CHARACTERS))


def source_automod() -> str:
    """The server's own rules as the source of an import."""
    return _("this server's AutoMod")


def take(count: int) -> str:
    """Takes what can be taken."""
    return ngettext("Take {count} entry", "Take {count} entries", count).format(count=text.bound(count))


def decline() -> str:
    """Leaves everything as it is."""
    return _("Don't import")


def imported(added_count: int, changed: int, same: int) -> str:
    """After an import."""
    return _("✅ Imported: {added} new, {changed} changed, {same} as they were.").format(
        added=text.bound(added_count), changed=text.bound(changed), same=text.bound(same)
    )


def declined() -> str:
    """After an import that was not wanted."""
    return _("Nothing was imported: the list is as it was.")


def exported(count: int) -> str:
    """Goes with the file."""
    words = ngettext("### 📤 {count} entry", "### 📤 {count} entries", count).format(count=text.bound(count))
    return f"{words}\n" + _("-# `/filter import` takes this file again, here or in another server.")


def choice(entry: FilterTerm) -> str:
    """An entry in the list that appears while it is typed."""
    return f"{entry.shown} · {show_kind(ALLOW if entry.kind is TermKind.ALLOW else entry.action)}"


def _refused_lines(lines: Iterable[RefusedLine]) -> list[str]:
    whole = list(lines)
    if not whole:
        return []
    title = ngettext("**{count} line can't be taken:**", "**{count} lines can't be taken:**", len(whole)).format(
        count=text.bound(len(whole))
    )
    shown = [
        _("{number}: {term} · {why}").format(
            number=line.number, term=_quoted(line.text, _LINE_CHARACTERS), why=refused(line.why)
        )
        for line in whole[:_REFUSED_SHOWN]
    ]
    more = len(whole) - _REFUSED_SHOWN
    if more > 0:
        shown.append(ngettext("and {count} more", "and {count} more", more).format(count=text.bound(more)))
    return ["", title, *(f"-# {line}" for line in shown)]


def _effect(entry: FilterTerm) -> str:
    if entry.kind is TermKind.ALLOW:
        return _("allowed")
    category = category_name(entry.category)
    if entry.action == REVIEW:
        return _("marked for review, {category}").format(category=category)
    return _("blocked, {category}").format(category=category)


def _by(covered: Covered) -> str:
    return _quoted(covered.verdict.term or "")


def _quoted(words: str, limit: int = _TERM_CHARACTERS) -> str:
    return f"**{text.escaped(text.shortened(text.one_line(words), limit))}**"
