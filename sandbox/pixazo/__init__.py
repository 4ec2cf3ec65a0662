"""A wire-level stand-in of the image API (Pixazo "flux-general"), written from the provider's page alone.

    async with PixazoStandIn(key="…", latency=2.0) as pixazo:
        pixazo.on_submit("submit_504_after_accepting", times=1)
        …
        assert len(pixazo.accepted()) == 1
        assert pixazo.billed_images() == 1
        assert not pixazo.intruders

It shares no code with the bot. `FAULTS` is the table of everything it can do wrong.
"""

from sandbox.pixazo.catalogue import FAULTS
from sandbox.pixazo.faults import DownloadFault, Fault, Means, PollFault, ResultFault, Rule, Stage, SubmitFault
from sandbox.pixazo.records import Download, Intruder, Job, Poll, Submission
from sandbox.pixazo.server import DEFAULT_KEY, PixazoStandIn
from sandbox.pixazo.validation import PARAMETERS, SIZES, redundant

__all__ = [
    "DEFAULT_KEY",
    "FAULTS",
    "PARAMETERS",
    "SIZES",
    "Download",
    "DownloadFault",
    "Fault",
    "Intruder",
    "Job",
    "Means",
    "PixazoStandIn",
    "Poll",
    "PollFault",
    "ResultFault",
    "Rule",
    "Stage",
    "Submission",
    "SubmitFault",
    "redundant",
]
