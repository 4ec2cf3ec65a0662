"""What is wrong with the value of an option, and what it may be instead."""

from typing import Final

from errors import InvalidOption
from ui import text
from ui.language import N_, _, ngettext
from ui.wording import images, presets

# The provider's parameters by the names of the options that set them.
_OPTIONS: Final = {
    "negative_prompt": "negative",
    "image_size": "size",
    "num_images": "count",
    "num_inference_steps": "steps",
    "guidance_scale": "guidance",
    "output_format": "format",
    "loras": "lora",
}
# Of what a member or an admin wrote, so much is repeated.
_SHOWN_CHARACTERS: Final = 60

# By the problem's code; each says what happened and what to do.
_PROBLEMS: Final = {
    "empty": N_("{option} is empty. Fill it in and try again."),
    "control_characters": N_(
        "{option} contains invisible control characters, as copied text sometimes does. Type it anew and try again."
    ),
    "not_a_choice": N_("{option} can't be used like this. Pick one of the choices that the command offers."),
    "no_number": N_("{option} must be a number. Change it and try again."),
    "conflict": N_("{option} and {other_option} can't be used together. Leave one of them out."),
    "not_used": N_("{option} has no effect with **{other}**. Leave it out and try again."),
    "needed": N_("**{other}** can't do without {option}. Add it and try again."),
    "bad_name": N_(
        "{option} must begin with a letter or a digit, and can hold letters, digits, spaces and simple punctuation. "
        "Pick another name."
    ),
    "unknown_placeholder": N_(
        "{option} has **{other}** in it, which I can't fill in. Only `{{prompt}}` has a meaning in braces: it stands "
        "for what is typed later."
    ),
    "no_placeholder": N_(
        "{option} must have `{{prompt}}` in it, exactly once: that is where what is typed later goes."
    ),
    "too_many": N_("{option} can hold {high} at most. Leave out the rest."),
    "guild_limit": N_("In this server, {option} can be {high} at most. Ask for fewer, and again if you want more."),
    "twice": N_("{option} has the same one twice. Leave one of them out."),
    "unknown": N_("There is nothing called **{other}** for {option}. Pick from the list that appears as you type."),
    "bad_path": N_(
        "{option} is neither a Hugging Face repository (`owner/name`) nor an https address of a model's file. "
        "Check it and try again."
    ),
    "host_not_listed": N_(
        "{option} is on **{other}**, and models may not be fetched from there. Use a Hugging Face repository, "
        "or ask this bot's operator to allow that host."
    ),
    "built_in": N_("**{other}** is built in, so it can't be deleted. `/preset edit` makes a copy of it that is yours."),
    "unknown_zone": N_(
        "I know no time zone of that name. Write it as continent and city, such as `Europe/Berlin` or "
        "`America/New_York`."
    ),
    "no_period": N_(
        "{option} isn't a time that I can report on. Write *this month*, *last month*, *today* or *last 12 months*, or "
        "a month such as `2026-10`, a day such as `2026-10-31`, or a year. What is still to come can't be shown."
    ),
    "too_much": N_(
        "That spreadsheet is too large to be sent here, even packed. Ask for less at once, such as the {option} "
        "`{other}`: its pages have a button for that."
    ),
    "changed": N_("{option} isn't there any more: it was changed or deleted meanwhile. Pick another from the list."),
    "negative": N_("{option} can't be less than zero. A cap of 0 means that nobody whom it is for can make pictures."),
    "zero": N_("{option} can't be 0: that would change nothing."),
    "not_whole": N_("{option} counts pictures, so it must be a whole number, such as 20."),
    "no_count": N_("{option} counts pictures here, so it must be a whole number, such as 20, and no amount of money."),
    "no_amount": N_("{option} must be an amount in US dollars: 5, $5, 5 USD or 5.50."),
    "ambiguous": N_(
        "{option} can be read in two ways. Write it without a sign between the thousands, and with at most two digits "
        "after the point: 1000 or 1000.50."
    ),
    "amount_too_high": N_("{option} can be {amount} at most."),
    "above_ceiling": N_(
        "{option} can be {amount} at most: that is the ceiling that this bot's operator set for this server, and only "
        "they can raise it."
    ),
    "only_for_server": N_(
        "{option}: only the whole server has this cap. Leave `member`, `role` and `channel` out, or pick a cap of "
        "members."
    ),
    "more_than_granted": N_("{option} would take back more than was granted for that time: {amount}."),
    "not_here": N_("{option} is not in this server (any more), so it can be given nothing."),
    "no_duration": N_("{option} is a length of time, such as `2h`, `3d` or `1w`. Leave it out for until it is lifted."),
    "duration_range": N_("{option} can be a minute at least and a year at most. Leave it out for until it is lifted."),
    "a_bot": N_("{option} is a bot, and bots make no pictures here."),
    "yourself": N_("{option} is yourself. Pick somebody else."),
    "bad_ladder": N_(
        "{option} is up to {high} steps with commas between them: `warn`, lengths of time such as `1h` or `7d`, and as "
        "the last one `moderators`."
    ),
    "needs_moderators": N_(
        "Pictures can wait for a moderator only where I can show them: choose a moderators' channel first, on the page "
        "*Start*."
    ),
    "wanted_for_reviews": N_(
        "Pictures wait for moderators in this server, and that channel is where I show them. Choose another channel "
        "instead, or let pictures go up at once first, on the page *Moderation*."
    ),
    "one_of": N_("Say either {option} or {other_option}."),
}
# Problems whose bound is an amount of money.
_OF_MONEY: Final = frozenset({"amount_too_high", "above_ceiling"})


