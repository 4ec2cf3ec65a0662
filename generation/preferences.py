"""What members prefer, wherever they meet the bot."""

from models import Notify
from storage import members
from storage.database import Database


class Preferences:
    """Every member's own settings; whoever never chose has the defaults."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def notify_of(self, user_id: int) -> Notify:
        """When the member is told that a job is done. Raises StorageUnavailable."""
        return await members.notify_of(self._database, user_id)

    async def choose_notify(self, user_id: int, notify: Notify) -> None:
        """Keep when the member wants to be told that a job is done. Raises StorageUnavailable."""
        await self._database.write(lambda connection: members.set_notify(connection, user_id, notify))
