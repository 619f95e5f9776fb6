# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Addresses of a name, from the control node's resolver or from one DNS server. PRIVATE to the collection."""

from __future__ import annotations

import socket

from ansible_collections.mailrelay.exchange.plugins.module_utils import _dnspython
from ansible_collections.mailrelay.exchange.plugins.module_utils._resolver import (
    ResolverError,
    look_up,
    parse_resolver,
)
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.exchange.errors import MissingLibrary
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.errors import InputError

_SECONDS = 5.0


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
    try:
        parse_resolver(resolver)
    except ResolverError as error:
        raise InputError(f"ansible_exchange_resolver: {error}") from None
    if _dnspython.IMPORT_ERROR:
        raise MissingLibrary("dnspython", _dnspython.IMPORT_ERROR.strip().splitlines()[-1])
    try:
        found = look_up(name, resolver, _SECONDS)
    except ResolverError as error:
        return (), str(error)
    return tuple(sorted(found)), "" if found else f"DNS server {resolver} knows no address of {name}."


def _from_system(name: str) -> tuple[tuple[str, ...], str]:
    try:
        found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        return (), f"The addresses of {name} cannot be found on the control node ({error})."
    return tuple(sorted({str(entry[4][0]) for entry in found})), ""
