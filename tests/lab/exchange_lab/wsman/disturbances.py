# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Trouble on demand: connections that break at a chosen point and cmdlets that take their time.

In the lab file, below a server: `faults: {drop_after_requests: 12, drop_before: [Set-ReceiveConnector],
drop_after: [Add-ADPermission], delay: {New-ReceiveConnector: 2.5, "*": 0.1}}`; at run time by the methods of
`ExchangeEndpoint.faults`. A drop closes the TCP connection without an answer; the shell stays, as on a real server.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Mapping

ANY = "*"


class ConnectionDropped(Exception):
    """The connection is to be closed instead of answered."""


class Disturbances:
    """What shall go wrong at one endpoint. May be changed from any thread at any time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests_left: int | None = None
        self._before: Counter[str] = Counter()
        self._after: Counter[str] = Counter()
        self._delays: dict[str, float] = {}

    @classmethod
    def from_config(cls, config: Mapping[str, object]) -> Disturbances:
        """Read the `faults` of a server in the lab file.

        Raises ValueError with one sentence when a name or a value is of no use.
        """
        faults = cls()
        for name, value in config.items():
            match name, value:
                case "drop_after_requests", int():
                    faults.drop_after_requests(value)
                case "drop_before" | "drop_after", list():
                    for cmdlet in value:
                        faults.drop_before(str(cmdlet)) if name == "drop_before" else faults.drop_after(str(cmdlet))
                case "delay", Mapping():
                    for cmdlet, seconds in value.items():
                        faults.delay(str(cmdlet), _seconds(cmdlet, seconds))
                case _:
                    raise ValueError(
                        f"faults: {name}: {value!r} is not understood; known are drop_after_requests (a number), "
                        "drop_before and drop_after (lists of cmdlets) and delay (cmdlet: seconds)."
                    )
        return faults

    def drop_after_requests(self, count: int) -> None:
        """Answer `count` more HTTP requests, then drop every connection that asks, until `clear`."""
        with self._lock:
            self._requests_left = count

    def drop_before(self, cmdlet: str, times: int = 1) -> None:
        """Break the connection of the next call of `cmdlet` ("*": any), before it is run."""
        with self._lock:
            self._before[cmdlet.casefold()] += times

    def drop_after(self, cmdlet: str, times: int = 1) -> None:
        """Break the connection of the next call of `cmdlet` ("*": any), after it was run: its answer is lost."""
        with self._lock:
            self._after[cmdlet.casefold()] += times

    def delay(self, cmdlet: str, seconds: float) -> None:
        """Let every call of `cmdlet` ("*": any other) wait before it is run."""
        with self._lock:
            self._delays[cmdlet.casefold()] = seconds

    def clear(self) -> None:
        """Let nothing go wrong any more."""
        with self._lock:
            self._requests_left = None
            self._before.clear()
            self._after.clear()
            self._delays.clear()

    def request_arrives(self) -> None:
        """Count one HTTP request; raises ConnectionDropped when it gets no answer."""
        with self._lock:
            if self._requests_left is None:
                return
            if self._requests_left <= 0:
                raise ConnectionDropped
            self._requests_left -= 1

    def drops_before(self, cmdlet: str) -> bool:
        """Whether this call breaks the connection and is not run; uses one up."""
        with self._lock:
            return _use_up(self._before, (cmdlet.casefold(), ANY))

    def drops_after(self, cmdlet: str) -> bool:
        """Whether the answer of this call is lost with its connection; uses one up."""
        with self._lock:
            return _use_up(self._after, (cmdlet.casefold(), ANY))

    def delay_of(self, cmdlet: str) -> float:
        """Return how many seconds this call waits."""
        with self._lock:
            return self._delays.get(cmdlet.casefold(), self._delays.get(ANY, 0.0))


def _use_up(counter: Counter[str], names: Iterable[str]) -> bool:
    for name in names:
        if counter[name] > 0:
            counter[name] -= 1
            return True
    return False


def _seconds(cmdlet: object, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise ValueError(f"faults: delay: {cmdlet}: {value!r} is no number of seconds.")
    return float(value)
