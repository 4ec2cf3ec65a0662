"""Turns the Markdown that Discord shows into HTML: everything that is not markup comes out escaped."""

import html
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from sandbox.demo.client_language import ENGLISH, ClientLanguage

# An inner text may hold escaped characters, which never end it.
_INNER: Final = r"(?:\\.|[^\\])+?"
_INLINE: Final = re.compile(
    r"\\(?P<escaped>[^\w\s])"
    r"|(?P<ticks>`+)(?P<code>.+?)(?P=ticks)(?!`)"
    r"|<t:(?P<time>-?\d{1,13})(?::(?P<style>[tTdDfFR]))?>"
    r"|<(?P<kind>@!?|@&|#)(?P<id>\d{15,20})>"
    rf"|\[(?P<label>{_INNER})\]\((?P<target>https?://[^\s()<>]+)\)"
    r"|(?P<url>https?://[^\s<>]+)"
    rf"|\*\*(?P<bold>{_INNER})\*\*"
    rf"|__(?P<underline>{_INNER})__"
    rf"|~~(?P<strike>{_INNER})~~"
    rf"|\|\|(?P<spoiler>{_INNER})\|\|"
    rf"|\*(?!\s)(?P<star>{_INNER})(?<!\s)\*"
    rf"|\b_(?P<slant>{_INNER})_\b",
    re.DOTALL,
)
_NESTED: Final = {
    "bold": "strong",
    "underline": "u",
    "strike": "s",
    "star": "em",
    "slant": "em",
}
_BLOCK: Final = re.compile(r"(?P<mark>#{1,3}|-#|>|[-*])\s+(?P<rest>.*)", re.DOTALL)
_FENCE: Final = "```"
_UNITS: Final = (("year", 31_536_000), ("month", 2_592_000), ("day", 86_400), ("hour", 3600), ("minute", 60))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Who reads, and when: `names` are shown for the ids of members and channels, times count from `now`."""

    now: datetime
    names: Mapping[int, str] = field(default_factory=dict)
    language: ClientLanguage = ENGLISH

    def html(self, text: str) -> str:
        """The text as HTML blocks."""
        return "".join(self._blocks(text.split("\n")))

    def inline(self, text: str) -> str:
        """The text as HTML inside of a block."""
        parts: list[str] = []
        end = 0
        for found in _INLINE.finditer(text):
            parts += [html.escape(text[end : found.start()]), self._piece(found)]
            end = found.end()
        return "".join((*parts, html.escape(text[end:])))

    def _blocks(self, lines: list[str]) -> list[str]:
        blocks: list[str] = []
        while lines:
            if lines[0].startswith(_FENCE):
                blocks.append(_fenced(lines))
                continue
            mark = _mark(lines[0])
            run: list[str] = []
            while lines and _mark(lines[0]) == mark and not lines[0].startswith(_FENCE):
                run.append(lines.pop(0))
            blocks.append(self._block(mark, run))
        return blocks

    def _block(self, mark: str, lines: list[str]) -> str:
        if not mark:
            return f"<p>{'<br>'.join(map(self.inline, lines))}</p>"
        texts = [self.inline(found["rest"]) for line in lines if (found := _BLOCK.fullmatch(line))]
        match mark:
            case ">":
                return f"<blockquote>{'<br>'.join(texts)}</blockquote>"
            case "-#":
                return "".join(f"<small>{text}</small>" for text in texts)
            case "-" | "*":
                return f"<ul>{''.join(f'<li>{text}</li>' for text in texts)}</ul>"
            case _:
                return "".join(f"<h{len(mark)}>{text}</h{len(mark)}>" for text in texts)

    def _piece(self, found: re.Match[str]) -> str:
        kind = found.lastgroup or ""
        if kind in _NESTED:
            return f"<{_NESTED[kind]}>{self.inline(found[kind])}</{_NESTED[kind]}>"
        draw: Mapping[str, Callable[[re.Match[str]], str]] = {
            "escaped": lambda part: html.escape(part["escaped"]),
            "code": lambda part: f"<code>{html.escape(part['code'])}</code>",
            "time": self._time,
            "style": self._time,
            "id": self._mention,
            "target": lambda part: _link(part["target"], self.inline(part["label"])),
            "url": lambda part: _link(part["url"], html.escape(part["url"])),
            "spoiler": lambda part: f'<span class="spoiler">{self.inline(part["spoiler"])}</span>',
        }
        return draw[kind](found)

    def _time(self, found: re.Match[str]) -> str:
        try:
            moment = datetime.fromtimestamp(int(found["time"]), UTC)
        except (ValueError, OverflowError, OSError):
            return html.escape(found[0])
        exact = f"{self.language.date(moment)} {moment:%H:%M} UTC"
        shown = shown_time(moment, found["style"] or "f", now=self.now, language=self.language)
        return f'<time title="{exact}">{shown}</time>'

    def _mention(self, found: re.Match[str]) -> str:
        name = self.names.get(int(found["id"]), "unknown")
        return f'<span class="mention">{html.escape(found["kind"][0] + name)}</span>'


def plain(text: str, *, now: datetime) -> str:
    """The text as it reads without its markup, for terminals and plain files; times count from `now`."""
    lines = []
    for line in text.split("\n"):
        block = _BLOCK.fullmatch(line)
        rest = block["rest"] if block and block["mark"] in {"#", "##", "###", "-#"} else line
        lines.append(_INLINE.sub(lambda found: _plain_piece(found, now), rest))
    return "\n".join(lines)


def shown_time(moment: datetime, style: str, *, now: datetime, language: ClientLanguage = ENGLISH) -> str:
    """A timestamp in one of Discord's styles, in UTC: "in 3 hours" for R."""
    if style == "R":
        return _distance((moment - now).total_seconds(), language)
    long_date = language.date(moment)
    styles = {
        "t": f"{moment:%H:%M}",
        "T": f"{moment:%H:%M:%S}",
        "d": f"{moment:%d/%m/%Y}",
        "D": long_date,
        "F": f"{language.weekday(moment)}, {long_date} {moment:%H:%M}",
    }
    return styles.get(style, f"{long_date} {moment:%H:%M}")


