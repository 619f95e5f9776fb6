# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The playbook that keeps the DNS names: declarations that cannot be meant are one sentence and change nothing."""

from __future__ import annotations

from typing import Any

import pytest
from harness.lab import Lab
from harness.labs import dns_alias_variables

LAB = {"servers": ["EX1"]}
TARGETS = {"targets": ["ex1.lab.example"]}


@pytest.mark.parametrize(
    ("namespaces", "words"),
    [
        (["smtp.lab.example"], "relay_namespaces must be a dictionary"),
        ({"EX1.lab.example.": {"targets": ["other.lab.example"]}}, "is the name of a server itself"),
        ({"smtp.lab.example": {**TARGETS, "tpye": "a"}}, "no keys but type, targets"),
    ],
)
def test_a_declaration_that_cannot_be_meant_changes_no_name(
    namespaces: Any, words: str, lab: Lab, runner_for: Any
) -> None:
    variables = {**dns_alias_variables(lab, namespaces=False), "relay_namespaces": namespaces}
    run = runner_for(lab, variables=variables).run("mailrelay.exchange.name").fail()
    assert words in run.output
    assert lab.resolve("ex1.lab.example") == lab.servers["EX1"].host
    assert lab.resolve("smtp.lab.example") == ""
