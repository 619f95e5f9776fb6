# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The realm is real: an unmodified Kerberos client gets tickets from it, and only with the right password."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import spnego

from exchange_lab.kerberos import KerberosError, KerberosRealm, find_tool
from exchange_lab.settings import KerberosConfig

REALM = "LAB.EXAMPLE"
PASSWORD = 'it\'s a "quoted" päss: word\\'

try:
    find_tool("krb5kdc")
    find_tool("kdb5_util")
    find_tool("kadmin.local")
    MISSING = ""
except KerberosError as error:
    MISSING = str(error)

needs_kdc = pytest.mark.skipif(bool(MISSING), reason=MISSING)


@pytest.fixture(scope="module")
def realm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KerberosRealm]:
    if MISSING:
        pytest.skip(MISSING)
    realm = KerberosRealm(KerberosConfig(REALM), tmp_path_factory.mktemp("realm"))
    realm.add_principal(f"administrator@{REALM}", PASSWORD)
    realm.add_service("EX1.lab.example")
    realm.start()
    try:
        yield realm
    finally:
        realm.stop()


def client(user: str, password: str, host: str, service: str = "HTTP") -> spnego.ContextProxy:
    return spnego.client(user, password, hostname=host, service=service, protocol="kerberos")


def alive(realm: KerberosRealm) -> bool:
    return realm.running


@pytest.mark.parametrize("service", ["HTTP", "host"])
def test_user_gets_a_ticket_for_both_services_of_a_server(realm: KerberosRealm, service: str) -> None:
    context = client(f"administrator@{REALM}", PASSWORD, "ex1.lab.example", service)
    assert context.step()


def test_wrong_password_gets_no_ticket(realm: KerberosRealm) -> None:
    with pytest.raises(Exception, match=r"(?i)preauth|password|decrypt"):
        client(f"administrator@{REALM}", "not it", "ex1.lab.example").step()


def test_unknown_user_and_unknown_server_are_refused(realm: KerberosRealm) -> None:
    with pytest.raises(Exception, match="not found"):
        client(f"nobody@{REALM}", PASSWORD, "ex1.lab.example").step()
    with pytest.raises(Exception, match="not found"):
        client(f"administrator@{REALM}", PASSWORD, "ex9.lab.example").step()


def test_user_added_while_the_realm_runs_may_log_on(realm: KerberosRealm) -> None:
    realm.add_principal("late", "x")
    assert client(f"late@{REALM}", "x", "ex1.lab.example").step()


def test_adding_a_user_twice_is_an_error_and_a_server_twice_is_not(realm: KerberosRealm) -> None:
    realm.add_principal("twice", "x")
    with pytest.raises(KerberosError, match="refused a principal"):
        realm.add_principal("twice", "x")
    assert realm.add_service("ex1.lab.example") == realm.keytab_for("EX1.lab.example")


def test_files_belong_to_their_owner_alone(realm: KerberosRealm) -> None:
    for path in (realm.keytab_path, realm.keytab_for("ex1.lab.example"), realm.directory / "stash"):
        assert path.stat().st_mode & 0o077 == 0, path


def test_process_and_environment_point_to_the_realm(realm: KerberosRealm) -> None:
    assert os.environ["KRB5_CONFIG"] == str(realm.config_path) == realm.environment["KRB5_CONFIG"]
    command_line = Path(f"/proc/{realm._process.pid}/cmdline").read_bytes() if realm._process else b""
    assert b"krb5kdc" in command_line
    assert PASSWORD.encode() not in command_line


@needs_kdc
def test_stops_cleanly_and_starts_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KRB5_CONFIG", "/before")
    monkeypatch.delenv("KRB5_KTNAME", raising=False)
    realm = KerberosRealm(KerberosConfig(REALM), tmp_path / "realm")
    realm.add_principal("u", "p")
    realm.add_service("ex1.lab.example")
    for _ in range(2):
        with realm:
            assert alive(realm)
            assert client(f"u@{REALM}", "p", "ex1.lab.example").step()
        assert not alive(realm)
        assert os.environ["KRB5_CONFIG"] == "/before"
        assert "KRB5_KTNAME" not in os.environ
        left = sorted(path.name for path in realm.directory.iterdir())
        assert left == ["kdc.conf", "krb5.conf", "krb5kdc.log"], "no key outlives the realm"


@needs_kdc
def test_passwords_stay_off_command_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[list[str]] = []
    run = subprocess.run

    def record(command: list[str], **keywords: Any) -> Any:
        seen.append(command)
        return run(command, **keywords)

    monkeypatch.setattr(subprocess, "run", record)
    realm = KerberosRealm(KerberosConfig(REALM), tmp_path)
    realm.add_principal("u", PASSWORD)
    with realm:
        pass
    assert [Path(command[0]).name for command in seen] == ["kdb5_util", "kadmin.local"]
    assert not any(PASSWORD in word for command in seen for word in command)


def test_missing_tool_names_the_packages(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(shutil, "which", lambda name, path: None)
    with pytest.raises(KerberosError, match="install the packages krb5-kdc and krb5-admin-server"):
        KerberosRealm(KerberosConfig(REALM), tmp_path).start()


def test_line_break_in_a_password_cannot_smuggle_a_command(tmp_path: Path) -> None:
    with pytest.raises(KerberosError, match="line break"):
        KerberosRealm(KerberosConfig(REALM), tmp_path).add_principal("u", "p\ndelprinc u")
