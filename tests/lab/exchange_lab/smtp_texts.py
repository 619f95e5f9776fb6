# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Exchange's SMTP texts, and Exchange's words for what the SMTP library says on its own.

Sources: receive-connector.md part 7 ("SMTP evidence") and throttling.md part 1 for those marked with their page; every
other text here is unverified.
"""

from __future__ import annotations

import re
from email.utils import format_datetime, localtime

from exchange_lab.interface import ConnectorView, Reply
from exchange_lab.versions import at_least

# throttling.md part 1
TOO_MANY_CONNECTIONS = Reply(
    421, "4.3.2 The maximum number of concurrent server connections has exceeded a limit, closing transmission channel"
)
OLD_TOO_MANY_CONNECTIONS = Reply(
    421, "4.3.2 The maximum number of concurrent connections has exceeded a limit, closing transmission channel"
)
TOO_MANY_FROM_SOURCE = Reply(
    421,
    "4.3.2 The maximum number of concurrent server connections has exceeded a per-source limit, "
    "closing transmission channel",
)
RATE_EXCEEDED = Reply(421, "4.4.2 Message submission rate for this client has exceeded the configured limit")
IDLE = Reply(451, "4.7.0 Timeout waiting for client input")
TOO_MANY_RECIPIENTS = Reply(452, "4.5.3 Too many recipients")
TOO_LARGE = Reply(552, "5.3.4 Message size exceeds fixed maximum message size")
# receive-connector.md part 7
INVALID_DOMAIN = Reply(501, "5.5.4 Invalid domain name")
LOGON_REFUSED = Reply(535, "5.7.3 Authentication unsuccessful")
START_INPUT = "354 Start mail input; end with <CRLF>.<CRLF>"
GOODBYE = "221 2.0.0 Service closing transmission channel"
# unverified
HEADER_TOO_LARGE = Reply(552, "5.3.4 Header size exceeds fixed maximum size")
TOO_MANY_HOPS = Reply(554, "5.4.14 Hop count exceeded - possible mail loop")
TOO_MANY_ERRORS = Reply(421, "4.7.0 Too many errors on this connection, closing transmission channel")
NO_SUCH_LOGON = Reply(504, "5.7.4 Unrecognized authentication type")
LOGGED_ON = Reply(235, "2.7.0 Authentication successful")

# What aiosmtpd says of its own accord, by the beginning of its text: Exchange's words for it.
_TRANSLATIONS = (
    ("221 ", GOODBYE),
    ("220 Ready to start TLS", "220 2.0.0 SMTP server ready"),
    ("354 ", START_INPUT),
    ("250 OK", "250 2.0.0 OK"),
    ("252 ", "252 2.1.5 Cannot VRFY user"),
    ("454 TLS not available", "500 5.3.3 Unrecognized command"),
    ("500 Error: command", "500 5.3.3 Unrecognized command"),
    ("500 Error: bad syntax", "500 5.3.3 Unrecognized command"),
    ("500 Error: strict ASCII", "500 5.3.3 Unrecognized command"),
    ("500 Line too long", "500 5.5.2 Line too long"),
    ("500 Command line too long", "500 5.5.2 Line too long"),
    ("501 Syntax: MAIL", "501 5.5.4 Invalid arguments"),
    ("501 Syntax: RCPT", "501 5.5.4 Invalid arguments"),
    ("501 Syntax: EHLO", str(INVALID_DOMAIN)),
    ("501 Syntax: HELO", str(INVALID_DOMAIN)),
    ("501 Syntax", "501 5.5.4 Invalid arguments"),
    ("501 Error", "501 5.5.4 Invalid arguments"),
    ("501 Not enough value", "501 5.5.4 Invalid arguments"),
    ("501 Too many values", "501 5.5.4 Invalid arguments"),
    ("502 ", "500 5.3.3 Unrecognized command"),
    ("503 Error: send", "503 5.5.2 Send hello first"),
    ("503 Error: nested", "503 5.5.2 Sender already specified"),
    ("503 Error: need MAIL", "503 5.5.2 Need mail command"),
    ("503 Error: need RCPT", "503 5.5.2 Need rcpt command"),
    ("503 Already authenticated", "503 5.5.2 Already authenticated"),
    ("504 ", str(NO_SUCH_LOGON)),
    ("535 ", str(LOGON_REFUSED)),
    ("552 Error", str(TOO_LARGE)),
    ("553 5.1.3", "501 5.1.7 Invalid address"),
    ("555 ", "501 5.5.4 Invalid arguments"),
)

_ENHANCED = re.compile(r"^(\d{3}[ -])[245]\.\d{1,3}\.\d{1,3} ")
# Mistakes in the protocol itself, as MaxProtocolErrors counts them; a refusal is none (unverified).
_PROTOCOL_ERRORS = ("500", "501", "502", "503", "504")


def in_exchange_words(line: str) -> str:
    """Return the line that Exchange sends instead of one that the SMTP library worded itself."""
    for beginning, words in _TRANSLATIONS:
        if line.startswith(beginning):
            return words
    return line


def without_enhanced_code(line: str) -> str:
    """Return a reply line without its enhanced status code (EnhancedStatusCodesEnabled false; unverified)."""
    return _ENHANCED.sub(r"\1", line)


def is_protocol_error(line: str) -> bool:
    """Return whether a reply blames the client for a protocol error."""
    return line.startswith(_PROTOCOL_ERRORS)


def default_banner(fqdn: str) -> str:
    """Return the built-in banner with the present date (receive-connector.md part 7)."""
    return f"220 {fqdn} Microsoft ESMTP MAIL Service ready at {format_datetime(localtime())}"


def queued(view: ConnectorView, message_id: str, internal_id: int, host: str, size: int, seconds: float) -> str:
    """Return the reply to an accepted message (receive-connector.md part 7).

    2019 adds size and speed, the speed with the decimal separator of its culture. That 2016 does not, and that 2007
    tells no internal id, is unverified.
    """
    if view.version == "2007":
        return f"250 2.6.0 {message_id} Queued mail for delivery"
    words = f"250 2.6.0 {message_id} [InternalId={internal_id}, Hostname={host}] "
    if at_least(view.version, "2019"):
        rate = f"{size / 1024 / max(seconds, 0.001):.3f}"
        words += f"{size} bytes in {seconds:.3f}, {rate if view.culture == 'en' else rate.replace('.', ',')} KB/sec "
    return f"{words}Queued mail for delivery"


def too_many_connections(view: ConnectorView) -> Reply:
    """Return the refusal of one connection too many; 2010 words it differently (and so, unverified, does 2007)."""
    return TOO_MANY_CONNECTIONS if at_least(view.version, "2013") else OLD_TOO_MANY_CONNECTIONS
