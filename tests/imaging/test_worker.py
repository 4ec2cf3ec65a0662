"""The worker by itself: its limits, and how it ends."""

import contextlib
import subprocess
import sys
import tempfile
from pathlib import Path

from childwork.child import EXIT_DISK
from imaging.protocol import EXIT_REFUSED, Outcome, Task, refusal_from
from tests.imaging.files import drawing, encoded, source

ROOT = Path(__file__).resolve().parent.parent.parent
TASK = Task(method="none", seconds=10)

# What the worker's process runs before its work, to look at it from inside.
_PROBE = """
import json, os, resource, sys
from imaging import pictures, worker
def read(data, **more):
    {body}
pictures.read = read
sys.exit(worker.main(sys.argv[1:]))
"""


def run(data: bytes, *, stdout: Path | None = None, probe: str | None = None) -> tuple[int, str, bytes]:
    """The exit code, the last line of standard error, and the result unless it went to `stdout`."""
    program = ["-m", "imaging.worker"] if probe is None else ["-c", _PROBE.format(body=probe)]
    with source(data) as stdin, tempfile.TemporaryFile() as result:
        stdin.flush()
        with stdout.open("wb") if stdout else contextlib.nullcontext(result) as out:
            done = subprocess.run(
                [sys.executable, *program, TASK.as_argument()],
                cwd=ROOT,
                env={"OPENBLAS_NUM_THREADS": "1"},
                stdin=stdin,
                stdout=out,
                stderr=subprocess.PIPE,
                text=True,
                timeout=30,
                check=False,
            )
        result.seek(0)
        return done.returncode, done.stderr.rstrip().rpartition("\n")[2], result.read()


def test_a_sound_image_gives_a_result_and_an_outcome() -> None:
    code, line, made = run(encoded(drawing()))
    assert code == 0
    assert Outcome.from_line(line).width_px == drawing().width
    assert made.startswith(b"\x89PNG")


def test_a_refusal_says_why_and_writes_nothing() -> None:
    code, line, made = run(b"nothing to see")
    assert (code, refusal_from(line), made) == (EXIT_REFUSED, "not_an_image", b"")


def test_a_full_disk_is_told_apart() -> None:
    code, line, _ = run(encoded(drawing()), stdout=Path("/dev/full"))
    assert code == EXIT_DISK
    assert "No space left" in line


def test_what_a_library_prints_does_not_get_into_the_result() -> None:
    code, _, made = run(
        encoded(drawing()),
        probe="print('hello', flush=True); os.write(1, b'hello'); import errors;raise errors.UnusableImage('empty')",
    )
    assert (code, made) == (EXIT_REFUSED, b"")


def test_memory_is_limited_and_running_out_of_it_is_a_refusal() -> None:
    code, line, _ = run(encoded(drawing()), probe="return bytearray(1100 * 1024**2)")
    assert (code, refusal_from(line)) == (EXIT_REFUSED, "undecodable")


def test_the_process_is_confined() -> None:
    limits = "[resource.getrlimit(getattr(resource, 'RLIMIT_' + name)) for name in ('CORE', 'CPU', 'FSIZE', 'NOFILE')]"
    code, line, _ = run(
        encoded(drawing()),
        probe=f"import errors; score = open('/proc/self/oom_score_adj').read().strip(); "
        f"raise errors.UnusableImage(str(({limits}, os.nice(0), score)))",
    )
    assert code == EXIT_REFUSED
    assert refusal_from(line) == str(([(0, 0), (10, 11), (32 * 1024**2, 32 * 1024**2), (64, 64)], 5, "1000"))
