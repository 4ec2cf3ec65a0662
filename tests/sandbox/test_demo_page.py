"""The transcript as a page, as text and as JSON, from messages that a bot could have sent."""

import base64
import html
import io
import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
from PIL import Image

from sandbox.demo.channel import ChannelView, Mark, OpenForm, State
from sandbox.demo.client_language import GERMAN
from sandbox.demo.page import render, render_alone
from sandbox.demo.plain import as_json, as_text
from sandbox.discord import Attachment, Button, TranscriptEntry

AT = datetime(2026, 11, 22, 10, 30, tzinfo=UTC)
HOSTILE = '<script>alert("1")</script>'
VOID = frozenset({"br", "img", "hr", "meta"})


class WellFormed(HTMLParser):
    """Follows the tags of a page; each must be closed by its own end."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def picture(number: int, *, size: tuple[int, int] = (1600, 800), name: str = "a.png") -> Attachment:
    buffer = io.BytesIO()
    Image.new("RGB", size, (number * 20 % 256, 90, 140)).save(buffer, "PNG")
    return Attachment(number, 1, name, buffer.getvalue(), description="A generated picture")


def message(
    *components: dict[str, Any],
    attachments: Sequence[Attachment] = (),
    text: str = "",
    author: str = "Easel",
    command: str | None = "ada used /imagine",
    visible_to: str | None = None,
    deleted: bool = False,
    buttons: Sequence[Button] = (),
) -> TranscriptEntry:
    return TranscriptEntry(
        message_id=77,
        channel="art",
        author=author,
        author_is_bot=author == "Easel",
        at=AT,
        edits=0,
        deleted=deleted,
        visible_to=visible_to,
        command=command,
        replies_to=None,
        text=text,
        components=components,
        buttons=tuple(buttons),
        attachments=tuple(attachments),
    )


def view(
    *entries: TranscriptEntry,
    files: Mapping[int, str] | None = None,
    states: Sequence[State] = (),
    marks: Sequence[Mark] = (),
    channel: str = "art",
    **more: Any,
) -> ChannelView:
    return ChannelView(
        **more,
        guild="Studio",
        channel=channel,
        names={},
        entries=entries,
        states={77: tuple(states)},
        files=files or {},
        marks=tuple(marks),
    )


def text(content: str) -> dict[str, Any]:
    return {"type": 10, "content": content}


def gallery(*pictures: Attachment) -> dict[str, Any]:
    items = [{"media": {"attachment_id": str(one.id)}, "description": one.description} for one in pictures]
    return {"type": 12, "items": items}


def form(words: str) -> dict[str, Any]:
    """A modal with a text input and a menu."""
    options = [{"label": f"{words} {number}", "value": str(number), "default": number == 1} for number in (1, 2)]
    text_input = {"type": 4, "custom_id": "words", "style": 2, "value": words, "placeholder": words, "required": True}
    return {
        "title": words,
        "components": [
            {"type": 18, "label": words, "description": words, "component": text_input},
            {"type": 18, "label": words, "component": {"type": 3, "custom_id": "menu", "options": options}},
        ],
    }


def tags_of(page: str) -> list[str]:
    parser = WellFormed()
    parser.feed(page)
    assert parser.open == []
    return parser.seen


def test_everything_anybody_wrote_is_escaped() -> None:
    hostile_picture = Attachment(1, 1, HOSTILE, b"no image", description=HOSTILE)
    shown_picture = picture(2)
    shown_picture.description = f'"{HOSTILE}'
    page = render(
        view(
            message(
                {
                    "type": 17,
                    "accent_color": 255,
                    "components": [text(f"### {HOSTILE}"), gallery(hostile_picture, shown_picture)],
                },
                {"type": 1, "components": [{"type": 2, "style": 2, "label": HOSTILE, "custom_id": "x"}]},
                {"type": 13, "file": {"attachment_id": "1"}, "name": HOSTILE},
                {"type": 3, "custom_id": "y", "placeholder": HOSTILE},
                {"type": 3, "custom_id": "z", "options": [{"label": HOSTILE, "value": "1", "default": True}]},
                attachments=[hostile_picture, shown_picture],
                command=f"{HOSTILE} used /{HOSTILE}",
                visible_to=HOSTILE,
            ),
            message(text=HOSTILE, author=HOSTILE, command=None),
            states=[State(at=AT, headline=HOSTILE, pictures=0), State(at=AT, headline=HOSTILE * 2, pictures=0)],
            files={1: f'"{HOSTILE}'},
            marks=[Mark(at=AT, text=HOSTILE)],
            moments=(OpenForm(at=AT, member=HOSTILE, modal=form(HOSTILE), filled_in={"words": HOSTILE}),),
            channel=HOSTILE,
        )
    )
    assert "script" not in tags_of(page)
    assert HOSTILE not in page
    assert html.escape(HOSTILE) in page


def test_container_has_its_accent_bar() -> None:
    page = render(view(message({"type": 17, "accent_color": 0x23A55A, "components": [text("hi")]})))
    assert '<div class="accent" style="background:#23a55a"></div>' in page
    tags_of(page)


@pytest.mark.parametrize(("count", "kind"), [(1, "one"), (2, "two"), (3, "three"), (4, "four"), (5, "many")])
def test_gallery_carries_its_pictures_inside_of_the_page(count: int, kind: str) -> None:
    pictures = [picture(number) for number in range(1, count + 1)]
    page = render(view(message(gallery(*pictures), attachments=pictures), files={1: "01-ada.png"}))
    assert f'<div class="gallery {kind}">' in page
    sources = re.findall(r'src="data:image/webp;base64,([^"]+)"', page)
    assert len(sources) == count
    with Image.open(io.BytesIO(base64.b64decode(sources[0]))) as shown:
        assert (shown.format, shown.size) == ("WEBP", (1000, 500))
    assert page.count('alt="A generated picture"') == count
    assert page.count("<a href=") == 1
    assert 'href="01-ada.png"' in page
    tags_of(page)


def test_page_needs_nothing_from_elsewhere() -> None:
    one = picture(1)
    page = render(view(message(gallery(one), attachments=[one])))
    assert not re.findall(r"""(?:src|href)=["'](?!data:)|@import|url\(""", page)


