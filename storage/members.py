"""What members prefer, wherever they meet the bot."""

import sqlite3

from models import Notify
from storage.database import Database


async def notify_of(database: Database, user_id: int) -> Notify:
    """When the member wants to be told that a job is done. Raises StorageUnavailable."""
    row = await database.fetch_one("SELECT notify FROM members WHERE user_id = ?", (user_id,))
    return Notify.AUTO if row is None else Notify(row["notify"])


def set_notify(connection: sqlite3.Connection, user_id: int, notify: Notify) -> None:
    """Keep when the member wants to be told that a job is done."""
    connection.execute(
        "INSERT INTO members (user_id, notify) VALUES (?, ?) ON CONFLICT DO UPDATE SET notify = excluded.notify",
        (user_id, notify),
    )
