"""Small durable facts."""

from pathlib import Path

from storage.database import Database
from storage.meta import Meta
from tests.support import OpenDatabase


async def test_what_was_never_put_is_not_there(database: Database) -> None:
    assert await Meta(database).get("commands") is None


async def test_the_latest_text_stays_also_over_a_restart(tmp_path: Path, open_database: OpenDatabase) -> None:
    database = await open_database(tmp_path / "easel.db")
    for text in ("first", "second"):
        await Meta(database).put("commands", text)
    await Meta(database).put("other", "x")
    await database.close()
    again = await open_database(tmp_path / "easel.db")
    assert await Meta(again).get("commands") == "second"
    await again.close()
