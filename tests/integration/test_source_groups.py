# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who may relay, kept by several teams in variables and files, with days on which sources expire."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

from harness.lab import Lab
from harness.labs import LATER, LISTED
from harness.plays import PlayRun
from harness.promises import Promises

LAB = {"servers": ["EX1"]}
SERVERS = "mailrelay.exchange.servers"
TODAY = date.today()
EXPIRED, SOON, LATE = (str(TODAY + timedelta(days=days)) for days in (-1, 20, 90))

CSV = f"""Address;Name;Owner;Ticket;Reason;Expires
{LISTED};pay01;hr-it@lab.example;CHG0041233;payroll run;{SOON}
{LATER};pay02;hr-it@lab.example;CHG0041234;old payroll run;{EXPIRED}
10.31.0.0/24;;print@lab.example;;;{LATE}
"""
VARIABLES = {
    "relay_source_groups": {"legacy": {"owner": "mail@lab.example", "file": "sources/legacy.csv"}},
    "relay_source_groups_app": {"apps": {"owner": "app@lab.example", "addresses": {"app01": "10.20.9.5"}}},
    "relay_services": {"external": {"sources": ["legacy", "apps", "10.20.9.6-10.20.9.8"]}},
}
REMOVE = {"relay_safety": {"expired": "remove"}}


def found(run: PlayRun, finding: str) -> list[dict[str, Any]]:
    return [one for one in run.one("relay")["findings"] if one["id"] == finding]


def test_groups_of_variables_and_files_add_up_and_expire_when_told(lab: Lab, runner_for: Any) -> None:
    runner = runner_for(lab, variables=VARIABLES)
    (runner.folder / "sources").mkdir()
    (runner.folder / "sources" / "legacy.csv").write_text(CSV, encoding="utf-8")
    promises = Promises(lab)
    with promises.kept(gains={LISTED, LATER}):
        first = runner.run(SERVERS).succeed()
    # What has expired goes on until somebody says that it shall leave; everybody who reads the result knows.
    [expired] = found(first, "expired_source")
    assert expired["addresses"] == [LATER] and "pay02" in expired["message"]
    [soon] = found(first, "expiring_source")
    assert soon["addresses"] == [LISTED] and "pay01" in soon["message"]
    assert promises.relays(LATER) == {"EX1"}

    mark = lab.journal.mark()
    remove = ["--extra-vars", json.dumps(REMOVE)]
    with promises.kept(loses={LATER}):
        second = runner.run(SERVERS, *remove).succeed()
    [change] = second.one("relay")["changes"]
    assert (change["added"], change["removed"]) == ([], [LATER])
    assert len(lab.journal.writes(mark)) == 1
    assert promises.relays(LATER) == set()

    mark = lab.journal.mark()
    assert runner.run(SERVERS, *remove).succeed().changed == 0
    assert lab.journal.writes(mark) == []

    # A file that lost its lines, or is not there, is no reason to take anybody away.
    for content, word in ((CSV.splitlines()[0] + "\n", "legacy.csv"), (None, "legacy.csv")):
        path = runner.folder / "sources" / "legacy.csv"
        path.unlink()
        if content is not None:
            path.write_text(content, encoding="utf-8")
        refused = runner.run(SERVERS, *remove).fail()
        assert word in refused.failures[0].result["msg"]
    assert lab.journal.writes(mark) == []
