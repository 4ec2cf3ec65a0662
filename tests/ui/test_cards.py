"""Cards: what they show, and that Discord takes them whatever a prompt holds."""

import itertools
from dataclasses import replace
from typing import Any

import pytest

from generation.delivery import UsualTime
from generation.service import QuotaLine, Standing
from limits import HoldingCap, LimitKind
from models import Balance, FailureReason, Job, JobStatus, Scope, Unit, VerdictReason
from parameters import PROMPT_MAX_CHARACTERS, ImageSize
from recipes import Recipe
from sandbox.discord import Attachment
from sandbox.discord.components import ComponentReader
from sandbox.discord.form import Form, Problems
from tests.builders import DAY, RENEWS_AT, later, make_account, make_job, make_request, make_verdict
from ui import cards

USUAL = UsualTime(low_seconds=6.0, high_seconds=10.5)
# What grows most when it is escaped, and what takes most bytes.
WORST_PROMPTS = ("*" * PROMPT_MAX_CHARACTERS, "@" * PROMPT_MAX_CHARACTERS, "🦊" * PROMPT_MAX_CHARACTERS)


def checked(card: cards.Card, *filenames: str) -> list[dict[str, Any]]:
    """The card's components, after the stand-in's strict reading of them."""
    problems = Problems()
    files = {name: Attachment(number, 1, name, b"") for number, name in enumerate(filenames, start=1)}
    form = Form({"components": [item.to_component_dict() for item in card.children]}, problems)
    parts = ComponentReader(files, {}).read(form, v2=True)
    problems.refuse_if_any()
    return parts


def text_of(card: cards.Card) -> str:
    return "\n".join(part["content"] for part in walked(checked(card)) if part["type"] == 10)


