# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The last answers by message id: a client that lost an answer sends the identical request again and gets it again."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass

MAX_ANSWERS = 512
MAX_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True)
class Answer:
    """An HTTP status and the SOAP envelope that goes with it."""

    status: int
    envelope: bytes


class Replays:
    """Remembers answers per caller and message id, the latest ones only."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._answers: OrderedDict[tuple[str, str], Answer] = OrderedDict()
        self._bytes = 0

    def find(self, caller: str, message_id: str) -> Answer | None:
        """Return what this caller was answered to this message."""
        with self._lock:
            return self._answers.get((caller, message_id))

    def keep(self, caller: str, message_id: str, answer: Answer) -> None:
        """Remember one answer."""
        with self._lock:
            before = self._answers.pop((caller, message_id), None)
            self._answers[caller, message_id] = answer
            self._bytes += len(answer.envelope) - (len(before.envelope) if before else 0)
            while self._bytes > MAX_BYTES or len(self._answers) > MAX_ANSWERS:
                _, oldest = self._answers.popitem(last=False)
                self._bytes -= len(oldest.envelope)
