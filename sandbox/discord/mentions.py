"""Who a message mentions: what its text names, as far as allowed_mentions lets it."""

import re
from typing import Final

from sandbox.discord.channels import Conversation
from sandbox.discord.errors import Json
from sandbox.discord.form import Form, read_snowflake
from sandbox.discord.messages import Draft, Mentions, walk_components

KINDS: Final = ("users", "roles", "everyone")
USER_MENTION: Final = re.compile(r"<@!?(\d+)>")
ROLE_MENTION: Final = re.compile(r"<@&(\d+)>")
EVERYONE_MENTION: Final = re.compile(r"@(everyone|here)\b")


def read_mentions(form: Form, channel: Conversation, draft: Draft) -> Mentions:
    """The mentions that take effect; faults in `allowed_mentions` are left with the form."""
    allowed = form.object("allowed_mentions")
    kinds: set[str] = set(KINDS)
    listed: dict[str, set[int]] = {"users": set(), "roles": set()}
    if allowed is not None:
        kinds = _read_kinds(allowed)
        for kind, ids in listed.items():
            ids.update(_read_ids(allowed, kind))
            if ids and kind in kinds:
                allowed.fault(
                    "parse",
                    "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE",
                    f'parse:["{kind}"] and {kind}: [ids...] are mutually exclusive.',
                )
    text = _text(draft.content, draft.components)
    if "@" not in text:
        return Mentions()
    named = (channel.find_user(int(found)) for found in dict.fromkeys(USER_MENTION.findall(text)))
    named_roles = (channel.roles.get(int(found)) for found in dict.fromkeys(ROLE_MENTION.findall(text)))
    return Mentions(
        users=tuple(user for user in named if user and ("users" in kinds or user.id in listed["users"])),
        roles=tuple(role for role in named_roles if role and ("roles" in kinds or role.id in listed["roles"])),
        everyone="everyone" in kinds and EVERYONE_MENTION.search(text) is not None,
    )


def _read_kinds(allowed: Form) -> set[str]:
    kinds: set[str] = set()
    for index, kind in enumerate(allowed.array("parse", maximum=len(KINDS)) or ()):
        if kind in KINDS:
            kinds.add(kind)
        else:
            path = (*allowed.path, "parse", index)
            allowed.problems.add(path, "BASE_TYPE_CHOICES", f"Value must be one of {set(KINDS)}.")
    return kinds


def _read_ids(allowed: Form, kind: str) -> set[int]:
    ids: set[int] = set()
    for index, value in enumerate(allowed.array(kind, maximum=100) or ()):
        snowflake = read_snowflake(value)
        if snowflake is None:
            path = (*allowed.path, kind, index)
            allowed.problems.add(path, "NUMBER_TYPE_COERCE", f'Value "{value}" is not snowflake.')
        else:
            ids.add(snowflake)
    return ids


def _text(content: str | None, components: list[Json] | None) -> str:
    parts = [content or ""]
    parts += [part["content"] for part in walk_components(components or []) if part.get("type") == 10]
    return "\n".join(parts)
