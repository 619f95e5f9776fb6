#!/usr/bin/env python3
# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How long thousands of sources take, and how much memory: `make benchmark` prints the tables of docs/sources.md.

Seconds (of CPU) depend on the machine, so they also stand as a multiple of what netaddr alone needs to read the same
texts on the same machine. Nothing here fails for being slow; the unit test test_growth.py counts operations instead.
"""

from __future__ import annotations

import argparse
import gc
import json
import math
import random
import resource
import sys
import time
import tracemalloc
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import conftest  # noqa: F401 - makes ansible_collections.mailrelay.exchange importable

# netaddr has no types of its own.
# mypy: disable-error-code="no-untyped-call"
import netaddr

from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.aggregation import aggregated
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.checks import Unchanged
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.desired import DesiredConnectors
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.model import (
    AccessEntry,
    ReceiveConnector,
    ServerFacts,
    ServerState,
)
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.plan import (
    Plan,
    plan_server,
)
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.policy import Policy, parse_safety
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.ranges import (
    IPRange,
    read_exchange_range,
)
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.result import writer_result
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.service import parse_services
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.sources import (
    parse_source_groups,
    resolve_sources,
)
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.splitting import (
    connectors_needed,
    split,
)

TODAY = date(2026, 11, 21)
WHOLE = ("0.0.0.0-255.255.255.255", "::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")
SIZES = (1_000, 10_000, 100_000)


def mixed_sources(count: int, seed: int = 1) -> list[str]:
    """So many different sources as an organisation has them: mostly single hosts, often neighbours, some of IPv6."""
    chance = random.Random(seed)  # noqa: S311 - the same list on every machine, not a secret
    found: dict[str, None] = {}
    while len(found) < count:
        base = (10 << 24) + chance.randrange(1 << 24)
        kind = chance.random()
        if kind < 0.55:
            found[str(netaddr.IPAddress(base))] = None
        elif kind < 0.70:
            # Hosts that were numbered in a row, which aggregation makes one range of.
            for number in range(base, base + 4):
                found[str(netaddr.IPAddress(number))] = None
        elif kind < 0.78:
            found[f"{netaddr.IPAddress(base)}-{netaddr.IPAddress(base + chance.randrange(1, 200))}"] = None
        elif kind < 0.88:
            found[f"{netaddr.IPAddress(base)}/{chance.choice((24, 26, 28, 29))}"] = None
        elif kind < 0.97:
            found[f"fd00:{chance.randrange(1 << 16):x}::{chance.randrange(1 << 16):x}"] = None
        else:
            found[f"fd00:{chance.randrange(1 << 16):x}::/64"] = None
    return list(found)[:count]


def csv_of(texts: Sequence[str]) -> bytes:
    """The sources as a spreadsheet saves them."""
    rows = [
        f"{text};host{number};team{number % 50}@contoso.com;CHG{number:07};moved from the old relay;2028-03-31"
        for number, text in enumerate(texts)
    ]
    return "\r\n".join(["\ufeffaddress;name;owner;ticket;reason;expires", *rows, ""]).encode()


@dataclass
class Measured:
    """Seconds by step for one number of sources, and what came out."""

    count: int
    seconds: dict[str, float] = field(default_factory=dict)
    notes: dict[str, object] = field(default_factory=dict)

    def step(self, name: str, work: Callable[[], Any]) -> Any:
        """Do the work and keep how long it took."""
        gc.collect()
        start = time.process_time()
        done = work()
        self.seconds[name] = time.process_time() - start
        return done

    @property
    def total(self) -> float:
        """Seconds of all steps of ours."""
        return sum(seconds for name, seconds in self.seconds.items() if not name.startswith("netaddr"))


def measure(count: int) -> Measured:
    """Every step from the text of a file to what differs on the server, and netaddr's own on the same texts."""
    texts = mixed_sources(count)
    content = csv_of(texts)
    found = Measured(count)
    raw = {"legacy": {"owner": "mail@contoso.com", "file": "legacy.csv", "content": content}}
    groups = found.step("parse the file", lambda: parse_source_groups(raw))
    sources = found.step("normalise", lambda: resolve_sources(["legacy"], groups, TODAY, "sources"))
    others = [read_exchange_range(text) for text in WHOLE] + [IPRange(4, 10 << 24, (10 << 24) + 0xFFFF)]
    merged = found.step("aggregate", lambda: aggregated(sources.ranges, others))
    connectors = connectors_needed(sources.ranges)
    buckets = found.step("split", lambda: split(sources.ranges, connectors))
    shown = [[str(entry) for entry in bucket] for bucket in buckets]
    found.step("compare", lambda: compared(buckets, shown))
    found.step("netaddr: read the texts", lambda: [plain(text) for text in texts])
    found.step("netaddr: cidr_merge", lambda: netaddr.cidr_merge([block for text in texts for block in cidrs(text)]))
    found.notes = {"entries when aggregated": len(merged), "connectors": connectors}
    return found


