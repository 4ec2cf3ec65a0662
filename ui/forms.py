"""Forms that members fill in (Discord calls them modals), without anything being kept between opening and sending off.

A form is recognised by its custom id alone, as buttons are, and its fields by theirs: it is answered after a restart
as before. What comes back is read from the payload as it is, since a modified client may send anything.
"""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import discord

from ui import answers, text
from ui.buttons import custom_id_of

# Discord's limits; a text beyond one of them would make it refuse the whole form, so it is cut instead.
TITLE_CHARACTERS: Final = 45
LABEL_CHARACTERS: Final = 45
DESCRIPTION_CHARACTERS: Final = 100
TEXT_PLACEHOLDER_CHARACTERS: Final = 100
SELECT_PLACEHOLDER_CHARACTERS: Final = 150
TEXT_CHARACTERS: Final = 4000
FIELDS: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class TextField:
    """A line, or with `paragraph` several, of at most `longest` characters.

    `value` stands in it already; what of it is beyond `longest` is cut off. `description` is a hint below the label.
    """

    name: str
    label: str
    value: str = ""
    placeholder: str | None = None
    description: str | None = None
    required: bool = False
    longest: int = TEXT_CHARACTERS
    paragraph: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectField:
    """A menu of one to 25 options, of which up to `most` can be chosen; those with `default` are chosen already."""

    name: str
    label: str
    options: Sequence[discord.SelectOption]
    placeholder: str | None = None
    description: str | None = None
    required: bool = False
    most: int = 1


class Form(discord.ui.Modal):
    """One to five fields under a title.

    It is stopped from the start, so that discord.py, which keeps a form only while it is not, keeps nothing of it in
    memory. Must be made inside of the event loop, and sent with `show_form`.
    """

    def __init__(self, action: str, argument: str, *, title: str, fields: Sequence[TextField | SelectField]) -> None:
        """Raises ValueError where there are no fields or more than five, or for a custom id that is none of ours."""
        if not 1 <= len(fields) <= FIELDS:
            raise ValueError(f"a form has 1 to {FIELDS} fields, not {len(fields)}")
        super().__init__(
            title=text.shortened(title, TITLE_CHARACTERS), timeout=None, custom_id=custom_id_of(action, argument)
        )
        for field in fields:
            self.add_item(_labelled(field))
        self.stop()


class FormValues:
    """What a member put into a form's fields, read from the `data` of the interaction.

    Nothing here raises: a field that is missing, or holds what it can't hold, counts as left empty.
    """

    def __init__(self, data: object) -> None:
        components = data.get("components") if isinstance(data, dict) else None
        self._fields: dict[str, dict[Any, Any]] = {}
        for field in _fields_in(components):
            self._fields.setdefault(field["custom_id"], field)

    def text(self, name: str) -> str:
        """The text in a field, without the blanks around it."""
        value = self._fields.get(name, {}).get("value")
        return value.strip() if isinstance(value, str) else ""

    def choice(self, name: str) -> str | None:
        """The value chosen in a select, the first where there are several; it need not be among the options."""
        return next(iter(self.choices(name)), None)

    def choices(self, name: str) -> tuple[str, ...]:
        """Every value chosen in a select, in the order of its options."""
        values = self._fields.get(name, {}).get("values")
        return tuple(value for value in values if isinstance(value, str)) if isinstance(values, list) else ()


async def show_form(interaction: discord.Interaction[Any], form: Form) -> None:
    """Answer with the form. It has to be the first answer: an interaction that was deferred takes no form any more.

    Raises what `ui.answers.report` words.
    """
    async with asyncio.timeout(answers.SEND_SECONDS):
        await answers.respond(interaction.response.send_modal(form))


def _labelled(field: TextField | SelectField) -> discord.ui.Label[Any]:
    component: discord.ui.Item[Any] = _text_input(field) if isinstance(field, TextField) else _select(field)
    return discord.ui.Label(
        text=text.shortened(field.label, LABEL_CHARACTERS),
        description=_cut(field.description, DESCRIPTION_CHARACTERS),
        component=component,
    )


def _text_input(field: TextField) -> discord.ui.TextInput[Any]:
    return discord.ui.TextInput(
        custom_id=field.name,
        style=discord.TextStyle.paragraph if field.paragraph else discord.TextStyle.short,
        default=field.value[: field.longest] or None,
        placeholder=_cut(field.placeholder, TEXT_PLACEHOLDER_CHARACTERS),
        required=field.required,
        max_length=field.longest,
    )


def _select(field: SelectField) -> discord.ui.Select[Any]:
    return discord.ui.Select(
        custom_id=field.name,
        options=list(field.options),
        placeholder=_cut(field.placeholder, SELECT_PLACEHOLDER_CHARACTERS),
        required=field.required,
        min_values=1 if field.required else 0,
        max_values=field.most,
    )


def _cut(words: str | None, limit: int) -> str | None:
    return text.shortened(words, limit) if words else None


def _fields_in(components: object) -> Iterator[dict[Any, Any]]:
    """Everything with a custom id, whatever it is nested in: labels hold one component, action rows several."""
    waiting = [components]
    while waiting:
        found = waiting.pop()
        if isinstance(found, list):
            waiting.extend(reversed(found))
        elif isinstance(found, dict):
            if isinstance(found.get("custom_id"), str):
                yield found
            waiting += [found.get("components"), found.get("component")]
