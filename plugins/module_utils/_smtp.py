# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The telnet test: talk SMTP to a server up to RCPT TO, and further only when told. PRIVATE to the collection.

`smtplib` carries the dialogue, `_smtp_replies` says what the answers mean.
"""

from __future__ import annotations

import contextlib
import math
import re
import smtplib
import socket
import ssl
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from ansible_collections.mailrelay.exchange.plugins.module_utils._dns import is_address
from ansible_collections.mailrelay.exchange.plugins.module_utils._resolver import ResolverError, look_up
from ansible_collections.mailrelay.exchange.plugins.module_utils._smtp_dialogue import (
    Conversation,
    as_reply,
    compose,
    message_id_for,
    tls_context,
)
from ansible_collections.mailrelay.exchange.plugins.module_utils._smtp_model import (
    ProbeError,
    ProbeRequest,
    ProbeResult,
    RecipientResult,
)
from ansible_collections.mailrelay.exchange.plugins.module_utils._smtp_replies import (
    ACCEPTED,
    DEFERRED,
    UNPROVEN,
    Reply,
    auth_hint,
    explain,
    recipient_verdict,
)

if TYPE_CHECKING:
    from typing import Callable, NoReturn

IPV6_HINT = (
    "this session used IPv6; a connector that is bound to 0.0.0.0 or lists IPv4 sources only never answers it, so "
    "probe the IPv4 address or add the IPv6 source"
)
NO_STARTTLS_HINT = (
    "the connector that answers this client offers no STARTTLS; add Tls to its AuthMechanism and give the server a "
    "certificate with the connector's Fqdn"
)
FOREIGN_BANNER_HINT = (
    "the greeting is not the one of Exchange; the connector has a banner of its own, or something else answers here"
)

_MECHANISMS = {"PLAIN", "LOGIN", "CRAM-MD5"}


class _Stop(Exception):
    """The server ended the probe before RCPT TO; the result says how."""


class _Probe:
    """One probe: connect, greet, perhaps encrypt and log on, MAIL FROM, every RCPT TO, then leave or send."""

    def __init__(self, request: ProbeRequest) -> None:
        self._request = request
        self._context = tls_context(request.validate_certs, request.ca_path) if request.starttls else None
        self._conversation = Conversation(request.timeout, request.source_address)
        self._stage = "connect"
        recipients = [RecipientResult(r.address, r.expect) for r in request.recipients]
        self.result = ProbeResult(f"{request.host}:{request.port}", recipients, request.source_address)

    def run(self) -> ProbeResult:
        """Probe and return the result; whatever the network does ends up there."""
        try:
            self._talk()
        except _Stop:
            pass
        except ssl.SSLError as error:
            self._trouble(
                f"TLS failed ({getattr(error, 'verify_message', '') or error.reason or error}); "
                "check `tls_server_name`, `ca_path` or `validate_certs`"
            )
        except (OSError, smtplib.SMTPException) as error:
            self._lose(error)
        finally:
            self.result.dialogue = self._conversation.dialogue
            self.result.client_address, self.result.server_address = self._conversation.addresses
            self._conversation.close()
        return self.result

    def _talk(self) -> None:
        self._resolve()
        self._connect()
        self._greet()
        if self._context is not None:
            self._encrypt(self._context)
        if self._request.username is not None:
            self._log_on()
        self._stage = "mail"
        reply = self._conversation.ask("MAIL", f"FROM:<{self._request.sender}>")
        if recipient_verdict(reply) != ACCEPTED:
            self._judge(self.result.recipients, reply)
        else:
            self._ask_recipients()
        self._leave()

    def _resolve(self) -> None:
        """Take what the named DNS server answers for the host instead of what this machine would ask."""
        request = self._request
        if request.resolver is None or is_address(request.host):
            return
        try:
            found = look_up(request.host, request.resolver, request.timeout)
        except ResolverError as error:
            self._give_up(str(error).rstrip("."))
        if not found:
            self._give_up(f"DNS server {request.resolver} knows no address of {request.host}; check the name")
        source = request.source_address
        # From an address of one family only that family can be reached.
        same_family = [address for address in found if source is None or (":" in address) == (":" in source)]
        self._conversation.candidates = same_family or list(found)

    def _connect(self) -> None:
        request, conversation, result = self._request, self._conversation, self.result
        banner = as_reply(conversation.connect(request.host, request.port))
        result.client_address = conversation.addresses[0]
        result.banner = str(banner)
        self._need("banner", banner)
        result.advise(explain("banner", banner))
        if not result.hints and "Microsoft ESMTP MAIL" not in banner.text:
            result.advise(FOREIGN_BANNER_HINT)

    def _greet(self) -> None:
        conversation = self._conversation
        own = socket.gethostname()
        literal = self.result.client_address or "127.0.0.1"
        literal = f"[IPv6:{literal}]" if ":" in literal else f"[{literal}]"
        name = self._request.helo_name or (own if "." in own else literal)
        self._stage = "ehlo"
        reply = as_reply(conversation.ehlo(name))
        if reply.code in (500, 502):
            reply = as_reply(conversation.helo(name))
        self._need("ehlo", reply)
        features = conversation.esmtp_features.items()
        self.result.capabilities = {key.upper(): value.strip() for key, value in features}

    def _encrypt(self, context: ssl.SSLContext) -> None:
        request = self._request
        if "STARTTLS" not in self.result.capabilities:
            self._give_up(NO_STARTTLS_HINT)
        self._need("starttls", self._conversation.ask("STARTTLS"))
        self._conversation.encrypt(context, request.tls_server_name or request.host)
        session = self._conversation.sock
        self.result.tls = {
            "version": session.version(),
            "cipher": session.cipher()[0],
            "verified": request.validate_certs,
        }
        self._greet()

    def _log_on(self) -> None:
        conversation, request = self._conversation, self._request
        self._stage = "auth"
        offered = set(conversation.esmtp_features.get("auth", "").split())
        if not offered & _MECHANISMS:
            self._give_up(auth_hint(offered, "starttls" in conversation.esmtp_features))
        conversation.secret = True
        try:
            conversation.login(request.username, request.password or "")
        except smtplib.SMTPAuthenticationError as error:
            self._need("auth", as_reply((error.smtp_code, error.smtp_error)))
        except UnicodeEncodeError:
            self._give_up("user name or password have characters that SMTP logon cannot carry; use ASCII only")
        finally:
            conversation.secret = False

    def _ask_recipients(self) -> None:
        self._stage = "rcpt"
        for recipient in self.result.recipients:
            self._judge([recipient], self._conversation.ask("RCPT", f"TO:<{recipient.address}>"))
        if self._request.send and self.result.would_send:
            self._send([r for r in self.result.recipients if r.verdict == ACCEPTED])
        else:
            self._conversation.ask("RSET")

    def _send(self, accepted: list[RecipientResult]) -> None:
        self._stage = "data"
        conversation = self._conversation
        reply = conversation.ask("DATA")
        if reply.code == 354:
            message = self._compose([r.address for r in accepted])
            conversation.note(f"<message of {len(message)} bytes>")
            conversation.send(re.sub(rb"(?m)^\.", b"..", message) + b".\r\n")
            reply = as_reply(conversation.getreply())
            self.result.sent = reply.code == 250
        if not self.result.sent:
            self._judge(accepted, reply)

    def _compose(self, recipients: list[str]) -> bytes:
        request, result = self._request, self.result
        result.message_id = message_id_for(request.sender)
        text = (
            f"This message proves that {result.client_address} may relay through {request.host}.\n"
            "It was sent by the module mailrelay.exchange.smtp_probe. Nobody needs to answer it.\n"
        )
        return compose(request.sender, recipients, request.subject, result.message_id, text)

    def _judge(self, recipients: list[RecipientResult], reply: Reply) -> None:
        for recipient in recipients:
            recipient.reply, recipient.verdict = reply, recipient_verdict(reply)
            if recipient.verdict == DEFERRED:
                self._trouble(_said(reply, explain(self._stage, reply)))
        # What was expected needs no advice.
        if reply.code >= 400 and not all(recipient.met for recipient in recipients):
            self.result.advise(explain(self._stage, reply))
            if ":" in (self.result.client_address or ""):
                self.result.advise(IPV6_HINT)

    def _need(self, stage: str, reply: Reply) -> None:
        """Go on only after a positive reply; anything else leaves every recipient unproven."""
        self._stage = stage
        if 200 <= reply.code < 400:
            return
        advice = explain(stage, reply)
        self.result.advise(advice)
        self._trouble(_said(reply, advice))
        raise _Stop

    def _give_up(self, advice: str) -> NoReturn:
        self.result.advise(advice)
        self._trouble(advice)
        raise _Stop

    def _leave(self) -> None:
        # The answer is in: whether the server says goodbye does not matter.
        with contextlib.suppress(OSError, smtplib.SMTPException):
            self._conversation.ask("QUIT")

    def _trouble(self, sentence: str) -> None:
        self.result.trouble = self.result.trouble or sentence

    def _lose(self, error: Exception) -> None:
        self._trouble(self._network_sentence(error))
        if self._stage == "data":
            # Whether the message got through is anybody's guess.
            for recipient in self.result.recipients:
                recipient.verdict = UNPROVEN if recipient.verdict == ACCEPTED else recipient.verdict

    def _network_sentence(self, error: Exception) -> str:
        request = self._request
        if isinstance(error, socket.gaierror):
            if request.source_address is not None:
                return (
                    f"its name cannot be resolved here to an address that {request.source_address} can reach; check "
                    f"the spelling of {request.host}, or give a source_address of the same family"
                )
            return f"its name cannot be resolved here; check the spelling of {request.host} or give an address"
        if isinstance(error, socket.timeout) or isinstance(error.__context__, socket.timeout):
            return (
                f"it did not answer within {request.timeout:g} s at stage {self._stage}; "
                "look for a firewall between, or raise `timeout` above TarpitInterval"
            )
        if isinstance(error, ConnectionRefusedError):
            return f"nothing listens on port {request.port}; check that the transport service runs and is bound there"
        connected = self._conversation.addresses[0] is not None
        if isinstance(error, smtplib.SMTPServerDisconnected) and self.result.banner is None and connected:
            return (
                "it closed the connection without a greeting, so no enabled receive connector takes this client, "
                "or the service is just starting"
            )
        if isinstance(error, smtplib.SMTPServerDisconnected):
            return f"it closed the connection at stage {self._stage}; look at the dialogue and at the protocol log"
        if request.source_address and not connected:
            return f"{error.strerror or error}; check that source_address {request.source_address} is this machine's"
        return f"{getattr(error, 'strerror', None) or error}; check host, port and the network between"


def probe(request: ProbeRequest) -> ProbeResult:
    """Ask the server once. Raises ProbeError for options that must not reach the wire, nothing for the network."""
    request.check()
    return _Probe(request).run()


def probe_until(
    request: ProbeRequest, attempts: int = 1, delay: float = 5.0, sleep: Callable[[float], None] = time.sleep
) -> tuple[ProbeResult, int]:
    """Ask until everything is proven and as expected, at most `attempts` times, `delay` seconds apart.

    Returns the last result and how often it was asked. A test message is sent at most once: only a probe that met
    every expectation sends, and ends the polling.
    """
    if math.isnan(delay) or delay < 0:
        raise ProbeError(f"delay is {delay:g}: give seconds, 0 or more.")
    for attempt in range(1, attempts + 1):
        result = probe(request)
        if (result.proven and not result.unmet) or result.sent or attempt == attempts:
            return result, attempt
        sleep(delay)
    raise ProbeError(f"attempts is {attempts}: give at least 1.")


def without_sending(request: ProbeRequest) -> ProbeRequest:
    """Return the same request that stops before DATA."""
    return replace(request, send=False)


def _said(reply: Reply, advice: str | None) -> str:
    return f"it answered '{reply}'" + (f", {advice}" if advice else "")
