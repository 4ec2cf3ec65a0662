"""Fixtures of the operations' tests."""

import logging
import sys
import threading
from collections.abc import Iterator

import pytest

from ops import logs


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    names = [None, *logs.OWN_LOGGERS]
    levels = [logging.getLogger(name).level for name in names]
    hooks = sys.excepthook, threading.excepthook, sys.unraisablehook
    yield
    root = logging.getLogger()
    for handler in [handler for handler in root.handlers if type(handler).__module__ == logs.__name__]:
        root.removeHandler(handler)
    for name, level in zip(names, levels, strict=True):
        logging.getLogger(name).setLevel(level)
    sys.excepthook, threading.excepthook, sys.unraisablehook = hooks
    logging.captureWarnings(False)