def invalid_option(error: InvalidOption) -> str:
    """Why the value of an option can't be used, and which would do."""
    other = error.other or ""
    return _words(error).format(
        option=option_name(error.option),
        other=_shown_other(error),
        other_option=option_name(other),
        low="?" if error.low is None else text.bound(error.low),
        high="?" if error.high is None else text.bound(error.high),
        amount=_amount(error),
    )


def option_name(parameter: str) -> str:
    """A parameter of the provider under the name that members know it by: a command's option, or a form's field."""
    if parameter in presets.LABELS and parameter not in _OPTIONS:
        return f"**{presets.label(parameter)}**"
    return f"`{_OPTIONS.get(parameter, parameter)}`"


def _amount(error: InvalidOption) -> str:
    """The bound of a cap or grant in what it counts."""
    if error.high is None:
        return "?"
    is_money = error.problem in _OF_MONEY or error.option == "usd"
    return text.money(int(error.high)) if is_money else text.bound(error.high)


def _shown_other(error: InvalidOption) -> str:
    if error.problem == "unknown_zone":  # names of our own list, to be copied as they are
        return ", ".join(f"`{name}`" for name in (error.other or "").split(", "))
    return text.escaped(text.shortened(text.one_line(_other_name(error)), _SHOWN_CHARACTERS))


def _other_name(error: InvalidOption) -> str:
    """What the other one is called: modes have names besides their keys, which a LoRA or a preset may be called too."""
    other = error.other or ""
    return images.name_of(other) if error.problem in {"not_used", "needed"} else other


def _words(error: InvalidOption) -> str:
    """The words of the problem with its values still to be filled in."""
    match error.problem:
        case "too_long":
            return ngettext(
                "{option} can have {high} character at most. Shorten it and try again.",
                "{option} can have {high} characters at most. Shorten it and try again.",
                int(error.high or 0),
            )
        case "out_of_range" if error.low_excluded:
            return _("{option} must be above {low} and at most {high}. Change it and try again.")
        case "out_of_range":
            return _("{option} must be from {low} to {high}. Change it and try again.")
        case "conflict" if error.option == "start":
            return _("{option} must be lower than {other_option}. Change one of them and try again.")
        case "unknown_zone" if error.other:
            return _(
                "I know no time zone of that name. Did you mean one of these? {other}\n"
                "Write it like that and try again."
            )
        case "unknown" if not (error.other or "").strip():
            nothing_named = _PROBLEMS["empty"]  # within `_()`, the key itself would be taken for a message
            return _(nothing_named)
        case "unknown" if error.option in {"lora", "loras"}:
            return _("This server has no LoRA called **{other}**. Pick another, or ask an admin to add it.")
        case "empty" if error.option == "prompt":
            return _("{option} is empty. Say in a few words what the picture should show.")
        case _:
            return _(_PROBLEMS.get(error.problem, _PROBLEMS["not_a_choice"]))