def walked(parts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    found = []
    for part in parts:
        found.append(part)
        found += walked(part.get("components", []))
        found += [part["accessory"]] if "accessory" in part else []
    return found


def buttons_of(card: cards.Card) -> list[str]:
    return [part["custom_id"] for part in walked(checked(card)) if part["type"] == 2]


@pytest.mark.parametrize("prompt", WORST_PROMPTS, ids=["stars", "ats", "foxes"])
async def test_every_status_and_reason_makes_a_card_that_discord_takes(prompt: str) -> None:
    request = make_request(prompt, num_images=10, seed=2**31 - 1, guidance_scale=19.99)
    for status, reason in itertools.product(JobStatus, (None, *FailureReason)):
        job = make_job(request=request, status=status, reason=reason, result_seed=2**31 - 1)
        checked(cards.for_job(job, place=10_000, usual=USUAL))


@pytest.mark.parametrize("prompt", WORST_PROMPTS, ids=["stars", "ats", "foxes"])
async def test_a_full_gallery_of_the_longest_prompt_is_taken(prompt: str) -> None:
    job = make_job(request=make_request(prompt, num_images=10), status=JobStatus.GENERATED, images_produced=10)
    pictures = [cards.Picture(filename=f"{n}.png", alt_text=cards.alt_text(job)) for n in range(9)]
    verdicts = [make_verdict(n) for n in range(9)] + [make_verdict(9, VerdictReason.FLAGGED)]
    parts = checked(cards.gallery(job, pictures, verdicts), *(picture.filename for picture in pictures))
    gallery = next(part for part in walked(parts) if part["type"] == 12)
    assert len(gallery["items"]) == 9
    assert all(len(item["description"]) == cards.ALT_TEXT_CHARACTERS for item in gallery["items"])


async def test_the_waiting_card_shows_everything_that_the_member_wants_to_know() -> None:
    job = make_job(request=make_request("a *red* fox", seed=7, num_images=2))
    card = cards.for_job(job, place=3, usual=USUAL)
    assert text_of(card) == (
        "### ⏳ Waiting in line\n"
        "> a \\*red\\* fox\n"
        "-# 1024\u00d7768 · 2 pictures · 28 steps · guidance 3.5 · seed 7 · PNG\n"
        "-# $0.18 · number 3 in line · usually 6\u201311 s"
    )
    assert buttons_of(card) == [f"easel:cancel:{job.job_id}"]


@pytest.mark.parametrize("recipe", [Recipe(parent_job_id="job-0"), Recipe(command="control")], ids=["again", "control"])
async def test_a_card_that_answers_a_button_says_who_asked(recipe: Recipe) -> None:
    job = make_job(recipe=recipe)
    author = f"-# by <@{job.origin.user_id}> · "
    assert author in text_of(cards.for_job(job))
    pictures = [cards.Picture(filename="a.png", alt_text="x")]
    assert author in str(checked(cards.gallery(job, pictures, [make_verdict()]), "a.png"))
    withheld = replace(job, status=JobStatus.WITHHELD, reason=FailureReason.ALL_WITHHELD)
    assert "<@" not in text_of(cards.for_job(withheld))


async def test_a_card_that_answers_a_command_leaves_that_to_discord() -> None:
    assert "<@" not in text_of(cards.for_job(make_job()))


async def test_only_a_job_in_line_has_a_cancel_button() -> None:
    for status in JobStatus:
        buttons = buttons_of(cards.for_job(make_job(status=status)))
        assert any("cancel" in button for button in buttons) == (status is JobStatus.QUEUED), status


def withdrawn(status: JobStatus = JobStatus.DELIVERED, prompt: str = "an awful hat", **changes: Any) -> Job:
    changes = changes or {"hidden_at": later(5)}
    return make_job(request=make_request(prompt, negative_prompt="gloves"), status=status, **changes)


@pytest.mark.parametrize("times", [{"hidden_at": later(5)}, {"removed_at": later(5)}], ids=["hidden", "removed"])
async def test_a_withdrawn_card_says_nothing_of_what_it_was_about(times: dict[str, Any]) -> None:
    for status in JobStatus:
        job = withdrawn(status, recipe=Recipe(preset="awful", loras=("awful",)), **times)
        said = text_of(cards.for_job(job, place=3, usual=USUAL, left=2))
        assert "awful" not in said
        assert "gloves" not in said
        assert job.job_id in said
        assert "<@" not in said


async def test_only_what_a_withdrawn_card_still_needs_has_a_button() -> None:
    for status in JobStatus:
        hidden, removed = withdrawn(status), withdrawn(status, removed_at=later(5))
        ends = {JobStatus.QUEUED: ["cancel"]}.get(status, ["delete"] if status.is_terminal else [])
        assert [button.split(":")[1] for button in buttons_of(cards.for_job(hidden))] == ends, status
        assert [button.split(":")[1] for button in buttons_of(cards.for_job(removed))] == [
            end for end in ends if end == "cancel"
        ], status


@pytest.mark.parametrize("prompt", WORST_PROMPTS, ids=["stars", "ats", "foxes"])
async def test_a_card_whose_pictures_are_lost_can_be_made_again(prompt: str) -> None:
    job = make_job(request=make_request(prompt), status=JobStatus.DELIVERED)
    buttons = [button.split(":")[1] for button in buttons_of(cards.for_job(job))]
    assert buttons == ["reroll", "edit", "details", "delete"]
    assert "could not be kept" in text_of(cards.for_job(job))


def test_authors_read_their_own_words_until_they_are_removed() -> None:
    job, author = withdrawn(), make_job().origin.user_id
    assert [cards.may_read(job, reader) for reader in (author, author + 1)] == [True, False]
    gone = withdrawn(removed_at=later(5))
    assert [cards.may_read(gone, reader) for reader in (author, author + 1)] == [False, False]
    shown = make_job(status=JobStatus.DELIVERED)
    assert [cards.may_read(shown, reader) for reader in (author, author + 1)] == [True, True]


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (JobStatus.WITHHELD, FailureReason.ALL_WITHHELD),
        (JobStatus.REJECTED, None),
        (JobStatus.EXPIRED, None),
        (JobStatus.FAILED, FailureReason.CONTENT_POLICY),
    ],
)
async def test_a_card_without_a_permitted_picture_does_not_repeat_the_prompt(
    status: JobStatus, reason: FailureReason | None
) -> None:
    card = cards.for_job(make_job(status=status, reason=reason))
    assert "fox" not in text_of(card)