def compared(buckets: Sequence[frozenset[IPRange]], shown: Sequence[Sequence[str]]) -> None:
    """What the server shows, read, against what is declared, twice: once to plan, once right before a write."""
    for bucket, texts in zip(buckets, shown, strict=True):
        plain = connector_plain("Relay", texts, ["0.0.0.0:25"])
        for actual in (ReceiveConnector.from_exchange(plain), ReceiveConnector.from_exchange(plain)):
            if not Unchanged("CN=Relay", {"remote_ip_ranges": bucket}).holds(actual, ()):
                raise AssertionError("the comparison found a difference where there is none")


def plain(text: str) -> Any:
    """One source, read by netaddr alone."""
    first, dash, last = text.partition("-")
    return netaddr.IPRange(first, last) if dash else netaddr.IPNetwork(text)


def cidrs(text: str) -> list[Any]:
    """One source as the blocks that cidr_merge takes."""
    found = plain(text)
    return found.cidrs() if isinstance(found, netaddr.IPRange) else [found]


def memory(count: int) -> float:
    """Megabytes at the peak of all steps, counted by tracemalloc."""
    content = csv_of(mixed_sources(count))
    gc.collect()
    tracemalloc.start()
    groups = parse_source_groups({"legacy": {"file": "legacy.csv", "content": content}})
    sources = resolve_sources(["legacy"], groups, TODAY, "sources")
    merged = aggregated(sources.ranges, [read_exchange_range(text) for text in WHOLE])
    buckets = split(sources.ranges, connectors_needed(sources.ranges))
    compared(buckets, [[str(entry) for entry in bucket] for bucket in buckets])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    del merged
    return peak / 1_000_000


# -- a whole plan ----------------------------------------------------------------------------------------------------

ANONYMOUS = r"NT AUTHORITY\ANONYMOUS LOGON"
ANONYMOUS_GROUP = (
    "ms-Exch-SMTP-Submit",
    "ms-Exch-SMTP-Accept-Any-Sender",
    "ms-Exch-SMTP-Accept-Authoritative-Domain-Sender",
    "ms-Exch-Accept-Headers-Routing",
)


def server_with(plain_connectors: Sequence[Mapping[str, Any]]) -> ServerState:
    """A server of Exchange 2019 with a default connector and these others."""
    facts = ServerFacts(
        "EX1",
        "ex1.contoso.com",
        "CN=EX1,CN=Servers,DC=contoso,DC=com",
        "Version 15.2 (Build 986.5)",
        "2019",
        is_hub_transport=True,
        is_frontend_transport=True,
        is_mailbox=True,
        is_client_access=True,
        domain_controller="dc1.contoso.com",
    )
    default = connector_plain("Default Frontend EX1", list(WHOLE), ["0.0.0.0:25", "[::]:25"])
    found = [ReceiveConnector.from_exchange(one) for one in (default, *plain_connectors)]
    group = tuple(AccessEntry(ANONYMOUS, right) for right in ANONYMOUS_GROUP)
    relay = (AccessEntry(ANONYMOUS, "ms-Exch-SMTP-Accept-Any-Recipient"), *group)
    access = {one.distinguished_name: group if one is found[0] else relay for one in found}
    return ServerState(facts, tuple(found), access)


def connector_plain(name: str, ranges: Sequence[str], bindings: Sequence[str]) -> dict[str, Any]:
    """A receive connector as a session decodes it."""
    return {
        "Name": name,
        "Identity": f"EX1\\{name}",
        "Server": "EX1",
        "DistinguishedName": f"CN={name},CN=SMTP Receive Connectors,CN=Protocols,CN=EX1,CN=Servers,DC=contoso,DC=com",
        "Bindings": list(bindings),
        "RemoteIPRanges": list(ranges),
        "AuthMechanism": "Tls",
        "PermissionGroups": "AnonymousUsers",
        "TransportRole": "FrontendTransport",
        "Enabled": True,
    }


