"""The one table of all faults, by name."""

from collections.abc import Mapping

from sandbox.pixazo.download_faults import DOWNLOAD_FAULTS
from sandbox.pixazo.faults import Fault, Stage
from sandbox.pixazo.poll_faults import POLL_FAULTS
from sandbox.pixazo.result_faults import RESULT_FAULTS
from sandbox.pixazo.submit_faults import SUBMIT_FAULTS


def _by_name() -> dict[str, Fault]:
    faults: dict[str, Fault] = {}
    for fault in (*SUBMIT_FAULTS, *POLL_FAULTS, *RESULT_FAULTS, *DOWNLOAD_FAULTS):
        if fault.name in faults:
            raise ValueError(f"two faults are named {fault.name}")
        faults[fault.name] = fault
    return faults


FAULTS: Mapping[str, Fault] = _by_name()
"""Every fault by its name, in the order of a picture's way: submission, poll, finished body, download."""


def named(fault: Fault | str, stage: Stage) -> Fault:
    """The fault itself, looked up if given by name. Raises KeyError or ValueError if it isn't one of that stage."""
    found = FAULTS[fault] if isinstance(fault, str) else fault
    if found.stage is not stage:
        raise ValueError(f"{found.name} is a fault of the stage {found.stage}, not {stage}")
    return found
