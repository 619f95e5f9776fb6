# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What an SMTP reply of Exchange means for a relay, and what to do about it. PRIVATE to the collection.

Pure: replies in, verdicts and sentences out. The codes are the contract, texts only refine them: an administrator may
have changed a banner, never a code.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

ACCEPTED = "accepted"
RELAY_REFUSED = "relay_refused"
REFUSED = "refused"
DEFERRED = "deferred"
UNPROVEN = "unproven"
MIXED = "mixed"

EXPECTATIONS = (ACCEPTED, RELAY_REFUSED, REFUSED)
# A verdict that answers an expectation: a refused relay is a refusal too.
_MEETS = {ACCEPTED: (ACCEPTED,), RELAY_REFUSED: (RELAY_REFUSED,), REFUSED: (REFUSED, RELAY_REFUSED)}

# 5.7.54 is Exchange 2016 and later; "Unable to relay" 2007 to 2013 and Microsoft's own page; the rest other servers.
_RELAY = re.compile(r"\b5\.7\.54\b|unable to relay|relay(ing)?( access)? (is )?(denied|not permitted)", re.IGNORECASE)


@dataclass(frozen=True)
class Reply:
    """One reply of the server: code and the lines of its text, joined by line feeds."""

    code: int
    text: str

    def __str__(self) -> str:
        return f"{self.code} {' '.join(self.text.split())}".strip()


@dataclass(frozen=True)
class Hint:
    """Advice for a reply: at which stages ("" = any), for which codes (none = any) and text it is given."""

    pattern: re.Pattern[str]
    advice: str
    codes: tuple[int, ...] = ()
    stages: tuple[str, ...] = ()

    def fits(self, stage: str, reply: Reply) -> bool:
        """Return whether this hint explains the reply."""
        if (self.codes and reply.code not in self.codes) or (self.stages and stage not in self.stages):
            return False
        return bool(self.pattern.search(reply.text))


def _hint(pattern: str, advice: str, codes: tuple[int, ...] = (), stages: tuple[str, ...] = ()) -> Hint:
    return Hint(re.compile(pattern, re.IGNORECASE), advice, codes, stages)


