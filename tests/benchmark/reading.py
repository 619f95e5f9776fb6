#!/usr/bin/env python3
# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How long a connector of many ranges takes to read: `make benchmark` prints the table of docs/edge-and-2007.md.

Exchange's own endpoint sends every value whole, with a payload that nobody may open; a snap-in's objects come one level
deep. Seconds are of this process alone: what a server needs to find and write the object is its own affair.
"""

from __future__ import annotations

import sys
import tempfile
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import conftest  # noqa: F401 - makes ansible_collections.mailrelay.exchange importable

from ansible_collections.mailrelay.exchange.plugins.plugin_utils.exchange.clixml import decode_object
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.model import ReceiveConnector

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lab"))

from exchange_lab.interface import CallContext, CmdletCall
from exchange_lab.lab import Lab
from exchange_lab.wsman.depth import one_level_deep

SIZES = (1_000, 10_000)
LAB = {
    "organization": {"name": "Lab Organization", "domain": "lab.example", "domain_controllers": ["dc1.lab.example"]},
    "accounts": {"administrator": {"password": "Lab-1", "role_groups": ["Organization Management"]}},
    "limits": {"values_per_attribute": 100_000},
    "servers": {"EX1": {"version": "2019", "address": "127.0.1.1", "port": 0, "smtp_port": 0, "auth": ["ntlm"]}},
}


def ranges(count: int) -> Iterator[str]:
    """Different ranges: two hosts for every network."""
    for number in range(count):
        third, fourth = number >> 6 & 255, (number & 63) * 4
        kind = "" if number % 3 else "/30"
        yield f"10.{number >> 14}.{third}.{fourth}{kind}"


def connector(lab: Lab, count: int) -> ElementTree.Element:
    """A connector of so many ranges, as Exchange's own endpoint sends it."""
    name = f"Large {count}"
    context = CallContext("EX1", "administrator", "benchmark")
    parameters = {
        "Name": name,
        "Server": "EX1",
        "Usage": "Custom",
        "TransportRole": "FrontendTransport",
        "Bindings": [f"0.0.0.0:{10_000 + count}"],
        "RemoteIPRanges": list(ranges(count)),
    }
    made = lab.backend.execute(context, CmdletCall("New-ReceiveConnector", parameters))
    if made.errors:
        raise SystemExit(made.errors[0].message)
    return made.output[0]


def cost(text: str) -> tuple[float, float]:
    """Seconds of CPU to read one message, and the peak of memory in MB (measured apart, because it slows)."""
    start = time.process_time()
    ReceiveConnector.from_exchange(decode_object(text))
    seconds = time.process_time() - start
    tracemalloc.start()
    ReceiveConnector.from_exchange(decode_object(text))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return seconds, peak / 1e6


def main() -> None:
    """Print the table."""
    print("| ranges | sent | size of the message | seconds | memory |")
    print("|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as state, Lab.from_config(LAB, state) as lab:
        for count in SIZES:
            whole = connector(lab, count)
            for how, item in (("whole", whole), ("one level deep", one_level_deep(whole))):
                text = ElementTree.tostring(item, encoding="unicode")
                seconds, memory = cost(text)
                print(f"| {count:,} | {how} | {len(text) / 1e6:.2f} MB | {seconds:.2f} | {memory:.0f} MB |")


if __name__ == "__main__":
    main()
