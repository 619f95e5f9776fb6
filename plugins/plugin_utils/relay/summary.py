# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""PRIVATE to the collection: what is true of every service after a plan, in a few words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .desired import AUTHENTICATED, INTERNAL, DesiredConnector, DesiredConnectors, Method
from .ranges import IPRange, count_addresses
from .steps import Plan, ServiceOutcome


def report_services(desired: DesiredConnectors, plan: Plan) -> list[dict[str, object]]:
    """One entry a declared service, over all its connectors, in the order of declaration; see RETURN of relay."""
    services: dict[str, list[DesiredConnector]] = {}
    for connector in desired:
        if connector.service is not None:
            services.setdefault(connector.service, []).append(connector)
    touched = {step.connector.casefold() for step in plan.steps}
    return [_report(name, parts, touched, plan.services.get(name)) for name, parts in services.items()]


def _report(
    service: str, parts: Sequence[DesiredConnector], touched: set[str], outcome: ServiceOutcome | None
) -> dict[str, object]:
    present = [part for part in parts if part.state == "present"]
    own = {part.key for part in parts} | (outcome.connectors if outcome is not None else set())
    method = (present or parts)[0].method
    ranges = _ranges(parts if method == INTERNAL else present, outcome)
    return {
        "service": service,
        "connector": (present or parts)[0].name,
        "connectors": [part.name for part in present],
        "state": "present" if present or method == INTERNAL else "absent",
        "method": method,
        "sources": len(ranges),
        "addresses": count_addresses(ranges),
        "changed": bool(own & touched),
        **_of_method(method, (present or parts)[0], outcome),
    }


def _of_method(method: Method | None, connector: DesiredConnector, outcome: ServiceOutcome | None) -> dict[str, object]:
    """What there is to say of some methods only."""
    if method == AUTHENTICATED:
        return {"accounts": [grant.principal for grant in connector.grants]}
    if method == INTERNAL:
        return {"answered_by": list(outcome.answered_by) if outcome is not None else []}
    return {}


def _ranges(parts: Sequence[DesiredConnector], outcome: ServiceOutcome | None) -> frozenset[IPRange]:
    """The sources as declared; where only a change of them was, those that the connectors have in the end."""
    lists = [part.sources for part in parts if part.sources is not None]
    if outcome is not None and any(sources.change is not None for sources in lists):
        return outcome.ranges
    return frozenset().union(*(sources.ranges for sources in lists))


def sentences(reports: Sequence[Mapping[str, object]], server: str, check_mode: bool) -> list[str]:
    """The reports as sentences for people.

    Args:
        reports: from report_services.
        server: name of the server.
        check_mode: nothing was written, so what differs only would change.
    """
    if not reports:
        return [f"No relay service is declared for {server}."]
    return [_sentence(report, server, check_mode) for report in reports]


def _sentence(report: Mapping[str, object], server: str, check_mode: bool) -> str:
    would = check_mode and report["changed"]
    verb = ("would change" if check_mode else "changed") if report["changed"] else "unchanged"
    connectors = report["connectors"]
    names = connectors if isinstance(connectors, list) else []
    where = f"{report['connector']!r} on {server}"
    if len(names) > 1:
        where = f"{len(names)} connectors, {names[0]!r} to {names[-1]!r}, on {server}"
    if report["method"] == INTERNAL:
        truth = _inside(report, server)
    elif report["state"] == "absent":
        truth = f"there {'would be' if would else 'is'} no connector {where}"
    elif not report["sources"]:
        truth = f"nobody {'would' if would else 'may'} relay through {where}"
    else:
        count, addresses = report["sources"], report["addresses"]
        who = f"{count} source{'s' if count != 1 else ''} ({addresses} address{'es' if addresses != 1 else ''})"
        truth = f"{who} {'could' if would else 'may'} relay through {where}, {_how(report)}"
    return f"{report['service']}: {verb}; {truth}."


def _how(report: Mapping[str, object]) -> str:
    """The method, and who has to log on."""
    if report["method"] != AUTHENTICATED:
        return f"method {report['method']}"
    accounts = report["accounts"]
    count = len(accounts) if isinstance(accounts, list) else 0
    who = f"{count} account{'s' if count != 1 else ''}" if count else "any user"
    return f"method {report['method']} ({who}, after logging on)"


def _inside(report: Mapping[str, object], server: str) -> str:
    """What is true of a service without a connector."""
    answering = report["answered_by"]
    names = [repr(name) for name in answering] if isinstance(answering, list) else []
    through = f"through {' and '.join(names)}" if names else "through no connector"
    count = report["sources"]
    return (
        f"{count} source{'s' if count != 1 else ''} send{'s' if count == 1 else ''} to recipients inside {through} on "
        f"{server}, method {report['method']}, which needs no connector"
    )
