# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One named DNS server is asked, and no other; its silence is a sentence."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ansible_collections.mailrelay.exchange.plugins.module_utils._resolver import (
    ResolverError,
    look_up,
    parse_resolver,
)
from exchange_lab.dns import DnsServer
from exchange_lab.settings import DnsConfig, DnsRecord

RECORDS = (
    DnsRecord("ex1.lab.example", "A", ("127.0.1.1",)),
    DnsRecord("ex1.lab.example", "AAAA", ("::1",)),
    DnsRecord("smtp.lab.example", "CNAME", ("ex1.lab.example",)),
)


@pytest.fixture(scope="module")
def resolver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    server = DnsServer(DnsConfig("127.0.0.1", 0, "lab.example", None, RECORDS), tmp_path_factory.mktemp("dns"))
    host, port = server.start()
    yield f"{host}:{port}"
    server.stop()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("dns1.contoso.com", ("dns1.contoso.com", 53)),
        (" 10.0.0.1:5353 ", ("10.0.0.1", 5353)),
        ("[::1]:5353", ("::1", 5353)),
        ("[::1]", ("::1", 53)),
        ("fe80::1", ("fe80::1", 53)),
    ],
)
def test_a_dns_server_is_a_host_and_perhaps_a_port(text: str, expected: tuple[str, int]) -> None:
    assert parse_resolver(text) == expected


@pytest.mark.parametrize("text", ["", "dns1:0", "dns1:70000", "dns1:port", "[::1", "]:53"])
def test_anything_else_is_refused_with_its_text(text: str) -> None:
    with pytest.raises(ResolverError, match="is not a DNS server"):
        parse_resolver(text)


def test_an_alias_leads_to_all_addresses_ipv4_first(resolver: str) -> None:
    assert look_up("smtp.lab.example", resolver) == ("127.0.1.1", "::1")


def test_a_name_that_does_not_exist_has_no_address(resolver: str) -> None:
    assert look_up("nothing.lab.example", resolver) == ()


def test_a_server_that_refuses_or_is_silent_is_a_sentence(resolver: str) -> None:
    with pytest.raises(ResolverError, match=r"answers REFUSED for ex1\.contoso\.com"):
        look_up("ex1.contoso.com", resolver)
    with pytest.raises(ResolverError, match="does not answer for ex1"):
        look_up("ex1.lab.example", "127.0.0.1:1", timeout=0.2)
