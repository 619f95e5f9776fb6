# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Module dns_alias, driven through main() against a real BIND."""

from __future__ import annotations

import base64
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import dns.message
import dns.query
import dns.tsig
import dns.update
import pytest

from ansible_collections.mailrelay.exchange.plugins.module_utils import _dnspython
from ansible_collections.mailrelay.exchange.plugins.modules import dns_alias
from exchange_lab.dns import DnsServer
from exchange_lab.settings import DnsConfig, DnsKey, DnsRecord

SECRET = base64.b64encode(b"a secret of the lab, 32 bytes ok").decode()
WRONG = base64.b64encode(b"not the secret of the lab at all").decode()
RECORDS = (
    DnsRecord("ex1.lab.example", "A", ("127.0.1.1",)),
    DnsRecord("mail.lab.example", "MX", ("10 ex1.lab.example",)),
    DnsRecord("mail.lab.example", "A", ("127.0.1.1",)),
    DnsRecord("*.wild.lab.example", "A", ("127.0.1.9",)),
    DnsRecord("odd.lab.example", "LOC", ("52 22 23.000 N 4 53 32.000 E 2m",)),
)

CNAME = [{"type": "CNAME", "ttl": 300, "value": "ex1.lab.example"}]


@dataclass
class Zone:
    """The running server, and the module's options to reach it."""

    host: str
    port: int
    run: Callable[..., dict[str, Any]]

    def __call__(self, name: str, **options: Any) -> dict[str, Any]:
        base = {"server": self.host, "port": self.port, "key_name": "relay-key", "key_secret": SECRET}
        merged = {"name": name, **base, **options}
        return self.run(dns_alias.main, **{key: value for key, value in merged.items() if value is not None})

    def read(self, name: str) -> set[tuple[str, str]]:
        """Return (type, value) of everything the name answers, by a client that is not ours."""
        answer = dns.query.tcp(dns.message.make_query(name, "ANY"), self.host, port=self.port, timeout=5)
        return {(rrset.rdtype.name, rdata.to_text()) for rrset in answer.answer for rdata in rrset}

    def edit(self, change: Callable[[dns.update.UpdateMessage], Any]) -> None:
        """Change the zone behind the module's back."""
        key = dns.tsig.Key("relay-key", SECRET, "hmac-sha256")
        message = dns.update.UpdateMessage("lab.example", keyring=key)
        change(message)
        assert dns.query.tcp(message, self.host, port=self.port, timeout=5).rcode() == 0


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, int]]:
    key = DnsKey(name="relay-key", algorithm="hmac-sha256", secret=SECRET)
    config = DnsConfig(address="127.0.0.1", port=0, zone="lab.example", key=key, records=RECORDS)
    with DnsServer(config, tmp_path_factory.mktemp("dns")) as running:
        yield running.endpoint


@pytest.fixture
def zone(server: tuple[str, int], run_module: Callable[..., dict[str, Any]]) -> Iterator[Zone]:
    running = Zone(*server, run_module)
    yield running
    running.edit(lambda message: message.delete("smtp.lab.example."))


def test_a_new_cname_in_five_steps(zone: Zone) -> None:
    wanted = {"targets": ["EX1.lab.example."]}
    planned = zone("smtp.lab.example", check=True, diff=True, **wanted)
    assert planned["changed"] and planned["before"] == [] and planned["after"] == CNAME
    assert zone.read("smtp.lab.example") == set()

    done = zone("smtp.lab.example", diff=True, **wanted)
    assert done["changed"] and done["after"] == CNAME and done["zone"] == "lab.example"
    assert done["diff"] == {"before": "", "after": "smtp.lab.example. 300 IN CNAME ex1.lab.example.\n"}
    assert done["diff"] == planned["diff"]
    assert done["serial"] > planned["serial"]
    assert zone.read("smtp.lab.example") == {("CNAME", "ex1.lab.example.")}

    again = zone("SMTP.LAB.example.", targets=["ex1.LAB.example"])
    assert not again["changed"] and again["before"] == again["after"] == CNAME
    assert again["serial"] == done["serial"] and again["name"] == "smtp.lab.example"


