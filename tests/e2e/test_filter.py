"""The prompt filter of a new bot: it begins with the starter list, which is the operator's from then on."""

from pathlib import Path

from generation.filters import EVERYWHERE
from safety import starter_list
from sandbox.discord import DiscordStandIn
from sandbox.pixazo import PixazoStandIn
from tests.e2e.in_process import SkippingClock, easel

TERM = next(term.text for term in starter_list.TERMS if term.action == "block")


async def test_the_first_start_brings_the_starter_list_and_no_later_one_brings_it_back(
    tmp_path: Path, discord: DiscordStandIn, pixazo: PixazoStandIn
) -> None:
    guild = discord.add_guild()
    channel, ada = guild.add_channel("art"), guild.add_member("ada")
    database = tmp_path / "easel.db"
    wish = {"prompt": f"{TERM}, oil on canvas"}
    async with easel(database, discord, pixazo, SkippingClock()) as bot:
        assert len(await bot.filters.list(EVERYWHERE)) == len(starter_list.TERMS) + len(starter_list.ALLOWED)
        answer = await (await discord.slash(ada, channel, "imagine", wish)).answered()
        assert answer.ephemeral
        await bot.filters.remove(EVERYWHERE, TERM, by_id=1)
    async with easel(database, discord, pixazo, SkippingClock()) as bot:
        assert TERM not in {term.text for term in await bot.filters.list(EVERYWHERE)}
    assert pixazo.submissions == []
