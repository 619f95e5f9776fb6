# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The lab's DNS server, asked by dig and changed by nsupdate."""

from __future__ import annotations

import base64
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from exchange_lab import dns as lab_dns
from exchange_lab.dns import DnsServer, DnsServerError, free_port, zone_text
from exchange_lab.settings import DnsConfig, DnsKey, DnsRecord

SECRET = base64.b64encode(b"a secret of the lab, 32 bytes ok").decode()
KEY = DnsKey(name="relay-key", algorithm="hmac-sha256", secret=SECRET)
RECORDS = (
    DnsRecord("ex1.lab.example", "A", ("127.0.1.1",)),
    DnsRecord("ex2.lab.example", "A", ("127.0.1.2",)),
    DnsRecord("pool.lab.example", "A", ("127.0.1.1", "127.0.1.2"), ttl=60),
    DnsRecord("old.lab.example", "CNAME", ("ex1.lab.example",)),
    DnsRecord("lab.example", "TXT", ("v=spf1 -all",)),
)

needs_bind_tools = pytest.mark.skipif(
    not (shutil.which("dig") and shutil.which("nsupdate")), reason="dig and nsupdate (bind9-dnsutils) are not installed"
)


def config(port: int = 0, key: DnsKey | None = KEY, records: tuple[DnsRecord, ...] = RECORDS) -> DnsConfig:
    return DnsConfig(address="127.0.0.1", port=port, zone="lab.example", key=key, records=records)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, int]]:
    with DnsServer(config(), tmp_path_factory.mktemp("dns")) as running:
        yield running.endpoint


def dig(server: tuple[str, int], *arguments: str) -> list[str]:
    """Return what `dig +short` prints."""
    command = ["dig", "+short", "+time=3", "+tries=1", f"@{server[0]}", "-p", str(server[1]), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=20, check=True).stdout.split("\n")[:-1]


def nsupdate(server: tuple[str, int], commands: str, secret: str | None = SECRET) -> subprocess.CompletedProcess[str]:
    key = ["-y", f"hmac-sha256:relay-key:{secret}"] if secret else []
    script = f"server {server[0]} {server[1]}\nzone lab.example\n{commands}\nsend\n"
    return subprocess.run(["nsupdate", "-t", "5", *key], input=script, capture_output=True, text=True, timeout=20)


@needs_bind_tools
def test_it_answers_the_records_of_the_file(server: tuple[str, int]) -> None:
    assert dig(server, "ex1.lab.example", "A") == ["127.0.1.1"]
    assert sorted(dig(server, "pool.lab.example", "A", "+tcp")) == ["127.0.1.1", "127.0.1.2"]
    assert dig(server, "old.lab.example", "CNAME") == ["ex1.lab.example."]
    assert dig(server, "lab.example", "TXT") == ['"v=spf1 -all"']
    assert dig(server, "ns.lab.example", "A") == ["127.0.0.1"]


@needs_bind_tools
def test_an_update_with_the_key_is_seen_at_once(server: tuple[str, int]) -> None:
    done = nsupdate(server, "update add smtp.lab.example 60 CNAME ex1.lab.example.")
    assert done.returncode == 0, done.stderr
    assert dig(server, "smtp.lab.example", "CNAME") == ["ex1.lab.example."]


@needs_bind_tools
@pytest.mark.parametrize(("secret", "text"), [(None, "REFUSED"), (base64.b64encode(b"x" * 32).decode(), "BADSIG")])
def test_an_update_without_the_right_key_changes_nothing(
    server: tuple[str, int], secret: str | None, text: str
) -> None:
    done = nsupdate(server, "update add stolen.lab.example 60 A 127.0.0.9", secret)
    assert done.returncode != 0
    assert text in done.stderr + done.stdout
    assert dig(server, "stolen.lab.example", "A") == []


@needs_bind_tools
def test_it_is_no_resolver_for_the_world(server: tuple[str, int]) -> None:
    assert dig(server, "example.org", "A") == []


def test_stop_ends_the_process_and_frees_the_port(tmp_path: Path) -> None:
    server = DnsServer(config(), tmp_path)
    address, port = server.start()
    server.stop()
    with pytest.raises(OSError):
        socket.create_connection((address, port), 1)
    server.stop()


def test_it_starts_again_with_the_records_of_the_file(tmp_path: Path) -> None:
    server = DnsServer(config(), tmp_path)
    endpoint = server.start()
    if shutil.which("nsupdate"):
        nsupdate(endpoint, "update delete ex1.lab.example A")
    server.stop()
    endpoint = server.start()
    try:
        if shutil.which("dig"):
            assert dig(endpoint, "ex1.lab.example", "A") == ["127.0.1.1"]
    finally:
        server.stop()


def test_the_key_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    with DnsServer(config(), tmp_path):
        assert (tmp_path / "named.conf").stat().st_mode & 0o077 == 0


def test_a_taken_port_is_one_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        server = DnsServer(config(port=taken.getsockname()[1]), tmp_path)
        with pytest.raises(DnsServerError, match="did not start"):
            server.start()


def test_an_address_of_no_interface_is_one_sentence(tmp_path: Path) -> None:
    elsewhere = DnsConfig(address="192.0.2.53", port=5353, zone="lab.example", key=None)
    with pytest.raises(DnsServerError, match="no interface has that address"):
        DnsServer(elsewhere, tmp_path).start()


def test_a_missing_named_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(lab_dns, "PLACES", ())
    with pytest.raises(DnsServerError, match="apt-get install bind9"):
        DnsServer(config(), tmp_path).start()


@pytest.mark.parametrize(
    ("record", "text"),
    [
        (DnsRecord("ex1.elsewhere.example", "A", ("127.0.1.1",)), "outside the lab's zone"),
        (DnsRecord("evillab.example", "A", ("127.0.1.1",)), "outside the lab's zone"),
        (DnsRecord("ex1.lab.example", "A", ("not-an-address",)), "cannot hold A 'not-an-address'"),
        (DnsRecord("ex1.lab.example", "NONSENSE", ("1",)), "cannot hold NONSENSE"),
    ],
)
def test_a_record_that_cannot_be_served_is_one_sentence(record: DnsRecord, text: str) -> None:
    with pytest.raises(DnsServerError, match=text):
        zone_text(config(records=(record,)))


def test_a_free_port_is_free_for_both_protocols() -> None:
    port = free_port("127.0.0.1")
    with (
        socket.create_server(("127.0.0.1", port)),
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagram,
    ):
        datagram.bind(("127.0.0.1", port))
