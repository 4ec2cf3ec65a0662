"""The pages of caps stay within Discord's limits however full they are, and take nothing that they never said."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from errors import InvalidOption
from generation.limit_book import IMAGES_MAX, MICROS_MAX, OF_GUILDS, OF_MEMBERS, REASON_MAX_CHARACTERS, GuildLimits, Key
from generation.service import QuotaLine
from limits import Caps, HoldingCap, LimitKind, LimitName
from models import Balance, Scope, Unit
from storage.audit import Line
from tests.builders import DAY, PRICE_MICROS, make_account
from tests.ui.test_cards import buttons_of, checked, text_of
from ui import limit_panels as panels
from ui.language import speaking

NOW = datetime(2026, 11, 22, tzinfo=UTC)
LARGEST_ID = 2**63 - 1
GUILD_ID = LARGEST_ID - 100
CAPS = Caps(
    user_daily_images=IMAGES_MAX,
    user_monthly_micros=MICROS_MAX,
    guild_daily_micros=MICROS_MAX,
    guild_monthly_micros=MICROS_MAX,
    global_monthly_micros=MICROS_MAX,
)
IMAGES = LimitName.MEMBER_DAILY_IMAGES


def change(kind: LimitKind, subject_id: int, name: LimitName) -> Line:
    """Somebody's, with a reason that is as long as it can be and full of markup."""
    return Line(
        seq=1,
        job_id=None,
        guild_id=GUILD_ID,
        by_id=LARGEST_ID,
        at=NOW,
        what=f"limit.{kind}.{name}",
        subject_id=subject_id,
        before=str(MICROS_MAX - 990_000),
        after=str(MICROS_MAX - 10_000),
        reason="*" * REASON_MAX_CHARACTERS,
    )


def full() -> GuildLimits:
    """A guild in which everything is set, for more than a page."""
    limits = {(LimitKind.GUILD, 0, name): MICROS_MAX - 10_000 for name in (*OF_MEMBERS, *OF_GUILDS)}
    for kind in (LimitKind.ROLE, LimitKind.CHANNEL, LimitKind.MEMBER):
        for number in range(panels.OVERRIDES_PER_PAGE):
            limits |= {(kind, LARGEST_ID - number, name): MICROS_MAX - 10_000 for name in OF_MEMBERS}
    return GuildLimits(guild_id=GUILD_ID, defaults=CAPS, limits=limits)


def changes(keys: list[Key]) -> dict[Key, Line]:
    return {key: change(*key) for key in keys}


def who(kind: LimitKind, subject_id: int) -> panels.Who:
    return panels.Who(kind=kind, subject_id=subject_id, name="*" * 100)


