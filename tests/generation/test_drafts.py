"""Drafts: kept over a restart, for their own member, for an hour, with files that are whole or not there."""

import asyncio
import io
import os
import resource
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from errors import DraftGone, StorageUnavailable
from generation.drafts import Draft, Drafts
from storage import drafts as rows
from storage.database import Database
from tests.builders import GUILD_ID, USER_ID
from tests.support import FakeClock

PICTURE = b"\x89PNG" * 1000
# What the database writes in a test stays far below.
ROOM_BYTES = 4 * 1024 * 1024
TOO_LARGE = bytes(ROOM_BYTES + 1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data" / "drafts"


@pytest.fixture
def drafts(database: Database, folder: Path, clock: FakeClock) -> Drafts:
    return Drafts(database, folder, clock)


async def create(drafts: Drafts, **changes: Any) -> Draft:
    given: dict[str, Any] = {
        "guild_id": GUILD_ID,
        "user_id": USER_ID,
        "kind": "control",
        "content": {"strength": 0.6, "words": ["a", None]},
        "files": {"map.png": io.BytesIO(PICTURE)},
    }
    return await drafts.create(**(given | changes))


async def reopen(drafts: Drafts, draft: Draft, **changes: Any) -> Draft:
    asked: dict[str, Any] = {"guild_id": GUILD_ID, "user_id": USER_ID, "kind": "control"}
    return await drafts.open(draft.draft_id, **(asked | changes))


def files_in(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


async def test_a_draft_is_there_again_after_a_restart(
    drafts: Drafts, database: Database, folder: Path, clock: FakeClock
) -> None:
    draft = await create(drafts)
    assert 0 < len(draft.draft_id) <= 20
    again = Drafts(database, folder, clock)
    assert await reopen(again, draft) == draft
    assert again.path(draft, "map.png").read_bytes() == PICTURE


async def test_nobody_but_the_bots_user_can_read_the_files(drafts: Drafts, folder: Path) -> None:
    draft = await create(drafts)
    for path in (folder, folder / draft.draft_id):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700


async def test_a_file_is_read_from_its_beginning(drafts: Drafts) -> None:
    file = io.BytesIO(PICTURE)
    file.seek(0, os.SEEK_END)
    draft = await create(drafts, files={"map.png": file})
    assert drafts.path(draft, "map.png").read_bytes() == PICTURE


@pytest.mark.parametrize("other", [{"guild_id": 1}, {"user_id": 1}, {"kind": "preset"}])
async def test_a_draft_opens_for_its_member_and_panel_only(drafts: Drafts, other: dict[str, Any]) -> None:
    draft = await create(drafts)
    with pytest.raises(DraftGone):
        await reopen(drafts, draft, **other)


@pytest.mark.parametrize("draft_id", ["", "nobody", "../easel.db", "x" * 64])
async def test_an_id_that_is_not_ours_opens_and_removes_nothing(drafts: Drafts, folder: Path, draft_id: str) -> None:
    await create(drafts)
    (folder.parent / "easel.db").mkdir()
    with pytest.raises(DraftGone):
        await drafts.open(draft_id, guild_id=GUILD_ID, user_id=USER_ID, kind="control")
    await drafts.discard(draft_id)
    assert len(files_in(folder)) == 1
    assert (folder.parent / "easel.db").exists()


async def test_after_an_hour_untouched_it_is_gone(drafts: Drafts, clock: FakeClock) -> None:
    draft = await create(drafts)
    clock.advance(3599)
    draft = await drafts.change(draft, {"strength": 0.7})
    clock.advance(3600)
    assert (await reopen(drafts, draft)).content == {"strength": 0.7}
    clock.advance(1)
    with pytest.raises(DraftGone):
        await reopen(drafts, draft)


async def test_a_change_replaces_the_content_and_the_files_given(drafts: Drafts, folder: Path) -> None:
    files = {"map.png": io.BytesIO(b"old"), "input.png": io.BytesIO(PICTURE)}
    draft = await create(drafts, files=files)
    changed = await drafts.change(draft, {"n": 1}, {"map.png": io.BytesIO(b"new")})
    assert changed == await reopen(drafts, draft)
    assert drafts.path(changed, "map.png").read_bytes() == b"new"
    assert drafts.path(changed, "input.png").read_bytes() == PICTURE
    assert files_in(folder) == [f"{draft.draft_id}/input.png", f"{draft.draft_id}/map.png"]


async def test_a_draft_without_files_may_get_one_later(drafts: Drafts, folder: Path) -> None:
    draft = await create(drafts, files=None)
    assert not folder.exists()
    await drafts.change(draft, {}, {"map.png": io.BytesIO(PICTURE)})
    assert files_in(folder) == [f"{draft.draft_id}/map.png"]


async def test_changing_a_draft_that_is_gone_leaves_nothing(drafts: Drafts, folder: Path) -> None:
    draft = await create(drafts)
    await drafts.discard(draft.draft_id)
    assert files_in(folder) == []
    with pytest.raises(DraftGone):
        await drafts.change(draft, {}, {"map.png": io.BytesIO(PICTURE)})
    assert files_in(folder) == []


async def test_of_two_presses_one_makes_a_job(drafts: Drafts, database: Database) -> None:
    draft = await create(drafts)
    presses = [database.write(lambda c: rows.take(c, draft.draft_id)) for _ in range(2)]
    answers = await asyncio.gather(*presses, return_exceptions=True)
    assert [type(answer) for answer in answers] == [type(None), DraftGone]
    with pytest.raises(DraftGone):
        await reopen(drafts, draft)


@pytest.mark.parametrize("name", ["../map.png", "map", "a/b.png", "Map.png", ".png", "map.png.partial", ""])
async def test_a_files_name_is_a_plain_one(drafts: Drafts, name: str) -> None:
    draft = await create(drafts)
    with pytest.raises(ValueError, match="no name for a draft's file"):
        drafts.path(draft, name)


async def test_an_eleventh_draft_takes_the_oldest_ones_place_and_files(
    drafts: Drafts, folder: Path, clock: FakeClock
) -> None:
    made = []
    for _ in range(rows.PER_MEMBER_MAX + 1):
        made.append(await create(drafts))
        clock.advance(1)
    with pytest.raises(DraftGone):
        await reopen(drafts, made[0])
    await reopen(drafts, made[1])
    assert files_in(folder) == sorted(f"{draft.draft_id}/map.png" for draft in made[1:])


async def test_the_sweep_takes_what_is_old_and_litter_and_leaves_the_rest(
    drafts: Drafts, database: Database, folder: Path, clock: FakeClock
) -> None:
    assert await drafts.sweep() == 0  # before there is a folder
    old, bare, used = await create(drafts), await create(drafts, files=None), await create(drafts)
    (folder / "lost+found").mkdir()
    clock.advance(3000)
    young = await create(drafts)
    await database.write(lambda c: rows.take(c, used.draft_id))
    clock.advance(601)
    assert await drafts.sweep() == 2
    # The press that used one up may still be putting its picture on the card.
    assert files_in(folder) == sorted(f"{draft.draft_id}/map.png" for draft in (used, young))
    clock.advance(900)
    assert await drafts.sweep() == 0
    assert files_in(folder) == [f"{young.draft_id}/map.png"]
    assert (folder / "lost+found").exists()
    for gone in (old, bare):
        with pytest.raises(DraftGone):
            await reopen(drafts, gone)
    await reopen(drafts, young)


async def test_a_draft_that_is_being_worked_on_keeps_its_files(drafts: Drafts, folder: Path, clock: FakeClock) -> None:
    draft = await create(drafts)
    for _ in range(5):
        clock.advance(3000)
        draft = await drafts.change(draft, {})
        assert await drafts.sweep() == 0
    assert files_in(folder) == [f"{draft.draft_id}/map.png"]


async def test_a_full_disk_keeps_nothing_of_a_new_draft(drafts: Drafts, database: Database, folder: Path) -> None:
    with _disk_full(), pytest.raises(StorageUnavailable, match="files could not be kept"):
        await create(drafts, files={"a.png": io.BytesIO(b"small"), "b.png": io.BytesIO(TOO_LARGE)})
    assert list(folder.iterdir()) == []
    row = await database.fetch_one("SELECT count(*) AS drafts FROM drafts")
    assert row is not None
    assert row["drafts"] == 0


async def test_a_full_disk_leaves_a_changed_draft_as_it_was(drafts: Drafts, folder: Path) -> None:
    draft = await create(drafts, files={"a.png": io.BytesIO(b"old"), "b.png": io.BytesIO(b"old")})
    with _disk_full(), pytest.raises(StorageUnavailable, match="files could not be kept"):
        await drafts.change(draft, {}, {"a.png": io.BytesIO(b"new"), "b.png": io.BytesIO(TOO_LARGE)})
    assert await reopen(drafts, draft) == draft
    assert {drafts.path(draft, name).read_bytes() for name in ("a.png", "b.png")} == {b"old"}
    assert files_in(folder) == [f"{draft.draft_id}/a.png", f"{draft.draft_id}/b.png"]


async def test_a_folder_that_can_not_be_written_is_said_so(drafts: Drafts, database: Database, folder: Path) -> None:
    folder.parent.mkdir()
    folder.write_text("a file is in the way")
    with pytest.raises(StorageUnavailable, match="could not be kept"):
        await create(drafts)
    row = await database.fetch_one("SELECT count(*) AS drafts FROM drafts")
    assert row is not None
    assert row["drafts"] == 0


@contextmanager
def _disk_full() -> Iterator[None]:
    """The kernel refuses longer files, in the middle of a write, as it does on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (ROOM_BYTES, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
