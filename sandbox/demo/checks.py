"""Whether all happened as it should: each check looks at what was seen on the wire, on disk and on the bill."""

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from PIL import Image, ImageStat

from sandbox.demo import books, wishes
from sandbox.demo.books import BookedJob
from sandbox.demo.bot_process import STOP_SECONDS
from sandbox.demo.programme import Record, has_ended
from sandbox.demo.wishes import PRICE_MICROS, Fate, Played
from sandbox.discord import Attachment
from sandbox.pixazo import Submission
from sandbox.pixazo.pictures import PictureKey, painting

ANSWER_SECONDS: Final = 3.0
"""Discord's own limit for the first answer."""
_GREY_SPREAD: Final = 8

Problems = Iterator[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A statement and what speaks against it; nothing does if it holds."""

    statement: str
    problems: tuple[str, ...]

    @property
    def holds(self) -> bool:
        return not self.problems


def run_checks(record: Record) -> list[Check]:
    """Every check, in the order of the story; the first says whether the programme ran to its end at all."""
    checks = [Check(statement="The programme ran to its end", problems=tuple(filter(None, (record.fault,))))]
    for statement, look in _CHECKS:
        try:
            problems = tuple(look(record))
        except Exception as error:  # noqa: BLE001 - a check that can't be made has not been passed
            problems = (f"could not be checked: {error!r}",)
        checks.append(Check(statement=statement, problems=problems))
    return checks


def _answers(record: Record) -> Problems:
    for one in (*record.played, *record.refused):
        if one.answer.latency_seconds > ANSWER_SECONDS:
            yield f"{_of(one)} was answered after {one.answer.latency_seconds:.1f} s"
    expected = [wish for wish in wishes.ALL if wish.fate is not Fate.REFUSED]
    if [one.wish for one in record.played] != expected:
        yield f"{len(record.played)} of {len(expected)} requests got a card"
    for one in record.played:
        if one.answer.ephemeral or one.message.deleted:
            yield f"the card of {_of(one)} is not public"


def _pictures(record: Record) -> Problems:
    for one in record.played:
        files, expected = one.message.attachments, one.wish.expected
        if len(files) != len(expected):
            yield f"{_of(one)} shows {len(files)} pictures instead of {len(expected)}"
        for index, file in zip(expected, files, strict=False):
            yield from (f"{_of(one)}: {problem}" for problem in _faults_of(file, one, index))


def _flagged(record: Record) -> Problems:
    for one in record.played:
        if not one.wish.flagged:
            continue
        submissions = _submissions(record, one)
        loaded = {download.picture for submission in submissions for download in submission.downloads}
        if loaded & one.wish.flagged:
            yield f"{_of(one)}: flagged pictures were downloaded"
        if not all(submission.job and submission.job.flagged == one.wish.flagged for submission in submissions):
            yield f"{_of(one)}: the safety checker did not flag what it should have"
        if one.wish.fate is Fate.WITHHELD and (one.message.attachments or one.wish.prompt in one.message.text()):
            yield f"{_of(one)}: its card still shows a picture or the prompt"


def _over_quota(record: Record) -> Problems:
    if not record.refused:
        yield "nobody was refused"
    for one in record.refused:
        if not one.answer.ephemeral:
            yield f"the refusal of {_of(one)} was public"
        if str(wishes.DAILY_IMAGES) not in one.message.text():
            yield f"the refusal of {_of(one)} does not name the cap"
        yield from _kept_from_provider(record, one)


def _cancelled(record: Record) -> Problems:
    cancelled = [one for one in record.played if one.wish.fate is Fate.CANCELLED]
    if not cancelled:
        yield "nobody cancelled"
    for one in cancelled:
        if not has_ended(one.message) or one.message.buttons():
            yield f"the card of {_of(one)} does not say that it is cancelled"
        yield from _kept_from_provider(record, one)


def _quota(record: Record) -> Problems:
    if record.quota is None or not record.quota.ephemeral:
        yield "/quota was not answered in private"
    else:
        used = sum(one.wish.count for one in record.played if one.wish.member == wishes.TOO_MANY.member)
        if f"{wishes.DAILY_IMAGES - used} pictures left" not in record.quota.text():
            yield f"/quota does not say that {wishes.DAILY_IMAGES - used} pictures are left"


def _power_cut(record: Record) -> Problems:
    dark = record.books_in_the_dark
    if record.starts != 2 or dark is None:
        yield f"the bot was started {record.starts} times"
        return
    at_work = [wishes.FOUR, wishes.FLAGGED, wishes.MIXED]
    expected = {"delivered": 1, "submitted": len(at_work), "queued": 1, "cancelled": 1}
    if dark.statuses() != expected:
        yield f"in the dark the books held {dark.statuses()} instead of {expected}"
    reserved = sum(account.pending for account in dark.accounts if account.scope == "global")
    held = sum(wish.count for wish in (*at_work, wishes.WAITING)) * PRICE_MICROS
    if reserved != held:
        yield f"in the dark {books.usd(reserved)} was reserved instead of {books.usd(held)}"
    if dark.spent_micros != wishes.FIRST.count * PRICE_MICROS:
        yield f"in the dark {books.usd(dark.spent_micros)} was booked as spent"


def _one_card_each(record: Record) -> Problems:
    for one in record.played:
        if not has_ended(one.message):
            yield f"the card of {_of(one)} never came to an end: {one.message.text()!r}"
    ours = {message.id for message in record.channel.all_messages if message.author.bot and not message.ephemeral}
    cards = {one.message.id for one in record.played}
    if ours != cards:
        yield f"the channel has {len(ours)} public messages of the bot for {len(cards)} requests"


def _submitted_once(record: Record) -> Problems:
    for one in record.played:
        count = len(_submissions(record, one))
        if one.wish.submitted and count != 1:
            yield f"{_of(one)} was submitted {count} times"
    sent = record.pixazo.submissions
    if len(sent) != len(record.pixazo.accepted()):
        yield f"the provider refused {len(sent) - len(record.pixazo.accepted())} submissions"
    if not all((entry.body or {}).get("enable_safety_checker") is True for entry in sent):
        yield "a submission did not ask for the safety checker"


def _bill(record: Record) -> Problems:
    if record.books is None:
        yield "there is no report"
        return
    billed = books.billed_micros(record.pixazo)
    if record.books.spent_micros != billed:
        yield f"the books say {books.usd(record.books.spent_micros)}, the provider bills {books.usd(billed)}"
    settled = sum(job.settled_micros for job in record.books.jobs)
    if settled != record.books.spent_micros:
        yield f"the jobs sum up to {books.usd(settled)}, their account to {books.usd(record.books.spent_micros)}"
    by_request = {job.request_id: job for job in record.books.jobs}
    for submission in record.pixazo.accepted():
        job: BookedJob | None = by_request.get(submission.request_id)
        if job is None or job.settled_micros != submission.images_asked * PRICE_MICROS:
            yield f"the books and the provider differ about “{submission.prompt}”"


def _nothing_left(record: Record) -> Problems:
    if record.books is None:
        yield "there is no report"
        return
    if not record.balanced:
        yield "a balance is not the sum of its entries"
    for account in record.books.accounts:
        if account.pending:
            yield f"an account of {account.scope} still holds {account.pending} {account.unit}"
        if account.posted > account.cap:
            yield f"an account of {account.scope} is over its cap"
    unfinished = [job.status for job in record.books.jobs if job.status not in books.FINAL]
    if unfinished:
        yield f"jobs are left {', '.join(unfinished)}"


def _stopped(record: Record) -> Problems:
    if record.exit_code != 0:
        yield f"its exit code was {record.exit_code}"
    if record.stop_seconds > STOP_SECONDS:
        yield f"it took {record.stop_seconds:.1f} s"


def _manners(record: Record) -> Problems:
    if record.discord.unknown_routes:
        yield f"it asked Discord for {record.discord.unknown_routes}"
    if record.pixazo.strays or record.pixazo.intruders:
        yield f"it asked the provider for {record.pixazo.strays or record.pixazo.intruders}"
    secrets = (record.discord.token, record.pixazo.key, *(wish.prompt for wish in wishes.ALL))
    if any(secret in line for line in record.bot_log for secret in secrets):
        yield "a token, a key or a prompt is in its log"
    errors = [line for line in record.bot_log if " ERROR " in line or " CRITICAL " in line]
    if errors:
        yield f"its log has errors, the first: {errors[0]}"


_CHECKS: Final[tuple[tuple[str, Callable[[Record], Problems]], ...]] = (
    ("Every request got its public card within Discord's 3 seconds", _answers),
    ("Every picture is in its own card, complete and to the byte as the provider made it", _pictures),
    ("What the safety checker flagged was neither shown nor even downloaded", _flagged),
    ("The cancelled request never reached the provider", _cancelled),
    ("The power went out with three jobs at the provider and one in line, all on disk", _power_cut),
    ("Afterwards every card came to its end, and none was posted twice", _one_card_each),
    ("Nothing was submitted twice, and always with the safety checker", _submitted_once),
    ("The request over quota was refused in private and never reached the provider", _over_quota),
    ("/quota shows what is left", _quota),
    ("The books agree with the provider's bill to the cent, in total and job by job", _bill),
    ("Nothing is left reserved, every job is at its end, every balance is the sum of its entries", _nothing_left),
    (f"Told to stop, the bot stopped cleanly within {STOP_SECONDS:g} seconds", _stopped),
    ("It asked nobody for anything else, and its log has neither errors nor secrets nor prompts", _manners),
)


def _of(one: Played) -> str:
    return f"{one.member.name}'s “{one.wish.prompt}”"


def _submissions(record: Record, one: Played) -> list[Submission]:
    return record.pixazo.accepted(match=lambda body: body.get("prompt") == one.wish.prompt)


def _kept_from_provider(record: Record, one: Played) -> Problems:
    if any(entry.prompt == one.wish.prompt for entry in record.pixazo.submissions):
        yield f"{_of(one)} reached the provider"


def _faults_of(file: Attachment, one: Played, index: int) -> Problems:
    data = file.read()
    width, height = one.wish.size_px
    with Image.open(io.BytesIO(data)) as image:
        low, high = ImageStat.Stat(image.convert("L")).extrema[0]
        if image.size != (width, height):
            yield f"a picture is {image.width}×{image.height} instead of {width}×{height}"
    if high - low <= _GREY_SPREAD:
        yield "a picture is blank"
    key = PictureKey(
        prompt=one.wish.prompt,
        seed=int(str(one.wish.options["seed"])),
        index=index,
        width=width,
        height=height,
        file_format="png",
    )
    if not _same_pixels(data, painting(key)):
        yield f"{file.filename} is not the picture that the provider made"
    if not file.description:
        yield f"{file.filename} has no alt text"


def _same_pixels(one: bytes, other: bytes) -> bool:
    """Whether both files show the same, whatever else is in them: metadata is added on the way."""
    with Image.open(io.BytesIO(one)) as first, Image.open(io.BytesIO(other)) as second:
        return first.mode == second.mode and first.size == second.size and first.tobytes() == second.tobytes()
