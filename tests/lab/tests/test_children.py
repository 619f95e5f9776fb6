# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A lab that is killed takes its key distribution centre and its name server along."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest
import yaml

from exchange_lab import process
from exchange_lab.dns import DnsServerError, find_named
from exchange_lab.kerberos import KerberosError, find_tool
from exchange_lab.probes import wait_for

from .conftest import lab_content

try:
    find_tool("krb5kdc")
    find_named()
    MISSING = ""
except (KerberosError, DnsServerError) as error:
    MISSING = str(error)


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()]


def runs(pid: int) -> bool:
    # A program that has ended, and that nobody has asked about yet, has no file any more.
    return Path(f"/proc/{pid}/exe").exists()


@pytest.mark.skipif(bool(MISSING), reason=MISSING)
def test_nothing_outlives_a_killed_lab(tmp_path: Path) -> None:
    lab_file = tmp_path / "lab.yml"
    server = {"address": "127.0.1.1", "auth": ["kerberos", "ntlm"], "port": 0, "smtp_port": 0}
    content = lab_content(servers={"EX1": server}, kerberos={"realm": "LAB.EXAMPLE"}, dns={})
    lab_file.write_text(yaml.safe_dump(content), encoding="utf-8")
    state = tmp_path / "state"
    pid = process.up(lab_file, state)
    assert json.loads((state / "lab.json").read_text(encoding="utf-8"))["dns"]
    programs = children(pid)
    assert len(programs) == 2
    os.kill(pid, signal.SIGKILL)
    wait_for("The machine without the lab", lambda: "programs are left" if any(map(runs, programs)) else None)
