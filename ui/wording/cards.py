"""What cards say: a job's state, what came of it, what it costs, and the lists of jobs."""

from collections.abc import Iterator
from typing import Final

from generation.delivery import UsualTime
from models import FailureReason, Job, JobStatus
from ui import text
from ui.language import N_, _, ngettext
from ui.wording import images
from ui.wording.accounts import pictures
from ui.wording.commands import FORMATS

CANCEL: Final = N_("Cancel")

# What ended a request or keeps it in doubt: what happened, and what the author can do.
_REASONS: Final = {
    FailureReason.CONTENT_POLICY: N_("The picture service declined this under its content rules. Try other words."),
    FailureReason.IMAGE_LOAD: N_("The picture service could not read the image it was given. Try another one."),
    FailureReason.FILE_DOWNLOAD: N_("The picture service could not fetch the image it was given. Try again."),
    FailureReason.IMAGE_TOO_LARGE: N_("The image given is too large for the picture service. Try a smaller one."),
    FailureReason.IMAGE_TOO_SMALL: N_("The image given is too small for the picture service. Try a larger one."),
    FailureReason.IMAGE_FORMAT: N_("The picture service can't read this type of image. Try a PNG or JPEG."),
    FailureReason.INVALID_PARAMETER: N_("The picture service did not take one of the settings. Try the defaults."),
    FailureReason.GENERATION_TIMEOUT: N_(
        "The picture service ran out of time. Try again, perhaps with fewer steps or a smaller size."
    ),
    FailureReason.PROVIDER_CANCELLED: N_("The picture service stopped working on it. Try again."),
    FailureReason.PROVIDER_FAILED: N_("The picture service failed on it. Try again in a moment."),
    FailureReason.REQUEST_REFUSED: N_("The picture service refused it. Try again with other settings."),
    FailureReason.OPERATOR_RELEASED: N_("The operator looked into it and closed it. Feel free to try again."),
    FailureReason.OPERATOR_SETTLED: N_("The operator looked into it and found that it was paid for."),
    FailureReason.CANCELLED_BY_AUTHOR: N_("Cancelled by the member who asked for it."),
    FailureReason.CANCELLED_BY_MODERATOR: N_("Cancelled by a moderator."),
    FailureReason.SUSPENDED: N_("The server's moderators ended it before it was started."),
    FailureReason.NO_CARD: N_("It could not be announced in the channel, so it was not started. Try again."),
    FailureReason.IMAGE_GONE: N_(
        "The picture to work from is not on this message (any more), so it was not started. Try again."
    ),
    FailureReason.NOT_SUBMITTED_IN_TIME: N_("It could not be started in time. Try again in a moment."),
    FailureReason.ACCEPTANCE_UNKNOWN: N_("The picture service did not say whether it took the request."),
    FailureReason.INTERRUPTED_SUBMISSION: N_("I was interrupted at the very moment of handing the request over."),
    FailureReason.DEADLINE: N_("It takes far longer than usual."),
    FailureReason.PICTURES_LOST: N_(
        "I lost the picture while it waited for a moderator, so it can't be shown. That is a fault of mine, not yours."
    ),
    FailureReason.RESULT_UNKNOWN: N_("The picture service does not know about the request any more."),
}

_TITLES: Final = {
    JobStatus.QUEUED: N_("⏳ Waiting in line"),
    JobStatus.SUBMITTING: N_("🎨 Being made"),
    JobStatus.SUBMITTED: N_("🎨 Being made"),
    JobStatus.GENERATED: N_("🔎 Made, now being checked"),
    JobStatus.IN_REVIEW: N_("🔎 A moderator has a look first"),
    JobStatus.IN_DOUBT: N_("❔ Not sure yet"),
    JobStatus.DELIVERED: N_("🖼️ Done"),
    JobStatus.WITHHELD: N_("🛡️ Nothing to show this time"),
    JobStatus.UNDELIVERABLE: N_("📭 Could not be posted"),
    JobStatus.REJECTED: N_("🛡️ Not approved"),
    JobStatus.EXPIRED: N_("⌛ Not shown"),
    JobStatus.FAILED: N_("⚠️ That didn't work"),
    JobStatus.CANCELLED: N_("✖️ Cancelled"),
    JobStatus.WRITTEN_OFF: N_("❔ It never came"),
}

