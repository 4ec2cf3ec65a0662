"""Every text that members and operators read on Discord, in one place.

Values come in through arguments; whatever a member wrote must be escaped before (`ui.text.escaped`).
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from errors import (
    CancelRefused,
    CapReached,
    Failure,
    GenerationPaused,
    InvalidOption,
    JobNotFound,
    MissingBotPermissions,
    ProviderClosed,
    Refusal,
    StorageUnavailable,
    TooManyActiveJobs,
)
from generation.delivery import UsualTime
from models import AccountKey, Balance, FailureReason, Job, JobStatus, Scope, Unit
from parameters import ImageSize, OutputFormat
from ui import text

# Commands and their options, as Discord's command picker shows them (100 characters at most).
IMAGINE: Final = "Make a picture from a description"
QUEUE: Final = "Your pictures under way: place in line, usual time, Cancel"
QUOTA: Final = "What you and this server have left, and when it renews"
HELP: Final = "What I can do and how to use it"
ABOUT: Final = "Who I am, what a picture costs, what I store and how safety works"

OPTION_PROMPT: Final = "What the picture should show"
OPTION_SIZE: Final = "Shape of the picture (default: landscape 4:3)"
OPTION_COUNT: Final = "How many pictures (default: 1); each one is charged"
OPTION_NEGATIVE: Final = "What to steer away from; never shown in the channel"
OPTION_SEED: Final = "Same seed and settings, same picture (default: random)"
OPTION_STEPS: Final = "More steps, finer and slower (default: 28)"
OPTION_GUIDANCE: Final = "How closely to follow the prompt (default: 3.5)"
OPTION_FORMAT: Final = "File type (default: PNG)"

SIZES: Final = {
    ImageSize.LANDSCAPE_4_3: "Landscape 4:3",
    ImageSize.LANDSCAPE_16_9: "Landscape 16:9",
    ImageSize.SQUARE_HD: "Square, large",
    ImageSize.SQUARE: "Square, small",
    ImageSize.PORTRAIT_4_3: "Portrait 3:4",
    ImageSize.PORTRAIT_16_9: "Portrait 9:16",
}
FORMATS: Final = {OutputFormat.PNG: "PNG", OutputFormat.JPEG: "JPEG"}

CANCEL: Final = "Cancel"

# The provider's parameters by the names of the options that set them.
_OPTIONS: Final = {
    "negative_prompt": "negative",
    "image_size": "size",
    "num_images": "count",
    "num_inference_steps": "steps",
    "guidance_scale": "guidance",
    "output_format": "format",
}

GUILD_ONLY: Final = "I only work in servers. Use me in a channel of a server that I'm a member of."
COMMAND_CHANGED: Final = (
    "This command has changed since your Discord last looked. Restart Discord (or press Ctrl+R) and try again."
)
BUTTON_GONE: Final = "This button doesn't work any more. Use the command again instead."
FORM_GONE: Final = "I was restarted while you had this form open, so I can't take it. Please open it again."


def size_choice(size: ImageSize) -> str:
    """A size in the command's list."""
    return f"{SIZES[size]} ({text.pixels(size.width_px, size.height_px)})"


def refusal(error: Refusal) -> str:
    """Why a wish is not carried out, and what the member can do about it."""
    match error:
        case InvalidOption():
            return _invalid_option(error)
        case GenerationPaused(by="guild"):
            return "New pictures are paused in this server. Try again once its moderators have resumed them."
        case GenerationPaused():
            return "New pictures are paused everywhere by the operator of this bot. Try again later."
        case MissingBotPermissions():
            return (
                f"I can't post pictures in this channel: I lack {_permissions(error.permissions)}. "
                "Ask an admin to allow me that here, or use me in another channel."
            )
        case TooManyActiveJobs():
            return (
                f"You have {text.plural(error.active, 'request', 'requests')} under way, and {error.limit} is "
                "the most at once. Wait until one is done, or cancel one with `/queue`."
            )
        case CapReached():
            return _cap_reached(error)
        case ProviderClosed(stopping=True):
            return "I'm about to restart. Try again in a minute; nothing was spent."
        case ProviderClosed():
            return (
                "The picture service doesn't serve this bot at the moment, and its operator knows. "
                "Try again later; nothing was spent."
            )
        case JobNotFound():
            return "There is no such request of yours here. `/queue` lists those that are under way."
        case CancelRefused():
            return _cancel_refused(error)
        case _:
            return "That isn't possible right now. Nothing was spent."


