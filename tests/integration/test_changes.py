# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Changes to a relay that is in use: nobody is refused what they had, and nobody gets what they should not.

Where no source tells what Exchange does, the lab has a switch; every change is tried with each of its outcomes.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import pytest
from harness.lab import Lab
from harness.labs import LATER, LISTED
from harness.promises import Promises
from harness.shell import assert_shown_is_run

ONE_SERVER = ["EX1"]
LAB = {"servers": ONE_SERVER}
SWITCHES = [
    {"permission_groups_replacement": "keeps_manual", "disabled_connector_conflicts": True},
    {"permission_groups_replacement": "removes_dropped", "disabled_connector_conflicts": True},
    {"permission_groups_replacement": "removes_manual", "disabled_connector_conflicts": True},
    {"permission_groups_replacement": "keeps_manual", "disabled_connector_conflicts": False},
]


class Rollout:
    """Applies a service to one lab again and again, and checks each time what must hold of every change."""

    def __init__(self, lab: Lab, runner: Any) -> None:
        self.lab = lab
        self.runner = runner
        self.promises = Promises(lab)

    def relays(self, client: str) -> bool:
        """Whether the server relays for a client after the last change."""
        return self.promises.relays(client) == set(self.lab.servers)

    def __call__(
        self, sources: Collection[str], gains: Collection[str] = (), loses: Collection[str] = (), **service: Any
    ) -> dict[str, Any]:
        declared = {"services": {"external": {"sources": list(sources), **service}}}
        tasks = [
            {"name": "Show", "mailrelay.exchange.relay": declared, "check_mode": True},
            {"name": "Apply", "mailrelay.exchange.relay": declared},
            {"name": "Apply again", "mailrelay.exchange.relay": declared},
        ]
        mark = self.lab.journal.mark()
        with self.promises.kept(gains=gains, loses=loses):
            run = self.runner.run([{"hosts": "exchange", "gather_facts": False, "tasks": tasks}]).succeed()
        shown, applied, again = [dict(one.result) for one in run.of("relay")]
        assert applied["changed"] is True
        assert shown["commands"] == applied["commands"]
        # Nothing was written but what was shown: not before it was applied, and not when it was applied again.
        assert_shown_is_run(applied["commands"], self.lab.journal.writes(mark))
        assert (again["changed"], again["commands"]) == (False, [])
        return applied


def test_sources_and_limits_change_without_a_gap_or_a_window(lab: Lab, runner_for: Any) -> None:
    apply = Rollout(lab, runner_for(lab))

    apply([LISTED], gains={LISTED})
    assert apply.relays(LISTED)

    result = apply([LISTED, LATER], gains={LATER})
    assert apply.relays(LATER)
    [change] = [one for one in result["changes"] if one["property"] == "remote_ip_ranges"]
    assert (change["added"], change["removed"]) == ([LATER], [])
    assert (change["count_before"], change["count_after"]) == (1, 2)

    apply([LISTED], loses={LATER})
    assert not apply.relays(LATER)

    apply([LISTED], throttling="guarded")

    retired = {"too_many_removed": "CHG0050112: the application is gone"}
    apply([], loses={LISTED}, state="absent", accept_findings=retired)
    assert not apply.relays(LISTED)


@pytest.mark.parametrize("switches", SWITCHES, ids=lambda one: "-".join(str(value) for value in one.values()))
def test_the_method_changes_without_a_gap_or_a_window(
    switches: dict[str, Any], start_lab: Any, runner_for: Any
) -> None:
    lab = start_lab(servers=ONE_SERVER, switches=switches)
    apply = Rollout(lab, runner_for(lab))
    apply([LISTED], gains={LISTED})
    trusted = {"method": "externally_secured", "accept_findings": {"externally_secured_bypass": "they are ours"}}
    apply([LISTED], **trusted)
    assert apply.relays(LISTED)

    apply([LISTED], method="anonymous")
    assert apply.relays(LISTED)

    # Method and sources in one go: who is on both lists never notices.
    apply([LISTED, LATER], gains={LATER}, **trusted, throttling="guarded")
    apply([LATER], loses={LISTED}, method="anonymous", throttling="guarded")
    assert apply.relays(LATER) and not apply.relays(LISTED)
