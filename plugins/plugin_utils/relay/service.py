# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""PRIVATE to the collection: declared services, read into desired connectors."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import date

from ansible_collections.mailrelay.exchange.plugins.module_utils._argument_spec import SERVICE_SPEC

from .accounts import parse_accounts
from .aggregation import refuse_too_many
from .declaration import mapping, near_match, only_keys
from .desired import (
    ANONYMOUS,
    AUTHENTICATED,
    INTERNAL,
    METHODS,
    DesiredConnector,
    DesiredConnectors,
    DesiredGrant,
    Method,
)
from .errors import InputError
from .options import (
    parse_receive_connector,
    parse_receive_connector_permission,
    parse_receive_connector_throttling,
    parse_values,
)
from .policy import Expired, parse_accepted, parse_protected, parse_safety
from .ranges import parse_binding, shown
from .service_options import parse_connector_options, parse_throttling, refuse_contradiction
from .sources import SourceGroup, SourceList, parse_source_groups, resolve_sources
from .splitting import cut_apart, split

__all__ = [
    "parse_receive_connector",
    "parse_receive_connector_permission",
    "parse_receive_connector_throttling",
    "parse_services",
]

DEFAULT_BINDINGS = ("0.0.0.0:25",)
_BY_WORD: dict[str, Method] = {method: method for method in METHODS}
# What says how a connector is, for a method that has none.
_OF_A_CONNECTOR = ("accounts", "aggregate", "connector", "split", "throttling")
# A server with more receive connectors than that would be a typing error.
_MOST_CONNECTORS = 500
_WHOLE = re.compile(r"[0-9]{1,9}", re.ASCII)
_YES_OR_NO = {"yes": True, "true": True, "on": True, "no": False, "false": False, "off": False}
_PLACEHOLDER = re.compile(r"\{[^{}]*\}")


def parse_services(
    services: object,
    source_groups: object,
    protected: object,
    safety: object,
    server_name: str,
    today: date,
) -> DesiredConnectors:
    """What relay_services, relay_source_groups, relay_protected_addresses and relay_safety declare for one server.

    Args:
        services: service id -> service.
        source_groups: group name -> group; None for none.
        protected: only read here to refuse mistakes before anything is asked of Exchange; the plan takes it as policy.
        safety: as protected.
        server_name: short name of the server, for {server} in connector names.
        today: the day that the expiry of sources is judged by.

    Raises:
        InputError: one sentence with the option, the value and what would be right.
    """
    parse_protected(protected)
    expired = parse_safety(safety).expired
    groups = parse_source_groups(source_groups)
    declared = mapping(services, "services", "{external: {method: anonymous, sources: [10.20.9.5]}}")
    connectors = [
        connector
        for name, raw in declared.items()
        for connector in _parse_service(name, raw, groups, server_name, today, expired)
    ]
    _refuse_shared_names(connectors)
    return DesiredConnectors(tuple(connectors))


def _refuse_shared_names(connectors: Collection[DesiredConnector]) -> None:
    by_name: dict[str, DesiredConnector] = {}
    for connector in connectors:
        other = by_name.setdefault(connector.key, connector)
        if other is not connector:
            raise InputError(
                f"services: {other.service} and {connector.service} both name the connector {shown(connector.name)}; "
                "give each its own connector_name."
            )
    for connector in connectors:
        holder = by_name.get(connector.previous_name.casefold()) if connector.previous_name else None
        if holder is not None and holder.service != connector.service:
            raise InputError(
                f"services: {connector.service} takes over the connector {shown(connector.previous_name)}, which is "
                f"the connector_name of {holder.service}; give one of them another name."
            )