def test_addresses_of_both_families_in_any_order(zone: Zone) -> None:
    done = zone("smtp.lab.example", type="address", targets=["127.0.1.2", "fd00::1", "127.0.1.1"], ttl=60)
    assert [(r["type"], r["value"], r["ttl"]) for r in done["after"]] == [
        ("A", "127.0.1.1", 60),
        ("A", "127.0.1.2", 60),
        ("AAAA", "fd00::1", 60),
    ]
    again = zone("smtp.lab.example", type="address", targets=["FD00:0:0::1\n127.0.1.1, 127.0.1.2"])
    assert not again["changed"]


def test_type_a_takes_the_other_family_away(zone: Zone) -> None:
    zone("smtp.lab.example", type="address", targets=["127.0.1.1", "fd00::1"])
    assert zone("smtp.lab.example", type="a", targets=["127.0.1.1"])["changed"]
    assert zone.read("smtp.lab.example") == {("A", "127.0.1.1")}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"type": "address", "targets": ["127.0.1.1", "127.0.1.2"]}, {"type": "cname", "targets": ["ex1.lab.example"]}),
        ({"type": "cname", "targets": ["ex1.lab.example"]}, {"type": "a", "targets": ["127.0.1.1"]}),
    ],
)
def test_a_switch_of_type_leaves_no_moment_without_an_answer(
    zone: Zone, first: dict[str, Any], second: dict[str, Any]
) -> None:
    zone("smtp.lab.example", **first)
    empty, stop = [], threading.Event()

    def watch() -> None:
        while not stop.is_set():
            if not zone.read("smtp.lab.example"):
                empty.append(time.monotonic())

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        done = zone("smtp.lab.example", **second)
    finally:
        stop.set()
        watcher.join()
    assert done["changed"] and {r["type"] for r in done["before"]}.isdisjoint(r["type"] for r in done["after"])
    assert empty == []


def test_the_ttl_counts_only_when_it_is_given(zone: Zone) -> None:
    zone("smtp.lab.example", targets=["ex1.lab.example"], ttl=60)
    assert not zone("smtp.lab.example", targets=["ex1.lab.example"])["changed"]
    kept = zone("smtp.lab.example", targets=["mail.lab.example"])
    assert kept["changed"] and kept["after"][0]["ttl"] == 60
    set_ = zone("smtp.lab.example", targets=["mail.lab.example"], ttl=900)
    assert set_["changed"] and set_["after"][0]["ttl"] == 900


def test_absent_in_five_steps(zone: Zone) -> None:
    zone("smtp.lab.example", targets=["ex1.lab.example"])
    planned = zone("smtp.lab.example", state="absent", check=True)
    assert planned["changed"] and planned["after"] == [] and zone.read("smtp.lab.example")
    done = zone("smtp.lab.example", state="absent")
    assert done["changed"] and done["before"] == CNAME and zone.read("smtp.lab.example") == set()
    assert not zone("smtp.lab.example", state="absent")["changed"]


def test_other_records_of_the_name_stay(zone: Zone) -> None:
    done = zone("mail.lab.example", type="address", targets=["127.0.1.2"])
    assert done["changed"]
    assert zone.read("mail.lab.example") == {("MX", "10 ex1.lab.example."), ("A", "127.0.1.2")}
    assert zone("mail.lab.example", state="absent")["changed"]
    assert zone.read("mail.lab.example") == {("MX", "10 ex1.lab.example.")}


def test_the_apex_takes_addresses(zone: Zone) -> None:
    assert zone("lab.example", type="a", targets=["127.0.1.1"])["changed"]
    types = {kind for kind, _value in zone.read("lab.example")}
    assert {"SOA", "NS", "A"} <= types
    assert zone("lab.example", state="absent")["changed"]


def test_a_wildcard_counts_but_is_never_touched(zone: Zone) -> None:
    assert not zone("x.wild.lab.example", type="a", targets=["127.0.1.9"])["changed"]
    assert zone("x.wild.lab.example", targets=["ex1.lab.example"])["changed"]
    assert zone.read("x.wild.lab.example") == {("CNAME", "ex1.lab.example.")}
    assert zone("x.wild.lab.example", state="absent")["changed"]
    assert not zone("x.wild.lab.example", state="absent")["changed"]
    assert zone.read("y.wild.lab.example") == {("A", "127.0.1.9")}


