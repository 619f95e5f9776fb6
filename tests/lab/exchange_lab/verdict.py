# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What SMTP answers: which connector takes a connection, and what it says to a sender and a recipient.

Pure functions: the SMTP front ends and the journal's watch lines use the same ones. Sources: receive-connector.md parts
6 and 7 (selection, texts), permissions.md parts 1 and 2 (rights).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from exchange_lab.interface import AcceptedDomain, ConnectorView, Reply, SmtpSession
from exchange_lab.organization import acl
from exchange_lab.organization.connector import ReceiveConnector
from exchange_lab.settings import ALWAYS, NEVER
from exchange_lab.smtp_texts import LOGON_REFUSED, NO_SUCH_LOGON
from exchange_lab.values.addresses import Address, IPRange
from exchange_lab.versions import FRONTEND_TRANSPORT, TRANSPORT, at_least

SMTP_PORT = 25

SENDER_OK = Reply(250, "2.1.0 Sender OK")
RECIPIENT_OK = Reply(250, "2.1.5 Recipient OK")
NOT_AUTHENTICATED = Reply(530, "5.7.57 SMTP; Client was not authenticated to send anonymous mail during MAIL FROM")
RELAY_REFUSED = Reply(550, "5.7.54 SMTP; Unable to relay recipient in non-accepted domain")
# The words of older versions. That 2013 says these two is unverified: it is told of "the 2007-2013 era".
OLD_NOT_AUTHENTICATED = Reply(530, "5.7.1 Client was not authenticated")
OLD_RELAY_REFUSED = Reply(550, "5.7.1 Unable to relay")
NOT_OWN_SENDER = Reply(550, "5.7.60 SMTP; Client does not have permissions to send as this sender")
NOT_THIS_SENDER = Reply(550, "5.7.1 Anonymous client does not have permissions to send as this sender")
# permissions.md part 8.
LOOKUP_FAILED = Reply(451, "4.7.0 Temporary server error. Please try again later. CPRX2")
# The texts of these six are unverified.
SERVICE_INACTIVE = Reply(421, "4.3.2 Service not active")
NO_CONNECTOR = Reply(421, "4.3.2 Service not available")
TLS_REQUIRED = Reply(451, "5.7.3 STARTTLS is required to send mail")
NO_SUBMIT = Reply(550, "5.7.1 Client does not have permissions to submit to this server")
INVALID_SENDER = Reply(501, "5.1.7 Invalid address")
INVALID_RECIPIENT = Reply(501, "5.1.3 Invalid address")

_ADDRESS = re.compile(r"[^@\s<>]+@(?P<domain>[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)")


def select(
    connectors: Iterable[ReceiveConnector],
    local: Address,
    port: int,
    client: Address,
    services: tuple[str, ...] = (FRONTEND_TRANSPORT, TRANSPORT),
) -> tuple[ReceiveConnector, IPRange] | None:
    """Return the connector that answers and the range that won it the connection; None when none takes the client.

    `connectors` are those of one server, `services` the transport roles that run on it. The service that listens
    decides first: the SMTP port belongs to the first one, the Front End Transport service wherever there is one, and
    connectors of another service are no candidates there; those of a service that does not run are none anywhere.
    Then the smallest range that holds the client wins; authentication, groups and rights play no part. Of two equal
    ranges the one with the more specific binding wins (unverified).
    """
    listening = services[:1] if port == SMTP_PORT else services
    candidates: list[tuple[int, bool, str, ReceiveConnector, IPRange]] = []
    for connector in connectors:
        if not connector.enabled or connector.role not in listening:
            continue
        bindings = [binding for binding in connector.bindings if binding.covers(local, port)]
        ranges = [entry for entry in connector.ranges if entry.holds(client)]
        if bindings and ranges:
            smallest = min(ranges, key=lambda entry: entry.size)
            generic = all(binding.is_any for binding in bindings)
            candidates.append((smallest.size, generic, connector.name.lower(), connector, smallest))
    if not candidates:
        return None
    *_, winner, matched = min(candidates, key=lambda candidate: candidate[:3])
    return winner, matched


def mail_from(view: ConnectorView, session: SmtpSession, sender: str, tls: bool = False) -> Reply:
    """Answer MAIL FROM; `sender` without angle brackets, empty for the null sender."""
    if view.require_tls and not tls:
        return TLS_REQUIRED
    if acl.SUBMIT.lower() not in session.rights:
        return not_authenticated(view.version) if session.user is None else NO_SUBMIT
    if session.lost:
        return LOOKUP_FAILED
    if not sender:
        return SENDER_OK
    sender = completed(view, sender)
    domain = domain_of(sender)
    if domain is None:
        return INVALID_SENDER
    any_sender = acl.ANY_SENDER.lower() in session.rights
    if session.user is not None:
        return SENDER_OK if any_sender or sender.lower() in session.addresses else NOT_OWN_SENDER
    if not view.enforces_sender_rights:
        return SENDER_OK  # the Front End Transport service of 2013 and later lets any sender pass
    ours = is_accepted(view.accepted_domains, domain, {"Authoritative"})
    if not any_sender or (ours and acl.AUTHORITATIVE_SENDER.lower() not in session.rights):
        return NOT_THIS_SENDER
    return SENDER_OK


