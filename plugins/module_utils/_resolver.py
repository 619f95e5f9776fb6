# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Ask one DNS server for the addresses of a name, whatever the machine itself would ask. PRIVATE to the collection."""

from __future__ import annotations

import re
import socket

from ansible_collections.mailrelay.exchange.plugins.module_utils import _dnspython

# [IPv6]:port, host:port, or an IPv6 address without a port; the port may be missing.
_RESOLVER = re.compile(
    r"\[(?P<six>[^\]]+)\](?::(?P<six_port>[0-9]+))?"
    r"|(?P<host>[^:\[\]]+)(?::(?P<port>[0-9]+))?"
    r"|[^\[\]:]*:[^\[\]:]*:[^\[\]]*"
)


class ResolverError(Exception):
    """The DNS server cannot be used, or does not answer: one sentence."""


def parse_resolver(text: str) -> tuple[str, int]:
    """Return (host, port) of a DNS server written as host, host:port, an IPv6 address or [IPv6 address]:port.

    Raises ResolverError when it is none of these.
    """
    match = _RESOLVER.fullmatch(text.strip())
    port = int(match.group("port") or match.group("six_port") or 53) if match else 0
    if match is None or not 0 < port < 65536:
        raise ResolverError(f"'{text}' is not a DNS server: write it as host or host:port.")
    return match.group("six") or match.group("host") or match.group(), port


def look_up(name: str, resolver: str, timeout: float = 5.0) -> tuple[str, ...]:
    """Return the addresses of a name, IPv4 before IPv6, aliases followed; () when it has none.

    name: host name; resolver: see parse_resolver; timeout: seconds for one answer. Raises ResolverError.
    """
    if _dnspython.IMPORT_ERROR:
        raise ResolverError(_dnspython.MISSING_LIBRARY)
    dns = _dnspython.dns
    host, port = parse_resolver(resolver)
    found: list[str] = []
    try:
        server = str(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][4][0])
        for kind in ("A", "AAAA"):
            question = dns.message.make_query(name, kind)
            answer = dns.query.udp_with_fallback(question, server, timeout=timeout, port=port)[0]
            if answer.rcode() not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
                raise ResolverError(f"DNS server {resolver} answers {dns.rcode.to_text(answer.rcode())} for {name}.")
            # The answer holds the aliases on the way as well as the addresses at its end.
            wanted = dns.rdatatype.from_text(kind)
            found.extend(item.to_text() for rrset in answer.answer if rrset.rdtype == wanted for item in rrset)
    except (OSError, EOFError, UnicodeError, dns.exception.DNSException) as error:
        raise ResolverError(f"DNS server {resolver} does not answer for {name} ({error}).") from None
    return tuple(found)
