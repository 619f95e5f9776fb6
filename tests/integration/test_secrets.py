# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""No password and no key in anything that a run prints, returns or leaves behind."""

from __future__ import annotations

import json
from typing import Any

from harness.lab import Lab
from harness.labs import LISTED, dns_alias_variables, proof_variables

LAB = {"servers": ["EX1"]}


def test_secrets_appear_nowhere(lab: Lab, runner_for: Any) -> None:
    variables = {
        "relay_services": {"external": {"sources": [LISTED]}},
        **dns_alias_variables(lab),
        **proof_variables(lab),
    }
    secrets = [lab.facts["accounts"]["administrator"]["password"], lab.facts["dns"]["key"]["secret"]]
    for auth in ("kerberos", "ntlm"):
        runner = runner_for(lab, variables=variables, auth=auth)
        run = runner.run("mailrelay.exchange.rollout", "-vvvvv", "--diff").succeed()
        returned = json.dumps([dict(one.result) for one in run.results], default=str)
        left_behind = [
            path for path in runner.folder.rglob("*") if path.is_file() and path != runner.inventory and path.exists()
        ]
        for secret in secrets:
            assert secret not in run.output
            assert secret not in returned
            for path in left_behind:
                assert secret not in path.read_text(encoding="utf-8", errors="replace"), path.name


def test_a_failure_shows_no_secret_either(lab: Lab, runner_for: Any) -> None:
    secret = "Wrong-Password-9"
    for auth in ("kerberos", "ntlm"):
        variables = {"relay_services": {}, "ansible_exchange_password": secret}
        run = runner_for(lab, variables=variables, auth=auth).run("mailrelay.exchange.servers", "-vvvvv").fail()
        assert secret not in run.output
