# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a probe asks and what it saw, as plain values. PRIVATE to the collection."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ansible_collections.mailrelay.exchange.plugins.module_utils._resolver import ResolverError, parse_resolver
from ansible_collections.mailrelay.exchange.plugins.module_utils._smtp_dialogue import DialogueError
from ansible_collections.mailrelay.exchange.plugins.module_utils._smtp_replies import (
    ACCEPTED,
    DEFERRED,
    UNPROVEN,
    Reply,
    common_verdict,
    explain,
    meets,
)

if TYPE_CHECKING:
    from typing import Any

_ADDRESS = re.compile(r"[!-;=?-~]+@[!-;=?-~]+")
_HOST_NAME = re.compile(r"[!-~]+")
_LONGEST = 86400


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


class ProbeError(DialogueError):
    """An option that cannot be used: one sentence with the remedy."""


@dataclass(frozen=True)
class Recipient:
    """One recipient and what is expected of it (accepted, relay_refused, refused or None)."""

    address: str
    expect: str | None = None


@dataclass(frozen=True)
class ProbeRequest:
    """What to ask whom. Times in seconds; `sender` "" is the null sender; `ca_path` a file of trusted certificates.

    `resolver` is the DNS server (host or host:port) to ask for `host`, None for whatever this machine asks.
    """

    host: str
    port: int
    sender: str
    recipients: tuple[Recipient, ...]
    source_address: str | None = None
    helo_name: str | None = None
    timeout: float = 30.0
    starttls: bool = False
    validate_certs: bool = True
    ca_path: str | None = None
    tls_server_name: str | None = None
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    cleartext_password: bool = False
    send: bool = False
    subject: str = "Relay test"
    resolver: str | None = None

    def check(self) -> None:
        """Raise ProbeError for anything that must not reach the wire, or that no socket takes."""
        if not self.host.strip() or not self.host.isprintable():
            raise ProbeError(f"host {self.host!r} is no host: give the name or the address of a server.")
        if not 0 < self.port < 65536:
            raise ProbeError(f"port {self.port} is no TCP port: give 1 to 65535.")
        if not 0 < self.timeout <= _LONGEST:
            raise ProbeError(f"timeout {self.timeout:g} is no time to wait: give seconds, above 0, at most 86400.")
        if self.resolver is not None:
            try:
                parse_resolver(self.resolver)
            except ResolverError as error:
                raise ProbeError(f"resolver {error}") from None
        if self.source_address is not None and not _is_address(self.source_address):
            raise ProbeError(f"source_address {self.source_address!r} is not an address: give one of this machine's.")
        if self.sender and not _ADDRESS.fullmatch(self.sender):
            raise ProbeError(f"sender {self.sender!r} is not a mail address: write it as name@domain.")
        for recipient in self.recipients:
            if not _ADDRESS.fullmatch(recipient.address):
                raise ProbeError(f"Recipient {recipient.address!r} is not a mail address: write it as name@domain.")
        if not self.recipients:
            raise ProbeError("No recipient is given: list at least one in `recipients`.")
        if self.helo_name is not None and not _HOST_NAME.fullmatch(self.helo_name):
            raise ProbeError(f"helo_name {self.helo_name!r} is not a host name: write it without blanks.")
        if "\n" in self.subject or "\r" in self.subject:
            raise ProbeError("subject has more than one line: write one line.")
        if self.username is not None and not (self.starttls or self.cleartext_password):
            raise ProbeError(
                "A password would cross the network readable by everybody: use `starttls: true`, "
                "or allow it with `cleartext_password: true`."
            )


@dataclass
class RecipientResult:
    """What the server said about one recipient; reply None when it was never asked."""

    address: str
    expect: str | None
    verdict: str = UNPROVEN
    reply: Reply | None = None

    @property
    def met(self) -> bool | None:
        """Whether the expectation is met; None without one, or when nothing is proven."""
        return meets(self.expect, self.verdict)

    def as_dict(self) -> dict[str, Any]:
        """Return plain data for a module's result."""
        reply = str(self.reply) if self.reply else None
        return {
            "address": self.address,
            "expect": self.expect,
            "verdict": self.verdict,
            "reply": reply,
            "met": self.met,
        }


@dataclass
class ProbeResult:
    """What one probe saw. `trouble` is the one sentence why nothing is proven, None when all is."""

    server: str
    recipients: list[RecipientResult]
    source: str | None = None
    client_address: str | None = None
    server_address: str | None = None
    banner: str | None = None
    capabilities: dict[str, str] = field(default_factory=dict)
    tls: dict[str, Any] | None = None
    dialogue: list[dict[str, str]] = field(default_factory=list)
    hints: list[str] = field(default_factory=list)
    message_id: str | None = None
    sent: bool = False
    trouble: str | None = None

    @property
    def verdict(self) -> str:
        """The verdict that all recipients share, or `mixed`."""
        return common_verdict([recipient.verdict for recipient in self.recipients])

    @property
    def proven(self) -> bool:
        """Whether the server gave a lasting answer for every recipient."""
        return all(recipient.verdict not in (UNPROVEN, DEFERRED) for recipient in self.recipients)

    @property
    def would_send(self) -> bool:
        """Whether everything is proven and as expected, and somebody was accepted."""
        return self.proven and not self.unmet and any(r.verdict == ACCEPTED for r in self.recipients)

    @property
    def unmet(self) -> list[RecipientResult]:
        """The recipients whose expectation the server did not meet."""
        return [recipient for recipient in self.recipients if recipient.met is False]

    def advise(self, advice: str | None) -> None:
        """Keep a hint once."""
        if advice and advice not in self.hints:
            self.hints.append(advice)

    def as_dict(self) -> dict[str, Any]:
        """Return plain data for a module's result."""
        return {
            "verdict": self.verdict,
            "proven": self.proven,
            "recipients": [recipient.as_dict() for recipient in self.recipients],
            "hints": self.hints,
            "dialogue": self.dialogue,
            "client_address": self.client_address,
            "server_address": self.server_address,
            "banner": self.banner,
            "capabilities": self.capabilities,
            "tls": self.tls,
            "sent": self.sent,
            "message_id": self.message_id,
        }

    def sentence(self) -> str:
        """Return the one sentence that says what happened, to whom, and the remedy when there is one."""
        client = self.client_address or self.source or "this machine"
        if self.unmet:
            wrong = self.unmet[0]
            remedy = explain("rcpt", wrong.reply) if wrong.reply else None
            if wrong.verdict == ACCEPTED:
                remedy = "a connector that answers this client relays for it; look at its remote IP ranges and rights"
            return (
                f"Server {self.server} answered client {client} with '{wrong.reply}' for recipient {wrong.address}, "
                f"expected was {wrong.expect}: {remedy or 'look at the connector that answers this client'}."
            )
        if not self.proven:
            return f"Nothing is proven about server {self.server} for client {client}: {self.trouble}."
        answers = ", ".join(f"{r.address} {r.verdict} ({r.reply})" for r in self.recipients)
        return f"Server {self.server} answered client {client}: {answers}."
