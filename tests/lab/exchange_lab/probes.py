# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Ask every endpoint of a starting lab a real question, so that whoever waits for it can trust it."""

from __future__ import annotations

import http.client
import socket
import ssl
import time
from collections.abc import Callable

from exchange_lab.interface import LabError

PATIENCE_SECONDS = 15.0
_PAUSE_SECONDS = 0.05
_ATTEMPT_SECONDS = 5.0


def wait_for(what: str, question: Callable[[], str | None], patience: float = PATIENCE_SECONDS) -> None:
    """Ask until the answer is right. `question` returns None, or what is wrong; OSError counts as wrong.

    Raises LabError when the time is up.
    """
    deadline = time.monotonic() + patience
    while True:
        try:
            wrong = question()
        except (OSError, http.client.HTTPException) as error:
            wrong = str(error) or type(error).__name__
        if wrong is None:
            return
        if time.monotonic() > deadline:
            raise LabError(f"{what} does not answer as it should after {patience:g} seconds: {wrong}.")
        time.sleep(_PAUSE_SECONDS)


def powershell(host: str, port: int, scheme: str, path: str) -> str | None:
    """An endpoint answers a request without credentials with 401."""
    connection: http.client.HTTPConnection
    if scheme == "https":
        # The certificate is the lab's own and of no interest here.
        context = ssl._create_unverified_context()  # noqa: S323
        connection = http.client.HTTPSConnection(host, port, timeout=_ATTEMPT_SECONDS, context=context)
    else:
        connection = http.client.HTTPConnection(host, port, timeout=_ATTEMPT_SECONDS)
    try:
        connection.request("POST", f"/{path}", headers={"Content-Length": "0"})
        status = connection.getresponse().status
    finally:
        connection.close()
    return None if status == http.HTTPStatus.UNAUTHORIZED else f"it answered {status} instead of 401"


def smtp(host: str, port: int) -> str | None:
    """A front end greets with 220, or with 421 while its component is inactive or nobody may connect."""
    with socket.create_connection((host, port), _ATTEMPT_SECONDS) as connection, connection.makefile("rwb") as stream:
        greeting = stream.readline()
        if greeting.startswith(b"220"):
            stream.write(b"QUIT\r\n")
            stream.flush()
            stream.readline()
    if greeting.startswith((b"220", b"421")):
        return None
    return f"it greeted with {greeting[:80]!r}"


def tcp(host: str, port: int) -> str | None:
    """Somebody accepts connections."""
    with socket.create_connection((host, port), _ATTEMPT_SECONDS):
        return None
