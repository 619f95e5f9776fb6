# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""PRIVATE to the collection: connectors read back from what receive_connector_info returned, and questions to them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.mailrelay.exchange.plugins.module_utils._properties import BY_OPTION

from .allowance import Allowance, allowance
from .answering import Answer, answering_connector
from .effective import ConnectorAccess, group_entries
from .errors import InputError
from .model import AccessEntry, ReceiveConnector
from .principal_words import USERS_WORD
from .ranges import parse_address, parse_binding, shown
from .rights import ANONYMOUS_WORD
from .values import parse_option

_NEEDED = ("enabled", "bindings", "remote_ip_ranges")
_USED = (*_NEEDED, "transport_role", "auth_mechanism", "permission_groups", "require_tls")
_LAST_PORT = 65535
# Stands for a local address that no binding names, so that only bindings to all addresses are reached.
_UNNAMED = {4: "0.0.0.1", 6: "::2"}


@dataclass(frozen=True)
class Report:
    """A connector of a report.

    entries: its access list, None when the report has none.
    services: transport services of its server, None when the report does not tell.
    anonymous, users: how the list names clients that do not log on, and everybody who has logged on.
    version: version of its server, "" when the report does not tell.
    """

    connector: ReceiveConnector
    entries: tuple[AccessEntry, ...] | None
    services: frozenset[str] | None = None
    anonymous: str = ANONYMOUS_WORD
    users: str = USERS_WORD
    version: str = ""

    @property
    def access(self) -> ConnectorAccess | None:
        """What decides about its clients, None when the report does not tell."""
        if self.entries is None:
            return None
        return ConnectorAccess.of(self.connector.values, self.entries, self.anonymous, self.version, self.users)


def read_reports(raw: object, where: str) -> list[Report]:
    """The connectors of a report.

    Raises:
        InputError: it is no list of connectors as receive_connector_info returns them.
    """
    if not isinstance(raw, (list, tuple)) or not all(isinstance(entry, Mapping) for entry in raw):
        raise InputError(f"{where}: it takes receive_connectors as receive_connector_info returns them.")
    return [_report(entry, where) for entry in raw]


def read_report(raw: object, where: str) -> Report:
    """One connector of a report.

    Raises:
        InputError: it is no connector as receive_connector_info returns it.
    """
    if not isinstance(raw, Mapping) or "receive_connectors" in raw:
        raise InputError(f"{where}: it takes one of the receive_connectors that receive_connector_info returns.")
    return _report(raw, where)


def read_port(raw: object, where: str) -> int:
    """A TCP port, as a number or a text that is one. Raises InputError."""
    text = str(raw).strip()
    if isinstance(raw, bool) or not text.isascii() or not text.isdecimal() or not 1 <= int(text) <= _LAST_PORT:
        raise InputError(f"{where}: {shown(raw)} is no TCP port; write a number from 1 to {_LAST_PORT}.")
    return int(text)


def local_end(binding: object, server_address: object, port: object) -> tuple[object, int]:
    """Local address and port that are asked for, from a binding or from the two themselves; see explain.

    Raises:
        InputError: the binding is none, or an address is given beside it.
    """
    if binding is None:
        return server_address, read_port(port, "port")
    bound = parse_binding(binding, "binding")
    if server_address is not None:
        raise InputError(f"binding: {shown(binding)} is given beside server_address; give one of them.")
    return (_UNNAMED[bound.version] if bound.is_wildcard else str(bound.address_range)), bound.port


def explain(
    reports: Iterable[Report], client: object, server_address: object, port: int, server: str | None
) -> dict[str, object] | None:
    """Which connector answers a client and what it lets it do, as plain data; None when none answers.

    Args:
        reports: connectors of one server, or of several when `server` says which.
        client: address of the client as the server sees it.
        server_address: local address that it connects to; None for one that no binding names.
        port: local port.
        server: short name of the server.

    Raises:
        InputError: an address is wrong, or it is not clear which server is meant.
    """
    remote = parse_address(client, "client")
    local = parse_address(_UNNAMED[remote.version] if server_address is None else server_address, "server_address")
    chosen = _of_server(list(reports), server)
    services = chosen[0].services if chosen else None
    answer = answering_connector([report.connector for report in chosen], local, port, remote, services)
    if answer is None:
        return None
    by_name = {id(report.connector): report for report in chosen}
    second = None if answer.second is None else _told(answer.second, by_name[id(answer.second.connector)])
    report = by_name[id(answer.connector)]
    doubts = [*answer.doubts, *_allowed(report).doubts]
    return {**_told(answer, report), "second": second, "unverified": doubts}


