# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A whole lab on real sockets, in this process and in one of its own."""

from __future__ import annotations

import json
import os
import signal
import smtplib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
import yaml
from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.wsman import WSMan

from exchange_lab import process
from exchange_lab.__main__ import main
from exchange_lab.interface import LabError
from exchange_lab.kerberos import KerberosError, KerberosRealm
from exchange_lab.lab import Lab
from exchange_lab.probes import wait_for

from .conftest import lab_content

ROOT = Path(__file__).resolve().parents[1]
WATCH = [{"client": "127.0.0.10", "sender": "app@lab.example", "recipient": "someone@elsewhere.example"}]


def small_lab(**changes: object) -> dict[str, object]:
    """One server, Basic, free ports, no Kerberos and no DNS: up in a moment."""
    server = {"address": "127.0.1.1", "auth": ["basic", "ntlm"], "port": 0, "smtp_port": 0}
    return lab_content(servers={"EX1": server}, watch=WATCH, **changes)


def invoke(facts: dict[str, Any], cmdlet: str, **parameters: object) -> list[str]:
    """Call a cmdlet with an unmodified client; return its output as text. Errors become failures."""
    wsman = WSMan(
        facts["host"],
        port=facts["port"],
        ssl=facts["scheme"] == "https",
        path="PowerShell",
        auth="basic",
        encryption="never",
        username="administrator",
        password="Secret-1",
        cert_validation=facts["ca"] or True,
    )
    with wsman, RunspacePool(wsman, configuration_name="Microsoft.Exchange") as pool:
        shell = PowerShell(pool)
        shell.add_cmdlet(cmdlet).add_parameters(parameters)
        output = shell.invoke()
        assert [str(error) for error in shell.streams.error] == []
        return [str(item) for item in output]


def server_of(endpoints: dict[str, Any], name: str = "EX1") -> dict[str, Any]:
    return cast("dict[str, Any]", endpoints["servers"][name])


def ask(facts: dict[str, Any], recipient: str, client: str = "127.0.0.10") -> tuple[int, str]:
    where = facts["smtp"]
    with smtplib.SMTP(where["host"], where["port"], timeout=20, source_address=(client, 0)) as smtp:
        smtp.ehlo("client.lab.example")
        smtp.mail("app@lab.example")
        code, text = smtp.rcpt(recipient)
        return code, text.decode()


# --- in this process -------------------------------------------------------------------------------------------------


def test_cmdlets_change_what_smtp_answers(tmp_path: Path) -> None:
    with Lab.from_config(small_lab(), tmp_path) as lab:
        facts = server_of(lab.endpoints)
        # The tarpit of the default connector would only cost the test ten seconds.
        invoke(facts, "Set-ReceiveConnector", Identity=r"EX1\Default Frontend EX1", TarpitInterval="00:00:00")
        assert ask(facts, "someone@elsewhere.example") == (
            550,
            "5.7.54 SMTP; Unable to relay recipient in non-accepted domain",
        )
        relay: dict[str, object] = {
            "Name": "Relay",
            "Usage": "Custom",
            "Server": "EX1",
            "Bindings": ["0.0.0.0:25"],
            "RemoteIPRanges": ["127.0.0.10"],
            "TransportRole": "FrontendTransport",
            "PermissionGroups": "AnonymousUsers",
        }
        assert invoke(facts, "New-ReceiveConnector", **relay) == [r"EX1\Relay"]
        invoke(
            facts,
            "Add-ADPermission",
            Identity=r"EX1\Relay",
            User=r"NT AUTHORITY\ANONYMOUS LOGON",
            ExtendedRights=["ms-Exch-SMTP-Accept-Any-Recipient"],
        )
        assert ask(facts, "someone@elsewhere.example") == (250, "2.1.5 Recipient OK")
        assert ask(facts, "someone@elsewhere.example", client="127.0.0.66")[0] == 550
        assert [entry["cmdlet"] for entry in lab.journal.writes()[1:]] == ["New-ReceiveConnector", "Add-ADPermission"]
        assert [entry["reply"] for entry in lab.journal.watches()[1:]] == [
            "550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain",
            "250 2.1.5 Recipient OK",
        ], "the journal says what the socket says"


def test_what_the_endpoints_say(tmp_path: Path) -> None:
    with Lab.from_config(small_lab(), tmp_path) as lab:
        facts = server_of(lab.endpoints)
        assert facts["url"] == f"http://127.0.1.1:{facts['port']}/PowerShell"
        assert facts["fqdn"] == facts["kerberos_hostname"] == "ex1.lab.example"
        assert lab.endpoints["dns"] is None and lab.endpoints["kerberos"] is None
        assert lab.endpoints["journal"] == str(tmp_path / "journal.jsonl")
        path = lab.write_endpoints(42)
        assert json.loads(path.read_text(encoding="utf-8")) == {"pid": 42, **lab.endpoints}
        assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(OSError), socket.create_connection((facts["host"], facts["port"]), 1):
        pass
    with pytest.raises(OSError), socket.create_connection((facts["smtp"]["host"], facts["smtp"]["port"]), 1):
        pass


