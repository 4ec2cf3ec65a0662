"""What must hold once the world is quiet: every job at its end, its card saying so, and the books as the provider's."""

import sqlite3
from typing import Final

from tests.simulation.channel import THINKING, Channel
from tests.simulation.facts import ENDS, RELEASING
from tests.simulation.provider import Provider, Submission
from tests.simulation.watch import Watch

# An interaction's token lives 15 minutes: after 14 the bot does not ask Discord any more for a card it never heard of.
_CARD_FOUND_WITHIN_MS: Final = 14 * 60 * 1000
_DAY_MS: Final = 86_400_000
# Whoever writes a job off has asked for its result just before.
_SLOW_POLL_SECONDS: Final = 60.0


def check_ends(watch: Watch, provider: Provider, channel: Channel, spooled: frozenset[str]) -> None:
    """Raise Violation for whatever is not as it must be; `spooled` are the jobs of which pictures are kept."""
    jobs = watch.jobs()
    for job in jobs:
        if job["status"] not in ENDS:
            watch.fail("end", f"wish {job['interaction_id']} is still {job['status']}")
        _check_bill(watch, provider, job)
        _check_card(watch, channel, job)
    if watch.ask_disk("SELECT 1 FROM accounts WHERE pending <> 0"):
        watch.fail("end", "something is held for nobody")
    wishes = {job["interaction_id"] for job in jobs}
    if stray := provider.by_number.keys() - wishes:
        watch.fail("bill", f"wishes {sorted(stray)} were submitted and have no job")
    posted = watch.ask_disk("SELECT coalesce(sum(posted), 0) FROM accounts WHERE scope = 'global'")[0][0]
    settled = sum(job["settled_micros"] for job in jobs)
    if posted != settled:
        watch.fail("bill", f"{posted} were posted, and the jobs cost {settled}")
    kept = {job["job_id"] for job in jobs if job["status"] == "undeliverable"}
    # A process that ends between its last commit and the clearing away leaves that to the janitor.
    if (left := spooled - kept) and not watch.seen["crash"] and not watch.seen["stop"]:
        watch.fail("spool", f"pictures of {sorted(left)} were left behind")


def _check_bill(watch: Watch, provider: Provider, job: sqlite3.Row) -> None:
    """What the provider charges is what was posted; more only where nobody could know, or a person said so."""
    number, status = job["interaction_id"], job["status"]
    submission, posts = provider.by_number.get(number), provider.posts[number]
    if posts.accepted > 1:
        watch.fail("one post", f"wish {number} was taken {posts.accepted} times")
    billed = 0
    if submission is not None and submission.billed_images is not None:
        billed = submission.billed_images * watch.terms.price_micros
    settled = job["settled_micros"]
    if status == "written_off":
        if settled != job["images_requested"] * watch.terms.price_micros or settled < billed:
            watch.fail("bill", f"wish {number} was written off for {settled}, and {billed} are charged")
        _check_written_off(watch, submission, job)
    elif settled != billed:
        watch.fail("bill", f"wish {number} is {status} for {settled}, and {billed} are charged")
    if status in RELEASING and settled:
        watch.fail("bill", f"wish {number} is {status} and costs {settled}")


def _check_written_off(watch: Watch, submission: Submission | None, job: sqlite3.Row) -> None:
    """By a person's word, or after a day in which the provider never said how it went."""
    number = job["interaction_id"]
    watch.seen["written off"] += 1
    if job["reason"] == "operator_settled":
        return
    if job["changed_at"] - watch.in_doubt_since_ms[number] < _DAY_MS:
        watch.fail("bill", f"wish {number} was written off within a day")
    if submission is None or submission.request_id != job["request_id"] or submission.forgotten_at < float("inf"):
        return
    written_off_at = watch.moved_at[number]
    if (
        watch.quiet_at + _SLOW_POLL_SECONDS < written_off_at
        and submission.ready_at + _SLOW_POLL_SECONDS < written_off_at
    ):
        watch.fail("late result", f"wish {number} was written off, and its result was there")


def _check_card(watch: Watch, channel: Channel, job: sqlite3.Row) -> None:
    number, status = job["interaction_id"], job["status"]
    card = channel.cards.get(number)
    if status == "delivered" and (card is None or card.gallery is None):
        watch.fail("card", f"wish {number} is delivered and never had pictures")
    if card is None or card.deleted:
        return
    late = watch.seen["clock set"] > 0 or job["changed_at"] - job["created_at"] >= _CARD_FOUND_WITHIN_MS
    if job["message_id"] is None and late:
        return  # nobody could learn of it any more
    if card.says != status:
        watch.fail("card", f"the card of wish {number} says {card.says}, and it is {status}")
    if card.says == THINKING:
        watch.fail("card", f"the card of wish {number} never said anything")
    if card.gallery is not None and status != "delivered":
        watch.fail("card", f"the card of wish {number} has pictures: {card.gallery is not None}, and it is {status}")
    if card.notices > 1:
        watch.fail("card", f"the author of wish {number} was told {card.notices} times")
    if job["message_id"] not in (None, card.message_id):
        watch.fail("card", f"wish {number} thinks that another message is its card")
