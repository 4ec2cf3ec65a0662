"""The transcript for terminals (text) and for programs (JSON)."""

import json
from typing import Any

from sandbox.demo.channel import ChannelView, Mark, OpenForm, State
from sandbox.demo.markdown import plain
from sandbox.discord import TranscriptEntry


def as_text(view: ChannelView) -> str:
    """The channel as plain text, with how each message changed over time."""
    head = f"#{view.channel} · {view.guild}"
    return "\n\n".join((head, *(_item(view, item) for item in view.in_order()))) + "\n"


def as_json(view: ChannelView) -> str:
    """The channel as one JSON object; ids are strings, times ISO 8601 in UTC."""
    messages = [_object(view, entry) for entry in view.entries]
    marks = [{"at": mark.at.isoformat(), "text": mark.text} for mark in view.marks]
    whole = {"guild": view.guild, "channel": view.channel, "messages": messages, "marks": marks}
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"


def _item(view: ChannelView, item: TranscriptEntry | OpenForm | Mark) -> str:
    match item:
        case Mark():
            return f"—— {item.text} ——"
        case OpenForm():
            return _form(item)
        case _:
            return _message(view, item)


def _form(form: OpenForm) -> str:
    written = [f"{name}: {value}" for name, value in form.filled_in.items()]
    return "\n          ".join((f"{form.at:%H:%M:%S}  {form.member} fills in a form: {form.modal['title']}", *written))


def _message(view: ChannelView, entry: TranscriptEntry) -> str:
    notes = [
        entry.command,
        f"only {entry.visible_to} sees this" if entry.visible_to else None,
        "deleted" if entry.deleted else None,
    ]
    lines = [f"{entry.at:%H:%M:%S}  {entry.author}  {' · '.join(note for note in notes if note)}".rstrip()]
    lines += plain(entry.text, now=entry.at).split("\n")
    lines += [
        f"[picture {view.files.get(attachment.id, attachment.filename)}, "
        f"{attachment.width}×{attachment.height}: {attachment.description or 'no description'}]"
        for attachment in entry.attachments
    ]
    labels = [f"[ {button.label or button.emoji} ]" for button in entry.buttons]
    lines += [" ".join(labels)] if labels else []
    states = view.states.get(entry.message_id, ())
    if len(states) > 1:
        lines.append(f"({' → '.join(_state(state, states[0]) for state in states)})")
    return "\n          ".join(lines)


def _state(state: State, first: State) -> str:
    words = plain(state.headline, now=state.at)
    return words if state is first else f"{words} {(state.at - first.at).total_seconds():.1f} s"


def _object(view: ChannelView, entry: TranscriptEntry) -> dict[str, Any]:
    return {
        "message_id": str(entry.message_id),
        "author": entry.author,
        "author_is_bot": entry.author_is_bot,
        "at": entry.at.isoformat(),
        "command": entry.command,
        "visible_to": entry.visible_to,
        "deleted": entry.deleted,
        "text": entry.text,
        "buttons": [button.label or button.emoji for button in entry.buttons],
        "pictures": [
            {
                "file": view.files.get(attachment.id),
                "filename": attachment.filename,
                "width": attachment.width,
                "height": attachment.height,
                "bytes": attachment.size_bytes,
                "alt_text": attachment.description,
            }
            for attachment in entry.attachments
        ],
        "states": [
            {"at": state.at.isoformat(), "headline": state.headline} for state in view.states.get(entry.message_id, ())
        ],
    }