def failure(error: BaseException, reference: str) -> str:
    """What a member is told about a fault of ours; the reference finds it in the operator's log."""
    if isinstance(error, StorageUnavailable):
        cause = "I can't write to my books right now, so I did nothing and spent nothing."
    elif isinstance(error, Failure):
        cause = "Something went wrong on my side."
    else:
        cause = "Something unexpected went wrong on my side."
    return f"{cause} Try again in a minute. If it stays like this, tell an admin this reference: `{reference}`"


def _invalid_option(error: InvalidOption) -> str:
    option = f"`{_OPTIONS.get(error.option, error.option)}`"
    match error.problem:
        case "empty":
            return f"{option} is empty. Say in a few words what the picture should show."
        case "too_long":
            return f"{option} can have {error.high or 0:,.0f} characters at most. Shorten it and try again."
        case "control_characters":
            return (
                f"{option} contains invisible control characters, as copied text sometimes does. "
                "Type it anew and try again."
            )
        case "out_of_range":
            return f"{option} must be {_range(error)}. Change it and try again."
        case "conflict":
            other = _OPTIONS.get(error.other or "", error.other or "")
            return f"{option} and `{other}` can't be used together. Leave one of them out."
        case _:
            return f"{option} can't be used like this. Pick one of the choices that the command offers."


def _range(error: InvalidOption) -> str:
    low, high = _bound(error.low), _bound(error.high)
    return f"above {low} and at most {high}" if error.low_excluded else f"from {low} to {high}"


def _bound(value: float | None) -> str:
    if value is None:
        return "?"
    return f"{value:,.0f}" if value == int(value) else f"{value:g}"


def _permissions(names: Sequence[str]) -> str:
    """Discord's API names (`ATTACH_FILES`) as its settings show them, in bold."""
    shown = [f"**{name.replace('_', ' ').title()}**" for name in names]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def _cap_reached(error: CapReached) -> str:
    account, unit = error.account, error.account.unit
    if unit is Unit.IMAGE:
        left, needed = str(error.left) if error.left else "none", str(error.amount)
    else:
        left, needed = text.money(error.left) if error.left else "nothing", text.money(error.amount)
    state = f"{left} of {amount(unit, error.cap)} {_each(account)} left, and this needs {needed}."
    renewal = f"More {text.relative_time(error.renews_at)} ({text.full_time(error.renews_at)}). Nothing was spent."
    way_out = f"Ask for a `count` of {error.fitting} or less, or wait. " if error.fitting else ""
    return f"{account_name(account)}: {state}\n{way_out}{renewal}"


def _cancel_refused(error: CancelRefused) -> str:
    if error.why == "not_yours":
        return (
            "Only the member who asked for it can cancel this, or a moderator (**Manage Messages**): ask one of them."
        )
    if error.status is JobStatus.CANCELLED:
        return "It was cancelled before."
    if error.status.is_terminal:
        return "Too late: it has ended already."
    return "Too late: it is being made already, so it can't be cancelled any more."


def amount(unit: Unit, value: int) -> str:
    """A value of an account in words: `3 pictures` or `$0.27`."""
    return text.plural(value, "picture", "pictures") if unit is Unit.IMAGE else text.money(value)


def account_name(account: AccountKey) -> str:
    """Whose cap an account holds, for the member whom it touches."""
    match account.scope, account.unit:
        case Scope.MEMBER, Unit.IMAGE:
            return "**Your pictures**"
        case Scope.MEMBER, _:
            return "**Your spending**"
        case Scope.GUILD, _:
            return "**This server's budget**"
        case _:
            return "**The budget of the whole bot**"


def _each(account: AccountKey) -> str:
    # A day's period has a day in it: 2026-11-22, and a month's has none: 2026-11.
    return "a day" if account.period.count("-") == 2 else "a month"


