"""What members do with `/preset`, a step at a time."""

from collections.abc import Mapping
from typing import Any, Final

from parameters import ImageSize, OutputFormat, Scheduler
from recipes import LoraEntry, LoraPick, Preset, PresetScope, PresetValues
from sandbox.discord import Member, Message, Permissions, Run
from tests.ui.scene import Scene

SOFT: Final = PresetValues(guidance_scale=2.5)

# What is typed into each form, by the button that opens it: every field of every form.
TYPED: Final[dict[str, dict[str, str]]] = {
    "Words…": {"template": "ink drawing of {prompt}, hatching", "negative_prompt": "photo"},
    "Picture…": {
        "image_size": "square_hd",
        "output_format": "jpeg",
        "num_inference_steps": "31",
        "guidance_scale": "7,25",
    },
    "Sampler…": {"scheduler": "dpmpp_2m", "real_cfg_scale": "4.5", "base_shift": "0.02", "max_shift": "2.5"},
    "NAG…": {"nag_scale": "4", "nag_tau": "3", "nag_alpha": "0.5", "nag_end": "1"},
    "Reference, LoRAs…": {"reference_strength": "-1.5", "reference_end": "0.75", "loras": "ink 0,5\nGold Leaf"},
}
FULL: Final = PresetValues(
    template="ink drawing of {prompt}, hatching",
    negative_prompt="photo",
    image_size=ImageSize.SQUARE_HD,
    output_format=OutputFormat.JPEG,
    num_inference_steps=31,
    guidance_scale=7.25,
    scheduler=Scheduler.DPMPP_2M,
    real_cfg_scale=4.5,
    base_shift=0.02,
    max_shift=2.5,
    nag_scale=4.0,
    nag_tau=3.0,
    nag_alpha=0.5,
    nag_end=1.0,
    reference_strength=-1.5,
    reference_end=0.75,
    loras=(LoraPick(name="Ink", scale=0.5), LoraPick(name="Gold Leaf")),
)


async def with_loras(scene: Scene) -> None:
    """The guild lists three LoRAs."""
    for entry in (
        LoraEntry(guild_id=scene.guild.id, name="Ink", path="a/ink", trigger_words="ink wash, paper"),
        LoraEntry(guild_id=scene.guild.id, name="Gold Leaf", path="a/gold", default_scale=0.7, max_scale=1.5),
        LoraEntry(guild_id=scene.guild.id, name="style 2", path="a/style"),
    ):
        await scene.parts.library.loras.add(entry, may_manage_guild=True)


def manager(scene: Scene) -> Member:
    """Somebody who may change what is the guild's."""
    return scene.guild.add_member("mia", permissions=Permissions.MANAGE_GUILD)


async def keep(
    scene: Scene,
    name: str = "Look",
    values: PresetValues = SOFT,
    *,
    by: Member | None = None,
    scope: PresetScope = PresetScope.PERSONAL,
) -> Preset:
    """A preset of Ada's, or of the member named, or the guild's, without any panel."""
    return await scene.parts.library.presets.save(
        guild_id=scene.guild.id,
        user_id=(by or scene.ada).id,
        scope=scope,
        name=name,
        values=values,
        may_manage_guild=True,
    )


async def stored(scene: Scene, name: str = "Look", *, by: Member | None = None) -> Preset:
    """The preset as the book has it."""
    return await scene.parts.library.presets.find(scene.guild.id, (by or scene.ada).id, name)


async def kept(scene: Scene, *, by: Member | None = None) -> list[tuple[str, str]]:
    """Whose and which presets there are within reach, without the built-in ones."""
    found = await scene.parts.library.presets.list(scene.guild.id, (by or scene.ada).id)
    return [(preset.scope, preset.name) for preset in found if preset.scope is not PresetScope.BUILT_IN]


async def use(scene: Scene, command: str, by: Member | None = None, *, raw: bool = False, **options: Any) -> Run:
    """Ada, or the member named, uses one of the commands of `/preset`."""
    return await scene.discord.slash(by or scene.ada, scene.channel, f"preset {command}", options, raw=raw)


async def panel(scene: Scene, by: Member | None = None, *, command: str = "save", **options: Any) -> Message:
    """The panel of a new preset called Look, or of another one."""
    answer = await (await use(scene, command, by, **{"name": "Look", **options})).answered()
    assert answer.ephemeral
    assert answer.message is not None
    assert answer.message.buttons(), answer.message.text()
    return answer.message


async def fill_in(
    scene: Scene, message: Message, button: str, typed: Mapping[str, Any], *, by: Member | None = None
) -> Run:
    """Fill in one of the panel's forms, and wait for what becomes of it."""
    opened = await scene.discord.click(by or scene.ada, message, button)
    assert (await opened.answered()).kind == "modal"
    run = await scene.discord.submit_modal(opened, typed)
    await run.answered()
    return run


async def press(scene: Scene, message: Message, button: str, *, by: Member | None = None) -> Run:
    """Press one of the panel's buttons, and wait for what becomes of it."""
    run = await scene.discord.click(by or scene.ada, message, button)
    await run.answered()
    return run


async def told(run: Run) -> str:
    """What is said in private, as a message of its own."""
    answer = await run.answered()
    assert (answer.kind, answer.ephemeral) == ("message", True), answer
    assert answer.message is not None
    return answer.message.text()


def draft_id_of(message: Message) -> str:
    """The draft that the panel's buttons name."""
    return str(message.buttons()[-1].custom_id).rpartition(":")[2]