def rcpt_to(view: ConnectorView, session: SmtpSession, recipient: str) -> Reply:
    """Answer RCPT TO after an accepted MAIL FROM; `recipient` without angle brackets."""
    domain = domain_of(completed(view, recipient))
    if domain is None:
        return INVALID_RECIPIENT
    if is_accepted(view.accepted_domains, domain) or acl.ANY_RECIPIENT.lower() in session.rights:
        return RECIPIENT_OK
    return relay_refused(view.version)


def not_authenticated(version: str) -> Reply:
    """What a client without rights hears at MAIL FROM."""
    return NOT_AUTHENTICATED if at_least(version, "2016") else OLD_NOT_AUTHENTICATED


def relay_refused(version: str) -> Reply:
    """What a client without the right to relay hears."""
    return RELAY_REFUSED if at_least(version, "2016") else OLD_RELAY_REFUSED


def offers_tls(view: ConnectorView) -> bool:
    """Whether STARTTLS is offered."""
    return _has(view, "Tls")


def offers_logon(view: ConnectorView, tls: bool) -> bool:
    """Whether AUTH LOGIN is offered; `tls`: the session is encrypted already."""
    return _has(view, "BasicAuth") and (tls or not _has(view, "BasicAuthRequireTLS"))


def is_lost(role: str, name: str, domain: str) -> bool:
    """Whether the front end takes a logon as `name` and then does not find the account for the back end.

    A UPN whose suffix is not the domain's own is looked up in vain (permissions.md part 8); DOMAIN\\name is found. It
    is told of 2013; that later front ends do the same is unverified. A transport service alone asks nobody.
    """
    suffix = name.rpartition("@")[2]
    return role == FRONTEND_TRANSPORT and "@" in name and suffix.lower() != domain.lower()


def logon_refusal(view: ConnectorView, session: SmtpSession | None) -> Reply | None:
    """What AUTH is refused with: the password was wrong, or the account may not submit here (permissions.md part 2).

    Whether a session that is lost hears it here or at MAIL FROM is unverified.
    """
    if session is None or acl.SUBMIT.lower() not in session.rights:
        return LOGON_REFUSED
    return LOOKUP_FAILED if session.lost and view.lookup_at_logon else None


def whole_answer(
    view: ConnectorView | None,
    unavailable: Reply | None,
    sender: str,
    recipient: str,
    account: SmtpSession | None = None,
    logon: str = NEVER,
) -> Reply:
    """Return the decisive reply to one client that sends MAIL FROM and RCPT TO.

    A client that does not log on uses no TLS either; one that does uses it where it is offered. account: the session
    that the right password would get. logon: one of LOGONS; `always` stops at a logon that is not offered or refused.
    """
    if unavailable is not None:
        return unavailable
    if view is None:
        return NO_CONNECTOR
    if logon != NEVER:
        reply = _answer_after_logon(view, account, sender, recipient)
        if logon == ALWAYS or reply.accepted:
            return reply
    return _answer(view, view.session, sender, recipient, tls=False)


def _answer_after_logon(view: ConnectorView, account: SmtpSession | None, sender: str, recipient: str) -> Reply:
    tls = offers_tls(view)
    if not offers_logon(view, tls):
        return NO_SUCH_LOGON
    refusal = logon_refusal(view, account)
    if account is None or refusal is not None:
        return refusal or LOGON_REFUSED
    return _answer(view, account, sender, recipient, tls)


def _answer(view: ConnectorView, session: SmtpSession, sender: str, recipient: str, tls: bool) -> Reply:
    reply = mail_from(view, session, sender, tls)
    return rcpt_to(view, session, recipient) if reply.accepted else reply


def _has(view: ConnectorView, mechanism: str) -> bool:
    return mechanism.lower() in {name.lower() for name in view.auth_mechanism}


def completed(view: ConnectorView, address: str) -> str:
    """An address with the connector's default domain where it has none of its own (2010 and 2013)."""
    return f"{address}@{view.default_domain}" if view.default_domain and "@" not in address else address


def domain_of(address: str) -> str | None:
    """The domain of an SMTP address, None when it is no address."""
    match = _ADDRESS.fullmatch(address)
    return match["domain"] if match else None


def is_accepted(domains: Iterable[AcceptedDomain], domain: str, types: set[str] | None = None) -> bool:
    """Whether mail for a domain is taken without the right to relay; every type of accepted domain counts."""
    wanted = domain.lower()
    for known in domains:
        base = known.domain.lower()
        if types is not None and known.type not in types:
            continue
        if base.startswith("*."):
            if wanted == base[2:] or wanted.endswith(base[1:]):
                return True
        elif wanted == base:
            return True
    return False
