"""Words of the confirming press that a server may want before more is spent."""

from errors import ConfirmationNeeded
from ui import text
from ui.language import _, ngettext
from ui.wording.accounts import pictures


def question(needed: ConfirmationNeeded) -> str:
    """What it costs, what is left, and that nothing happened yet."""
    cost = _("### 💵 {pictures} for {cost}?").format(
        pictures=pictures(needed.images), cost=text.money(needed.cost_micros)
    )
    left = ngettext(
        "You have {count} picture left. This server wants you to confirm before so much is spent.",
        "You have {count} pictures left. This server wants you to confirm before so much is spent.",
        needed.left,
    ).format(count=needed.left)
    return f"{cost}\n{left}\n" + _("-# Nothing was charged yet. The question stands for an hour.")


def confirm(needed: ConfirmationNeeded) -> str:
    """The button that goes on."""
    return _("Make it for {cost}").format(cost=text.money(needed.cost_micros))


def decline() -> str:
    """The button that doesn't."""
    return _("No, thanks")


def declined() -> str:
    """After the second button."""
    return _("Nothing was made and nothing was charged.")


def started() -> str:
    """After the first button: the card is a message of its own."""
    return _("✅ Confirmed.")
