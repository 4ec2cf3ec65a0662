"""The LoRA catalogue: where the provider may be sent, who may say so, and what a pick becomes."""

from typing import Any

import pytest

from errors import InvalidOption, NameTaken, NotAllowed
from generation.loras import LoraCatalogue
from provider.host_list import HostList
from recipes import LoraEntry, LoraPick
from storage.database import Database
from tests.builders import GUILD_ID, USER_ID
from tests.support import FakeClock

HOSTS = HostList(["huggingface.co", "*.example.org", "http://127.0.0.1:9000", "10.0.0.1"])


@pytest.fixture
def catalogue(database: Database, clock: FakeClock) -> LoraCatalogue:
    return LoraCatalogue(database, clock, HOSTS)


async def add(
    catalogue: LoraCatalogue, name: str = "Ink", *, may_manage_guild: bool = True, **changes: Any
) -> LoraEntry:
    given: dict[str, Any] = {"guild_id": GUILD_ID, "path": "owner/repo", "added_by": USER_ID}
    return await catalogue.add(LoraEntry(name=name, **(given | changes)), may_manage_guild=may_manage_guild)


@pytest.mark.parametrize(
    "path",
    [
        "XLabs-AI/flux-RealismLora",
        "a/b",
        "01-ai/some_model.v1.0",
        "owner/" + "n" * 90,
        "https://huggingface.co/owner/repo/resolve/main/lora.safetensors?download=true",
        "HTTPS://HuggingFace.co/x",
        "https://models.example.org/x.safetensors",
        "https://huggingface.co:443/x",
        "http://127.0.0.1:9000/lora.safetensors",  # written out by the operator
    ],
)
async def test_a_path_that_the_provider_may_be_sent_to_is_kept(catalogue: LoraCatalogue, path: str) -> None:
    assert (await add(catalogue, path=f"  {path} ")).path == path
    (kept,) = await catalogue.list(GUILD_ID)
    assert kept.path == path


@pytest.mark.parametrize(
    "path",
    [
        "",
        "repo",
        "owner/",
        "/repo",
        "owner/repo/file.safetensors",
        "datasets/owner/repo",
        "owner//repo",
        "owner/re po",
        "owner/-repo",
        "owner/repo-",
        ".owner/repo",
        "owner/repo.",
        "owner/re--po",
        "owner/re..po",
        "owner/../repo",
        "../repo",
        "owner/repo.git",
        "owner/" + "n" * 91,
        "ówner/repo",
        "owner/repo\n",
        "owner\\repo",
        "/etc/passwd",
        "http://huggingface.co/x",
        "ftp://huggingface.co/x",
        "file:///etc/passwd",
        "https://",
        "https://huggingface.co:8443/x",
        "https://user:secret@huggingface.co/x",
        "https://huggingface.co@evil.example/x",
        "https://huggingface.co\\@evil.example/x",
        "https://huggingface.co/a b",
        "https://10.0.0.1/x",  # on the list, but an address is no name
        "https://127.0.0.1/x",
        "https://127.1/x",
        "https://0x7f000001/x",
        "https://2130706433/x",
        "https://[::1]/x",
        "https://169.254.169.254/latest/meta-data",
        "http://127.0.0.1:9001/x",
        "https://huggingface.co/" + "x" * 5000,
    ],
)
async def test_any_other_path_is_refused(catalogue: LoraCatalogue, path: str) -> None:
    # A line break at the end is tidied away by `add`, so that the check itself is asked.
    with pytest.raises(InvalidOption) as caught:
        catalogue.check_path(path)
    assert (caught.value.option, caught.value.problem) == ("path", "bad_path")


@pytest.mark.parametrize(
    "host",
    ["evil.example", "huggingface.co.evil.example", "example.org", "nothuggingface.co", "localhost", "hf.co."],
)
async def test_a_host_that_is_not_listed_is_named(catalogue: LoraCatalogue, host: str) -> None:
    with pytest.raises(InvalidOption) as caught:
        await add(catalogue, path=f"https://{host}/lora.safetensors")
    if host.endswith("."):
        assert caught.value.problem == "bad_path"
    else:
        assert (caught.value.problem, caught.value.other) == ("host_not_listed", host)
    assert await catalogue.list(GUILD_ID) == ()


async def test_only_managers_change_the_catalogue(catalogue: LoraCatalogue) -> None:
    with pytest.raises(NotAllowed):
        await add(catalogue, may_manage_guild=False)
    await add(catalogue)
    with pytest.raises(NotAllowed) as caught:
        await catalogue.remove(GUILD_ID, "Ink", by_id=USER_ID, may_manage_guild=False)
    assert caught.value.needs == "manage_guild"
    assert len(await catalogue.list(GUILD_ID)) == 1
    assert (await catalogue.remove(GUILD_ID, "INK", by_id=USER_ID, may_manage_guild=True)).name == "Ink"
    with pytest.raises(InvalidOption, match="unknown"):
        await catalogue.remove(GUILD_ID, "Ink", by_id=USER_ID, may_manage_guild=True)


async def test_an_entry_is_kept_tidy_with_its_time_and_its_name_once(
    catalogue: LoraCatalogue, clock: FakeClock
) -> None:
    kept = await add(catalogue, "  Old   Ink ", trigger_words="  in ink ", default_scale=0.7, max_scale=1.2)
    assert (kept.name, kept.trigger_words, kept.added_at) == ("Old Ink", "in ink", clock.now())
    assert await catalogue.list(GUILD_ID) == (kept,)
    with pytest.raises(NameTaken):
        await add(catalogue, "old ink")
    with pytest.raises(InvalidOption, match="bad_name"):
        await add(catalogue, "<@1>")


async def test_autocompletion_puts_beginnings_first(catalogue: LoraCatalogue) -> None:
    for name in ("Blue ink", "Ink", "Pencil", "Inkwell"):
        await add(catalogue, name)
    await add(catalogue, "Ink of another guild", guild_id=GUILD_ID + 1)
    assert [entry.name for entry in await catalogue.complete(GUILD_ID, "INK")] == ["Ink", "Inkwell", "Blue ink"]
    assert len(await catalogue.complete(GUILD_ID, "", limit=2)) == 2


async def test_picks_become_entries_in_their_order(catalogue: LoraCatalogue) -> None:
    ink, grain = await add(catalogue, "Ink", max_scale=1.5), await add(catalogue, "Grain")
    picks = [LoraPick(name="grain"), LoraPick(name=" INK", scale=1.5)]
    assert await catalogue.resolve(GUILD_ID, picks) == (grain, ink)
    assert await catalogue.resolve(GUILD_ID, []) == ()


async def test_an_unknown_pick_and_one_too_strong_are_refused(catalogue: LoraCatalogue) -> None:
    await add(catalogue, "Ink", max_scale=1.5)
    with pytest.raises(InvalidOption) as unknown:
        await catalogue.resolve(GUILD_ID + 1, [LoraPick(name="Ink")])
    assert (unknown.value.option, unknown.value.problem, unknown.value.other) == ("lora", "unknown", "Ink")
    with pytest.raises(InvalidOption) as strong:
        await catalogue.resolve(GUILD_ID, [LoraPick(name="Ink", scale=1.51)])
    assert (strong.value.option, strong.value.problem) == ("lora_strength", "out_of_range")
    assert (strong.value.low, strong.value.high) == (0, 1.5)
