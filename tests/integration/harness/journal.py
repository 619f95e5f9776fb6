# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Read a lab's journal: which cmdlets arrived, and what SMTP would have answered after each of them."""

from __future__ import annotations

import dataclasses
import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any


@dataclasses.dataclass(frozen=True)
class CmdletLine:
    """One cmdlet that reached a server's endpoint."""

    sequence: int
    server: str
    user: str
    connection: str
    cmdlet: str
    parameters: Mapping[str, Any]
    write: bool
    changed: bool
    what_if: bool
    errors: Sequence[Any]
    warnings: Sequence[Any]


@dataclasses.dataclass(frozen=True)
class WatchLine:
    """What one client would have been answered by one server after the cmdlet numbered `after`."""

    sequence: int
    after: int
    server: str
    client: str
    recipient: str
    user: str | None
    logon: str
    reply: str
    connector: str | None

    @property
    def accepted(self) -> bool:
        """Whether the recipient would have been accepted."""
        return self.reply.startswith("2")


def _build(kind: type[Any], line: Mapping[str, Any]) -> Any:
    return kind(**{field.name: line.get(field.name) for field in dataclasses.fields(kind)})


class Journal:
    """A lab's journal file; every reading sees what has been written until then."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def lines(self, since: int = 0) -> Iterator[dict[str, Any]]:
        """Lines with a sequence number above `since`. A line that is still being written is left for later."""
        if not self.path.exists():
            return
        with self.path.open(encoding="utf-8") as stream:
            for text in stream:
                if not text.endswith("\n"):
                    return
                line = json.loads(text)
                if line["sequence"] > since:
                    yield line

    def mark(self) -> int:
        """Sequence number of the last line: a point to compare later readings with."""
        last = 0
        for line in self.lines():
            last = line["sequence"]
        return last

    def cmdlets(self, since: int = 0) -> list[CmdletLine]:
        """Cmdlets after `since`."""
        return [_build(CmdletLine, line) for line in self.lines(since) if line["kind"] == "cmdlet"]

    def writes(self, since: int = 0) -> list[CmdletLine]:
        """Cmdlets after `since` that may change something, whether or not they did; a dry run is none."""
        return [line for line in self.cmdlets(since) if line.write and not line.what_if]

    def reads(self, since: int = 0) -> list[CmdletLine]:
        """Cmdlets after `since` that only read."""
        return [line for line in self.cmdlets(since) if not line.write]

    def watches(self, since: int = 0) -> list[WatchLine]:
        """Watch lines after `since`."""
        return [_build(WatchLine, line) for line in self.lines(since) if line["kind"] == "watch"]


class WriteCount:
    """How many writing cmdlets one server has done; each look reads only what is new in the journal."""

    def __init__(self, path: Path, server: str) -> None:
        self.path = path
        self.server = server
        self._lock = threading.Lock()
        self._read = 0
        self._count = 0

    def now(self) -> int:
        """The count at this moment."""
        with self._lock, self.path.open("rb") as stream:
            stream.seek(self._read)
            new = stream.read()
            whole = new[: new.rfind(b"\n") + 1]
            self._read += len(whole)
            for text in whole.splitlines():
                line = json.loads(text)
                self._count += line["kind"] == "cmdlet" and line["server"] == self.server and line["write"]
            return self._count


def broken_promises(
    watches: Sequence[WatchLine],
    accepted_before: set[tuple[str, str, str]],
    may_gain: set[str],
    may_lose: frozenset[str] = frozenset(),
) -> list[WatchLine]:
    """Watch lines that break "no service gap, no open window".

    accepted_before: (server, client, recipient) accepted before the rollout. may_gain: clients that may be accepted
    where they were refused: the listed ones. may_lose: clients that were removed from the list. A listed client keeps
    what it was given, so that once accepted it must stay accepted.
    """
    broken: list[WatchLine] = []
    accepted = set(accepted_before)
    for line in watches:
        key = (line.server, line.client, line.recipient)
        if line.accepted:
            if key not in accepted and line.client not in may_gain:
                broken.append(line)
            accepted.add(key)
        elif key in accepted and line.client not in may_lose:
            broken.append(line)
    return broken
