"""Small facts about the installation itself, such as which commands Discord was last given."""

from typing import Final

from storage.database import Database

# Written by readiness checks, read by nobody: an answer proves that the disk took it.
PROOF_OF_WRITING: Final = "last_proof_of_writing"


class Meta:
    """A durable map from names to texts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, key: str) -> str | None:
        """The text kept under `key`, or None. Raises StorageUnavailable."""
        row = await self._database.fetch_one("SELECT value FROM meta WHERE key = ?", (key,))
        return None if row is None else str(row["value"])

    async def put(self, key: str, value: str) -> None:
        """Keep `value` under `key` in place of whatever was there. Raises StorageUnavailable."""
        await self._database.write(
            lambda connection: connection.execute(
                "INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
                (key, value),
            )
        )