def quota_line(balance: Balance, renews_at: datetime) -> str:
    """One account with its bar: how much is used, how much is left, and when it renews."""
    account = balance.account
    held = f" · {amount(account.unit, balance.pending)} held" if balance.pending else ""
    return (
        f"{account_name(account)} · {amount(account.unit, balance.cap)} {_each(account)}\n"
        f"{text.bar(balance.posted + balance.pending, balance.cap)}  **{amount(account.unit, balance.left)} left**\n"
        f"-# {amount(account.unit, balance.posted)} used{held} · renews {text.relative_time(renews_at)}"
    )


def usual_time(usual: UsualTime) -> str:
    """How long such a request takes, as sure as that is."""
    span = text.time_span(usual.low_seconds, usual.high_seconds)
    return f"usually {span}" if usual.measured else f"roughly {span}"


def place_in_line(place: int) -> str:
    """Where a waiting request stands; 1 is the next."""
    return "next in line" if place <= 1 else f"number {place} in line"


# What ended a request or keeps it in doubt: what happened, and what the author can do.
_REASONS: Final = {
    FailureReason.CONTENT_POLICY: "The picture service declined this under its content rules. Try other words.",
    FailureReason.IMAGE_LOAD: "The picture service could not read the image it was given. Try another one.",
    FailureReason.FILE_DOWNLOAD: "The picture service could not fetch the image it was given. Try again.",
    FailureReason.IMAGE_TOO_LARGE: "The image given is too large for the picture service. Try a smaller one.",
    FailureReason.IMAGE_TOO_SMALL: "The image given is too small for the picture service. Try a larger one.",
    FailureReason.IMAGE_FORMAT: "The picture service can't read this type of image. Try a PNG or JPEG.",
    FailureReason.INVALID_PARAMETER: "The picture service did not take one of the settings. Try the defaults.",
    FailureReason.GENERATION_TIMEOUT: (
        "The picture service ran out of time. Try again, perhaps with fewer steps or a smaller size."
    ),
    FailureReason.PROVIDER_CANCELLED: "The picture service stopped working on it. Try again.",
    FailureReason.PROVIDER_FAILED: "The picture service failed on it. Try again in a moment.",
    FailureReason.REQUEST_REFUSED: "The picture service refused it. Try again with other settings.",
    FailureReason.OPERATOR_RELEASED: "The operator looked into it and closed it. Feel free to try again.",
    FailureReason.OPERATOR_SETTLED: "The operator looked into it and found that it was paid for.",
    FailureReason.CANCELLED_BY_AUTHOR: "Cancelled by the member who asked for it.",
    FailureReason.CANCELLED_BY_MODERATOR: "Cancelled by a moderator.",
    FailureReason.NO_CARD: "It could not be announced in the channel, so it was not started. Try again.",
    FailureReason.NOT_SUBMITTED_IN_TIME: "It could not be started in time. Try again in a moment.",
    FailureReason.ACCEPTANCE_UNKNOWN: "The picture service did not say whether it took the request.",
    FailureReason.INTERRUPTED_SUBMISSION: "I was interrupted at the very moment of handing the request over.",
    FailureReason.DEADLINE: "It takes far longer than usual.",
    FailureReason.RESULT_UNKNOWN: "The picture service does not know about the request any more.",
}

_TITLES: Final = {
    JobStatus.QUEUED: "⏳ Waiting in line",
    JobStatus.SUBMITTING: "🎨 Being made",
    JobStatus.SUBMITTED: "🎨 Being made",
    JobStatus.GENERATED: "🔎 Made, now being checked",
    JobStatus.IN_REVIEW: "🔎 A moderator has a look first",
    JobStatus.IN_DOUBT: "❔ Not sure yet",
    JobStatus.DELIVERED: "🖼️ Done",
    JobStatus.WITHHELD: "🛡️ Nothing to show this time",
    JobStatus.UNDELIVERABLE: "📭 Could not be posted",
    JobStatus.REJECTED: "🛡️ Not approved",
    JobStatus.EXPIRED: "⌛ Not approved in time",
    JobStatus.FAILED: "⚠️ That didn't work",
    JobStatus.CANCELLED: "✖️ Cancelled",
    JobStatus.WRITTEN_OFF: "❔ It never came",
}

