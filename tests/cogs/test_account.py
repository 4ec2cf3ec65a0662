"""`/quota`."""

from tests.ui.scene import Scene


async def test_every_account_is_shown_in_private_with_what_is_held(scene: Scene) -> None:
    await scene.carded({"count": 4})
    answer = await (await scene.discord.slash(scene.ada, scene.channel, "quota")).answered()
    assert answer.ephemeral
    assert answer.message is not None
    lines = answer.message.text().splitlines()
    assert [line for line in lines if line.startswith("**")] == [
        "**Your pictures** · 100 pictures a day",
        "**Your spending** · $100.00 a month",
        "**This server's budget** · $100.00 a day",
        "**This server's budget** · $100.00 a month",
        "**The budget of the whole bot** · $100.00 a month",
    ]
    assert "▰▱▱▱▱▱▱▱▱▱  **96 pictures left**" in lines
    assert lines.count("▰▱▱▱▱▱▱▱▱▱  **$99.64 left**") == 4
    assert sum("$0.36 held" in line for line in lines) == 4


async def test_another_members_account_is_their_own(scene: Scene) -> None:
    await scene.carded()
    answer = await (await scene.discord.slash(scene.bob, scene.channel, "quota")).answered()
    assert answer.message is not None
    assert "**100 pictures left**" in answer.message.text()