def test_picture_beside_the_components_is_shown_once() -> None:
    shown, loose = picture(1), picture(2)
    page = render(view(message(gallery(shown), attachments=[shown, loose])))
    assert page.count("<img ") == 2


def test_buttons_show_style_state_and_emoji() -> None:
    buttons = [
        {"type": 2, "style": 4, "label": "Delete", "custom_id": "a"},
        {"type": 2, "style": 2, "label": "Cancel", "custom_id": "b", "disabled": True},
        {"type": 2, "style": 1, "emoji": {"name": "🎨"}, "custom_id": "c"},
    ]
    page = render(view(message({"type": 1, "components": buttons})))
    assert '<span class="button danger">Delete</span>' in page
    assert '<span class="button off">Cancel</span>' in page
    assert '<span class="button primary">🎨</span>' in page


def test_form_shows_what_was_written_and_chosen_else_what_it_was_opened_with() -> None:
    opened = OpenForm(at=AT, member="ada", modal=form("hill"))
    page = render(view(moments=(opened,)))
    assert '<div class="input tall">hill</div>' in page
    assert "<span>hill 1</span>" in page
    written = OpenForm(at=AT, member="ada", modal=form("hill"), filled_in={"words": "vale", "menu": "2"})
    page = render(view(moments=(written,)))
    assert '<div class="input tall">vale</div>' in page
    assert "<span>hill 2</span>" in page
    tags_of(page)
    assert "fills in a form: hill\n          words: vale" in as_text(view(moments=(written,)))


