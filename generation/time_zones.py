"""Time zones by their IANA names, and what somebody may have meant who wrote another one."""

import difflib
import functools
import re
import zoneinfo
from typing import Final

# Files beside the zones that are none of a place's: what this machine has, and a mark for "not set".
_NO_ZONES: Final = frozenset({"localtime", "Factory", "posixrules"})
_MOST_NEAR: Final = 5
# Below this, difflib's likeness of names is mere chance.
_LIKENESS: Final = 0.6
# More than any zone's name; what is longer is no slip of the finger.
_LONGEST: Final = 64


@functools.cache
def known() -> frozenset[str]:
    """Every zone's name. The first call reads some hundred files: make it outside of the event loop."""
    return frozenset(zoneinfo.available_timezones()) - _NO_ZONES


def find(written: str) -> str | None:
    """The name of the zone that is meant, whatever its case and with blanks for underscores, or None."""
    return _by_fold().get(_folded(written))


def near(written: str) -> tuple[str, ...]:
    """Up to five names that are like what was written, or of which it is a part; the likeliest first."""
    folded = _folded(written)
    if not folded or len(folded) > _LONGEST:
        return ()
    names = _by_fold()
    by_place = _by_place()
    alike = [
        *by_place.get(folded, ()),
        *(names[name] for name in difflib.get_close_matches(folded, names, n=_MOST_NEAR, cutoff=_LIKENESS)),
        *(
            name
            for place in difflib.get_close_matches(folded, by_place, n=_MOST_NEAR, cutoff=_LIKENESS)
            for name in by_place[place]
        ),
        *(sorted(names[name] for name in names if folded in name) if len(folded) > 2 else ()),
    ]
    return tuple(dict.fromkeys(alike))[:_MOST_NEAR]


def _folded(written: str) -> str:
    return re.sub(r"[\s_]+", "_", written.strip()).casefold()


@functools.cache
def _by_fold() -> dict[str, str]:
    return {_folded(name): name for name in sorted(known())}


@functools.cache
def _by_place() -> dict[str, tuple[str, ...]]:
    """Zones by the last part of their names, under which people know them: `berlin`."""
    places: dict[str, list[str]] = {}
    for name in sorted(known(), key=lambda name: (name.count("/") == 0, name)):
        places.setdefault(_folded(name.rpartition("/")[2]), []).append(name)
    return {place: tuple(names) for place, names in places.items()}
