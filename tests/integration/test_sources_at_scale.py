# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Ten thousand sources of a file over numbered connectors; what does not fit is refused before anything is written."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from harness.five_steps import five_steps, play
from harness.lab import Lab
from harness.labs import LISTED

LAB = {"servers": ["EX1"], "clients": []}
RELAY = "mailrelay.exchange.relay"
CONNECTORS = 12
MANY = 10_000
LARGEST_RESULT = 500_000


def mixed_sources(count: int) -> list[str]:
    """Addresses, blocks and ranges of both families; no two of them touch, so that nothing can be merged."""
    four = int(ipaddress.IPv4Address("10.64.0.0"))
    six = int(ipaddress.IPv6Address("fd00:10::"))
    made = []
    for number in range(count):
        start = ipaddress.IPv4Address(four + 16 * number)
        kinds = (
            str(start),
            f"{start}/30",
            f"{start}-{start + 5}",
            str(ipaddress.IPv6Address(six + (number << 8))),
        )
        made.append(kinds[number % len(kinds)])
    return made


def write_sources(folder: Path, sources: Sequence[str]) -> None:
    lines = ["address,name,owner,ticket,reason,expires"]
    lines += [f"{source},host{number},print@lab.example,,," for number, source in enumerate(sources)]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "many.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def service(**keys: Any) -> dict[str, Any]:
    groups = {"many": {"owner": "print@lab.example", "file": "sources/many.csv"}}
    return {"services": {"print": {"sources": ["many"], **keys}}, "source_groups": groups}


@pytest.fixture
def runner(lab: Lab, runner_for: Any) -> Any:
    return runner_for(lab)


def refusal(lab: Lab, runner: Any, arguments: Any) -> str:
    """The sentence of a run that is refused with nothing written."""
    mark = lab.journal.mark()
    run = runner.run(play([{"name": "Apply", RELAY: arguments}])).fail()
    assert lab.journal.writes(mark) == []
    said = str(run.failures[0].result["msg"])
    assert "\n" not in said
    return said


def test_more_than_a_connector_takes_is_refused_before_writing(lab: Lab, runner: Any) -> None:
    write_sources(runner.folder / "sources", mixed_sources(1201))
    said = refusal(lab, runner, service(connector_name="Too many"))
    assert "1201" in said.replace(",", "") and "1200" in said.replace(",", "") and "split" in said


def test_a_split_that_is_too_small_names_the_one_that_fits(lab: Lab, runner: Any) -> None:
    write_sources(runner.folder / "sources", mixed_sources(2500))
    said = refusal(lab, runner, service(connector_name="Too few", split={"connectors": 2}))
    assert "connectors" in said and any(str(number) in said for number in (3, 4))


def test_neighbours_are_merged_when_they_would_not_fit_otherwise(lab: Lab, runner: Any) -> None:
    first = ipaddress.IPv4Address("10.7.0.0")
    write_sources(runner.folder / "sources", [str(first + number) for number in range(1300)])
    steps = five_steps(lab, runner, "relay", service(connector_name="Merged"))["EX1"]
    assert steps.options("Merged")["remote_ip_ranges"] == ["10.7.0.0-10.7.5.19"]
    write_sources(runner.folder / "sources", [str(first + number) for number in range(1301)])
    mark = lab.journal.mark()
    five_steps(lab, runner, "relay", service(connector_name="Merged"))
    assert len(lab.journal.writes(mark)) == 1


# Last, because whoever reads the connectors of this lab afterwards reads ten thousand sources.
def test_ten_thousand_sources_over_numbered_connectors(lab: Lab, runner: Any) -> None:
    sources = mixed_sources(MANY)
    write_sources(runner.folder / "sources", sources)
    split = service(split={"connectors": CONNECTORS})
    steps = five_steps(lab, runner, "relay", split)["EX1"]
    names = [f"Relay print {number}" for number in range(1, CONNECTORS + 1)]
    counts = [len(steps.options(name)["remote_ip_ranges"]) for name in names]
    assert sum(counts) == MANY
    assert max(counts) <= 1000
    assert "Relay print" not in steps.connectors
    assert len(json.dumps(dict(steps.applied))) < LARGEST_RESULT

    # One source more: one Set of one connector; no other source moves.
    write_sources(runner.folder / "sources", [*sources, LISTED])
    mark = lab.journal.mark()
    again = five_steps(lab, runner, "relay", split)["EX1"]
    [line] = lab.journal.writes(mark)
    assert line.cmdlet == "Set-ReceiveConnector"
    [change] = again.applied["changes"]
    assert (change["property"], change["added"], change["removed"]) == ("remote_ip_ranges", [LISTED], [])
    moved = [name for name in names if again.options(name) != steps.options(name)]
    assert moved == [change["connector"]]
