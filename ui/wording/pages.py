"""Pages to read: `/help` and `/about`."""

from ui import text
from ui.language import _, ngettext
from ui.wording import admin, commands, filters, history, images, presets, privacy, strikes


def help_page() -> str:
    """What `/help` shows."""
    return "\n\n".join(
        (
            _("### 🎨 Easel makes pictures from words")
            + "\n"
            + _(
                "Type `/imagine` and say what you want to see. A card shows your place in line; a few seconds later "
                "the same message becomes the picture."
            ),
            _("**Commands**") + "\n" + _command_list(),
            _("**Good to know**") + "\n" + _hints(),
        )
    )


def about_page(version: str, price_micros: int, retention_days: int) -> str:
    """What `/about` shows."""
    kept = ngettext(
        "**Privacy** · I forget your prompts {count} day after a request has ended.",
        "**Privacy** · I forget your prompts {count} days after a request has ended.",
        retention_days,
    ).format(count=retention_days)
    return "\n\n".join(
        (
            f"### 🖼️ Easel {version}\n" + _("A self-hosted picture bot. The pictures are made by Flux.1-dev at Pixazo."),
            _(
                "**Cost** · {price} a picture, paid by this bot's operator. Limits for each member, each server and "
                "the whole bot keep it affordable: see `/quota`."
            ).format(price=text.money(price_micros)),
            _(
                "**Safety** · Every picture goes through a safety check before anybody sees it, and one that fails "
                "or can't be checked is held back. It was made and is charged all the same. Plain or very dark "
                "pictures are held back too, so it means nothing about you."
            ),
            kept
            + " "
            + _(
                "Its settings, its cost and Discord's ids of you, the server and the channel stay in the accounts. "
                "The prompt goes to the picture service, your name does not. I train nothing with any of it."
            ),
        )
    )


def _command_list() -> str:
    described = {
        "imagine": commands.IMAGINE,
        "control": images.CONTROL,
        "reference": images.REFERENCE,
        "preset": presets.GROUP,
        "queue": commands.QUEUE,
        "history": history.HISTORY,
        "favourites": history.FAVOURITES,
        "show": history.SHOW,
        "quota": commands.QUOTA,
        "notify": history.NOTIFY,
        "privacy": privacy.GROUP,
        "filter": filters.GROUP,
        "mod": strikes.GROUP,
        "admin": admin.GROUP,
        "about": commands.ABOUT,
    }
    return "\n".join(f"`/{name}` · {_(description)}" for name, description in described.items())


def _hints() -> str:
    hints = (
        _("Below each picture: **Reroll** makes it anew, **Edit…** changes the words, **Details** shows all settings."),
        _("On any message with an image: **Apps → Remix image** makes another from it."),
        _("The same prompt, settings and `seed` give the same picture again: the seed is below each picture."),
        _("A request can be cancelled for free while it waits in line, by you or a moderator."),
        _("Something is wrong with a picture? **Report** tells the people in charge."),
        _("Moderators can delete any of my messages; I never post a deleted picture again."),
    )
    return "\n".join(f"• {hint}" for hint in hints)