def test_https(tmp_path: Path) -> None:
    content = small_lab()
    cast("dict[str, dict[str, object]]", content["servers"])["EX1"]["scheme"] = "https"
    with Lab.from_config(content, tmp_path) as lab:
        facts = server_of(lab.endpoints)
        assert facts["url"].startswith("https://") and facts["ca"]
        assert len(invoke(facts, "Get-ReceiveConnector", Server="EX1")) == 5


def test_the_shipped_lab_with_kerberos_and_dns(tmp_path: Path) -> None:
    content = yaml.safe_load((ROOT / "labs" / "three-servers.yml").read_text(encoding="utf-8"))
    for server in content["servers"].values():
        server["smtp_port"] = 0
    with Lab.from_config(content, tmp_path) as lab:
        endpoints = cast("dict[str, Any]", lab.endpoints)
        assert set(endpoints["servers"]) == {"EX1", "EX2", "EX3"}
        assert endpoints["accounts"]["administrator"]["principal"] == "administrator@LAB.EXAMPLE"
        assert endpoints["dns"]["zone"] == "lab.example" and endpoints["dns"]["key"]["name"] == "relay-key"
        facts = server_of(endpoints, "EX2")
        wsman = WSMan(
            facts["host"],
            port=facts["port"],
            ssl=False,
            path="PowerShell",
            auth="kerberos",
            username=endpoints["accounts"]["administrator"]["principal"],
            password=endpoints["accounts"]["administrator"]["password"],
            negotiate_service="HTTP",
            negotiate_hostname_override=facts["kerberos_hostname"],
        )
        with wsman, RunspacePool(wsman, configuration_name="Microsoft.Exchange") as pool:
            shell = PowerShell(pool)
            shell.add_cmdlet("Get-ExchangeServer").add_parameters({"Identity": "EX2", "Status": True})
            [server] = shell.invoke()
        assert server.adapted_properties["CurrentConfigDomainController"] == "dc1.lab.example"


def test_the_organisation_outlives_a_restart(tmp_path: Path) -> None:
    with Lab.from_config(small_lab(), tmp_path) as lab:
        invoke(server_of(lab.endpoints), "Set-ReceiveConnector", Identity=r"EX1\Default EX1", Comment="kept")
        last = lab.journal.entries()[-1]["sequence"]
    with Lab.from_config(small_lab(), tmp_path) as lab:
        [found] = [item for item in lab.organization.connectors if item.name == "Default EX1"]
        assert found.values["Comment"] == "kept"
        assert lab.journal.record("note", {}) > int(str(last))
    with Lab.from_config(small_lab(), tmp_path, fresh=True) as lab:
        [found] = [item for item in lab.organization.connectors if item.name == "Default EX1"]
        assert found.values["Comment"] == ""
        assert lab.journal.entries() == []


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.1.1", 0)) as taken:
        port = taken.getsockname()[1]
        for key in ("port", "smtp_port"):
            content = small_lab()
            cast("dict[str, dict[str, object]]", content["servers"])["EX1"][key] = port
            with pytest.raises(LabError) as caught, Lab.from_config(content, tmp_path / key):
                pass
            message = str(caught.value)
            assert f"127.0.1.1 port {port}" in message and "\n" not in message and message.endswith(".")
            assert "ex1" in message.lower()


def test_a_failed_start_stops_what_was_started(tmp_path: Path) -> None:
    content = lab_content(
        servers={
            "EX1": {"address": "127.0.1.1", "auth": ["basic"], "smtp_port": 0},
            "EX2": {"address": "203.0.113.1", "auth": ["basic"], "smtp_port": 0},
        }
    )
    lab = Lab.from_config(content, tmp_path)
    with pytest.raises(LabError, match=r"203\.0\.113\.1"):
        lab.start()
    with pytest.raises(RuntimeError, match="does not run"):
        _ = lab.exchange["EX1"].address


def test_a_missing_system_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_self: KerberosRealm) -> None:
        raise KerberosError("krb5kdc is missing: install krb5-kdc.")

    monkeypatch.setattr(KerberosRealm, "start", fail)
    with pytest.raises(LabError, match=r"^krb5kdc is missing: install krb5-kdc\.$"):
        Lab.from_config(small_lab(kerberos={"realm": "LAB.EXAMPLE"}), tmp_path).start()


def test_an_endpoint_that_answers_wrongly() -> None:
    with pytest.raises(LabError, match=r"^It does not answer as it should after 0\.1 seconds: it is asleep\.$"):
        wait_for("It", lambda: "it is asleep", patience=0.1)


# --- in a process of its own -----------------------------------------------------------------------------------------


@pytest.fixture
def lab_file(tmp_path: Path) -> Path:
    path = tmp_path / "small.yml"
    path.write_text(yaml.safe_dump(small_lab()), encoding="utf-8")
    return path


