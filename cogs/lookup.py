"""Finding the request that somebody means: by its id, or by the link to its message."""

import re
from typing import Final

from errors import JobNotFound
from generation.history import History
from models import Job

# A link to a message is 90 characters or so.
WANTED_CHARACTERS: Final = 200

_MESSAGE_LINK: Final = re.compile(
    r"https://(?:\w+\.)?discord(?:app)?\.com/channels/\d{1,19}/\d{1,19}/(?P<message>\d{1,19})/?"
)


async def job_named(history: History, guild_id: int, wanted: str) -> Job:
    """The guild's job of that id, or whose card the link leads to. Raises JobNotFound."""
    wanted = wanted.strip().strip("`")
    link = _MESSAGE_LINK.fullmatch(wanted)
    if link is None:
        return await history.job_for(guild_id, wanted)
    found = await history.job_of_message(guild_id, int(link["message"]))
    if found is None:
        raise JobNotFound(wanted)
    return found
