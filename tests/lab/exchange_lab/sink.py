# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where accepted mail ends up: one Maildir for the whole lab, readable with any mail program.

The envelope and the circumstances stand in front of the message as X-Lab-* headers, because a message alone does not
tell by which server, connector and client it came.
"""

from __future__ import annotations

import mailbox
import threading
from dataclasses import dataclass
from email.header import Header
from email.message import Message
from pathlib import Path


@dataclass(frozen=True)
class Delivery:
    """One accepted message with its circumstances.

    sender "" is the null sender; user is the account after AUTH; content is the message as received, CRLF lines.
    """

    server: str
    connector: str
    client: str
    helo: str
    sender: str
    recipients: tuple[str, ...]
    content: bytes
    user: str | None = None
    tls: bool = False

    def headers(self) -> list[tuple[str, str]]:
        """Return the X-Lab-* headers; one X-Lab-Recipient for each recipient."""
        return [
            ("X-Lab-Server", self.server),
            ("X-Lab-Connector", self.connector),
            ("X-Lab-Client", self.client),
            ("X-Lab-Helo", self.helo),
            ("X-Lab-Tls", "yes" if self.tls else "no"),
            *([("X-Lab-User", self.user)] if self.user else []),
            ("X-Lab-Sender", f"<{self.sender}>"),
            *(("X-Lab-Recipient", f"<{recipient}>") for recipient in self.recipients),
        ]


class MaildirSink:
    """A Maildir that any number of SMTP front ends deliver to."""

    def __init__(self, directory: Path | str) -> None:
        self.path = Path(directory)
        self._lock = threading.Lock()
        self._maildir = mailbox.Maildir(str(self.path), create=True)

    def deliver(self, delivery: Delivery) -> str:
        """Store the message and return its key in the Maildir."""
        head = "".join(f"{name}: {_header_text(value)}\n" for name, value in delivery.headers())
        content = delivery.content.replace(b"\r\n", b"\n")
        with self._lock:
            return self._maildir.add(head.encode("ascii") + content)

    def messages(self) -> list[Message]:
        """Return everything that was delivered, in the order of arrival."""
        with self._lock:
            found = sorted(self._maildir.iteritems(), key=lambda item: _arrival(item[0]))
        return [message for _key, message in found]


def _arrival(key: str) -> tuple[int, int]:
    """Return seconds and microseconds of a Maildir key (`seconds.MmicrosecondsP...`)."""
    seconds, rest = key.split(".", 1)
    return int(seconds), int(rest[1 : rest.index("P")])


def _header_text(value: str) -> str:
    """Return a header value in ASCII on one line, whatever a client made it of."""
    text = " ".join(value.split())
    return text if text.isascii() else Header(text, "utf-8", maxlinelen=None).encode()