@pytest.fixture
def state(tmp_path: Path) -> Iterator[Path]:
    directory = tmp_path / "state"
    yield directory
    process.down(directory)


def exchange_lab(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "exchange_lab", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_up_journal_down(lab_file: Path, state: Path) -> None:
    started = exchange_lab("up", str(lab_file), "--state", str(state))
    assert (started.returncode, started.stderr) == (0, "")
    facts = json.loads((state / "lab.json").read_text(encoding="utf-8"))
    assert process.running(state) == facts["pid"]
    invoke(server_of(facts), "Get-ReceiveConnector", Server="EX1")
    invoke(server_of(facts), "Set-ReceiveConnector", Identity=r"EX1\Default EX1", Comment="x")
    assert ask(server_of(facts), "someone@lab.example")[0] == 250

    everything = [json.loads(line) for line in exchange_lab("journal", "--state", str(state)).stdout.splitlines()]
    writes = [
        json.loads(line) for line in exchange_lab("journal", "--state", str(state), "--writes").stdout.splitlines()
    ]
    assert [line["cmdlet"] for line in everything if line["kind"] == "cmdlet"] == [
        "Get-ReceiveConnector",
        "Set-ReceiveConnector",
    ]
    assert [line["cmdlet"] for line in writes] == ["Set-ReceiveConnector"]

    again = exchange_lab("up", str(lab_file), "--state", str(state))
    assert again.returncode == 1
    assert again.stderr.startswith(f"exchange_lab: A lab runs already in {state} (process {facts['pid']})")

    stopped = exchange_lab("down", "--state", str(state))
    assert (stopped.returncode, stopped.stdout) == (0, "The lab is stopped.\n")
    assert not Path(f"/proc/{facts['pid']}/cwd").exists()
    assert not (state / "lab.json").exists() and not (state / "lab.pid").exists()
    with pytest.raises(OSError), socket.create_connection((server_of(facts)["host"], server_of(facts)["port"]), 1):
        pass
    assert exchange_lab("down", "--state", str(state)).stdout == f"No lab runs in {state}.\n"


def test_up_again_goes_on_where_it_was(lab_file: Path, state: Path) -> None:
    process.up(lab_file, state)
    facts = json.loads((state / "lab.json").read_text(encoding="utf-8"))
    invoke(server_of(facts), "Set-ReceiveConnector", Identity=r"EX1\Default EX1", Comment="kept")
    os.kill(facts["pid"], signal.SIGKILL)  # as when the machine stops in the middle of a rollout
    deadline = time.monotonic() + 10
    while process.running(state) is not None and time.monotonic() < deadline:
        time.sleep(0.01)
    process.up(lab_file, state)
    facts = json.loads((state / "lab.json").read_text(encoding="utf-8"))
    process.down(state)
    kept = json.loads((state / "organization.json").read_text(encoding="utf-8"))
    assert [item["values"]["Comment"] for item in kept["connectors"] if item["name"] == "Default EX1"] == ["kept"]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("servers: [", "is no valid YAML"),
        ("organization: {name: x, domain: lab.example}", "accounts: this key is required"),
    ],
)
def test_up_with_a_wrong_file(tmp_path: Path, state: Path, content: str, expected: str) -> None:
    path = tmp_path / "wrong.yml"
    path.write_text(content, encoding="utf-8")
    failed = exchange_lab("up", str(path), "--state", str(state))
    assert failed.returncode == 1
    assert expected in failed.stderr
    assert failed.stderr.count("\n") == 1 and "Traceback" not in failed.stderr
    assert not (state / "lab.json").exists()


def test_up_on_a_port_that_is_taken(tmp_path: Path, state: Path) -> None:
    with socket.create_server(("127.0.1.1", 0)) as taken:
        content = small_lab()
        cast("dict[str, dict[str, object]]", content["servers"])["EX1"]["port"] = taken.getsockname()[1]
        path = tmp_path / "taken.yml"
        path.write_text(yaml.safe_dump(content), encoding="utf-8")
        failed = exchange_lab("up", str(path), "--state", str(state))
    assert failed.returncode == 1
    assert "cannot listen on 127.0.1.1 port" in failed.stderr
    assert failed.stderr.count("\n") == 1
    assert process.running(state) is None


def test_no_password_on_any_command_line(lab_file: Path, state: Path) -> None:
    pid = process.up(lab_file, state)
    assert b"Secret" not in Path(f"/proc/{pid}/cmdline").read_bytes()
    assert b"Secret" not in Path(f"/proc/{pid}/environ").read_bytes()
    assert (state / "lab.json").stat().st_mode & 0o077 == 0
    assert state.stat().st_mode & 0o077 == 0


def test_journal_of_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["journal", "--state", str(tmp_path)]) == 1
    assert "is " + str(tmp_path) + " the state directory of a lab?" in capsys.readouterr().err


def test_usage_errors(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["up"])
    assert caught.value.code == 2
    assert "the following arguments are required" in capsys.readouterr().err
