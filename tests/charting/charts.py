"""Charts to be drawn: ordinary ones, and the oddest that can be."""

from typing import Any, Final

from charting.specs import ChartSpec, Column, Mark, Outlook, Ranking, Role, Row, Series, Timeline

SERIES: Final = (
    Series(role=Role.DELIVERED, label="delivered"),
    Series(role=Role.WITHHELD, label="withheld"),
    Series(role=Role.NOT_SHOWN, label="paid, not shown"),
    Series(role=Role.HELD, label="held"),
)
CENTS: Final = 90_000


def timeline(days: int = 30, *, over: int = 22, each: int = CENTS, **changes: Any) -> Timeline:
    """A month with a bit of everything, its budgets and its outlook."""
    columns = tuple(
        Column(
            label=str(day + 1),
            micros=(each * (day % 5), each * (day % 3 == 0), each * (day == 9), each * (day == over - 1))
            if day < over
            else (0, 0, 0, 0),
        )
        for day in range(days)
    )
    spent = sum(sum(column.micros[:3]) for column in columns)
    values: dict[str, Any] = {
        "title": "Spent in November 2026",
        "subtitle": "Pixel Painters",
        "locale": "en-US",
        "series": SERIES,
        "columns": columns,
        "over": over,
        "empty": "Nothing was spent.",
        "total_label": "so far",
        "total_mark": Mark(label="budget", micros=spent + each * 10),
        "column_mark": Mark(label="daily budget", micros=each * 8),
        "outlook": Outlook(
            label="expected", low_micros=spent + each, expected_micros=spent + 4 * each, high_micros=spent + 9 * each
        ),
    }
    return Timeline(**(values | changes))


def ranking(*names: str, **changes: Any) -> Ranking:
    """Members by those names, the first the dearest."""
    rows = tuple(
        Row(
            name=name,
            stand_in=f"member …{number:04}",
            micros=(CENTS * (len(names) - number), CENTS * (number == 1)),
            remark=f"{len(names) - number} images",
        )
        for number, name in enumerate(names)
    )
    values: dict[str, Any] = {
        "title": "Spent by member in November 2026",
        "subtitle": "Pixel Painters",
        "locale": "en-US",
        "series": (Series(role=Role.DELIVERED, label="spent"), Series(role=Role.HELD, label="held")),
        "rows": rows,
        "empty": "Nothing was spent.",
    }
    return Ranking(**(values | changes))


# Markup of a typesetter, other scripts and directions, emoji, nothing to see, far too much, and broken text.
HOSTILE: Final = (
    r"$\frac{1}{0}$",
    "$x^",
    "田中さくら",
    "أحمد الكاتب",
    "🦊👩‍👩‍👧‍👦🏳️‍🌈",
    "\u202egnp.exe",
    "\u200b\u2060",
    "W" * 5000,
    "Z" + "\u0301" * 300,
    "a\nb\tc\0d",
    "\ud800broken",
    "",
)

ODD: Final[dict[str, ChartSpec]] = {
    "a month": timeline(),
    "in German": timeline(locale="de", each=123_456_789),
    "over the budget": timeline(
        total_mark=Mark(label="budget", micros=CENTS), column_mark=Mark(label="daily budget", micros=0)
    ),
    "a budget far away": timeline(total_mark=Mark(label="budget", micros=10**12)),
    "no budget": timeline(total_mark=None, column_mark=None, outlook=None),
    "the first day": timeline(over=1),
    "the last day": timeline(over=30, outlook=None),
    "one day": timeline(1, over=1, total_label=None, outlook=None),
    "twelve months": timeline(12, over=12, total_label=None, outlook=None),
    "four hundred days": timeline(400, over=400),
    "less than a cent": timeline(each=1),
    "very much": timeline(each=10**14),
    "nothing": timeline(over=0),
    "nothing over": timeline(over=0, columns=(Column(label="1", micros=(1, 0, 0, 0)),), total_mark=None),
    "held only": timeline(1, over=1, columns=(Column(label="1", micros=(0, 0, 0, CENTS)),)),
    "long words": timeline(
        title="W" * 500, subtitle="w" * 500, series=tuple(Series(role=role, label="withheld " * 20) for role in Role)
    ),
    "members": ranking("Ada", "Grace", "Katherine"),
    "hostile names": ranking(*HOSTILE),
    "nobody": ranking(),
    "nobody paid": ranking("Ada", rows=(Row(name="Ada", stand_in="-", micros=(0, 0)),)),
    "hostile title": ranking("Ada", title=HOSTILE[0], subtitle=HOSTILE[4]),
}
