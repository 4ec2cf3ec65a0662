"""Message bodies: everything Discord refuses in them, and what becomes of the rest."""

from typing import Any

import pytest

from sandbox.discord import ApiError, Json, Upload
from sandbox.discord.bodies import MessageRequest, read_message
from sandbox.discord.messages import Draft, Message
from sandbox.discord.places import MIB
from tests.sandbox.discord.wire import (
    EPHEMERAL,
    V2,
    Scene,
    button,
    card,
    container,
    gallery,
    png,
    row,
    text,
)


def read(scene: Scene, body: Json, *, files: list[Upload] | None = None, base: Message | None = None) -> Draft:
    """Read a body as a new message or an edit."""
    request = MessageRequest(body=body, files=dict(enumerate(files or [])), channel=scene.channel, base=base)
    return read_message(scene.standin.world, request)


def faults(error: ApiError) -> list[tuple[str, str]]:
    """(path, code) of every nested fault."""

    def walk(tree: Json, path: str) -> list[tuple[str, str]]:
        if "_errors" in tree:
            return [(path, fault["code"]) for fault in tree["_errors"]]
        return [found for key, child in tree.items() for found in walk(child, f"{path}.{key}" if path else key)]

    return walk(error.errors or {}, "")


def select(**more: Any) -> Json:
    return {"type": 3, "custom_id": "s", "options": [{"label": "One", "value": "1"}], **more}


def section(*texts: Json, accessory: Json | None) -> Json:
    return {"type": 9, "components": list(texts), "accessory": accessory}