def test_a_name_that_owns_what_the_wildcard_says_can_be_changed(zone: Zone) -> None:
    zone.edit(lambda message: message.add("own.wild.lab.example.", 300, "A", "127.0.1.9"))
    assert zone("own.wild.lab.example", targets=["ex1.lab.example"])["changed"]
    assert zone.read("own.wild.lab.example") == {("CNAME", "ex1.lab.example.")}


@pytest.mark.parametrize(
    ("name", "options", "text"),
    [
        ("lab.example", {"targets": ["ex1.lab.example"]}, "apex of its zone"),
        ("mail.lab.example", {"targets": ["ex1.lab.example"]}, "also holds MX records"),
        ("odd.lab.example", {"targets": ["ex1.lab.example"]}, "records of a type that this module does not know"),
        ("smtp.elsewhere.example", {"targets": ["ex1.lab.example"]}, "not authoritative for any zone"),
        ("smtp.lab.example", {"targets": ["ex1.lab.example"], "zone": "example"}, "belongs to zone lab.example"),
        ("smtp.lab.example", {"targets": ["ex1.lab.example", "ex2.lab.example"]}, "cannot be a CNAME of 2 names"),
        ("smtp.lab.example", {"targets": ["smtp.LAB.example."]}, "alias of itself"),
        ("smtp.lab.example", {"targets": ["127.0.1.1"]}, "need `type: address`"),
        ("smtp.lab.example", {"targets": ["ex1"]}, "not fully qualified"),
        ("smtp.lab.example", {"targets": []}, "No target"),
        ("smtp.lab.example", {"type": "a", "targets": ["ex1.lab.example"]}, "is not an address"),
        ("smtp.lab.example", {"type": "a", "targets": ["fd00::1"]}, "does not fit `type: a`"),
        ("smtp.lab.example", {"type": "aaaa", "targets": ["127.0.1.1"]}, "does not fit `type: aaaa`"),
        ("smtp.lab.example", {"type": "a", "targets": ["0.0.0.0"]}, "not the address of a server"),
        ("smtp.lab.example", {"targets": ["ex1.lab.example"], "ttl": -1}, "not a time to live"),
        ("smtp", {"targets": ["ex1.lab.example"]}, "not fully qualified"),
        ("smtp..example", {"targets": ["ex1.lab.example"]}, "not a DNS name"),
        ("10.0.0.1", {"targets": ["ex1.lab.example"]}, "is an address"),
        ("smtp.lab.example", {"targets": ["ex1.lab.example"], "key_secret": WRONG}, "BADSIG"),
        ("smtp.lab.example", {"targets": ["ex1.lab.example"], "key_name": "nobody"}, "BADKEY"),
        ("smtp.lab.example", {"targets": ["ex1.lab.example"], "key_algorithm": "hmac-sha512"}, "BADKEY"),
        ("smtp.lab.example", {"targets": ["ex1.lab.example"], "key_secret": "not base64!"}, "not base64"),
        ("smtp.lab.example", {"targets": ["ex1.lab.example"], "key_name": None, "key_secret": None}, "REFUSED"),
        (
            "smtp.lab.example",
            {"targets": ["ex1.lab.example"], "key_secret": ""},
            "key_name is given without key_secret",
        ),
        ("smtp.lab.example", {"targets": ["ex1.lab.example"], "key_name": ""}, "key_secret is given without key_name"),
        ("smtp.lab.example", {"targets": ["ex1.lab.example"], "port": 1}, "cannot be reached"),
        ("smtp.lab.example", {"targets": ["ex1.lab.example"], "port": 0}, "port 0 is no port"),
        ("smtp.lab.example", {"targets": ["ex1.lab.example"], "port": 70000}, "port 70000 is no port"),
        ("smtp.lab.example", {"targets": ["ex1.lab.example"], "timeout": 0}, "timeout 0 is no time"),
        ("smtp.lab.example", {"targets": ["ex1.lab.example"], "timeout": -1}, "timeout -1 is no time"),
        ("smtp.lab.example", {"targets": ["ex1.lab.example"], "server": ""}, "server '' is no server"),
        ("smtp.lab.example", {"targets": ["ex1.lab.example"], "server": "127.0.0.1\n"}, "is no server"),
        ("smtp.lab.example", {"targets": ["ex1.lab.example"], "server": "no.such.host.invalid"}, "cannot be resolved"),
    ],
)
def test_what_cannot_be_is_one_sentence_and_writes_nothing(
    zone: Zone, name: str, options: dict[str, Any], text: str
) -> None:
    before = zone("ex1.lab.example", type="a", targets=["127.0.1.1"], check=True)["serial"]
    failed = zone(name, **options)
    assert failed["failed"] and text in failed["msg"], failed["msg"]
    assert failed["msg"].count("\n") == 0 and failed["msg"].endswith(".")
    assert "Traceback" not in str(failed) and SECRET not in str(failed) and WRONG not in str(failed)
    assert zone("ex1.lab.example", type="a", targets=["127.0.1.1"], check=True)["serial"] == before


