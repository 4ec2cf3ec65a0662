"""The buttons below a finished picture. Each names its job, so all of them work after a restart."""

from typing import Any, Final

import discord

from ui.buttons import ActionButton
from ui.wording import results

REROLL_ACTION: Final = "reroll"
EDIT_ACTION: Final = "edit"
USE_ACTION: Final = "use"
FAVOURITE_ACTION: Final = "favourite"
DETAILS_ACTION: Final = "details"
REPORT_ACTION: Final = "report"
DELETE_ACTION: Final = "delete"


def result_buttons(job_id: str) -> tuple[discord.ui.ActionRow[Any], ...]:
    """Two rows: what members do next, and what is for the exception."""
    return (
        discord.ui.ActionRow(
            ActionButton(REROLL_ACTION, job_id, label=results.reroll(), emoji="🎲"),
            ActionButton(EDIT_ACTION, job_id, label=results.edit(), emoji="✏️"),
            ActionButton(USE_ACTION, job_id, label=results.use(), emoji="🖼️"),
            ActionButton(FAVOURITE_ACTION, job_id, label=results.favourite(), emoji="⭐"),
        ),
        discord.ui.ActionRow(
            ActionButton(DETAILS_ACTION, job_id, label=results.details()),
            ActionButton(REPORT_ACTION, job_id, label=results.report()),
            delete_button(job_id),
        ),
    )


def again_buttons(job_id: str) -> discord.ui.ActionRow[Any]:
    """Where there are no pictures (any more): the request can be made again, changed, looked at or deleted."""
    return discord.ui.ActionRow(
        ActionButton(REROLL_ACTION, job_id, label=results.reroll(), emoji="🎲"),
        ActionButton(EDIT_ACTION, job_id, label=results.edit(), emoji="✏️"),
        ActionButton(DETAILS_ACTION, job_id, label=results.details()),
        delete_button(job_id),
    )


def delete_button(job_id: str) -> ActionButton:
    """Takes the message off the channel, for its author or a moderator."""
    return ActionButton(DELETE_ACTION, job_id, label=results.delete())