def test_menu_shows_what_is_chosen_or_what_it_asks() -> None:
    menu = {"type": 3, "custom_id": "y", "options": [{"label": "four", "value": "4", "default": True}]}
    page = render(view(message({"type": 1, "components": [menu]})))
    assert "<span>four</span>" in page
    empty = {"type": 3, "custom_id": "y", "placeholder": "pick", "options": [{"label": "four", "value": "4"}]}
    assert '<div class="select empty"><span>pick</span>' in render(view(message({"type": 1, "components": [empty]})))


def test_thumbnail_shows_a_picture_of_another_message_by_its_address() -> None:
    elsewhere = picture(5)
    media = {"url": f"http://127.0.0.1:1{elsewhere.path}?ex=1"}
    section = {"type": 9, "components": [text("a job")], "accessory": {"type": 11, "media": media}}
    page = render(view(message(section), hosted={elsewhere.path: elsewhere}))
    assert page.count('<img class="thumbnail"') == 1
    source = re.search(r'src="data:image/webp;base64,([^"]+)"', page)
    assert source is not None
    with Image.open(io.BytesIO(base64.b64decode(source[1]))) as shown:
        assert max(shown.size) < 200
    assert "<img" not in render(view(message(section)))


def test_page_alone_is_in_the_readers_language_with_nothing_around() -> None:
    entry = message(text("hi"), visible_to="ada")
    page = render_alone(view(entry, language=GERMAN, reader="ada"))
    assert "Nur du kannst das sehen" in page
    assert "<b>Ada</b> hat <span" in page
    assert '<html lang="de">' in page
    assert not {"header", "footer"} & set(tags_of(page))
    assert "Nur Ada kann das sehen" in render_alone(view(entry, language=GERMAN))


def test_section_shows_its_accessory() -> None:
    button = {"type": 2, "style": 2, "label": "Cancel", "custom_id": "b"}
    page = render(view(message({"type": 9, "components": [text("a job")], "accessory": button}, {"type": 14})))
    assert "a job" in page
    assert '<span class="button">Cancel</span>' in page
    assert tags_of(page).count("hr") == 1


def test_notes_say_who_sees_it_and_what_it_was() -> None:
    entry = message(text("hi"), visible_to="ben")
    page = render(view(entry))
    assert "Only Ben can see this" in page
    assert 'class="message private"' in page
    assert "deleted" in render(view(message(text("hi"), deleted=True)))
    assert "<b>Ada</b> used" in page
    assert '<span class="tag">APP</span>' in page


def test_answer_to_a_button_names_no_command() -> None:
    assert 'class="used"' not in render(view(message(text("hi"), command="ada used cancel:1")))


def test_text_shows_pictures_buttons_and_how_the_message_changed() -> None:
    one = picture(1)
    button = Button(label="Cancel", custom_id="x", style=2, disabled=False, url=None, emoji=None)
    states = [
        State(at=AT, headline="⏳ Waiting", pictures=0),
        State(at=AT + timedelta(seconds=2.34), headline="1 picture", pictures=1),
    ]
    entry = message(attachments=[one], text="> a **fox**", buttons=[button], visible_to="ben")
    shown = as_text(view(entry, files={1: "01.png"}, states=states, marks=[Mark(at=AT, text="dark")]))
    assert "10:30:00  Easel  ada used /imagine · only ben sees this" in shown
    assert "> a fox" in shown
    assert "[picture 01.png, 1600×800: A generated picture]" in shown
    assert "[ Cancel ]" in shown
    assert "(⏳ Waiting → 1 picture 2.3 s)" in shown
    assert "—— dark ——" in shown


def test_json_names_the_saved_files() -> None:
    one, unsaved = picture(1), picture(2, name="b.png")
    whole = json.loads(as_json(view(message(attachments=[one, unsaved], text="hi"), files={1: "01.png"})))
    (entry,) = whole["messages"]
    assert [(shown["file"], shown["filename"]) for shown in entry["pictures"]] == [("01.png", "a.png"), (None, "b.png")]
    assert (entry["message_id"], entry["at"]) == ("77", "2026-11-22T10:30:00+00:00")
