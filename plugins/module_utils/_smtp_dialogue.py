# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""smtplib with a memory: a client that writes down what both sides say, but no secret. PRIVATE to the collection."""

from __future__ import annotations

import smtplib
import socket
import ssl
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime, localtime, make_msgid
from typing import TYPE_CHECKING

from ansible_collections.mailrelay.exchange.plugins.module_utils._smtp_replies import Reply

if TYPE_CHECKING:
    from typing import Any

HIDDEN = "********"


class DialogueError(Exception):
    """An option that cannot be used: one sentence with the remedy."""


class Conversation(smtplib.SMTP):
    """smtplib's client that writes down what both sides say, without secrets."""

    def __init__(self, timeout: float, source_address: str | None) -> None:
        self.dialogue: list[dict[str, str]] = []
        self.secret = False
        self.addresses: tuple[str | None, str | None] = (None, None)
        # Addresses to try instead of what the system's resolver says of the host.
        self.candidates: list[str] = []
        # The name for EHLO is set after connecting; naming it here spares smtplib's look-up in DNS.
        super().__init__("", 0, "localhost", timeout, (source_address, 0) if source_address else None)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        for last, candidate in enumerate(self.candidates or [host], 1):
            try:
                sock = super()._get_socket(candidate, port, timeout)
                break
            except OSError:
                if last >= len(self.candidates):
                    raise
        self.addresses = (_host_of(sock.getsockname()), _host_of(sock.getpeername()))
        return sock

    def note(self, client: str) -> None:
        """Begin a new exchange with what the client sends."""
        self.dialogue.append({"client": client, "server": ""})

    def putcmd(self, cmd: str, args: str = "") -> None:
        """Send a command; while `secret` is set, only its verb and mechanism are noted."""
        if cmd in ("ehlo", "helo"):
            cmd = cmd.upper()
        shown = f"{cmd} {args}".rstrip()
        if self.secret:
            words = shown.split()
            shown = f"AUTH {words[1]} {HIDDEN}" if cmd.upper() == "AUTH" and len(words) > 1 else HIDDEN
        self.note(shown)
        super().putcmd(cmd, args)

    def getreply(self) -> tuple[int, bytes]:
        """Read a reply and note it as it looked on the wire."""
        if not self.dialogue:
            self.note("")
        code, text = super().getreply()
        lines = text.decode("utf-8", "replace").split("\n")
        shown = [f"{code}-{line}" for line in lines[:-1]] + [f"{code} {lines[-1]}".rstrip()]
        self.dialogue[-1]["server"] = "\n".join(shown)
        return code, text

    def ask(self, command: str, argument: str = "") -> Reply:
        """Send a command and return the reply."""
        return as_reply(self.docmd(command, argument))

    def encrypt(self, context: ssl.SSLContext, server_name: str) -> None:
        """Go on over TLS; what was learnt before no longer counts (RFC 3207 4.2)."""
        self.sock = context.wrap_socket(self.sock, server_hostname=server_name)
        self.file = None
        self.ehlo_resp = self.helo_resp = None
        self.esmtp_features = {}
        self.does_esmtp = False


def tls_context(validate_certs: bool, ca_path: str | None) -> ssl.SSLContext:
    """Return the context for STARTTLS; `ca_path` is a PEM file that replaces the system's trusted certificates."""
    if ca_path is not None and validate_certs:
        try:
            return ssl.create_default_context(cafile=ca_path)
        except OSError as error:
            raise DialogueError(f"ca_path {ca_path} cannot be used ({error}): give a file in PEM format.") from None
    context = ssl.create_default_context()
    if not validate_certs:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def message_id_for(sender: str) -> str:
    """Return a new Message-ID in the sender's domain."""
    return make_msgid("relaytest", sender.rpartition("@")[2] or "localhost.invalid")


def compose(sender: str, recipients: list[str], subject: str, message_id: str, text: str) -> bytes:
    """Return a small message as it goes over the wire, without dot-stuffing."""
    message = EmailMessage(SMTP_POLICY)
    message["From"] = sender or "postmaster@localhost.invalid"
    message["To"] = ", ".join(recipients)
    message["Subject"] = subject
    message["Date"] = format_datetime(localtime())
    message["Message-ID"] = message_id
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text)
    return message.as_bytes()


def as_reply(answer: tuple[int, bytes]) -> Reply:
    """Return smtplib's (code, text) as a Reply."""
    code, text = answer
    return Reply(code, text.decode("utf-8", "replace"))


def _host_of(name: tuple[Any, ...]) -> str:
    # A link-local IPv6 address carries its interface after a per cent sign.
    return str(name[0]).partition("%")[0]
