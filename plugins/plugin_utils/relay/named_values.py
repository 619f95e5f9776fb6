# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Values that name something outside the connector: accepted domains, certificates, hosts with TLS capabilities.

PRIVATE to the collection. Every reader raises ValueError with the rest of a sentence that starts with the value.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from .quantities import Caseless

_GUID = re.compile(r"\{?[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\}?", re.ASCII | re.IGNORECASE)
_FIRST_RDN = re.compile(r"CN=(?P<name>(?:\\.|[^\\,])+),\s*[A-Z]+=", re.ASCII | re.IGNORECASE)
_ESCAPED = re.compile(r"\\(.)")
_CERTIFICATE = re.compile(r"<I>(?P<issuer>.+?)<S>(?P<subject>.+)", re.IGNORECASE)
# Parts of a distinguished name; commas inside quotes or after a backslash do not end one.
_RDN = re.compile(r'(?:"[^"]*"|\\.|[^,"\\])+')
_DOMAIN = re.compile(r"(?:\*\.)?(?!-)[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})*", re.ASCII)
_WORD = r"[A-Za-z]+(?=\s*(?:,|$))"
# A domain, or a certificate with commas of its own, then words up to the next domain.
_CAPABILITIES = re.compile(rf"(?P<domain><I>[^:]+|[^,:<>]+?)\s*:\s*(?P<words>{_WORD}(?:\s*,\s*{_WORD})*)\s*(?:,\s*|$)")

NO_TLS = "NO-TLS"
"""The domain that stands for connections without TLS."""


def read_accepted_domain(text: str) -> Caseless:
    """The name of an accepted domain, written as its name or as its distinguished name; "" for none."""
    wanted = text.strip()
    if _GUID.fullmatch(wanted):
        raise ValueError("is a GUID, and Exchange shows names; write the name of the accepted domain")
    first = _FIRST_RDN.match(wanted)
    return Caseless(_ESCAPED.sub(r"\1", first["name"]) if first else wanted)


def read_exchange_accepted_domain(text: str) -> Caseless:
    """The name of an accepted domain as Exchange shows it: its name, distinguished name or canonical name.

    Which of them Get-ReceiveConnector shows is unverified; other objects of the configuration show all three.
    """
    if "/Configuration/" in text:
        return Caseless(re.split(r"(?<!\\)/", text)[-1].replace("\\/", "/"))
    return read_accepted_domain(text)


@dataclass(frozen=True)
class CertificateName:
    """A certificate by issuer and subject; no certificate when both are empty.

    Names are compared part by part, without regard to case and to blanks around commas and equals signs, as X.500
    does for the attributes that certificates use.

    Attributes:
        issuer, subject: the parts of the names.
        text: as it was written, for Exchange; not compared.
    """

    issuer: tuple[str, ...] = ()
    subject: tuple[str, ...] = ()
    text: str = field(default="", compare=False)

    @classmethod
    def read(cls, text: str) -> CertificateName:
        """A certificate name, ``<I>issuer<S>subject``; an empty text is no certificate.

        Raises:
            ValueError: with the rest of a sentence that starts with the text.
        """
        wanted = text.strip()
        if not wanted:
            return cls()
        match = _CERTIFICATE.fullmatch(wanted)
        issuer, subject = (_name_parts(match["issuer"]), _name_parts(match["subject"])) if match else ((), ())
        if not issuer or not subject:
            raise ValueError("does not name a certificate; write '<I>CN=issuer<S>CN=subject'")
        return cls(issuer, subject, wanted)

    def __str__(self) -> str:
        return self.text


def _name_parts(text: str) -> tuple[str, ...]:
    parts = [part.strip() for part in _RDN.findall(text)]
    if not all("=" in part for part in parts):
        return ()
    return tuple("=".join(half.strip() for half in part.split("=", 1)).casefold() for part in parts)


@dataclass(frozen=True, order=True)
class TlsCapability:
    """One thing that hosts of one domain may do.

    Attributes:
        key: the domain and the capability as they are compared, without regard to case.
        domain: as written.
        capability: in Exchange's spelling where it is a documented one, else as written.
    """

    key: tuple[str, str]
    domain: str = field(compare=False)
    capability: str = field(compare=False)

    def __str__(self) -> str:
        return f"{self.domain}:{self.capability}"


def read_tls_capabilities(text: str, choices: tuple[str, ...]) -> Iterator[TlsCapability]:
    """What one text grants: ``domain:capability``, further capabilities and further domains after commas.

    Args:
        text: the text, one entry of a list or several with commas.
        choices: the documented capabilities, in Exchange's spelling. Others are taken as they are.

    Raises:
        ValueError: with the rest of a sentence that starts with the text.
    """
    wanted = text.strip()
    position = 0
    while position < len(wanted) or not wanted:
        match = _CAPABILITIES.match(wanted, position)
        if match is None:
            raise ValueError("does not give a domain capabilities; write domain:capability, or domain:capability,more")
        position = match.end()
        domain, key = _domain(match["domain"].strip())
        for word in match["words"].split(","):
            capability = next((name for name in choices if name.casefold() == word.strip().casefold()), word.strip())
            yield TlsCapability((key, capability.casefold()), domain, capability)


def _domain(text: str) -> tuple[str, str]:
    """A domain as written and as it is compared."""
    if text.upper() == NO_TLS:
        return NO_TLS, NO_TLS
    if text.startswith("<"):
        name = CertificateName.read(text)
        return text, repr((name.issuer, name.subject))
    if len(text) > 255 or not _DOMAIN.fullmatch(text):
        raise ValueError(f"names no domain before the colon; write one such as contoso.com, or {NO_TLS}")
    return text, text.casefold()


def tls_capability_texts(entries: frozenset[TlsCapability]) -> tuple[str, ...]:
    """The texts for a cmdlet, one a domain, sorted."""
    by_domain: dict[str, list[TlsCapability]] = {}
    for entry in sorted(entries):
        by_domain.setdefault(entry.key[0], []).append(entry)
    return tuple(f"{found[0].domain}:{','.join(entry.capability for entry in found)}" for found in by_domain.values())
