"""Members' own settings."""

from functools import partial

import pytest

from models import Notify
from storage import members
from storage.database import Database
from tests.builders import USER_ID


@pytest.mark.parametrize("choice", list(Notify))
async def test_a_choice_is_kept_for_its_member_and_the_last_one_counts(database: Database, choice: Notify) -> None:
    assert await members.notify_of(database, USER_ID) is Notify.AUTO
    for chosen in (Notify.NEVER, Notify.ALWAYS, choice):
        await database.write(partial(members.set_notify, user_id=USER_ID, notify=chosen))
    assert await members.notify_of(database, USER_ID) is choice
    assert await members.notify_of(database, USER_ID + 1) is Notify.AUTO
