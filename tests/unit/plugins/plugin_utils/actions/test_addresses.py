# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import dns.message
import dns.rcode
import dns.rrset
import pytest

from ansible_collections.mailrelay.exchange.plugins.plugin_utils.actions import addresses
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.exchange.errors import MissingLibrary
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.errors import InputError

RECORDS = {
    ("ex1.lab.example.", "A"): [("ex1.lab.example.", "A", ["10.0.0.1", "10.0.0.2"])],
    ("ex1.lab.example.", "AAAA"): [("ex1.lab.example.", "AAAA", ["2001:db8::1"])],
    ("alias.lab.example.", "A"): [
        ("alias.lab.example.", "CNAME", ["ex1.lab.example."]),
        ("ex1.lab.example.", "A", ["10.0.0.1"]),
    ],
}


@pytest.fixture
def resolver() -> Iterator[str]:
    """A DNS server of few words."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    listener.bind(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            wire, client = listener.recvfrom(4096)
            if not wire:
                return
            query = dns.message.from_wire(wire)
            question = query.question[0]
            answer = dns.message.make_response(query)
            if str(question.name).startswith("broken"):
                answer.set_rcode(dns.rcode.SERVFAIL)
            for name, kind, values in RECORDS.get((str(question.name), question.rdtype.name), []):
                answer.answer.append(dns.rrset.from_text_list(name, 60, "IN", kind, values))
            listener.sendto(answer.to_wire(), client)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    host, port = listener.getsockname()
    yield f"{host}:{port}"
    listener.sendto(b"", (host, port))
    thread.join(5)
    listener.close()


class TestOneServer:
    def test_both_families(self, resolver: str):
        assert addresses.resolve("ex1.lab.example", resolver) == (("10.0.0.1", "10.0.0.2", "2001:db8::1"), "")

    def test_through_an_alias(self, resolver: str):
        assert addresses.resolve("alias.lab.example", resolver) == (("10.0.0.1",), "")

    def test_a_name_it_does_not_know(self, resolver: str):
        found, trouble = addresses.resolve("ex9.lab.example", resolver)
        assert found == ()
        assert "knows no address of ex9.lab.example" in trouble

    def test_a_refusal(self, resolver: str):
        found, trouble = addresses.resolve("broken.lab.example", resolver)
        assert found == ()
        assert "SERVFAIL" in trouble

    def test_silence(self, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(addresses, "_SECONDS", 0.2)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
            silent.bind(("127.0.0.1", 0))
            found, trouble = addresses.resolve("ex1.lab.example", f"127.0.0.1:{silent.getsockname()[1]}")
        assert found == ()
        assert "does not answer for ex1.lab.example" in trouble

    @pytest.mark.parametrize("text", ["", ":53", "dns1:", "dns1:port", "dns1:0", "dns1:70000", "[::1", "[::1]x"])
    def test_what_cannot_be_a_server(self, text: str):
        with pytest.raises(InputError, match="host or host:port"):
            addresses.resolve("ex1.lab.example", text)

    def test_without_the_library(self, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(addresses._dnspython, "IMPORT_ERROR", "ImportError: No module named 'dns'")
        with pytest.raises(MissingLibrary, match=r"meta/ee-requirements\.txt"):
            addresses.resolve("ex1.lab.example", "10.0.0.53")


class TestTheSystem:
    def test_an_unknown_name(self):
        found, trouble = addresses.resolve("no-such-host.invalid")
        assert found == ()
        assert "no-such-host.invalid" in trouble
