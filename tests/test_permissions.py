"""What the bot asks Discord for."""

import discord

import permissions


def test_the_permissions_have_discords_bits() -> None:
    for name, bit in permissions.PERMISSION_BITS.items():
        assert discord.Permissions(**{name.lower(): True}).value == bit
    assert discord.Permissions(permissions.INVITE_PERMISSIONS).administrator is False


def test_what_is_missing_is_named_for_a_channel_and_for_a_thread() -> None:
    bits = permissions.PERMISSION_BITS
    in_channel = sum(bits[name] for name in permissions.NEEDED_TO_POST)
    assert permissions.missing_to_post(in_channel, in_thread=False) == ()
    assert permissions.missing_to_post(in_channel, in_thread=True) == ("SEND_MESSAGES_IN_THREADS",)
    assert permissions.missing_to_post(0, in_thread=False) == permissions.NEEDED_TO_POST
    assert permissions.missing_to_post(permissions.ADMINISTRATOR_BIT, in_thread=True) == ()


def test_the_invite_asks_for_all_that_is_needed_to_post() -> None:
    needed = {*permissions.NEEDED_TO_POST, *permissions.NEEDED_TO_POST_IN_THREAD}
    assert all(permissions.INVITE_PERMISSIONS & permissions.PERMISSION_BITS[name] for name in needed)
    assert f"permissions={permissions.INVITE_PERMISSIONS}&" in permissions.invite_url(1)