@dataclass(frozen=True)
class Planned:
    """One plan over a whole server: what it is, seconds, commands, kilobytes of the result."""

    what: str
    seconds: float
    commands: int
    kilobytes: float


def plans(count: int) -> list[Planned]:
    """First run, second run, a source and a connector more, from the declaration to the result of the task."""
    texts = mixed_sources(count)
    connectors = connectors_needed(resolve_sources(texts, {}, TODAY, "sources").ranges) + 1

    def declared(sources: Sequence[str], more: int = 0) -> DesiredConnectors:
        services = {"external": {"sources": list(sources), "split": {"connectors": connectors + more}}}
        return parse_services(services, None, None, None, "EX1", TODAY)

    here = [
        connector_plain(entry.name, [str(one) for one in ranges], ["0.0.0.0:25"])
        for entry in declared(texts)
        if isinstance(ranges := entry.values.get("remote_ip_ranges"), frozenset)
    ]
    empty, filled = server_with([]), server_with(here)
    return [
        _planned("first run: every connector is created", lambda: plan_server(declared(texts), empty, _policy())),
        _planned("second run: nothing differs", lambda: plan_server(declared(texts), filled, _policy())),
        _planned("one source more", lambda: plan_server(declared([*texts, "192.168.1.1"]), filled, _policy())),
        _planned("one connector more", lambda: plan_server(declared(texts, 1), filled, _policy())),
    ]


def _policy() -> Policy:
    return Policy(parse_safety(None))


def _planned(what: str, work: Callable[[], Plan]) -> Planned:
    gc.collect()
    start = time.process_time()
    plan = work()
    seconds = time.process_time() - start
    result = json.dumps(writer_result(plan, None))
    return Planned(what, seconds, len(plan.commands), len(result.encode()) / 1000)


# -- the tables ------------------------------------------------------------------------------------------------------


def table(rows: Sequence[Sequence[str]]) -> str:
    """Rows as a Markdown table, the first of them its head."""
    head, *body = rows
    return "\n".join("| " + " | ".join(row) + " |" for row in [head, ["---"] * len(head), *body])


def step_table(found: Sequence[Measured]) -> str:
    """Seconds of every step, and of all of them as multiples of netaddr's reading."""
    head = ["step", *(f"{one.count:,} sources" for one in found)]
    rows = [[name, *(f"{one.seconds[name]:.3f} s" for one in found)] for name in found[0].seconds]
    rows.append(["**all steps of ours**", *(f"**{one.total:.2f} s**" for one in found)])
    rows.append(
        [
            "as a multiple of netaddr's reading",
            *(f"{one.total / one.seconds['netaddr: read the texts']:.1f}" for one in found),
        ]
    )
    for name in found[0].notes:
        rows.append([name, *(f"{one.notes[name]:,}" for one in found)])
    return table([head, *rows])


def growth(found: Sequence[Measured]) -> list[str]:
    """How much longer ten times as many sources take, next to what n log n would."""
    lines = []
    for few, many in pairwise(found):
        expected = many.count * math.log(many.count) / (few.count * math.log(few.count))
        lines.append(
            f"* from {few.count:,} to {many.count:,} sources: {many.total / few.total:.1f} times as long "
            f"(n log n: {expected:.1f})"
        )
    return lines


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Measure how long thousands of sources take.")
    parser.add_argument("--quick", action="store_true", help="without the 100,000 sources")
    options = parser.parse_args(arguments)
    sizes = SIZES[:2] if options.quick else SIZES
    measure(500)  # warm: imports, caches of regular expressions
    found = [measure(count) for count in sizes]
    print(step_table(found), "\n")
    print("\n".join(growth(found)), "\n")
    print(table([["sources", "peak memory"], *([f"{count:,}", f"{memory(count):.0f} MB"] for count in sizes)]), "\n")
    planned = plans(10_000)
    rows = [[one.what, f"{one.seconds:.2f} s", str(one.commands), f"{one.kilobytes:.0f} kB"] for one in planned]
    print(table([["plan over 10,000 sources", "seconds", "commands", "result"], *rows]), "\n")
    whole = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    print(f"This process, interpreter, libraries and all measurements included: {whole:.0f} MB at its peak.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