_BODIES: Final = {
    JobStatus.IN_REVIEW: "This server's moderators approve pictures before they are shown.",
    JobStatus.IN_DOUBT: (
        "I keep asking for up to a day. The picture appears here if it comes; you need not do anything."
    ),
    JobStatus.WITHHELD: (
        "The result did not get through the safety check. That says nothing about you: plain or very dark "
        "pictures are held back too, and so is whatever can't be checked. Another seed or other words may help."
    ),
    JobStatus.UNDELIVERABLE: "It was made, but could not be posted here.",
    JobStatus.REJECTED: "A moderator decided against showing this here.",
    JobStatus.EXPIRED: "No moderator looked at it in time, so it is not shown.",
    JobStatus.WRITTEN_OFF: "Whether it was ever made could not be found out.",
}


_CAN_NOT_BE_ASKED: Final = (
    "So I can't ask what became of it, and don't try a second time what may be paid for already. "
    "Feel free to start it anew yourself."
)


def card_title(status: JobStatus) -> str:
    """The headline of a card."""
    return f"### {_TITLES[status]}"


def card_body(job: Job) -> str | None:
    """What the card says below its headline, or None where that says it all."""
    cause = next((words for reason, words in _REASONS.items() if reason == job.reason), None)
    if cause is None and job.status is JobStatus.FAILED:
        cause = _REASONS[FailureReason.PROVIDER_FAILED]
    state = _BODIES.get(job.status)
    if job.status is JobStatus.IN_DOUBT and job.request_id is None:
        state = _CAN_NOT_BE_ASKED
    return " ".join(words for words in (cause, state) if words) or None


def cost(job: Job) -> str:
    """What the request costs, as certain as its status allows."""
    match job.status:
        case JobStatus.FAILED | JobStatus.CANCELLED:
            return "Nothing was charged"
        case JobStatus.IN_DOUBT:
            return f"{text.money(job.cost_micros)} stays reserved until that is known, a day at most"
        case JobStatus.WITHHELD | JobStatus.REJECTED | JobStatus.EXPIRED | JobStatus.UNDELIVERABLE:
            spent = job.settled_micros or job.price_micros * job.images_produced
            return f"{text.money(spent)} was charged, since the picture service made it and bills it"
        case JobStatus.WRITTEN_OFF:
            return f"{text.money(job.settled_micros or job.cost_micros)} was charged, as it may have been made"
        case _:
            return text.money(job.cost_micros)


def settings(job: Job) -> str:
    """The settings of a request in one line; the seed is the one that really made the picture."""
    request = job.request
    seed = job.result_seed if job.result_seed is not None else request.seed
    parts = [
        text.pixels(request.image_size.width_px, request.image_size.height_px),
        text.plural(request.num_images, "picture", "pictures") if request.num_images > 1 else None,
        text.plural(request.num_inference_steps, "step", "steps"),
        f"guidance {text.number(request.guidance_scale)}",
        f"seed {seed}" if seed is not None else None,
        FORMATS[request.output_format],
    ]
    return " · ".join(part for part in parts if part)


def gallery_cost(micros: int, produced: int) -> str:
    """What a gallery cost, and for how many pictures where that may differ from those that are seen."""
    return text.money(micros) if produced == 1 else f"{text.money(micros)} for {produced} pictures"


def withheld_note(withheld: int, produced: int) -> str:
    """Says that some pictures of a gallery are missing, without accusing anyone."""
    verb = "was" if withheld == 1 else "were"
    return f"🛡️ {withheld} of {text.plural(produced, 'picture', 'pictures')} {verb} held back by the safety check"


def missing_note(missing: int) -> str:
    """Says that the provider made fewer pictures than were asked for."""
    return f"{text.plural(missing, 'picture', 'pictures')} never came and cost nothing"


def alternative_text(prompt: str, limit: int) -> str:
    """What a screen reader says about a picture: the prompt is the best description there is."""
    return text.shortened(f"Generated picture: {text.one_line(prompt)}", limit)