def test_targets_are_required_unless_absent(zone: Zone) -> None:
    assert "targets" in zone("smtp.lab.example")["msg"]


def test_a_clock_that_is_wrong_is_named(zone: Zone, monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time
    with monkeypatch.context() as patch:
        patch.setattr(time, "time", lambda: now() - 7200)
        failed = zone("smtp.lab.example", targets=["ex1.lab.example"])
    assert failed["failed"] and "BADTIME" in failed["msg"]


def test_a_change_in_between_is_not_lost(zone: Zone, monkeypatch: pytest.MonkeyPatch) -> None:
    zone("smtp.lab.example", type="a", targets=["127.0.1.1"])
    update = _dnspython.DnsClient.update

    def update_after_somebody_else(self: Any, *arguments: Any) -> None:
        zone.edit(lambda message: message.add("smtp.lab.example.", 300, "A", "127.0.1.77"))
        update(self, *arguments)

    monkeypatch.setattr(_dnspython.DnsClient, "update", update_after_somebody_else)
    failed = zone("smtp.lab.example", targets=["ex1.lab.example"])
    assert failed["failed"] and "changed by somebody else" in failed["msg"]
    assert zone.read("smtp.lab.example") == {("A", "127.0.1.1"), ("A", "127.0.1.77")}


def test_an_update_without_effect_is_not_believed(zone: Zone, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_dnspython.DnsClient, "update", lambda self, zone, change: None)
    failed = zone("smtp.lab.example", targets=["ex1.lab.example"], timeout=0.5)
    assert failed["failed"] and "still answers as if it had not" in failed["msg"]


def test_udp_does_as_well(zone: Zone) -> None:
    assert zone("smtp.lab.example", targets=["ex1.lab.example"], tcp=False)["changed"]
    assert zone.read("smtp.lab.example") == {("CNAME", "ex1.lab.example.")}


def test_the_secret_is_never_shown(zone: Zone) -> None:
    assert SECRET not in str(zone("smtp.lab.example", targets=["ex1.lab.example"], diff=True))


def test_without_dnspython_it_says_what_to_install(zone: Zone, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dns_alias, "IMPORT_ERROR", "ImportError: no module named dns")
    failed = zone("smtp.lab.example", targets=["ex1.lab.example"])
    assert failed["failed"] and "dnspython" in failed["msg"] and "meta/ee-requirements.txt" in failed["msg"]


def test_a_server_that_is_no_dns_server(zone: Zone) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def talk() -> None:
            peer, _address = listener.accept()
            peer.recv(512)
            peer.sendall(b"\x00\x14220 this is no DNS..")
            peer.close()

        thread = threading.Thread(target=talk)
        thread.start()
        failed = zone("smtp.lab.example", targets=["ex1.lab.example"], port=listener.getsockname()[1], timeout=3)
        thread.join()
    assert failed["failed"] and "did not answer as a DNS server does" in failed["msg"]