REFUSED: list[tuple[str, Json, str, str]] = [
    ("content too long", {"content": "x" * 2001}, "content", "BASE_TYPE_MAX_LENGTH"),
    ("content no text", {"content": 3}, "content", "STRING_TYPE_CONVERT"),
    ("flags no number", {"content": "x", "flags": "64"}, "flags", "NUMBER_TYPE_COERCE"),
    ("flags true", {"content": "x", "flags": True}, "flags", "NUMBER_TYPE_COERCE"),
    ("eleven embeds", {"embeds": [{"title": "t"}] * 11}, "embeds", "BASE_TYPE_MAX_LENGTH"),
    ("embed title", {"embeds": [{"title": "t" * 257}]}, "embeds.0.title", "BASE_TYPE_MAX_LENGTH"),
    ("embeds in all", {"embeds": [{"description": "d" * 4000}] * 2}, "embeds", "MAX_EMBED_SIZE_EXCEEDED"),
    (
        "embed field without value",
        {"embeds": [{"fields": [{"name": "n"}]}]},
        "embeds.0.fields.0.value",
        "BASE_TYPE_REQUIRED",
    ),
    (
        "content beside v2",
        card(text(), content="x"),
        "content",
        "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2",
    ),
    (
        "embeds beside v2",
        card(text(), embeds=[{"title": "t"}]),
        "embeds",
        "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2",
    ),
    ("v2 part without the flag", {"components": [text()]}, "components.0.type", "UNION_TYPE_CHOICES"),
    ("button outside of a row", card(button()), "components.0.type", "UNION_TYPE_CHOICES"),
    (
        "container in a container",
        card(container(container(text()))),
        "components.0.components.0.type",
        "UNION_TYPE_CHOICES",
    ),
    ("unknown type", card({"type": 77}), "components.0.type", "UNION_TYPE_CHOICES"),
    (
        "six rows without v2",
        {"components": [row(button(f"{n}")) for n in range(6)]},
        "components",
        "BASE_TYPE_MAX_LENGTH",
    ),
    (
        "six buttons in a row",
        card(row(*[button(f"{n}") for n in range(6)])),
        "components.0.components",
        "BASE_TYPE_BAD_LENGTH",
    ),
    ("empty row", card(row()), "components.0.components", "BASE_TYPE_BAD_LENGTH"),
    (
        "select beside a button",
        card(row(button(), select())),
        "components.0.components",
        "COMPONENT_LAYOUT_WIDTH_EXCEEDED",
    ),
    (
        "41 components in all",
        card(container(*[text("x") for _ in range(40)])),
        "components",
        "COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED",
    ),
    (
        "4001 characters in all",
        card(text("x" * 2000), container(text("y" * 2001))),
        "components",
        "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED",
    ),
    ("empty text", card(text("")), "components.0.content", "BASE_TYPE_BAD_LENGTH"),
    (
        "duplicate custom id",
        card(row(button("a")), container(row(button("a")))),
        "components.1.components.0.components.0.custom_id",
        "COMPONENT_CUSTOM_ID_DUPLICATED",
    ),
    (
        "duplicate component id",
        card({**text(), "id": 3}, {**text(), "id": 3}),
        "components.1.id",
        "COMPONENT_DUPLICATE_ID",
    ),
    (
        "custom id of 101 characters",
        card(row(button("x" * 101))),
        "components.0.components.0.custom_id",
        "BASE_TYPE_BAD_LENGTH",
    ),
    (
        "button without custom id",
        card(row({"type": 2, "style": 1, "label": "x"})),
        "components.0.components.0.custom_id",
        "BASE_TYPE_REQUIRED",
    ),
    (
        "button with custom id and url",
        card(row(button("a", url="https://example.org"))),
        "components.0.components.0",
        "BUTTON_COMPONENT_CUSTOM_ID_AND_URL",
    ),
    (
        "link without url",
        card(row({"type": 2, "style": 5, "label": "x"})),
        "components.0.components.0.url",
        "BASE_TYPE_REQUIRED",
    ),
    (
        "link to another scheme",
        card(row({"type": 2, "style": 5, "label": "x", "url": "ftp://example.org"})),
        "components.0.components.0.url",
        "URL_TYPE_INVALID_SCHEME",
    ),
    (
        "button style 7",
        card(row(button("a", style=7))),
        "components.0.components.0.style",
        "BASE_TYPE_CHOICES",
    ),
    (
        "button label of 81 characters",
        card(row(button(label="x" * 81))),
        "components.0.components.0.label",
        "BASE_TYPE_MAX_LENGTH",
    ),
    (
        "button without label or emoji",
        card(row({"type": 2, "style": 1, "custom_id": "a"})),
        "components.0.components.0",
        "BUTTON_COMPONENT_REQUIRES_LABEL_OR_EMOJI",
    ),
    (
        "select without options",
        card(row(select(options=[]))),
        "components.0.components.0.options",
        "BASE_TYPE_BAD_LENGTH",
    ),
    (
        "select with a doubled value",
        card(row(select(options=[{"label": "a", "value": "1"}, {"label": "b", "value": "1"}]))),
        "components.0.components.0.options.1.value",
        "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED",
    ),
    (
        "select wanting more than it has",
        card(row(select(max_values=2))),
        "components.0.components.0.max_values",
        "NUMBER_TYPE_MAX",
    ),
    ("empty gallery", card(gallery()), "components.0.items", "BASE_TYPE_BAD_LENGTH"),
    (
        "eleven pictures in a gallery",
        card(gallery(*["https://example.org/a.png"] * 11)),
        "components.0.items",
        "BASE_TYPE_BAD_LENGTH",
    ),
    (
        "alt text of 1025 characters",
        card(gallery("https://example.org/a.png", description="x" * 1025)),
        "components.0.items.0.description",
        "BASE_TYPE_BAD_LENGTH",
    ),
    (
        "picture that is not attached",
        card(gallery("attachment://nothing.png")),
        "components.0.items.0.media.url",
        "UNFURLED_MEDIA_ITEM_REFERENCED_ATTACHMENT_NOT_FOUND",
    ),
    (
        "picture at another scheme",
        card(gallery("file:///etc/passwd")),
        "components.0.items.0.media.url",
        "URL_TYPE_INVALID_SCHEME",
    ),
    (
        "section without accessory",
        card(section(text(), accessory=None)),
        "components.0.accessory",
        "BASE_TYPE_REQUIRED",
    ),
    (
        "section with four texts",
        card(section(text(), text(), text(), text(), accessory=button())),
        "components.0.components",
        "BASE_TYPE_BAD_LENGTH",
    ),
    (
        "container colour out of range",
        card(container(text(), accent_color=0x1000000)),
        "components.0.accent_color",
        "NUMBER_TYPE_MAX",
    ),
    ("separator spacing", card({"type": 14, "spacing": 3}), "components.0.spacing", "BASE_TYPE_CHOICES"),
    ("components no list", card(text()) | {"components": {}}, "components", "LIST_TYPE_CONVERT"),
    ("component no object", card(text()) | {"components": ["x"]}, "components.0", "DICT_TYPE_CONVERT"),
    (
        "unknown mention kind",
        {"content": "x", "allowed_mentions": {"parse": ["all"]}},
        "allowed_mentions.parse.0",
        "BASE_TYPE_CHOICES",
    ),
    (
        "mention kind and list",
        {"content": "x", "allowed_mentions": {"parse": ["users"], "users": ["1"]}},
        "allowed_mentions.parse",
        "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE",
    ),
    (
        "attachment without a file",
        {"content": "x", "attachments": [{"id": 0}]},
        "attachments.0.id",
        "MESSAGE_ATTACHMENT_NOT_FOUND",
    ),
    (
        "eleven attachments",
        {"content": "x", "attachments": [{"id": n} for n in range(11)]},
        "attachments",
        "BASE_TYPE_MAX_LENGTH",
    ),
]


