"""`/notify`: when a member wants to be told."""

import pytest

from models import Notify
from sandbox.discord import Member
from storage import members
from tests.cogs.gallery import words_of
from tests.ui.scene import Scene


async def notify(scene: Scene, when: str | None = None, *, by: Member | None = None, raw: bool = False) -> str:
    given = {} if when is None else {"when": when}
    return await words_of(await scene.discord.slash(by or scene.ada, scene.channel, "notify", given, raw=raw))


@pytest.mark.parametrize(
    ("when", "meaning"),
    [
        ("auto", "longer than two minutes"),
        ("always", "Whenever one of your requests has ended"),
        ("never", "I don't mention you"),
    ],
)
async def test_a_choice_is_kept_and_explained(scene: Scene, when: str, meaning: str) -> None:
    words = await notify(scene, when)
    assert "Noted" in words
    assert meaning in words
    assert await members.notify_of(scene.database, scene.ada.id) == Notify(when)
    assert await members.notify_of(scene.database, scene.bob.id) is Notify.AUTO


async def test_without_an_option_the_present_choice_is_shown_and_stays(scene: Scene) -> None:
    assert "**Auto**" in await notify(scene)
    await notify(scene, "never")
    words = await notify(scene)
    assert "**Never**" in words
    assert "Noted" not in words
    assert await members.notify_of(scene.database, scene.ada.id) is Notify.NEVER


async def test_a_choice_that_is_none_is_refused_and_nothing_is_kept(scene: Scene) -> None:
    assert "Pick one of the choices" in await notify(scene, "sometimes", raw=True)
    assert await members.notify_of(scene.database, scene.ada.id) is Notify.AUTO


async def test_a_slow_database_is_waited_for(scene: Scene, impatient: None) -> None:
    async with scene.stalled_disk():
        run = await scene.discord.slash(scene.ada, scene.channel, "notify", {"when": "always"})
        assert (await run.answered()).kind == "deferred"
    assert "**Always**" in await words_of(run)
