"""Every way to a job is shut by everything that shuts one: what can start a job is found, and each has its row.

One real bot with both stand-ins. A door is opened once, while nothing is wrong, and then tried against each refusal;
after each of them nothing may be left: no job, no money held, no message, nothing sent to the provider.
"""

import textwrap
from collections.abc import AsyncIterator
from functools import cache
from typing import Any

import pytest
import pytest_asyncio

from sandbox.discord import Message
from storage.reading import snapshot
from tests.cogs import door_finder
from tests.cogs.door_finder import Place
from tests.cogs.doors import DOORS, REFUSALS, Door, House, Press, open_house
from tests.cogs.gallery import words_of
from tests.support import wait_until
from ui import answers

pytestmark = pytest.mark.asyncio(loop_scope="module")


class Doors:
    """The doors of one bot, each opened when it is first needed."""

    def __init__(self, house: House) -> None:
        self.house = house
        self._open: dict[str, Press] = {}

    async def open(self, name: str) -> Press:
        """The step of that door that would start the job."""
        if name not in self._open:
            self._open[name] = await DOORS[name].open(self.house)
        return self._open[name]

    def used_up(self, name: str) -> None:
        """A job has come of it: next time it has to be opened again."""
        del self._open[name]


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def doors(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Doors]:
    async with open_house(tmp_path_factory.mktemp("doors")) as house:
        yield Doors(house)


def shown(house: House) -> list[int]:
    """What everybody sees in the server."""
    return [
        message.id
        for channel in house.scene.guild.channels.values()
        for message in channel.messages
        if not message.deleted and not message.ephemeral
    ]


def books(house: House) -> tuple[Any, ...]:
    """Every job, every ledger line, and what is held and spent on each account."""
    found = snapshot(house.path)
    assert found.findings == ()
    balances = [(held.account, held.pending, held.posted) for held in found.balances]
    return found.jobs, found.entries, balances, len(house.pixazo.submissions)


async def strikes(house: House) -> int:
    rows = await house.scene.database.fetch_all("SELECT count(*) FROM strikes")
    return int(rows[0][0])


async def refused(house: House, door: Door, press: Press, refusal: str) -> None:
    """The step is refused in private with the right words, and nothing is left of it."""
    expected = REFUSALS[refusal]
    async with expected.imposed(house, house.mia if door.mias else house.scene.ada):
        before, seen, struck = books(house), shown(house), await strikes(house)
        run = await press()
        said = await words_of(run)
        assert expected.words in said
        assert "gadget" not in said.lower()
        await wait_until(lambda: shown(house) == seen, what="a server that looks as before")
        assert books(house) == before
        assert await strikes(house) == struck + (expected.strikes and door.own)
        answer = await run.answered()
        assert not door.waits or (answer.kind, answer.ephemeral) == ("deferred", False)


@pytest.mark.parametrize("refusal", REFUSALS)
@pytest.mark.parametrize("name", DOORS)
async def test_every_door_is_shut_by_every_refusal_and_nothing_is_left(doors: Doors, name: str, refusal: str) -> None:
    await refused(doors.house, DOORS[name], await doors.open(name), refusal)


