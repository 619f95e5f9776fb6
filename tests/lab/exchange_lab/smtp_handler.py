# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a connector answers to MAIL, RCPT and DATA; `exchange_lab.verdict` decides, this class keeps the counts.

Sources: throttling.md part 1 (limits and texts), receive-connector.md part 7 (the dialogue).
"""

# ruff: noqa: N802 - aiosmtpd finds hooks by the names of methods
from __future__ import annotations

import asyncio
import itertools
import re
import time
from email.utils import format_datetime, localtime, make_msgid
from typing import TYPE_CHECKING

from aiosmtpd.smtp import Envelope, Session

from exchange_lab import smtp_texts, verdict
from exchange_lab.interface import Reply
from exchange_lab.sink import Delivery

if TYPE_CHECKING:
    from exchange_lab.smtp_session import ExchangeConnection

BYPASS_SIZE = "ms-exch-bypass-message-size-limit"

_INTERNAL_IDS = itertools.count(1)
_MESSAGE_ID = re.compile(rb"^message-id:\s*(?P<id>\S+)", re.IGNORECASE | re.MULTILINE)
_RECEIVED = re.compile(rb"^received:", re.IGNORECASE | re.MULTILINE)


class ExchangeHandler:
    """The answers of one connection; aiosmtpd calls these methods and sends what they return."""

    async def handle_MAIL(
        self,
        server: ExchangeConnection,
        session: Session,
        envelope: Envelope,
        address: str,
        options: list[str],
    ) -> str:
        """Answer MAIL FROM; an accepted sender counts against MessageRateLimit."""
        assert server.view is not None
        reply = verdict.mail_from(server.view, server.rights, _sender(address), server.encrypted)
        if not reply.accepted:
            return str(reply)
        refusal = server.front.rates.admit(server.view, server.client, server.rights.user)
        if refusal is not None:
            return str(refusal)
        envelope.mail_from = address if address == "<>" else verdict.completed(server.view, address)
        return str(reply)

    async def handle_RCPT(
        self,
        server: ExchangeConnection,
        session: Session,
        envelope: Envelope,
        address: str,
        options: list[str],
    ) -> str:
        """Answer RCPT TO."""
        assert server.view is not None
        if len(envelope.rcpt_tos) >= server.view.max_recipients_per_message:
            return str(smtp_texts.TOO_MANY_RECIPIENTS)
        reply = verdict.rcpt_to(server.view, server.rights, address)
        if reply.accepted:
            envelope.rcpt_tos.append(verdict.completed(server.view, address))
        return str(reply)

    async def handle_RSET(self, server: ExchangeConnection, session: Session, envelope: Envelope) -> str:
        """Answer RSET."""
        return "250 2.0.0 Resetting"

    async def handle_DATA(self, server: ExchangeConnection, session: Session, envelope: Envelope) -> str:
        """Check the header, put the message into the sink, and say that it is queued."""
        assert server.view is not None
        began = time.monotonic()
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        refusal = self._header_refusal(server, content)
        if refusal is not None:
            return str(refusal)
        message_id, content = _identified(content, server.view.fqdn)
        received = _received(server, session)
        delivery = Delivery(
            server=server.front.server.name,
            connector=server.view.name,
            client=server.client,
            helo=session.host_name or "",
            sender=_sender(envelope.mail_from or ""),
            recipients=tuple(envelope.rcpt_tos),
            content=received + content,
            user=server.rights.user,
            tls=server.encrypted,
        )
        await asyncio.to_thread(server.front.sink.deliver, delivery)
        seconds = time.monotonic() - began
        host, number = server.front.server.fqdn, next(_INTERNAL_IDS)
        return smtp_texts.queued(server.view, message_id, number, host, len(content), seconds)

    def _header_refusal(self, server: ExchangeConnection, content: bytes) -> Reply | None:
        view = server.view
        assert view is not None
        header = content.partition(b"\r\n\r\n")[0]
        if len(header) > view.max_header_size and BYPASS_SIZE not in server.rights.rights:
            return smtp_texts.HEADER_TOO_LARGE
        if len(_RECEIVED.findall(header)) > view.max_hop_count:
            return smtp_texts.TOO_MANY_HOPS
        return None


def _sender(address: str) -> str:
    """The sender without brackets; the library hands the null sender over as `<>`."""
    return "" if address == "<>" else address


def _identified(content: bytes, fqdn: str) -> tuple[str, bytes]:
    """Return the Message-ID and the content, which gets one when it has none."""
    header = content.partition(b"\r\n\r\n")[0]
    found = _MESSAGE_ID.search(header)
    if found is not None:
        return found["id"].decode("ascii", "replace"), content
    message_id = make_msgid(domain=fqdn)
    return message_id, f"Message-ID: {message_id}\r\n".encode("ascii") + content


def _received(server: ExchangeConnection, session: Session) -> bytes:
    assert server.view is not None
    helo = (session.host_name or "").encode("ascii", "replace").decode("ascii")
    line = (
        f"Received: from {helo} ({server.client}) by {server.view.fqdn} ({server.local}) "
        f"with Microsoft SMTP Server; {format_datetime(localtime())}\r\n"
    )
    return line.encode("ascii")
