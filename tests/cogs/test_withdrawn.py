"""Hidden and removed pictures from every side: no button, menu or command gives away what nobody is to see.

The cards still have their buttons here, as on the screen of a member whose client has not heard of it yet.
"""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from errors import PictureHidden, PictureRemoved
from models import Job, JobStatus
from sandbox.discord import Member, Message, Run
from storage import jobs, withdrawals
from tests.cogs.gallery import gallery, newest, words_of
from tests.cogs.test_results import DETAILS, EDIT, FAVOURITE, RECIPE, REMIX, REROLL, STARTING, USE, Deed, do
from tests.ui.scene import Scene

SECRET, NEGATIVE = "an unspeakable hat", "no unmentionable gloves"
Withdraw = Callable[[Scene, Job], Awaitable[Job]]


async def hidden(scene: Scene, job: Job) -> Job:
    now = scene.clock.now()
    await scene.database.write(lambda c: withdrawals.hide(c, job.job_id, at=now))
    return await jobs.find(scene.database, job.job_id)


async def removed(scene: Scene, job: Job) -> Job:
    now = scene.clock.now()
    await scene.database.write(lambda c: withdrawals.remove(c, job, by_id=1, at=now))
    return await jobs.find(scene.database, job.job_id)


async def made(scene: Scene, folder: Path) -> tuple[Job, Message]:
    return await gallery(scene, folder, {"prompt": SECRET, "negative": NEGATIVE})


async def everything_said(run: Run) -> str:
    """All that whoever acted gets to see: words, links, the fields of a form, and files."""
    answer = await run.answered()
    if answer.kind == "modal":
        return str(answer.modal)
    words = await words_of(run)
    messages = [message for message in (answer.message, *run.followups) if message is not None]
    shown = [str(message.components) for message in messages]
    return "\n".join((words, *shown, *(str(message.attachments) for message in messages)))


def leaks(said: str) -> bool:
    return any(word in said for word in ("unspeakable", "unmentionable", "/attachments/"))


@pytest.mark.parametrize("withdraw", [hidden, removed], ids=["hidden", "removed"])
@pytest.mark.parametrize("deed", [*STARTING, DETAILS, RECIPE, FAVOURITE], ids=lambda deed: deed.name)
@pytest.mark.parametrize("by_author", [True, False], ids=["author", "another"])
async def test_a_press_on_a_stale_card_shows_nothing_and_starts_nothing(
    scene: Scene, tmp_path: Path, withdraw: Withdraw, deed: Deed, by_author: bool
) -> None:
    job, card = await made(scene, tmp_path)
    await withdraw(scene, job)
    by = scene.ada if by_author else scene.bob
    said = await everything_said(await deed.begin(scene, by, card))
    own_words = by_author and withdraw is hidden and deed in {DETAILS, RECIPE}
    assert leaks(said) == own_words
    assert len(await scene.jobs()) == 1
    assert not await scene.parts.library.history.is_favourite(job.job_id, user_id=by.id)


@pytest.mark.parametrize("withdraw", [hidden, removed], ids=["hidden", "removed"])
@pytest.mark.parametrize("deed", [EDIT, USE, REMIX], ids=lambda deed: deed.name)
async def test_a_form_that_was_open_before_starts_nothing(
    scene: Scene, tmp_path: Path, withdraw: Withdraw, deed: Deed
) -> None:
    job, card = await made(scene, tmp_path)
    opened = await deed.begin(scene, scene.bob, card)
    assert (await opened.answered()).kind == "modal"
    await withdraw(scene, job)
    assert deed.form is not None
    said = await everything_said(await scene.discord.submit_modal(opened, deed.form))
    assert not leaks(said)
    assert ("hidden until" in said) == (withdraw is hidden)
    assert len(await scene.jobs()) == 1


async def test_whoever_made_it_reads_that_it_is_hidden(scene: Scene, tmp_path: Path) -> None:
    job, card = await made(scene, tmp_path)
    await hidden(scene, job)
    assert "hidden until a moderator has looked" in await words_of(await do(scene, REROLL, scene.ada, card))