def _plain_piece(found: re.Match[str], now: datetime) -> str:
    kind = found.lastgroup or ""
    if kind in {"time", "style"}:
        try:
            return shown_time(datetime.fromtimestamp(int(found["time"]), UTC), found["style"] or "f", now=now)
        except (ValueError, OverflowError, OSError):
            return found[0]
    if kind == "target":
        return f"{plain(found['label'], now=now)} ({found['target']})"
    if kind in {"id", "url"}:
        return found[0]
    return found[kind] if kind in {"escaped", "code"} else plain(found[kind], now=now)


def _mark(line: str) -> str:
    """What makes the line a block of its own kind; nothing for plain text."""
    found = _BLOCK.fullmatch(line)
    return found["mark"] if found else ""


def _fenced(lines: list[str]) -> str:
    """Take a fenced block off the beginning of `lines`; one that is never closed goes on to the end."""
    first = lines.pop(0).removeprefix(_FENCE)
    inside = [] if re.fullmatch(r"\w*", first) else [first]
    while lines:
        line = lines.pop(0)
        if line.endswith(_FENCE):
            inside.append(line.removesuffix(_FENCE))
            break
        inside.append(line)
    return f"<pre>{html.escape(chr(10).join(inside).strip(chr(10)))}</pre>"


def _link(target: str, label: str) -> str:
    return f'<a href="{html.escape(target)}" rel="noreferrer">{label}</a>'


def _distance(seconds: float, language: ClientLanguage) -> str:
    """A distance in time as Discord words it, rounded to the largest fitting unit."""
    size = abs(seconds)
    unit, length = next(((unit, length) for unit, length in _UNITS if size >= length * 0.95), ("second", 1))
    return language.distance(max(1, round(size / length)), unit, ahead=seconds >= 0)