@pytest.mark.parametrize(("body", "path", "code"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_bad_body_is_refused_at_its_path(scene: Scene, body: Json, path: str, code: str) -> None:
    with pytest.raises(ApiError) as caught:
        read(scene, body)
    assert caught.value.refusal.code == 50035
    assert (path, code) in faults(caught.value)


@pytest.mark.parametrize("body", [{}, {"content": ""}, {"content": None}, {"components": []}, {"flags": V2}])
def test_empty_message_is_refused(scene: Scene, body: Json) -> None:
    with pytest.raises(ApiError) as caught:
        read(scene, body)
    assert caught.value.refusal.code == 50006


def test_files_alone_do_not_fill_a_v2_message(scene: Scene) -> None:
    files = [Upload(filename="a.png", data=png())]
    assert read(scene, {}, files=files).attachments
    with pytest.raises(ApiError) as caught:
        read(scene, {"flags": V2}, files=files)
    assert caught.value.refusal.code == 50006


def test_forty_components_and_four_thousand_characters_pass(scene: Scene) -> None:
    draft = read(scene, card(container(*[text("x" * 100) for _ in range(38)], text("y" * 200))))
    assert draft.components is not None
    assert len(draft.components[0]["components"]) == 39


def test_too_many_bytes_of_text_break_discord(scene: Scene) -> None:
    with pytest.raises(ApiError) as caught:
        read(scene, card(text("漢" * 3900)))
    assert caught.value.refusal.status == 500


def test_every_component_gets_an_id_of_its_own(scene: Scene) -> None:
    draft = read(scene, card(text(), container({**text(), "id": 2}, row(button()))))
    message = Message(scene.standin.world, scene.channel, scene.standin.world.bot, draft)
    ids = [part["id"] for part in message.walk()]
    assert len(ids) == len(set(ids)) == 5


def test_unasked_flags_are_dropped(scene: Scene) -> None:
    assert read(scene, {"content": "x", "flags": EPHEMERAL | 1}).flags == 0


def test_file_beyond_ten_mebibytes_is_too_large(scene: Scene) -> None:
    assert read(scene, {}, files=[Upload(filename="a.bin", data=bytes(10 * MIB))]).attachments
    with pytest.raises(ApiError) as caught:
        read(scene, {}, files=[Upload(filename="a.bin", data=bytes(10 * MIB + 1))])
    assert (caught.value.refusal.status, caught.value.refusal.code) == (413, 40005)


def test_files_get_their_descriptions_by_index(scene: Scene) -> None:
    body = {"attachments": [{"id": "1", "description": "second"}, {"id": 0, "description": "first"}]}
    draft = read(scene, body, files=[Upload(filename=name, data=png()) for name in ("a.png", "b.png")])
    assert draft.attachments is not None
    assert [(file.filename, file.description) for file in draft.attachments] == [
        ("a.png", "first"),
        ("b.png", "second"),
    ]


def test_alt_text_of_a_file_is_bounded(scene: Scene) -> None:
    body = {"attachments": [{"id": 0, "description": "x" * 1025}]}
    with pytest.raises(ApiError) as caught:
        read(scene, body, files=[Upload(filename="a.png", data=png())])
    assert faults(caught.value) == [("attachments.0.description", "BASE_TYPE_MAX_LENGTH")]


class TestEdits:
    """What an edit keeps, replaces and may not do."""

    @staticmethod
    def message(scene: Scene) -> Message:
        """A message of two pictures, one of them shown in a gallery."""
        files = [Upload(filename=name, data=png()) for name in ("a.png", "b.png")]
        draft = read(scene, card(text("before"), gallery("attachment://a.png")), files=files)
        message = Message(scene.standin.world, scene.channel, scene.standin.world.bot, draft)
        message.publish()
        return message

    def test_v2_flag_stays(self, scene: Scene) -> None:
        message = self.message(scene)
        with pytest.raises(ApiError) as caught:
            read(scene, {"flags": 0}, base=message)
        assert [path for path, _ in faults(caught.value)] == ["flags"]
        message.apply(read(scene, {"components": [text("after")]}, base=message))
        assert message.flags & V2

    def test_v2_is_turned_on_only_without_content(self, scene: Scene) -> None:
        world = scene.standin.world
        message = Message(world, scene.channel, world.bot, read(scene, {"content": "old"}))
        with pytest.raises(ApiError) as caught:
            read(scene, card(text()), base=message)
        assert [path for path, _ in faults(caught.value)] == ["content"]
        message.apply(read(scene, card(text("new"), content=None), base=message))
        assert (message.text(), message.content) == ("new", "")

    def test_unmentioned_files_stay_without_a_list(self, scene: Scene) -> None:
        message = self.message(scene)
        message.apply(read(scene, {"components": [text("after")]}, base=message))
        assert [file.filename for file in message.attachments] == ["a.png", "b.png"]

    def test_list_says_what_stays(self, scene: Scene) -> None:
        message = self.message(scene)
        gone, stays = message.attachments
        fresh = Upload(filename="c.png", data=png())
        body = {"attachments": [{"id": str(stays.id)}, {"id": 0}], "components": [text("after")]}
        message.apply(read(scene, body, files=[fresh], base=message))
        assert [file.filename for file in message.attachments] == ["b.png", "c.png"]
        assert (gone.deleted, stays.deleted) == (True, False)

    def test_kept_file_can_be_shown_by_name_or_by_its_address(self, scene: Scene) -> None:
        message = self.message(scene)
        address = scene.standin.world.attachment_url(message.attachments[0])
        body = {"components": [gallery("attachment://b.png", address)]}
        message.apply(read(scene, body, base=message))
        shown = [item["media"]["attachment_id"] for item in message.components[0]["items"]]
        assert shown == [str(message.attachments[1].id), str(message.attachments[0].id)]

    def test_removed_file_can_no_longer_be_shown(self, scene: Scene) -> None:
        message = self.message(scene)
        body = {"attachments": [], "components": [gallery("attachment://a.png")]}
        with pytest.raises(ApiError) as caught:
            read(scene, body, base=message)
        assert caught.value.refusal.code == 50035

    def test_more_than_ten_files_in_all_are_refused(self, scene: Scene) -> None:
        message = self.message(scene)
        files = [Upload(filename=f"{n}.png", data=png()) for n in range(9)]
        with pytest.raises(ApiError) as caught:
            read(scene, {}, files=files, base=message)
        assert caught.value.refusal.code == 30015

    def test_emptying_a_message_is_refused(self, scene: Scene) -> None:
        world = scene.standin.world
        message = Message(world, scene.channel, world.bot, read(scene, {"content": "old"}))
        with pytest.raises(ApiError) as caught:
            read(scene, {"content": ""}, base=message)
        assert caught.value.refusal.code == 50006
        assert read(scene, {}, base=message).content is None


@pytest.mark.parametrize(
    ("allowed", "pinged"),
    [
        (None, True),
        ({"parse": []}, False),
        ({"parse": ["users"]}, True),
        ({"parse": ["roles", "everyone"]}, False),
    ],
)
def test_allowed_mentions_decide_who_is_pinged(scene: Scene, allowed: Any, pinged: bool) -> None:
    body = card(text(f"{scene.ada.mention} @everyone"))
    if allowed is not None:
        body["allowed_mentions"] = allowed
    mentions = read(scene, body).mentions
    assert (mentions.users == (scene.ada.user,)) is pinged


def test_listed_users_alone_are_pinged(scene: Scene) -> None:
    bob = scene.guild.add_member("bob")
    body = {
        "content": f"{scene.ada.mention} {bob.mention} @everyone",
        "allowed_mentions": {"users": [str(bob.id)]},
    }
    mentions = read(scene, body).mentions
    assert (mentions.users, mentions.everyone) == ((bob.user,), False)