def _of_server(reports: list[Report], server: str | None) -> list[Report]:
    names = {report.connector.server.casefold(): report.connector.server for report in reports}
    if server is not None:
        if reports and server.casefold() not in names:
            known = ", ".join(sorted(names.values()))
            raise InputError(f"server: no connector is one of {shown(server)}; there are connectors of {known}.")
        return [report for report in reports if report.connector.server.casefold() == server.casefold()]
    if len(names) > 1:
        known = ", ".join(sorted(names.values()))
        raise InputError(f"server: there are connectors of several servers, {known}; say which one is meant.")
    return reports


def _allowed(report: Report) -> Allowance:
    return allowance(report.connector.values, report.entries, report.anonymous, report.version, report.users)


def _told(answer: Answer, report: Report) -> dict[str, object]:
    connector = answer.connector
    allowed = _allowed(report)
    return {
        "server": connector.server,
        "connector": connector.name,
        "name": connector.name,
        "distinguished_name": connector.distinguished_name,
        "range": str(answer.range),
        "binding": str(answer.binding),
        "may": _list(allowed.may),
        "senders": allowed.senders,
        "tls_required": allowed.tls_required,
        "auth": list(allowed.logons),
        "auth_after_tls": list(allowed.logons_after_tls),
        "users_may": _list(allowed.users_may),
        "users_senders": allowed.users_senders,
    }


def _list(words: tuple[str, ...] | None) -> list[str] | None:
    return None if words is None else list(words)


def _report(raw: Mapping[str, Any], where: str) -> Report:
    options = raw.get("options")
    if not isinstance(options, Mapping):
        raise InputError(f"{where}: a connector has no options; take the result of receive_connector_info.")
    name = str(raw.get("name", options.get("name", "")))
    values = {option: parse_option(BY_OPTION[option], options[option]) for option in _USED if option in options}
    for needed in _NEEDED:
        if needed not in values:
            raise InputError(f"{where}: connector {name} has no {needed} in its options.")
    server, guid, identity = (str(raw.get(key, "")) for key in ("server", "guid", "distinguished_name"))
    connector = ReceiveConnector(server, name, guid, identity, "", values)
    read_only = raw.get("read_only")
    plain: Mapping[str, Any] = read_only if isinstance(read_only, Mapping) else {}
    services = plain.get("TransportServices")
    return Report(
        connector,
        _entries(raw.get("permissions"), plain, values),
        frozenset(map(str, services)) if isinstance(services, (list, tuple)) else None,
        str(plain.get("AnonymousPrincipal") or ANONYMOUS_WORD),
        str(plain.get("AuthenticatedUsersPrincipal") or USERS_WORD),
        str(plain.get("ServerVersion") or ""),
    )


def _entries(
    permissions: object, read_only: Mapping[str, Any], values: Mapping[str, Any]
) -> tuple[AccessEntry, ...] | None:
    """The access list: what the groups stand for, what somebody granted, what is inherited."""
    if not isinstance(permissions, Mapping) or "permission_groups" not in values:
        return None
    version = str(read_only.get("ServerVersion") or "")
    groups = read_only.get("GroupAccess")
    found = (
        list(group_entries(values["permission_groups"], ANONYMOUS_WORD, version, USERS_WORD))
        if groups is None
        else list(_granted(groups))
    )
    found += [*_granted(permissions.get("grants"))]
    found += [
        AccessEntry(str(row.get("principal")), str(row.get("right")), row.get("deny") is True, bool(row["inherited"]))
        for row in _mappings(read_only.get("OtherAccess"))
        if "inherited" in row
    ]
    return tuple(found)


def _granted(grants: object) -> Iterator[AccessEntry]:
    """The entries that option `grants` of receive_connector_permission stands for."""
    for grant in _mappings(grants):
        for right in grant.get("rights") or ():
            yield AccessEntry(str(grant.get("principal")), str(right), grant.get("deny") is True)


def _mappings(raw: object) -> Iterator[Mapping[str, Any]]:
    if isinstance(raw, (list, tuple)):
        yield from (entry for entry in raw if isinstance(entry, Mapping))