# Asked in this order, the first that fits explains the reply: the narrow ones stand first.
HINTS = (
    _hint(
        r"\*{4}",
        "a firewall with SMTP inspection sits between this client and Exchange and rewrites the dialogue; "
        "turn the inspection off for this path, or probe from inside",
        stages=("banner",),
    ),
    _hint(
        r"per-source limit",
        "this client has too many connections open; raise MaxInboundConnectionPerSource or "
        "MaxInboundConnectionPercentagePerSource of the connector, by the throttling profile of the service",
        (421,),
    ),
    _hint(
        r"maximum number of concurrent|exceeded a limit",
        "the connector has all its connections in use; raise MaxInboundConnection, by the throttling profile of the "
        "service",
        (421,),
    ),
    _hint(
        r"submission rate",
        "this client sent more messages a minute than the connector allows; raise MessageRateLimit, by the throttling "
        "profile of the service",
        (421, 450, 451),
    ),
    _hint(
        r"service not (active|available)",
        "the transport service of this server is not active; look for maintenance (Get-ServerComponentState) and for a "
        "HubTransport connector on port 25",
        (421, 451),
    ),
    _hint(
        r"timeout waiting for client",
        "the server waited longer than ConnectionInactivityTimeout for this client",
        (421, 451),
    ),
    _hint(
        r"too many errors",
        "the server closed the connection after MaxProtocolErrors or MaxLogonFailures",
        (421,),
    ),
    _hint(
        r"insufficient system resources",
        "the server is under back pressure; free disk space or memory on it, then try again",
        (421, 431, 452),
    ),
    _hint(
        r"too many recipients",
        "the connector takes fewer recipients in one message; probe fewer at once, or raise MaxRecipientsPerMessage",
        (452,),
    ),
    _hint(
        r"CPRX2|proxy",
        "the front end knows the account but cannot find it for the back end, as happens with a UPN suffix that is not "
        "the domain's; log on as DOMAIN\\user",
        (451,),
    ),
    _hint(
        r"5\.7\.54|unable to relay|relay(ing)?( access)? (is )?(denied|not permitted)",
        "the connector that answers this client gives it no right to relay; check that the address the server sees is "
        "a source of the service, that this connector carries ms-Exch-SMTP-Accept-Any-Recipient, and give replication "
        "time",
    ),
    _hint(
        r"5\.7\.57|client was not authenticated",
        "the connector that answers this client has no permission group for it; add AnonymousUsers (or the method of "
        "the service) or log on",
        (530, 550),
    ),
    _hint(
        r"STARTTLS",
        "the connector wants an encrypted session; use `starttls: true`",
        (451, 530, 538),
    ),
    _hint(
        r"permissions to send as this sender",
        "the session may not use this sender address; take one the account owns, or grant "
        "ms-Exch-SMTP-Accept-Any-Sender",
        (550,),
    ),
    _hint(
        r"content filtering|rejected as spam",
        "the antispam agents judged the message; the anonymous method does not bypass them, ms-Exch-Bypass-Anti-Spam, "
        "an IP allow list or authentication does",
        (550,),
    ),
    _hint(
        r"size",
        "the message is larger than MaxMessageSize of the connector",
        (552,),
    ),
    _hint(
        r"authentication unsuccessful|credentials|5\.7\.3\b|5\.7\.8\b",
        "the server did not take user name and password; check both, and that the account may submit here",
        (535,),
        ("auth",),
    ),
    _hint(
        r"",
        "the server offers no such logon here; check AuthMechanism of the connector that answers this client",
        (500, 502, 503, 504, 538),
        ("auth",),
    ),
    _hint(
        r"domain",
        "the server does not take this host name in EHLO; give a fully qualified one in `helo_name`",
        (501,),
        ("ehlo",),
    ),
    _hint(
        r"4\.4\.7|greylist|try again later",
        "the server puts the answer off; try again later",
        (421, 450, 451),
    ),
)


def recipient_verdict(reply: Reply) -> str:
    """Return what a reply to MAIL FROM or RCPT TO means: accepted, relay_refused, refused or deferred."""
    if 200 <= reply.code < 400:
        return ACCEPTED
    if reply.code >= 500:
        return RELAY_REFUSED if _RELAY.search(reply.text) else REFUSED
    return DEFERRED


def meets(expected: str | None, verdict: str) -> bool | None:
    """Return whether a verdict is what was expected; None when nothing was expected or nothing is proven."""
    if expected is None or verdict in (UNPROVEN, DEFERRED):
        return None
    return verdict in _MEETS[expected]


def common_verdict(verdicts: list[str]) -> str:
    """Return the verdict that all share, `mixed` when they differ; without any, `unproven`."""
    if not verdicts:
        return UNPROVEN
    return verdicts[0] if len(set(verdicts)) == 1 else MIXED


def explain(stage: str, reply: Reply) -> str | None:
    """Return the advice for a reply at a stage (banner, ehlo, starttls, auth, mail, rcpt, data), None without one."""
    if stage != "banner" and reply.code < 400:
        return None
    return next((hint.advice for hint in HINTS if hint.fits(stage, reply)), None)


def auth_hint(offered: set[str], starttls: bool) -> str:
    """Return why a logon by password is impossible, given the mechanisms and whether STARTTLS is offered."""
    if starttls:
        return "the server offers no logon by password before STARTTLS; use `starttls: true`"
    if offered:
        mechanisms = ", ".join(sorted(offered))
        return f"the server offers only {mechanisms}; add BasicAuth to AuthMechanism of the connector that answers"
    return (
        "the connector that answers this client offers no logon; a device that must log on may stand in the remote IP "
        "ranges of an anonymous connector, as the most specific range wins"
    )
