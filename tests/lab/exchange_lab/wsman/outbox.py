# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Messages on their way to the client: cut into PSRP fragments that fit the client's envelope (MS-PSRP 2.2.4).

One outbox a target (the runspace pool, or one pipeline), because a client receives for one target at a time.
"""

from __future__ import annotations

from collections import deque

from psrpcore import PSRPPayload
from psrpcore._payload import create_fragment, unpack_fragment

FRAGMENT_HEADER = 21


class ObjectIds:
    """The object ids of one runspace pool: every message of either kind takes its number here."""

    def __init__(self) -> None:
        self._next = 1

    def take(self) -> int:
        number, self._next = self._next, self._next + 1
        return number


class Outbox:
    """The messages for one target, in order. Not thread-safe: the shell's lock guards it."""

    def __init__(self, ids: ObjectIds) -> None:
        self._ids = ids
        self._messages: deque[_Message] = deque()

    def __bool__(self) -> bool:
        return bool(self._messages)

    def add(self, message: bytes) -> None:
        """Queue one complete PSRP message."""
        self._messages.append(_Message(self._ids.take(), message))

    def add_payload(self, payload: PSRPPayload) -> None:
        """Queue what psrpcore wants sent: whole messages, one fragment each."""
        rest = bytearray(payload.data)
        while rest:
            fragment = unpack_fragment(rest)
            self.add(bytes(fragment.data))
            rest = rest[FRAGMENT_HEADER + len(fragment.data) :]

    def take(self, size: int) -> bytes:
        """Return fragments of at most `size` bytes in all; what does not fit stays queued."""
        taken = bytearray()
        while self._messages and size - len(taken) > FRAGMENT_HEADER:
            message = self._messages[0]
            taken += message.fragment(size - len(taken) - FRAGMENT_HEADER)
            if message.sent:
                self._messages.popleft()
        return bytes(taken)


class _Message:
    def __init__(self, object_id: int, data: bytes) -> None:
        self._object_id = object_id
        self._data = memoryview(data)
        self._position = 0
        self._fragment_id = 0

    @property
    def sent(self) -> bool:
        return self._position >= len(self._data)

    def fragment(self, size: int) -> bytes:
        data = bytes(self._data[self._position : self._position + size])
        self._position += len(data)
        fragment = create_fragment(self._object_id, self._fragment_id, data, self.sent)
        self._fragment_id += 1
        return fragment
