"""Words of a finished picture's buttons, of the forms that they open, and of the message menus."""

from typing import Final

from ui import text
from ui.language import N_, _

# Of the menu on a message: names to Discord, which shows them in the member's language.
MENU_REMIX: Final = N_("Remix image")
MENU_RECIPE: Final = N_("Show recipe")
MENU_REPORT: Final = N_("Report image")


def reroll() -> str:
    """The button that makes it again with a new seed."""
    return _("Reroll")


def edit() -> str:
    """The button that opens the words and the seed for changing."""
    return _("Edit…")


def use() -> str:
    """The button that makes another picture from this one."""
    return _("Use as reference")


def favourite() -> str:
    """The button that puts it among the member's favourites, or takes it out."""
    return _("Favourite")


def details() -> str:
    """The button that shows every setting in private."""
    return _("Details")


def report() -> str:
    """The button that tells the moderators of it."""
    return _("Report")


def delete() -> str:
    """The button that takes it off the channel."""
    return _("Delete")


def edit_title() -> str:
    """The headline of the form that changes a request."""
    return _("Change it and make it again")


def edit_prompt() -> str:
    """The field of the words."""
    return _("Prompt")


def edit_negative() -> str:
    """The field of what to steer away from."""
    return _("Negative prompt")


def edit_own_negative() -> str:
    """Below that field, for whoever wrote what stands in it."""
    return _("What to steer away from; only you can see it.")


def edit_others_negative() -> str:
    """Below that field, where what the author wrote stays private."""
    return _("Leave it empty to keep the author's own, if there is one: that stays private.")


def edit_seed() -> str:
    """The field of the seed."""
    return _("Seed")


def edit_seed_hint() -> str:
    """Below the seed."""
    return _("The picture's own. Empty it for a new one.")


def edit_count() -> str:
    """The field of the number of pictures."""
    return _("How many pictures")


def edit_count_hint(price_micros: int) -> str:
    """Below the number of pictures."""
    return _("{price} each").format(price=text.money(price_micros))


def use_title() -> str:
    """The headline of the form that makes a picture from a finished one."""
    return _("Make a picture from this one")


def remix_title() -> str:
    """The headline of the form that makes a picture from one in a message."""
    return _("Make a picture from that one")


def use_picture() -> str:
    """The choice among several pictures."""
    return _("Which picture")


def picture_number(number: int) -> str:
    """One of several pictures, counted from 1."""
    return _("Picture {number}").format(number=number)


def use_kind() -> str:
    """The choice of what to take from the picture."""
    return _("What to take from it")


def use_prompt() -> str:
    """The field of the new picture's words."""
    return _("What the new picture should show")


def use_strength() -> str:
    """The field of how strongly the picture acts."""
    return _("Strength")


def use_strength_hint() -> str:
    """Below the strength; each kind has its own range."""
    return _("Usually 0.3 to 1; empty for what works best.")


def report_title() -> str:
    """The headline of the form that reports a picture."""
    return _("Report this picture")


def report_reason() -> str:
    """The field of the reason."""
    return _("What is wrong with it?")


def report_hint() -> str:
    """Below the reason."""
    return _("A few words; the member who made it doesn't see them.")


def reported() -> str:
    """Confirms a report."""
    return _("Thank you. Your report is with the people who look after this bot.")


def reported_to_moderators() -> str:
    """Confirms a report where this server's moderators see it."""
    return _("Thank you. Your report is with the moderators of this server.")


def reported_before() -> str:
    """Said to a second report of the same picture by the same member."""
    return _("You have reported this one before; that report is kept.")


def favourite_added() -> str:
    """Confirms that it is among the favourites."""
    return _("⭐ Added to your favourites: `/favourites` shows them. Press again to take it out.")


def favourite_removed() -> str:
    """Confirms that it is no longer among the favourites."""
    return _("Taken out of your favourites.")


def deleted() -> str:
    """Confirms that the card is gone."""
    return _("Deleted. I won't post it again.")


def not_deleted() -> str:
    """Said where Discord does not let the bot delete its own message."""
    return _("Discord doesn't let me delete this message: I can't reach the channel. Ask a moderator to delete it.")


def not_deleted_now() -> str:
    """Said where Discord did not take the deletion this time."""
    return _("Discord didn't take that just now. Try again in a moment.")


def remix_gone() -> str:
    """Said where a picture from a message can't be fetched any more."""
    return _(
        "That picture isn't on Discord any more, or its address has run out. "
        "If you still see it, use *Remix image* on the message again."
    )


def not_mine() -> str:
    """Said of a message that is no card."""
    return _("I only know the recipes of pictures that I made. Use this on one of my messages with a picture.")
