# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""PRIVATE to the collection: what is true of every service after a plan, in a few words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .desired import DesiredConnector, DesiredConnectors
from .ranges import count_addresses
from .steps import Plan


def report_services(desired: DesiredConnectors, plan: Plan) -> list[dict[str, object]]:
    """One entry a declared service, in the order of declaration; see RETURN of the module relay."""
    touched = {step.connector.casefold() for step in plan.steps}
    return [_report(connector, connector.key in touched) for connector in desired if connector.service is not None]


def _report(connector: DesiredConnector, changed: bool) -> dict[str, object]:
    ranges = connector.sources.ranges if connector.sources is not None else frozenset()
    return {
        "service": connector.service,
        "connector": connector.name,
        "state": connector.state,
        "method": connector.method,
        "sources": len(ranges),
        "addresses": count_addresses(ranges),
        "changed": changed,
    }


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
    where = f"{report['connector']!r} on {server}"
    if report["state"] == "absent":
        truth = f"there {'would be' if would else 'is'} no connector {where}"
    elif not report["sources"]:
        truth = f"nobody {'would' if would else 'may'} relay through {where}"
    else:
        count, addresses = report["sources"], report["addresses"]
        who = f"{count} source{'s' if count != 1 else ''} ({addresses} address{'es' if addresses != 1 else ''})"
        truth = f"{who} {'could' if would else 'may'} relay through {where}, method {report['method']}"
    return f"{report['service']}: {verb}; {truth}."
