"""Which cap holds for a member and which of all binds: every kind alone, and combined with each other."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from generation.limit_book import LimitBook
from limits import LimitKind, LimitName
from models import Scope, Unit
from sandbox.pixazo import PixazoStandIn
from tests.builders import GUILD_ID, PRICE_MICROS, USER_ID, make_request
from tests.generation.assembly import Assembly, Options, assembled
from tests.generation.recording import Channel
from tests.support import FakeClock

OPERATOR, CEILING, GUILD = LimitKind.OPERATOR, LimitKind.CEILING, LimitKind.GUILD
ROLE, MEMBER, CHANNEL = LimitKind.ROLE, LimitKind.MEMBER, LimitKind.CHANNEL
IMAGES, MONEY = LimitName.MEMBER_DAILY_IMAGES, LimitName.MEMBER_MONTHLY_MICROS
DAY, MONTH, ALL = LimitName.GUILD_DAILY_MICROS, LimitName.GUILD_MONTHLY_MICROS, LimitName.GLOBAL_MONTHLY_MICROS
# In the order of the lines.
NAMES = (IMAGES, MONEY, DAY, MONTH, ALL)
ROLES, PLACES = (81, 82), (91, 92)

# The operator's defaults, in pictures: 20 a day and 40 a month for a member, 60, 80 and 100 for the others.
DEFAULTS = Options(
    user_daily_images=20,
    user_monthly_micros=40 * PRICE_MICROS,
    guild_daily_micros=60 * PRICE_MICROS,
    guild_monthly_micros=80 * PRICE_MICROS,
    global_monthly_micros=100 * PRICE_MICROS,
)
Put = tuple[LimitKind, int, LimitName, int]


@pytest.mark.parametrize(
    ("put", "binding", "kind", "subject_id", "pictures"),
    [
        # Nobody has set anything.
        ([], [IMAGES], OPERATOR, 0, 20),
        # Each cap alone, where it is the lowest.
        ([(GUILD, 0, IMAGES, 5)], [IMAGES], GUILD, 0, 5),
        ([(GUILD, 0, IMAGES, 0)], [IMAGES], GUILD, 0, 0),
        ([(GUILD, 0, MONEY, 5)], [MONEY], GUILD, 0, 5),
        ([(GUILD, 0, DAY, 5)], [DAY], GUILD, 0, 5),
        ([(GUILD, 0, MONTH, 5)], [MONTH], GUILD, 0, 5),
        ([(OPERATOR, 0, ALL, 5)], [ALL], OPERATOR, 0, 5),
        ([(CEILING, 0, DAY, 5)], [DAY], CEILING, 0, 5),
        ([(CEILING, 0, MONTH, 5)], [MONTH], CEILING, 0, 5),
        ([(ROLE, 81, IMAGES, 5)], [IMAGES], ROLE, 81, 5),
        ([(ROLE, 81, MONEY, 5)], [MONEY], ROLE, 81, 5),
        ([(MEMBER, USER_ID, IMAGES, 5)], [IMAGES], MEMBER, USER_ID, 5),
        ([(MEMBER, USER_ID, MONEY, 5)], [MONEY], MEMBER, USER_ID, 5),
        ([(CHANNEL, 91, IMAGES, 5)], [IMAGES], CHANNEL, 91, 5),
        ([(CHANNEL, 92, MONEY, 5)], [MONEY], CHANNEL, 92, 5),
        # A higher one makes room up to the next.
        ([(GUILD, 0, IMAGES, 1000)], [MONEY], OPERATOR, 0, 40),
        ([(ROLE, 81, IMAGES, 1000), (ROLE, 82, MONEY, 1000)], [DAY], OPERATOR, 0, 60),
        ([(GUILD, 0, IMAGES, 1000), (MEMBER, USER_ID, MONEY, 1000), (CEILING, 0, DAY, 1000)], [MONTH], OPERATOR, 0, 80),
        # The most generous role goes before the others and the guild, also where that is less than the guild's.
        ([(ROLE, 81, IMAGES, 3), (ROLE, 82, IMAGES, 7)], [IMAGES], ROLE, 82, 7),
        ([(ROLE, 81, IMAGES, 3), (GUILD, 0, IMAGES, 10)], [IMAGES], ROLE, 81, 3),
        ([(ROLE, 81, IMAGES, 0)], [IMAGES], ROLE, 81, 0),
        # A member's own goes before every role.
        ([(ROLE, 81, IMAGES, 1000), (MEMBER, USER_ID, IMAGES, 2)], [IMAGES], MEMBER, USER_ID, 2),
        ([(ROLE, 81, IMAGES, 2), (MEMBER, USER_ID, IMAGES, 10)], [IMAGES], MEMBER, USER_ID, 10),
        # A channel only lowers, a member's own too; of the channel and its parent the lower.
        ([(MEMBER, USER_ID, IMAGES, 2), (CHANNEL, 91, IMAGES, 10)], [IMAGES], MEMBER, USER_ID, 2),
        ([(MEMBER, USER_ID, IMAGES, 10), (CHANNEL, 91, IMAGES, 2)], [IMAGES], CHANNEL, 91, 2),
        ([(CHANNEL, 91, IMAGES, 4), (CHANNEL, 92, IMAGES, 3)], [IMAGES], CHANNEL, 92, 3),
        # Others' caps are none of theirs.
        ([(ROLE, 83, IMAGES, 1), (MEMBER, 5, IMAGES, 1), (CHANNEL, 93, IMAGES, 1)], [IMAGES], OPERATOR, 0, 20),
        # Two that leave as much both bind.
        ([(GUILD, 0, IMAGES, 5), (GUILD, 0, DAY, 5)], [IMAGES, DAY], GUILD, 0, 5),
        ([(GUILD, 0, MONEY, 5), (GUILD, 0, DAY, 5), (GUILD, 0, MONTH, 5)], [MONEY, DAY, MONTH], GUILD, 0, 5),
    ],
)  # fmt: skip
async def test_the_cap_that_leaves_the_fewest_pictures_binds(
    tmp_path: Path,
    pixazo: PixazoStandIn,
    channel: Channel,
    clock: FakeClock,
    put: Sequence[Put],
    binding: Sequence[LimitName],
    kind: LimitKind,
    subject_id: int,
    pictures: int,
) -> None:
    async with assembled(tmp_path, pixazo, channel, clock, DEFAULTS) as bot:
        await _set(bot, clock, put)
        lines = await bot.service.quota(guild_id=GUILD_ID, user_id=USER_ID, role_ids=ROLES, place_ids=PLACES)
    assert [name for name, line in zip(NAMES, lines, strict=True) if line.binds] == list(binding)
    first = next(line for line in lines if line.binds)
    assert (first.holding.kind, first.holding.subject_id, first.fitting) == (kind, subject_id, pictures)


async def test_what_is_used_and_held_decides_what_binds(
    tmp_path: Path, pixazo: PixazoStandIn, channel: Channel, clock: FakeClock
) -> None:
    async with assembled(tmp_path, pixazo, channel, clock, DEFAULTS) as bot:
        await _set(bot, clock, [(GUILD, 0, DAY, 22)])
        await bot.wish(make_request(num_images=1))
        # Another member's picture is on the guild's account only.
        lines = await bot.service.quota(guild_id=GUILD_ID, user_id=USER_ID + 1)
        assert [(line.fitting, line.binds) for line in lines[:3]] == [(20, True), (40, False), (21, False)]
        book = LimitBook(bot.database, DEFAULTS.terms.caps, clock)
        await book.grant(GUILD_ID, USER_ID + 1, unit=Unit.IMAGE, amount=5, by_id=1)
        lines = await bot.service.quota(guild_id=GUILD_ID, user_id=USER_ID + 1)
        assert [(line.fitting, line.binds) for line in lines[:3]] == [(25, False), (40, False), (21, True)]
        assert lines[0].balance.cap - lines[0].holding.value == 5
        assert lines[2].balance.account.scope is Scope.GUILD


async def _set(bot: Assembly, clock: FakeClock, put: Sequence[Put]) -> None:
    """Set caps that are given in pictures."""
    book = LimitBook(bot.database, DEFAULTS.terms.caps, clock)
    for kind, subject_id, name, pictures in put:
        value = pictures if name is IMAGES else pictures * PRICE_MICROS
        if kind is OPERATOR:
            await book.set_global(value, by_id=1)
        elif kind is CEILING:
            await book.set_ceiling(GUILD_ID, name, value, by_id=1)
        else:
            await book.set(GUILD_ID, kind, subject_id, name, value, by_id=1)
