# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The lab's journal: one JSON object a line, on disk before the caller goes on.

Lines of kind `cmdlet` hold every cmdlet that reached the organisation; lines of kind `watch` what SMTP would have
answered right after a writing one. Other parts of the lab add kinds of their own.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path


class Journal:
    """A JSON-lines file that many threads append to. An existing file is continued."""

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self._lock = threading.Lock()
        _cut_half_line(self.path)
        self._sequence = max((int(str(entry["sequence"])) for entry in read(self.path)), default=0)
        self._file = self.path.open("a", encoding="utf-8")

    def record(self, kind: str, fields: Mapping[str, object]) -> int:
        """Write one line; return its sequence number. Values JSON does not know are written as text."""
        with self._lock:
            self._sequence += 1
            line = {"sequence": self._sequence, "time": datetime.now(UTC).isoformat(), "kind": kind, **fields}
            self._file.write(json.dumps(line, ensure_ascii=False, default=str) + "\n")
            self._file.flush()
            return self._sequence

    def entries(self, kind: str | None = None) -> list[dict[str, object]]:
        """Every line so far, or those of one kind."""
        return [entry for entry in read(self.path) if kind in (None, entry["kind"])]

    def cmdlets(self) -> list[dict[str, object]]:
        return self.entries("cmdlet")

    def writes(self) -> list[dict[str, object]]:
        """The writing cmdlets, whether or not they changed anything."""
        return [entry for entry in self.cmdlets() if entry["write"]]

    def watches(self) -> list[dict[str, object]]:
        return self.entries("watch")

    def close(self) -> None:
        self._file.close()


def _cut_half_line(path: Path) -> None:
    """Take off a last line without its end: a lab was killed while it wrote, and what follows must not join it."""
    if path.exists():
        content = path.read_bytes()
        with path.open("r+b") as file:
            file.truncate(content.rfind(b"\n") + 1)


def read(path: Path) -> Iterator[dict[str, object]]:
    """Yield the lines of a journal; a last line that is still being written is left out."""
    if not path.exists():
        return
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            if line.endswith("\n"):
                yield json.loads(line)