_BODIES: Final = {
    JobStatus.IN_REVIEW: N_("This server's moderators approve pictures before they are shown."),
    JobStatus.IN_DOUBT: N_(
        "I keep asking for up to a day. The picture appears here if it comes; you need not do anything."
    ),
    JobStatus.WITHHELD: N_(
        "The result did not get through the safety check. That says nothing about you: plain or very dark "
        "pictures are held back too, and so is whatever can't be checked. Another seed or other words may help."
    ),
    JobStatus.UNDELIVERABLE: N_("It was made, but could not be posted here."),
    JobStatus.REJECTED: N_("A moderator decided against showing this here."),
    JobStatus.EXPIRED: N_("No moderator looked at it in time, so it is not shown."),
    JobStatus.WRITTEN_OFF: N_("Whether it was ever made could not be found out."),
}

_CAN_NOT_BE_ASKED: Final = N_(
    "So I can't ask what became of it, and don't try a second time what may be paid for already. "
    "Feel free to start it anew yourself."
)

_QUEUE_STATES: Final = {
    JobStatus.QUEUED: N_("waiting in line"),
    JobStatus.SUBMITTING: N_("being made"),
    JobStatus.SUBMITTED: N_("being made"),
    JobStatus.GENERATED: N_("being checked and posted"),
    JobStatus.IN_REVIEW: N_("waiting for a moderator"),
    JobStatus.IN_DOUBT: N_("not sure yet"),
}


def card_title(status: JobStatus) -> str:
    """The headline of a card."""
    return f"### {_(_TITLES[status])}"


def card_body(job: Job) -> str | None:
    """What the card says below its headline, or None where that says it all."""
    cause = next((words for reason, words in _REASONS.items() if reason == job.reason), None)
    if cause is None and job.status is JobStatus.FAILED:
        cause = _REASONS[FailureReason.PROVIDER_FAILED]
    state = _BODIES.get(job.status)
    if job.status is JobStatus.IN_DOUBT and job.request_id is None:
        state = _CAN_NOT_BE_ASKED
    if job.reason == FailureReason.PICTURES_LOST:
        state = None
    return " ".join(_(words) for words in (cause, state) if words) or None


def cost(job: Job) -> str:
    """What the request costs, as certain as its status allows."""
    match job.status:
        case JobStatus.FAILED | JobStatus.CANCELLED:
            return _("Nothing was charged")
        case JobStatus.IN_DOUBT:
            words = _("{cost} stays reserved until that is known, a day at most")
            return words.format(cost=text.money(job.cost_micros))
        case JobStatus.IN_REVIEW:
            return text.money(job.settled_micros)
        case JobStatus.WITHHELD | JobStatus.REJECTED | JobStatus.EXPIRED | JobStatus.UNDELIVERABLE:
            spent = job.settled_micros or job.price_micros * job.images_produced
            words = _("{cost} was charged, since the picture service made it and bills it")
            return words.format(cost=text.money(spent))
        case JobStatus.WRITTEN_OFF:
            words = _("{cost} was charged, as it may have been made")
            return words.format(cost=text.money(job.settled_micros or job.cost_micros))
        case _status:
            return text.money(job.cost_micros)


def settings(job: Job) -> str:
    """The settings of a request in one line; the seed is the one that really made the picture."""
    request = job.request
    seed = job.result_seed if job.result_seed is not None else request.seed
    steps = request.num_inference_steps
    parts = [
        text.pixels(request.image_size.width_px, request.image_size.height_px),
        pictures(request.num_images) if request.num_images > 1 else None,
        ngettext("{count} step", "{count} steps", steps).format(count=steps),
        _("guidance {value}").format(value=text.number(request.guidance_scale)),
        _("seed {seed}").format(seed=seed) if seed is not None else None,
        FORMATS[request.output_format],
        *_made_with(job),
    ]
    return " · ".join(part for part in parts if part)