@pytest.mark.parametrize("name", DOORS)
async def test_a_refusal_that_comes_late_is_private_as_well(
    doors: Doors, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the books are too slow to answer in time, everybody sees for a moment that something is coming."""
    press = await doors.open(name)
    monkeypatch.setattr(answers, "FIRST_ANSWER_SECONDS", 0)
    await refused(doors.house, DOORS[name], press, "a suspension")


@pytest.mark.parametrize("name", DOORS)
async def test_every_door_leads_to_one_job_where_nothing_is_in_the_way(doors: Doors, name: str) -> None:
    press, house = await doors.open(name), doors.house
    before, sent = await house.scene.jobs(), len(house.pixazo.submissions)
    doors.used_up(name)
    job, card = await house.finished(await press())
    assert [found.job_id for found in await house.scene.jobs()] == [*(found.job_id for found in before), job.job_id]
    assert len(house.pixazo.submissions) == sent + 1
    assert "gadget" in (house.pixazo.submissions[-1].prompt + str(job.recipe.preset)).lower()
    assert isinstance(card, Message)
    assert not card.ephemeral
    assert not (await house.scene.database.fetch_all("SELECT 1 FROM accounts WHERE pending > 0"))


# How it is known that these are all doors there are.


@cache
def leading() -> dict[Place, frozenset[Place]]:
    """What can end in a new job, as the source has it."""
    return door_finder.leading_to_jobs(door_finder.sources())


def without_a_row(entries: dict[str, Place], found: dict[Place, frozenset[Place]]) -> set[str]:
    """What can start a job and has no row in DOORS: entries by their name, and functions that no entry leads to."""
    rows = {door.entry for door in DOORS.values()}
    unlisted = {entry for entry, place in entries.items() if place in found and entry not in rows}
    reached = door_finder.reached_from((entries[row] for row in rows & entries.keys()), found)
    return unlisted | {str(place) for place in found.keys() - reached}


async def test_every_entry_that_can_start_a_job_has_a_row(doors: Doors) -> None:
    entries = door_finder.entries(doors.house.scene.client)
    assert without_a_row(entries, leading()) == set()
    rows = {door.entry for door in DOORS.values()}
    assert rows == {entry for entry, place in entries.items() if place in leading()}  # and no row is about nothing


async def test_what_discord_can_ask_is_all_known_to_the_source(doors: Doors) -> None:
    """A handler that the source does not have by its name could start a job unseen."""
    texts = door_finder.sources()
    entries = door_finder.entries(doors.house.scene.client)
    assert {"/operator status", "menu Report image", "press cancel", "form report"} <= entries.keys()
    unknown = {
        entry
        for entry, place in entries.items()
        if place.module not in texts or f"def {place.name.rpartition('.')[2]}(" not in texts[place.module]
    }
    assert unknown == set()


HEAD = """
from functools import partial
from cogs.parts import Parts
from cogs.starting import Starter
from discord.ext import commands
from storage import jobs

class WishesCog(commands.Cog):
    def __init__(self, parts):
        self._parts = parts
        self._begin = Starter(parts)

    async def cog_load(self):
        self._parts.client.add_action("wish", self.wish)
"""
# Each is a way to write a new door; `wish` answers a button.
PLANTED = {
    "the starter under another name": "async def wish(self, i, argument): await self._begin.start(i, None)",
    "a starter made on the spot": "async def wish(self, i, argument): await Starter(self._parts).refer(i, None, None)",
    "the acceptor itself": "async def wish(self, i, argument): await self._parts.acceptor.accept(i, None)",
    "the service behind it": "async def wish(self, i, argument): await self._parts.service.accept(None, None)",
    "the table itself": "async def wish(self, i, argument): jobs.record(None, None, (), active_limit=1)",
    "a statement of its own": "async def wish(self, i, argument): await self.sql('INSERT INTO jobs VALUES (1)')",
    "a step handed on": "async def wish(self, i, argument): await later(partial(self._begin.again, i, None))",
    "a step in a variable": "async def wish(self, i, argument):\n    go = self._begin.again\n    await go(i, None)",
    "a function inside": (
        "async def wish(self, i, argument):\n    async def go(): await self._begin.again(i, None)\n    await go()"
    ),
    "a lambda": "async def wish(self, i, argument): await later(lambda: self._begin.again(i, None))",
    "a helper method": (
        "async def wish(self, i, argument): await self._go(i)\n\n"
        "async def _go(self, i): await self._begin.again(i, None)"
    ),
}


def planted(text: str) -> dict[str, str]:
    return {**door_finder.sources(), "cogs.wishes": text}


@pytest.mark.parametrize("name", PLANTED)
async def test_a_new_button_without_a_row_is_found(name: str) -> None:
    text = HEAD + textwrap.indent(f"\n{PLANTED[name]}\n", "    ")
    wish = Place("cogs.wishes", "WishesCog.wish")
    found = door_finder.leading_to_jobs(_nearby(planted(text)))
    assert wish in found
    assert Place("cogs.wishes", "WishesCog.cog_load") not in found
    assert "press wish" in without_a_row({"press wish": wish}, found)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (
            "\n    @commands.Cog.listener()\n    async def on_message(self, m): await self._begin.again(m, None)\n",
            "on_message",
        ),
        ("\n    STEPS = {'again': Starter.again}\n", door_finder.BODY),
        ("\n    async def cog_load(self): self._parts.client.tasks.launch(self._begin.again(1, 2))\n", "cog_load"),
    ],
    ids=["an event", "a table of steps", "a task of its own"],
)
async def test_a_way_that_is_no_entry_at_all_is_found(text: str, name: str) -> None:
    found = door_finder.leading_to_jobs(_nearby(planted(HEAD + text)))
    assert f"cogs.wishes.WishesCog.{name}" in without_a_row({}, found)


async def test_a_command_that_starts_nothing_needs_no_row() -> None:
    text = HEAD + "\n    async def wish(self, i, argument): await self._begin.compose(i, None)\n"
    found = door_finder.leading_to_jobs(_nearby(planted(text)))
    assert not [place for place in found if place.module == "cogs.wishes"]


def _nearby(texts: dict[str, str]) -> dict[str, str]:
    """What a planted cog can lead through: reading everything a dozen times takes long and finds no more."""
    wanted = ("cogs.wishes", "cogs.starting", "cogs.parts", "ui.acceptance", "generation.service", "storage.jobs")
    return {name: texts[name] for name in wanted}
