"""What the operator is told by direct message.

In English and not for translators: no interaction leads there, so nobody's language is known.
"""

from typing import Final

from ui import text

# The longest that a report can be; escaped, it still fits into a message of 2000 characters.
REASON_CHARACTERS: Final = 500
PROVIDER_IS_BACK: Final = "✅ The picture service takes my account again. Everything runs as before."
BOOKS_AGREE: Final = "✅ My books add up again. I take on new pictures as before."


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


def books_disagree(accounts: int) -> str:
    """Tells the operator that balances are not what their entries say."""
    balances = "1 balance is not the sum of its" if accounts == 1 else f"{accounts} balances are not the sums of their"
    return (
        f"⚠️ My books don't add up: {balances} entries. I take on nothing new until they do; what is under way goes on. "
        "`python bot.py report` shows which. Most likely something else wrote into the database: put back a backup, or "
        "find the change and undo it. I look again every five minutes."
    )


def picture_reported(guild: str, link: str, job_id: str, reason: str) -> str:
    """Tells the operator what a member thinks of a picture, and where to find it."""
    return (
        f"🚩 A picture in **{text.escaped(text.one_line(guild))}** was reported: {link} "
        f"(job `{job_id}`)\n{text.quoted(reason, REASON_CHARACTERS)}"
    )
