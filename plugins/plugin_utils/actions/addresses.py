# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Addresses of a name, from the control node's resolver or from one DNS server. PRIVATE to the collection.

The one place of the plugin_utils that imports dnspython.
"""

from __future__ import annotations

import re
import socket

from ansible_collections.mailrelay.exchange.plugins.plugin_utils.exchange.errors import MissingLibrary
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.errors import InputError

try:
    import dns.exception
    import dns.message
    import dns.query
    import dns.rcode
except ImportError as error:
    _IMPORT_ERROR: ImportError | None = error
else:
    _IMPORT_ERROR = None

_SECONDS = 5.0
_SERVER = re.compile(
    r"(?P<ipv6>[0-9A-Fa-f.]*:[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*)"
    r"|(?:\[(?P<bracketed>[^\[\]]+)\]|(?P<name>[^\[\]:\s]+))(?::(?P<port>[0-9]{1,5}))?"
)


def resolve(name: str, resolver: str | None = None) -> tuple[tuple[str, ...], str]:
    """Look a host name up.

    Args:
        name: FQDN.
        resolver: `host`, `host:port` or `[IPv6]:port` of a DNS server to ask; None asks the system.

    Returns:
        Its addresses of both families, and a sentence when there are none.

    Raises:
        InputError: the resolver cannot be read.
        MissingLibrary: a resolver is named and dnspython is not installed.
    """
    if resolver is None:
        return _from_system(name)
    if _IMPORT_ERROR is not None:
        raise MissingLibrary("dnspython", _IMPORT_ERROR)
    host, port = _resolver(resolver)
    return _from_server(name, host, port)


def _from_system(name: str) -> tuple[tuple[str, ...], str]:
    try:
        found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        return (), f"The addresses of {name} cannot be found on the control node ({error})."
    return tuple(sorted({str(entry[4][0]) for entry in found})), ""


def _resolver(text: str) -> tuple[str, int]:
    match = _SERVER.fullmatch(text.strip())
    port = int(match["port"] or 53) if match else 0
    if match is None or not 0 < port < 65536:
        raise InputError(f"ansible_exchange_resolver must be a DNS server as host or host:port, not {text!r}.")
    return match["bracketed"] or match["ipv6"] or match["name"], port


def _from_server(name: str, host: str, port: int) -> tuple[tuple[str, ...], str]:
    found: set[str] = set()
    try:
        address = str(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][4][0])
        for kind in ("A", "AAAA"):
            question = dns.message.make_query(name, kind)
            answer, _tcp = dns.query.udp_with_fallback(question, address, timeout=_SECONDS, port=port)
            if answer.rcode() not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
                return (), f"DNS server {host} answers {dns.rcode.to_text(answer.rcode())} for {name}."
            # The answer holds the aliases on the way as well as the addresses at its end.
            found.update(item.to_text() for rrset in answer.answer for item in rrset if rrset.rdtype.name == kind)
    except (OSError, EOFError, UnicodeError, dns.exception.DNSException) as error:
        return (), f"DNS server {host} port {port} does not answer for {name} ({error})."
    return tuple(sorted(found)), "" if found else f"DNS server {host} knows no address of {name}."