def _made_with(job: Job) -> Iterator[str]:
    """The preset, the LoRAs and the mode, by the names that members pick them by."""
    recipe = job.recipe
    if recipe.preset is not None:
        yield _("preset {name}").format(name=text.escaped(recipe.preset))
    for name, lora in zip(recipe.loras, job.request.loras, strict=False):
        yield f"{text.escaped(name)} {text.number(lora.scale)}"
    if recipe.mode is not None:
        yield images.called(recipe.mode)


def asked_by(job: Job) -> str | None:
    """Who asked, where nothing else says so: above a command's answer Discord does, above a button's it doesn't."""
    if job.recipe.parent_job_id is None and job.recipe.command != "control":
        return None
    return _("by {author}").format(author=f"<@{job.origin.user_id}>")


def left_after(count: int) -> str:
    """How many pictures the author still has room for after this request."""
    return ngettext("{count} picture left", "{count} pictures left", count).format(count=count)


def gallery_cost(micros: int, produced: int) -> str:
    """What a gallery cost, and for how many pictures where that may differ from those that are seen."""
    if produced == 1:
        return text.money(micros)
    return _("{cost} for {pictures}").format(cost=text.money(micros), pictures=pictures(produced))


def withheld_note(withheld: int, produced: int) -> str:
    """Says that some pictures of a gallery are missing, without accusing anyone."""
    return ngettext(
        "🛡️ {count} of {total} pictures was held back by the safety check",
        "🛡️ {count} of {total} pictures were held back by the safety check",
        withheld,
    ).format(count=withheld, total=produced)


def missing_note(missing: int) -> str:
    """Says that the provider made fewer pictures than were asked for."""
    return ngettext(
        "{count} picture never came and cost nothing", "{count} pictures never came and cost nothing", missing
    ).format(count=missing)


def alternative_text(prompt: str, limit: int) -> str:
    """What a screen reader says about a picture: the prompt is the best description there is."""
    return text.shortened(_("Generated picture: {prompt}").format(prompt=text.one_line(prompt)), limit)


def given_image() -> str:
    """What a screen reader says about the image that a member gave."""
    return _("The picture that this is made from")


def late_notice(job: Job) -> str:
    """The reply that tells the author of a slow request that it has come to an end."""
    if job.status is not JobStatus.DELIVERED:
        words = _("{author} your request has ended, but without a picture: see above.")
    else:
        words = ngettext("{author} your picture is ready.", "{author} your pictures are ready.", job.images_released)
    return words.format(author=f"<@{job.origin.user_id}>")


def usual_time(usual: UsualTime) -> str:
    """How long such a request takes, as sure as that is."""
    words = _("usually {span}") if usual.measured else _("roughly {span}")
    return words.format(span=text.time_span(usual.low_seconds, usual.high_seconds))


def place_in_line(place: int) -> str:
    """Where a waiting request stands; 1 is the next."""
    return _("next in line") if place <= 1 else _("number {place} in line").format(place=place)


def queue_title() -> str:
    """The headline of `/queue`."""
    return _("### 🎨 Your requests")


def queue_empty() -> str:
    """What `/queue` says where there is nothing to list."""
    return _("You have nothing under way. `/imagine` starts a picture.")


def queue_entry(job: Job, place: int | None, usual: UsualTime | None) -> str:
    """The state of one of a member's requests in the private list."""
    if place is not None:
        parts = [place_in_line(place)]
    else:
        parts = [_(_QUEUE_STATES[job.status]) if job.status in _QUEUE_STATES else job.status.value]
    if usual is not None and job.status is not JobStatus.IN_DOUBT:
        parts.append(usual_time(usual))
    parts += [text.money(job.cost_micros), _("asked {when}").format(when=text.relative_time(job.created_at))]
    return "-# " + " · ".join(parts)


def queue_more(hidden: int) -> str:
    """Says that the list is not complete."""
    return "-# " + ngettext("and {count} more", "and {count} more", hidden).format(count=hidden)
