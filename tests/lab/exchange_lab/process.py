# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A lab in a process of its own: start it in the background and wait until it answers; stop it and wait until it is
gone."""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from exchange_lab.interface import LabError

UP_SECONDS = 60.0
DOWN_SECONDS = 15.0
_READY = "ready"


def pid_file(state: Path) -> Path:
    return state / "lab.pid"


def running(state: Path) -> int | None:
    """The process id of the lab of a state directory, None when none runs.

    A running lab holds a lock on its pid file, so a process id that was given to somebody else is no trouble.
    """
    try:
        with pid_file(state).open(encoding="ascii") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return int(file.read())
    except (OSError, ValueError):
        pass
    return None


def up(lab_file: Path, state: Path, fresh: bool = False) -> int:
    """Start a lab in the background and return its process id once every endpoint answers.

    Raises LabError with the sentence that the lab itself gave, or when it takes too long.
    """
    state = state.resolve()
    if (pid := running(state)) is not None:
        raise LabError(
            f"A lab runs already in {state} (process {pid}); stop it with "
            f"`python -m exchange_lab down --state {state}`."
        )
    state.mkdir(parents=True, exist_ok=True, mode=0o700)
    reading, writing = os.pipe()
    command = [sys.executable, "-m", "exchange_lab", "serve", str(lab_file.resolve()), "--state", str(state)]
    command += ["--ready-fd", str(writing), *(["--fresh"] if fresh else [])]
    with (state / "lab.log").open("ab") as log:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=(writing,),
            env={**os.environ, "PYTHONPATH": _search_path()},
            start_new_session=True,
        )
    os.close(writing)
    said = _hear(reading)
    if said == _READY:
        return process.pid
    _end(process)
    if said is None:
        raise LabError(f"The lab did not answer within {UP_SECONDS:g} seconds; its log is {state / 'lab.log'}.")
    raise LabError(said or f"The lab ended before it answered; its log is {state / 'lab.log'}.")


def _search_path() -> str:
    """The module path of the child: this package's folder first, wherever the caller stands."""
    own = str(Path(__file__).resolve().parent.parent)
    return os.pathsep.join([own, *filter(None, [os.environ.get("PYTHONPATH")])])


def _hear(reading: int) -> str | None:
    """What the child says before it closes the pipe; None when it says nothing in time."""
    deadline = time.monotonic() + UP_SECONDS
    said = b""
    with os.fdopen(reading, "rb", buffering=0) as pipe:
        while (left := deadline - time.monotonic()) > 0:
            ready, _, _ = select.select([pipe], [], [], left)
            if not ready:
                return None
            chunk = pipe.read(4096)
            if not chunk:
                return said.decode(errors="replace").strip()
            said += chunk
    return None


def _end(process: subprocess.Popen[bytes]) -> None:
    """Leave nothing behind of a lab that failed to start."""
    process.terminate()
    try:
        process.wait(DOWN_SECONDS)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def down(state: Path) -> bool:
    """Stop the lab of a state directory and wait until it is gone; False when none runs."""
    state = state.resolve()
    pid = running(state)
    if pid is None:
        _forget(state)
        return False
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        _forget(state)
        return True
    try:
        signal.pidfd_send_signal(handle, signal.SIGTERM)
        # The handle becomes readable when the process has ended, whoever is to collect it.
        ended, _, _ = select.select([handle], [], [], DOWN_SECONDS)
    except ProcessLookupError:
        ended = [handle]
    finally:
        os.close(handle)
    if not ended:
        raise LabError(f"The lab in {state} (process {pid}) does not stop; its log is {state / 'lab.log'}.")
    _forget(state)
    return True


def _forget(state: Path) -> None:
    pid_file(state).unlink(missing_ok=True)
    (state / "lab.json").unlink(missing_ok=True)


def serve(lab_file: Path, state: Path, fresh: bool = False, ready_fd: int | None = None) -> None:
    """Run a lab in this process until SIGTERM or SIGINT. Raises LabError when it cannot start."""
    from exchange_lab.lab import Lab  # the listeners' libraries are of no use to `down` and `journal`

    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stop.set())
    state = state.resolve()
    lab = Lab.from_file(lab_file, state, fresh)
    with _claim(state), lab:
        lab.write_endpoints(os.getpid())
        if ready_fd is not None:
            tell(ready_fd, _READY)
        while not stop.wait(3600):
            pass
        (state / "lab.json").unlink(missing_ok=True)


@contextlib.contextmanager
def _claim(state: Path) -> Iterator[None]:
    """Hold the pid file's lock as long as the lab runs. Raises LabError when another lab holds it."""
    state.mkdir(parents=True, exist_ok=True, mode=0o700)
    with pid_file(state).open("a+", encoding="ascii") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LabError(f"A lab runs already in {state}.") from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def tell(ready_fd: int, text: str) -> None:
    """Tell the waiting parent, once."""
    with os.fdopen(ready_fd, "w", encoding="utf-8") as pipe:
        pipe.write(text)