def standing() -> list[QuotaLine]:
    """Of a member who has been granted something, and whom the server's budget leaves less."""
    accounts = (
        make_account(Scope.MEMBER, unit=Unit.IMAGE, period=DAY),
        make_account(Scope.MEMBER),
        make_account(Scope.GUILD, period=DAY),
        make_account(Scope.GUILD),
        make_account(Scope.GLOBAL),
    )
    return [
        QuotaLine(
            balance=Balance(account=account, pending=PRICE_MICROS, posted=MICROS_MAX // 3, cap=MICROS_MAX),
            renews_at=NOW,
            holding=HoldingCap(value=MICROS_MAX - 1, kind=LimitKind.ROLE, subject_id=LARGEST_ID),
            each=PRICE_MICROS,
            binds=number == 2,
        )
        for number, account in enumerate(accounts)
    ]


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("number", [1, 2, 3])
async def test_the_fullest_page_of_everything_is_taken_by_discord(language: str, number: int) -> None:
    history = [change(LimitKind.MEMBER, LARGEST_ID, IMAGES)] * panels.CHANGES_SHOWN
    with speaking(language):
        view = full()
        last = changes(panels.keys_of_overview(view, number))
        checked(panels.overview(view, last, history, who, number=number, note="✅ " + "x" * 100))


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("kind", [LimitKind.ROLE, LimitKind.CHANNEL, LimitKind.MEMBER])
@pytest.mark.parametrize("gone", [False, True])
async def test_the_fullest_page_of_one_of_them_is_taken_by_discord(
    language: str, kind: LimitKind, *, gone: bool
) -> None:
    subject = panels.Who(kind=kind, subject_id=LARGEST_ID, gone=gone)
    with speaking(language):
        last = changes(panels.keys_of_subject(subject))
        checked(panels.subject(full(), last, subject, standing=standing(), note="✅ " + "x" * 100))


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("name", ["images", "money", "day", "month"])
@pytest.mark.parametrize("shown", ["default", "0", str(MICROS_MAX)])
async def test_every_form_can_be_opened(language: str, name: str, shown: str) -> None:
    with speaking(language):
        form = panels.form(f"g.{LARGEST_ID}.{name}.{shown}").to_dict()
    assert len(form["title"]) <= 45
    assert len(form["components"]) == 2


@pytest.mark.parametrize(
    ("argument", "key", "shown"),
    [
        ("g.0.images.default", (LimitKind.GUILD, 0, IMAGES), None),
        ("g.0.day.0", (LimitKind.GUILD, 0, LimitName.GUILD_DAILY_MICROS), 0),
        ("r.5.money.7", (LimitKind.ROLE, 5, LimitName.MEMBER_MONTHLY_MICROS), 7),
        (f"m.{LARGEST_ID}.images.20", (LimitKind.MEMBER, LARGEST_ID, IMAGES), 20),
        ("c.5.images.20", (LimitKind.CHANNEL, 5, IMAGES), 20),
    ],
)
def test_a_custom_id_is_read_as_what_was_shown(argument: str, key: Any, shown: int | None) -> None:
    assert panels.cap_of(argument) == (key, shown)


@pytest.mark.parametrize(
    "argument",
    [
        "",
        "g",
        "g.0.images",
        "g.0.images.x",
        "g.0.nothing.5",
        "o.0.day.5",
        "g.-1.day.5",
        f"r.{2**63}.images.5",
        "g.0.day.5.5",
    ],
)
def test_a_custom_id_that_nothing_of_ours_has_is_refused(argument: str) -> None:
    with pytest.raises(InvalidOption):
        panels.cap_of(argument)


@pytest.mark.parametrize("value", ["", "g.0", "r", "r.", "r.x", f"m.{2**63}", "r.5.5"])
def test_a_choice_that_nothing_of_ours_has_is_refused(value: str) -> None:
    with pytest.raises(InvalidOption):
        panels.subject_of(value)


@pytest.mark.parametrize("value", ["", "0", "x", "-5", str(2**63), "٤"])
def test_an_id_that_is_none_is_refused(value: str) -> None:
    with pytest.raises(InvalidOption):
        panels.id_of(value)


async def test_one_that_was_deleted_can_only_be_taken_back() -> None:
    view, subject = full(), panels.Who(kind=LimitKind.ROLE, subject_id=LARGEST_ID, gone=True)
    ids = [custom_id.split(":")[1] for custom_id in buttons_of(panels.subject(view, {}, subject))]
    assert ids == ["limitdefault", "limitdefault", "limitpage"]


async def test_a_change_that_was_forgotten_with_somebody_says_nothing_that_is_wrong() -> None:
    """Its values are gone with its author, and must not read as the default."""
    changed = replace(change(LimitKind.GUILD, 0, IMAGES), by_id=None, before=None, after=None, reason="")
    granted = replace(changed, what="grant.image.2026-11-22", by_id=5, subject_id=None)
    view = full()
    last = {(LimitKind.GUILD, 0, IMAGES): changed}
    said = text_of(panels.overview(view, last, [changed, granted], who, number=1))
    assert "last changed by somebody whose data was deleted" in said
    assert "a grant to somebody whose data was deleted" in said
    assert "None" not in said
    assert "the default → the default" not in said
