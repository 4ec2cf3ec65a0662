"""Whether all happened as it should: each check looks at what was seen on the wire, on disk and on the bill."""

import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from PIL import Image, ImageStat

from sandbox.demo import books, wishes
from sandbox.demo.books import BookedJob
from sandbox.demo.bot_process import STOP_SECONDS
from sandbox.demo.programme import has_ended
from sandbox.demo.record import Record
from sandbox.demo.wishes import PRICE_MICROS, Fate, Played
from sandbox.discord import Attachment
from sandbox.pixazo import Submission
from sandbox.pixazo.pictures import PictureKey, painting

ANSWER_SECONDS: Final = 3.0
"""Discord's own limit for the first answer."""
_GREY_SPREAD: Final = 8
SOURCE_TYPE: Final = b"http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
"""What the IPTC says in a file's metadata for pictures that a trained model made."""

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
        files, expected = one.message.gallery(), one.wish.expected
        if len(files) != len(expected):
            yield f"{_of(one)} shows {len(files)} pictures instead of {len(expected)}"
        for index, file in zip(expected, files, strict=False):
            yield from (f"{_of(one)}: {problem}" for problem in _faults_of(file, record, one, index))


def _marked(record: Record) -> Problems:
    for one in record.played:
        for file in one.message.gallery():
            with Image.open(io.BytesIO(file.read())) as image:
                mark, recipe = image.info.get("xmp", b""), str(image.info.get("parameters", ""))
            if SOURCE_TYPE not in mark:
                yield f"{_of(one)}: {file.filename} does not say that a model made it"
            seeds = [(submission.body or {}).get("seed") for submission in _submissions(record, one)]
            if not recipe.startswith(f"{one.wish.words}\n") or f"Seed: {seeds[0] if seeds else '?'}" not in recipe:
                yield f"{_of(one)}: {file.filename} does not say how to make it again"


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


def _given(record: Record) -> Problems:
    preview = record.pages.preview if record.pages else None
    if preview is None or preview.visible_to != wishes.FOLLOWED.member or len(preview.attachments) != 1:
        yield "there was no private preview with one image"
    for one in record.played:
        beside = [file for file in one.message.attachments if file not in one.message.gallery()]
        if one.wish.image is None and one.wish.made_from is None and beside:
            yield f"{_of(one)}: its card has more than its pictures"
        if one.wish.image is None:
            continue
        if len(beside) != 1 or beside[0].id not in one.message.attachment_used():
            yield f"{_of(one)}: the image is not beside the pictures"
            continue
        sent = [path for submission in _submissions(record, one) for path in _paths_in(submission.body)]
        if sent != [beside[0].path]:
            yield f"{_of(one)}: the provider got another image than the one on the card"
        if one.wish is wishes.FOLLOWED and preview and beside[0].read() != preview.attachments[0].read():
            yield f"{_of(one)}: the card shows another image than the preview did"


def _chosen(record: Record) -> Problems:
    bodies = {one.wish: _submissions(record, one)[0].body or {} for one in record.played if _submissions(record, one)}
    cards = {one.wish: one.message.text() for one in record.played}
    with_preset, with_lora = bodies.get(wishes.PRESET_USED, {}), bodies.get(wishes.LORA_USED, {})
    if with_preset.get("guidance_scale") != 3 or f"preset {wishes.PRESET}" not in cards.get(wishes.PRESET_USED, ""):
        yield "the preset's settings did not take part"
    if [lora.get("path") for lora in with_lora.get("loras", ())] != [wishes.LORA_PATH]:
        yield "the LoRA did not take part"
    for wish, changes in ((wishes.REROLLED, {"seed"}), (wishes.EDITED, {"prompt"})):
        before, after = bodies.get(wish.made_from or wish, {}), bodies.get(wish, {})
        changed = {name for name in {*before, *after} if before.get(name) != after.get(name)}
        if changed != changes:
            yield f"{wish.member}'s button changed {', '.join(sorted(changed)) or 'nothing'}"


def _private(record: Record) -> Problems:
    pages = record.pages
    if pages is None:
        yield "nobody looked at anything in private"
        return
    readers = {
        "the preset's panel": (pages.panel, wishes.PRESET_USED),
        "Details": (pages.details, wishes.REROLLED),
        "/history": (pages.history, wishes.REROLLED),
        "/history in German": (pages.history_in_german, wishes.LORA_USED),
    }
    for name, (page, wish) in readers.items():
        if page.visible_to != wish.member:
            yield f"{name} was not answered in private"
    if f"/imagine prompt:{wishes.REROLLED.prompt}" not in pages.details.text:
        yield "Details does not say how to make it again"
    own = [one for one in record.played if one.wish.member == wishes.REROLLED.member]
    if len(_paths_in(pages.history.components)) != len(own):
        yield f"/history does not show {len(own)} pictures"
    if pages.history.text.partition("\n")[0] == pages.history_in_german.text.partition("\n")[0]:
        yield f"{wishes.LORA_USED.member} reads no German"


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
    ("Every picture is in its own card, complete and pixel by pixel as the provider made it", _pictures),
    ("Every file says that a model made it, and how to make it again", _marked),
    ("What the safety checker flagged was neither shown nor even downloaded", _flagged),
    ("A member's image was previewed in private, and lies beside the pictures on the card", _given),
    ("A preset, a LoRA, Reroll and Edit changed what they are for, and nothing else", _chosen),
    ("Details, /history and the preset's panel were private, and in the reader's language", _private),
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
    return record.pixazo.accepted(match=one.wish.fits)


def _kept_from_provider(record: Record, one: Played) -> Problems:
    if any(entry.prompt == one.wish.prompt for entry in record.pixazo.submissions):
        yield f"{_of(one)} reached the provider"


def _faults_of(file: Attachment, record: Record, one: Played, index: int) -> Problems:
    data = file.read()
    width, height = one.wish.size_px
    with Image.open(io.BytesIO(data)) as image:
        low, high = ImageStat.Stat(image.convert("L")).extrema[0]
        if image.size != (width, height):
            yield f"a picture is {image.width}×{image.height} instead of {width}×{height}"
    if high - low <= _GREY_SPREAD:
        yield "a picture is blank"
    keys = [
        PictureKey(
            prompt=submission.prompt,
            seed=int((submission.body or {})["seed"]),
            index=index,
            width=width,
            height=height,
            file_format="png",
        )
        for submission in _submissions(record, one)
    ]
    if not any(_same_pixels(data, painting(key)) for key in keys):
        yield f"{file.filename} is not the picture that the provider made"
    if not file.description:
        yield f"{file.filename} has no alt text"


def _paths_in(part: Any) -> list[str]:
    """The paths of all files on the CDN that a body or a message names, each once."""
    if isinstance(part, Mapping):
        return list(dict.fromkeys(path for value in part.values() for path in _paths_in(value)))
    if isinstance(part, list | tuple):
        return list(dict.fromkeys(path for value in part for path in _paths_in(value)))
    path = urlsplit(part).path if isinstance(part, str) and part.startswith("http") else ""
    return [path] if path.startswith("/attachments/") else []


def _same_pixels(one: bytes, other: bytes) -> bool:
    """Whether both files show the same, whatever else is in them: metadata is added on the way."""
    with Image.open(io.BytesIO(one)) as first, Image.open(io.BytesIO(other)) as second:
        return first.mode == second.mode and first.size == second.size and first.tobytes() == second.tobytes()