async def test_negative_prompts_are_never_shown() -> None:
    request = make_request("a fox", negative_prompt="secretword")
    for status in JobStatus:
        assert "secretword" not in text_of(cards.for_job(make_job(request=request, status=status)))
    gallery = cards.gallery(
        make_job(request=request), [cards.Picture(filename="a.png", alt_text="x")], [make_verdict()]
    )
    assert "secretword" not in str(checked(gallery, "a.png"))


async def test_the_gallery_tells_recipe_cost_and_what_is_missing() -> None:
    job = make_job(
        request=make_request(num_images=4, seed=5, image_size=ImageSize.SQUARE_HD),
        status=JobStatus.GENERATED,
        images_produced=3,
        result_seed=6,
    )
    verdicts = [make_verdict(0), make_verdict(1, VerdictReason.FLAGGED), make_verdict(2)]
    pictures = [cards.Picture(filename=f"{n}.png", alt_text="A fox.") for n in (1, 3)]
    parts = checked(cards.gallery(job, pictures, verdicts), "1.png", "3.png")
    words = "\n".join(part["content"] for part in walked(parts) if part["type"] == 10)
    assert words == (
        "> a red fox in the snow\n"
        "-# 🛡️ 1 of 3 pictures was held back by the safety check\n"
        "-# 1 picture never came and cost nothing\n"
        "-# 1024\u00d71024 · 4 pictures · 28 steps · guidance 3.5 · seed 6 · PNG\n"
        f"-# $0.27 for 3 pictures · job `{job.job_id}`"
    )
    gallery = next(part for part in walked(parts) if part["type"] == 12)
    assert [item["description"] for item in gallery["items"]] == ["A fox.", "A fox."]


async def test_each_kind_of_state_has_its_own_colour() -> None:
    def colour(status: JobStatus) -> object:
        return checked(cards.for_job(make_job(status=status)))[0]["accent_color"]

    states = (JobStatus.QUEUED, JobStatus.SUBMITTED, JobStatus.FAILED, JobStatus.CANCELLED)
    assert len({colour(status) for status in states}) == len(states)


async def test_a_sent_card_is_not_kept_in_memory() -> None:
    card = cards.for_job(make_job())
    assert card.is_finished()
    assert card.timeout is None


def standing(status: JobStatus = JobStatus.QUEUED, prompt: str = "a fox", **changes: Any) -> Standing:
    job: Job = make_job(request=make_request(prompt), status=status)
    return Standing(job=job, **({"place": None, "usual": None} | changes))


async def test_the_private_list_has_a_cancel_button_beside_each_waiting_job() -> None:
    waiting, making = standing(place=2, usual=USUAL), standing(JobStatus.SUBMITTED)
    card = cards.queue([making, waiting])
    assert buttons_of(card) == [f"easel:cancel:{waiting.job.job_id}"]
    assert "number 2 in line · usually 6\u201311 s · $0.09" in text_of(card)
    assert "being made · $0.09" in text_of(card)


@pytest.mark.parametrize("prompt", WORST_PROMPTS, ids=["stars", "ats", "foxes"])
async def test_a_list_of_a_thousand_jobs_is_cut_to_what_discord_takes(prompt: str) -> None:
    card = cards.queue([standing(place=9_999, prompt=prompt, usual=USUAL) for _ in range(1_000)])
    assert len(buttons_of(card)) == cards.QUEUE_ENTRIES
    assert "and 990 more" in text_of(card)


async def test_an_empty_list_says_how_to_start() -> None:
    assert "/imagine" in text_of(cards.queue([]))


async def test_the_accounts_are_grouped_by_whose_they_are() -> None:
    accounts = (
        make_account(Scope.MEMBER, unit=Unit.IMAGE, period=DAY),
        make_account(Scope.MEMBER),
        make_account(Scope.GUILD, period=DAY),
        make_account(Scope.GUILD),
        make_account(Scope.GLOBAL),
    )
    lines = [
        QuotaLine(
            balance=Balance(account=each, pending=0, posted=0, cap=10**12),
            renews_at=RENEWS_AT,
            holding=HoldingCap(value=10**12, kind=LimitKind.OPERATOR),
            each=1,
        )
        for each in accounts
    ]
    kinds = [part["type"] for part in checked(cards.quota(lines))[0]["components"]]
    assert kinds == [10, 14, 10, 10, 14, 10, 10, 14, 10, 14, 10]
