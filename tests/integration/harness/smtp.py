# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The telnet test over a real socket: EHLO, MAIL FROM, RCPT TO, RSET, QUIT, every line kept."""

from __future__ import annotations

import concurrent.futures
import dataclasses
import smtplib
import ssl
from collections.abc import Sequence


@dataclasses.dataclass(frozen=True)
class Dialogue:
    """What was said, as (`C` or `S`, line) pairs, and the reply to RCPT TO."""

    lines: tuple[tuple[str, str], ...]
    reply: str

    @property
    def accepted(self) -> bool:
        """Whether the recipient was accepted."""
        return self.reply.startswith("2")


def _text(code: int, message: bytes) -> str:
    return f"{code} {message.decode('ascii', 'replace').splitlines()[-1]}"


def rcpt_test(
    host: str,
    port: int,
    source: str,
    sender: str,
    recipient: str,
    deliver: str | None = None,
    timeout: float = 20.0,
    account: tuple[str, str] | None = None,
) -> Dialogue:
    """Ask the server at host:port, from the address `source`, whether it takes mail for `recipient`.

    deliver: text of a message to send when the recipient is accepted; otherwise the dialogue stops before DATA.
    account: user and password of a client that logs on first, after STARTTLS where that is offered, or gives up.
    Raises OSError or smtplib.SMTPException when there is no SMTP dialogue to report.
    """
    lines: list[tuple[str, str]] = []
    with _Client(timeout=timeout, local_hostname="client.lab.example") as client:
        client.source_address = (source, 0)
        lines.append(("S", _text(*client.connect(host, port))))

        def say(command: str) -> str:
            lines.append(("C", command))
            answer = _text(*client.docmd(command))
            lines.append(("S", answer))
            return answer

        client.ehlo_or_helo_if_needed()
        if account is not None:
            client._host = host
            refusal = _log_on(client, *account)
            if refusal:
                return Dialogue((*lines, ("C", "AUTH LOGIN"), ("S", refusal)), refusal)
        say(f"MAIL FROM:<{sender}>")
        reply = say(f"RCPT TO:<{recipient}>")
        if deliver is not None and reply.startswith("2"):
            code, message = client.data(deliver)
            lines.extend([("C", "DATA"), ("S", _text(code, message))])
        else:
            client.docmd("RSET")
    return Dialogue(tuple(lines), reply)


class _Client(smtplib.SMTP):
    # smtplib learns the server's name from its constructor only, and STARTTLS asks for it.
    _host: str


def _log_on(client: smtplib.SMTP, user: str, password: str) -> str:
    """Log on; what the server says against it, empty when it lets the client in."""
    if client.has_extn("starttls"):
        client.starttls(context=ssl._create_unverified_context())  # noqa: S323 - the lab's servers sign for themselves
        client.ehlo()
    if "LOGIN" not in client.esmtp_features.get("auth", "").split():
        return _text(*client.docmd("AUTH", "LOGIN"))
    try:
        client.login(user, password)
    except smtplib.SMTPAuthenticationError as refused:
        text = refused.smtp_error
        return _text(refused.smtp_code, text.encode() if isinstance(text, str) else text)
    return ""


@dataclasses.dataclass(frozen=True)
class Question:
    """One RCPT test: where, from which address, for whom, and as which account."""

    host: str
    port: int
    source: str
    sender: str
    recipient: str
    account: tuple[str, str] | None = None


def ask_all(questions: Sequence[Question]) -> list[Dialogue]:
    """Ask every question at the same time, because a refusal is answered seconds late; answers in the same order."""
    with concurrent.futures.ThreadPoolExecutor(max_workers=max(1, len(questions))) as pool:
        return list(
            pool.map(
                lambda one: rcpt_test(one.host, one.port, one.source, one.sender, one.recipient, account=one.account),
                questions,
            )
        )