def _parse_service(
    name: str, raw: object, groups: Mapping[str, SourceGroup], server_name: str, today: date, expired: Expired
) -> list[DesiredConnector]:
    """The connectors of one service: one, or as many as it is split over."""
    where = f"services.{name}"
    service = mapping(raw, where, "{method: anonymous, sources: [10.20.9.5]}")
    only_keys(service, SERVICE_SPEC, where)
    connector_name = _connector_name(name, service.get("connector_name"), server_name, where)
    previous = _previous_name(service.get("previous_connector_name"), connector_name, server_name, where)
    parts = _split(service.get("split"), f"{where}.split")
    accepted = parse_accepted(service.get("accept_findings"), f"{where}.accept_findings")
    state = service.get("state") or "present"
    if state == "absent":
        gone = DesiredConnector(connector_name, "service", "absent", name, accept_findings=accepted)
        # The connector without a number goes too: it may be there still, when nothing has been spread so far.
        return [gone] if parts is None else [gone, *_numbered(gone, [None] * parts, where)]
    if state != "present":
        raise InputError(f"{where}.state: {shown(state)} is neither present nor absent.")
    method = _method(service.get("method"), f"{where}.method")
    sources = resolve_sources(service.get("sources"), groups, today, f"{where}.sources", expired)
    if method == INTERNAL:
        return [_without_connector(DesiredConnector(connector_name, "service", service=name), service, sources, where)]
    accounts = _accounts(service.get("accounts"), method, f"{where}.accounts")
    profile, throttling = parse_throttling(service.get("throttling"), f"{where}.throttling")
    values = {**throttling, **parse_connector_options(service.get("connector"), f"{where}.connector")}
    refuse_contradiction(method, accounts, values, f"{where}.connector")
    whole = DesiredConnector(
        connector_name,
        "service",
        "present",
        name,
        method,
        values,
        {"bindings": frozenset(parse_binding(text, "bindings") for text in DEFAULT_BINDINGS)},
        profile,
        previous_name=previous,
        aggregate=_aggregate(service.get("aggregate"), f"{where}.aggregate"),
        grants=accounts,
        accept_findings=accepted,
    )
    if parts is not None:
        return _numbered(whole, _spread(sources, parts, where), where)
    if sources.change is None:
        refuse_too_many(sources.ranges, whole.aggregate, f"{where}.sources")
    return [_with_sources(whole, sources)]


def _with_sources(connector: DesiredConnector, sources: SourceList) -> DesiredConnector:
    """A connector without a source is switched off: Exchange takes no connector that is for nobody."""
    values = dict(connector.values)
    if sources.nobody:
        values["enabled"] = False
    else:
        values["remote_ip_ranges"] = sources.value
        values.setdefault("enabled", True)
    return replace(connector, values=values, sources=sources)


def _spread(sources: SourceList, parts: int, where: str) -> list[SourceList | None]:
    """The sources of each numbered connector, None for one that gets none while others do."""
    if sources.change is not None:
        raise InputError(
            f"{where}.sources: split spreads a whole list, and add and remove change one that is not declared; "
            "give all sources, as a list or as set."
        )
    if sources.nobody:
        return [sources] * parts
    try:
        buckets = split(sources.ranges, parts)
    except InputError as error:
        raise InputError(f"{where}.split: {error}.") from None
    return [part if part.entries else None for part in sources.parts(buckets, cut_apart(sources.ranges))]


def _numbered(whole: DesiredConnector, spread: list[SourceList | None], where: str) -> list[DesiredConnector]:
    """The numbered connectors of a service; the first that has sources takes over the connector without a number.

    Under a previous name the service may have been spread already, so each looks for its number there.
    """
    parts = len(spread)
    heir = next((number for number, sources in enumerate(spread) if sources is not None), 0)
    found: list[DesiredConnector] = []
    for number, sources in enumerate(spread):
        name = _checked_name(f"{whole.name} {number + 1}", f"{where}.split (number {number + 1})")
        former = f"{whole.previous_name} {number + 1}" if whole.previous_name else ""
        part = replace(whole, name=name, part=number + 1, parts=parts, previous_name=former)
        if sources is None:
            part = DesiredConnector(
                name,
                "service",
                "absent",
                whole.service,
                part=number + 1,
                parts=parts,
                previous_name=former,
                accept_findings=whole.accept_findings,
            )
        else:
            part = _with_sources(part, sources)
            if number == heir:
                part = replace(part, previous_name=whole.previous_name or whole.name)
        found.append(part)
    return found


