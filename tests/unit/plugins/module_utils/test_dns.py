# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What an alias should be and what one update must do: pure planning, without a server."""

from __future__ import annotations

import ipaddress
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mailrelay.exchange.plugins.module_utils._dns import (
    DnsError,
    Record,
    canonical_name,
    in_zone,
    parse_alias,
    plan_change,
    record_text,
)

ADDRESSES = st.lists(st.ip_addresses(v=4).filter(lambda a: not a.is_multicast and int(a)), min_size=1, max_size=6)
ZONE = "contoso.com"
OLD = (Record("A", 3600, "10.0.0.1"), Record("AAAA", 3600, "fd00::1"))


@given(ADDRESSES, st.randoms())
def test_order_and_repetition_of_targets_do_not_matter(addresses: list[ipaddress.IPv4Address], random: Random) -> None:
    texts = [str(address) for address in addresses]
    shuffled = texts + texts[:1]
    random.shuffle(shuffled)
    one_text = [", ".join(shuffled)]
    assert parse_alias("smtp.contoso.com", "a", texts) == parse_alias("smtp.contoso.com", "a", one_text)


@given(ADDRESSES, st.one_of(st.none(), st.integers(0, 2147483647)))
def test_a_second_run_changes_nothing(addresses: list[ipaddress.IPv4Address], ttl: int | None) -> None:
    alias = parse_alias("smtp.contoso.com", "address", [str(address) for address in addresses], ttl)
    change, after = plan_change(alias, ZONE, OLD)
    assert change is None or after == change.added
    assert plan_change(alias, ZONE, after) == (None, after)


def test_one_change_carries_what_was_read_and_what_comes() -> None:
    change, after = plan_change(parse_alias("smtp.contoso.com", "cname", ["ex1.contoso.com"]), ZONE, OLD)
    assert change is not None
    assert change.expected == OLD and change.whole_name
    assert change.added == after == (Record("CNAME", 3600, "ex1.contoso.com"),)


def test_addresses_leave_other_types_alone() -> None:
    mx = Record("MX", 300, "10 ex1.contoso.com.")
    change, after = plan_change(parse_alias("contoso.com", "a", ["10.0.0.2"]), ZONE, (*OLD, mx))
    assert change is not None and not change.whole_name
    assert after == (Record("A", 3600, "10.0.0.2"), mx)


def test_absent_names_only_what_an_alias_holds() -> None:
    change, after = plan_change(parse_alias("smtp.contoso.com", present=False), ZONE, OLD)
    assert change is not None and change.added == () and after == ()
    assert plan_change(parse_alias("smtp.contoso.com", present=False), ZONE, ()) == (None, ())


def test_a_name_outside_the_zone_is_refused() -> None:
    with pytest.raises(DnsError, match="outside the zone"):
        plan_change(parse_alias("smtp.fabrikam.com", "cname", ["ex1.contoso.com"]), ZONE, ())


@pytest.mark.parametrize(
    ("name", "zone", "inside"),
    [
        ("contoso.com", "contoso.com", True),
        ("smtp.contoso.com", "contoso.com", True),
        ("evilcontoso.com", "contoso.com", False),
    ],
)
def test_in_zone(name: str, zone: str, inside: bool) -> None:
    assert in_zone(name, zone) is inside


@pytest.mark.parametrize(
    ("text", "name"),
    [("SMTP.Contoso.COM.", "smtp.contoso.com"), ("bücher.example", "xn--bcher-kva.example"), (" a.b ", "a.b")],
)
def test_names_have_one_form(text: str, name: str) -> None:
    assert canonical_name(text, "name") == name


@pytest.mark.parametrize(
    "text", ["", ".", "a b.c", "-a.example", "a" * 64 + ".example", "a." * 130 + "b", "x\n.example"]
)
def test_what_is_no_name_is_refused(text: str) -> None:
    with pytest.raises(DnsError):
        canonical_name(text, "name")


def test_records_read_as_a_zone_file_says_them() -> None:
    assert record_text("smtp.contoso.com", (Record("CNAME", 300, "ex1.contoso.com"),)) == (
        "smtp.contoso.com. 300 IN CNAME ex1.contoso.com.\n"
    )