def late_notice(job: Job) -> str:
    """The reply that tells the author of a slow request that it has come to an end."""
    author = f"<@{job.origin.user_id}>"
    if job.status is not JobStatus.DELIVERED:
        return f"{author} your request has ended, but without a picture: see above."
    return f"{author} your {'picture is' if job.images_released == 1 else 'pictures are'} ready."


QUEUE_TITLE: Final = "### 🎨 Your requests"
QUEUE_EMPTY: Final = "You have nothing under way. `/imagine` starts a picture."
QUOTA_TITLE: Final = "### 📊 What is left"
QUOTA_NOTE: Final = "-# What is held belongs to requests under way: charged when they are made, freed when they fail."

_QUEUE_STATES: Final = {
    JobStatus.QUEUED: "waiting in line",
    JobStatus.SUBMITTING: "being made",
    JobStatus.SUBMITTED: "being made",
    JobStatus.GENERATED: "being checked and posted",
    JobStatus.IN_REVIEW: "waiting for a moderator",
    JobStatus.IN_DOUBT: "not sure yet",
}


def queue_entry(job: Job, place: int | None, usual: UsualTime | None) -> str:
    """The state of one of a member's requests in the private list."""
    state = place_in_line(place) if place is not None else _QUEUE_STATES.get(job.status, job.status.value)
    if usual is not None and job.status is not JobStatus.IN_DOUBT:
        state += f" · {usual_time(usual)}"
    return f"-# {state} · {text.money(job.cost_micros)} · asked {text.relative_time(job.created_at)}"


def queue_more(hidden: int) -> str:
    """Says that the list is not complete."""
    return f"-# and {hidden} more"


def help_page() -> str:
    """What `/help` shows."""
    return (
        "### 🎨 Easel makes pictures from words\n"
        "Type `/imagine` and say what you want to see. A card shows your place in line; a few seconds later "
        "the same message becomes the picture.\n\n"
        "**Commands**\n"
        f"`/imagine` · {IMAGINE}\n"
        f"`/queue` · {QUEUE}\n"
        f"`/quota` · {QUOTA}\n"
        f"`/about` · {ABOUT}\n\n"
        "**Good to know**\n"
        "• `size`, `count`, `seed`, `steps`, `guidance`, `negative` and `format` are optional.\n"
        "• The same prompt, settings and `seed` give the same picture again: the seed is below each picture.\n"
        "• A request can be cancelled for free while it waits in line, by you or a moderator.\n"
        "• Moderators can delete any of my messages; I never post a deleted picture again."
    )


def about_page(version: str, price_micros: int, retention_days: int) -> str:
    """What `/about` shows."""
    return (
        f"### 🖼️ Easel {version}\n"
        "A self-hosted picture bot. The pictures are made by Flux.1-dev at Pixazo.\n\n"
        f"**Cost** · {text.money(price_micros)} a picture, paid by this bot's operator. Limits for each member, "
        "each server and the whole bot keep it affordable: see `/quota`.\n\n"
        "**Safety** · Every picture goes through a safety check before anybody sees it, and one that fails or "
        "can't be checked is held back. It was made and is charged all the same. Plain or very dark pictures "
        "are held back too, so it means nothing about you.\n\n"
        f"**Privacy** · I forget your prompts {text.plural(retention_days, 'day', 'days')} after a request has "
        "ended. Its settings, its cost and Discord's ids of you, the server and the channel stay in the accounts. "
        "The prompt goes to the picture service, your name does not. I train nothing with any of it."
    )


def provider_refuses(status: int) -> str:
    """Tells the operator that the account does not work."""
    cause = {
        401: "it does not know the API key (401)",
        402: "the account is out of credit (402)",
        403: "it refuses the account, perhaps because a quota is used up (403)",
    }.get(status, f"it answers {status}")
    return (
        f"⚠️ The picture service refuses my account: {cause}. I submit nothing until that is mended and tell "
        "members to come back later. I try again from time to time, so you need not restart me."
    )


PROVIDER_IS_BACK: Final = "✅ The picture service takes my account again. Everything runs as before."