def _split(raw: object, where: str) -> int | None:
    """Over how many connectors a service is spread, None for a service of one connector."""
    if raw is None:
        return None
    options = mapping(raw, where, "{connectors: 3}")
    only_keys(options, ("connectors",), where)
    number = options.get("connectors")
    if isinstance(number, str) and _WHOLE.fullmatch(number.strip()):
        number = int(number)
    if isinstance(number, bool) or not isinstance(number, int) or not 1 <= number <= _MOST_CONNECTORS:
        raise InputError(f"{where}.connectors: {shown(number)} is not a whole number from 1 to {_MOST_CONNECTORS}.")
    return number


def _aggregate(raw: object, where: str) -> bool | None:
    if raw is None or isinstance(raw, bool):
        return raw
    word = raw.strip().casefold() if isinstance(raw, str) else ""
    if word in _YES_OR_NO:
        return _YES_OR_NO[word]
    raise InputError(f"{where}: {shown(raw)} is neither true nor false.")


def _previous_name(raw: object, name: str, server_name: str, where: str) -> str:
    if raw is None:
        return ""
    where = f"{where}.previous_connector_name"
    previous = _expanded(raw, server_name, where)
    if previous.casefold() == name.casefold():
        raise InputError(f"{where}: {shown(previous)} is the connector's name already; take it out.")
    return previous


def _connector_name(service: str, raw: object, server_name: str, where: str) -> str:
    if raw is None:
        default = f"Relay {service}"
        return _expanded(default, server_name, f"{where} (its connector_name is {default!r})")
    return _expanded(raw, server_name, f"{where}.connector_name")


def _expanded(raw: object, server_name: str, where: str) -> str:
    """A name with the server's in it."""
    if not isinstance(raw, str):
        raise InputError(f"{where}: {shown(raw)} is not text; put it in quotes.")
    unknown = [found for found in _PLACEHOLDER.findall(raw) if found != "{server}"]
    if unknown:
        raise InputError(f"{where}: {shown(unknown[0])} is not known here; only {{server}} is.")
    return _checked_name(raw.replace("{server}", server_name), where)


def _checked_name(name: str, where: str) -> str:
    return str(parse_values({"name": name}, where)["name"])


def _method(raw: object, where: str) -> Method:
    if raw is None:
        return ANONYMOUS
    if isinstance(raw, str) and raw in _BY_WORD:
        return _BY_WORD[raw]
    raise InputError(f"{where}: {shown(raw)} is not a method; {near_match(str(raw), _BY_WORD)}")


def _accounts(raw: object, method: Method, where: str) -> tuple[DesiredGrant, ...]:
    if raw is not None and method != AUTHENTICATED:
        raise InputError(
            f"{where}: only clients that log on are accounts, and method {method} has none that do; declare method "
            f"{AUTHENTICATED}, or take the accounts out."
        )
    return parse_accounts(raw, where)


def _without_connector(
    connector: DesiredConnector, service: Mapping[str, object], sources: SourceList, where: str
) -> DesiredConnector:
    """A service whose sources only send to recipients inside, which other connectors take from them anyway."""
    for option in _OF_A_CONNECTOR:
        if service.get(option) is not None:
            raise InputError(f"{where}.{option}: method {INTERNAL} has no connector of its own; take it out.")
    if sources.change is not None:
        raise InputError(
            f"{where}.sources: method {INTERNAL} has no connector whose list could be changed; give all sources, as a "
            "list or as set."
        )
    return replace(
        connector,
        state="absent",
        method=INTERNAL,
        sources=sources,
        accept_findings=parse_accepted(service.get("accept_findings"), f"{where}.accept_findings"),
    )