@pytest.mark.parametrize("withdraw", [hidden, removed], ids=["hidden", "removed"])
async def test_show_has_neither_pictures_nor_words(scene: Scene, tmp_path: Path, withdraw: Withdraw) -> None:
    job, _ = await made(scene, tmp_path)
    await withdraw(scene, job)
    said = await everything_said(await scene.discord.slash(scene.ada, scene.channel, "show", {"job": job.job_id}))
    assert not leaks(said)


async def history(scene: Scene, member: Member, name: str = "history", **options: str) -> Message:
    return await (await scene.discord.slash(member, scene.channel, name, options)).message()


async def test_history_keeps_an_authors_own_hidden_words_without_a_picture(scene: Scene, tmp_path: Path) -> None:
    job, _ = await made(scene, tmp_path)
    before = await history(scene, scene.ada)
    assert "/attachments/" in str(before.components)
    await hidden(scene, job)
    page = await history(scene, scene.ada)
    assert SECRET in page.text()
    assert "hidden for now" in page.text()
    assert "/attachments/" not in str(page.components), "a thumbnail that is remembered for some minutes"


async def test_history_forgets_what_was_removed(scene: Scene, tmp_path: Path) -> None:
    job, _ = await made(scene, tmp_path)
    await removed(scene, job)
    assert "You have no pictures here yet" in (await history(scene, scene.ada)).text()
    typing = await scene.discord.autocomplete(scene.ada, scene.channel, "show", focused="job")
    assert not (await typing.answered()).choices


@pytest.mark.parametrize("search", [None, "unspeakable"])
async def test_favourites_of_others_are_without_words_and_picture(
    scene: Scene, tmp_path: Path, search: str | None
) -> None:
    job, card = await made(scene, tmp_path)
    await do(scene, FAVOURITE, scene.bob, card)
    assert SECRET in (await history(scene, scene.bob, "favourites")).text()
    await hidden(scene, job)
    if search is None:
        page = await history(scene, scene.bob, "favourites")
    else:
        run = await scene.discord.slash(scene.bob, scene.channel, "history", {"search": search, "favourites": True})
        page = await run.message()
    assert SECRET not in page.text()
    assert "/attachments/" not in str(page.components)
    assert "Hidden until a moderator has looked" in page.text()
    await removed(scene, job)
    assert "You have no favourites here yet" in (await history(scene, scene.bob, "favourites")).text()


@pytest.mark.parametrize(
    ("withdraw", "error"), [(hidden, PictureHidden), (removed, PictureRemoved)], ids=["hidden", "removed"]
)
async def test_pictures_that_could_not_be_posted_are_not_handed_over(
    scene: Scene, tmp_path: Path, withdraw: Withdraw, error: type[Exception]
) -> None:
    job, _ = await made(scene, tmp_path)
    await scene.database.write(
        lambda c: c.execute("UPDATE jobs SET status = 'undeliverable' WHERE job_id = ?", (job.job_id,))
    )
    found = await withdraw(scene, job)
    assert found.status is JobStatus.UNDELIVERABLE
    with pytest.raises(error):
        await scene.parts.kept.of(found)
    said = await everything_said(await scene.discord.slash(scene.ada, scene.channel, "show", {"job": job.job_id}))
    assert not leaks(said)


async def test_a_removed_picture_takes_no_report(scene: Scene, tmp_path: Path) -> None:
    job, card = await made(scene, tmp_path)
    await removed(scene, job)
    for label in ("Report", "menu"):
        if label == "menu":
            run = await scene.discord.context_menu(scene.bob, scene.channel, "Report image", card)
        else:
            run = await scene.discord.click(scene.bob, card, label)
        assert "taken them off, for good" in await words_of(run)


async def test_what_is_shown_again_works_again(scene: Scene, tmp_path: Path) -> None:
    job, card = await made(scene, tmp_path)
    await hidden(scene, job)
    now = scene.clock.now()
    await scene.database.write(lambda c: withdrawals.restore(c, job.job_id, by_id=1, at=now))
    before = await scene.jobs()
    await do(scene, REROLL, scene.bob, card)
    assert (await newest(scene, before)).typed_prompt == SECRET
