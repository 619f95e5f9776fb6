# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Ranges and bindings: read strictly, compared by the addresses they hold."""

from __future__ import annotations

import ipaddress
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.errors import InputError, UndecodableValue
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.ranges import (
    LOOPBACK,
    Binding,
    IPRange,
    aggregate,
    count_addresses,
    overlapping,
    parse_address,
    parse_binding,
    parse_range,
    parse_ranges,
    read_exchange_binding,
    read_exchange_range,
    same_addresses,
    split_entries,
)

WHERE = "remote_ip_ranges"
ANY4 = "0.0.0.0-255.255.255.255"
ZERO = str(ipaddress.IPv4Address(0))
ANY6 = "::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"


def one(text: str) -> IPRange:
    return parse_range(text, WHERE)


# The standard library is the second reading of the same rules.
addresses = st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)).filter(lambda address: int(address) != 0)
v4_ranges = st.tuples(st.integers(0, 2**12), st.integers(0, 2**12)).map(lambda pair: IPRange(4, min(pair), max(pair)))


@given(addresses)
def test_a_single_address_is_itself(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    found = one(str(address))
    assert (found.version, found.low, found.high, found.size) == (address.version, int(address), int(address), 1)
    assert found == one(f"{address}-{address}") == one(f"{address}/{address.max_prefixlen}")


@given(st.ip_addresses(v=6).filter(lambda address: int(address) != 0))
def test_ipv6_is_compared_by_number(address: ipaddress.IPv6Address) -> None:
    assert one(address.exploded) == one(address.compressed) == one(address.exploded.upper())


@given(addresses, st.integers(1, 128))
def test_a_block_with_host_bits_is_the_whole_block(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address, length: int
) -> None:
    network = ipaddress.ip_network(f"{address}/{min(length, address.max_prefixlen)}", strict=False)
    found = one(f"{address}/{network.prefixlen}")
    assert (found.low, found.high) == (int(network[0]), int(network[-1]))
    assert found.prefix == network.prefixlen


@given(v4_ranges)
def test_the_canonical_text_means_the_same(entry: IPRange) -> None:
    # From Exchange, because a bare 0.0.0.0 is refused as input.
    assert read_exchange_range(str(entry)) == entry == read_exchange_range(entry.parameter)


@given(st.lists(v4_ranges, max_size=12))
def test_aggregation_keeps_every_address_and_is_never_longer(entries: list[IPRange]) -> None:
    merged = aggregate(entries)
    inside = {number for entry in entries for number in range(entry.low, entry.high + 1)}
    assert {number for entry in merged for number in range(entry.low, entry.high + 1)} == inside
    assert len(merged) <= len(entries)
    assert all(first.high + 1 < second.low for first, second in itertools.pairwise(merged))
    assert count_addresses(entries) == len(inside)
    assert same_addresses(entries, merged)


@given(v4_ranges, v4_ranges)
def test_containment_overlap_and_intersection_agree(first: IPRange, second: IPRange) -> None:
    shared = first.intersection(second)
    assert first.overlaps(second) == second.overlaps(first) == (shared is not None)
    assert first.contains(second) == (shared == second)


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("192.168.5.1/24", "192.168.5.0-192.168.5.255"),
        ("192.168.5.0(255.255.255.0)", "192.168.5.0/24"),
        ("192.168.5.9/255.255.255.0", "192.168.5.0/24"),
        ("10.0.0.1 - 10.0.0.9", "10.0.0.1-10.0.0.9"),
        ("2001:0DB8::CD3", "2001:db8::cd3"),
        ("2001:0DB8::CD3/60", "2001:db8::/60"),
        ("fe80::1%4", "fe80::1"),
        ("fe80::1%4-fe80::9%4", "fe80::1-fe80::9"),
        ("0.0.0.0/0", ANY4),
        ("::/0", ANY6),
    ],
)
def test_different_texts_of_the_same_range(text: str, same: str) -> None:
    assert one(text) == one(same) == read_exchange_range(text)
    assert hash(one(text)) == hash(one(same))
    assert one(text).text == text


@pytest.mark.parametrize("text", ["192.168.5.0 (255.255.255.0)", " 192.168.5.0/24 ", "192.168.5.0 - 192.168.5.255"])
def test_exchange_may_put_blanks_where_a_user_may_not(text: str) -> None:
    assert read_exchange_range(text) == one("192.168.5.0/24")


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("192.168.5.1/24", "192.168.5.0/24"),
        ("10.0.0.0-10.0.0.255", "10.0.0.0/24"),
        ("10.0.0.1-10.0.0.254", "10.0.0.1-10.0.0.254"),
        ("10.0.0.5/32", "10.0.0.5"),
        ("0.0.0.0/0", ANY4),
        ("::/0", ANY6),
        ("2001:DB8:0::1", "2001:db8::1"),
    ],
)
def test_the_canonical_text(text: str, canonical: str) -> None:
    assert str(one(text)) == one(text).parameter == canonical


def test_the_scope_id_is_kept_for_exchange_only() -> None:
    assert str(one("fe80::1%4")) == "fe80::1"
    assert one("fe80::1%4").parameter == "fe80::1%4"
    assert one("fe80::1%4-fe80::9%4").parameter == "fe80::1%4-fe80::9%4"


def test_loopback() -> None:
    assert [str(entry) for entry in LOOPBACK] == ["127.0.0.1", "::1"]


def test_mapped_addresses_are_another_family() -> None:
    assert one("::ffff:10.0.0.1") != one("10.0.0.1")
    assert not one("10.0.0.0/8").contains(one("::ffff:10.0.0.1"))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (ZERO, "one address and not"),
        ("::", "one address and not"),
        ("0.0.0.0/32", "one address and not"),
        ("10.0.0", "not a whole IPv4 address"),
        ("10", "not a whole IPv4 address"),
        ("010.0.0.1", "leading zero"),
        ("10.0.0.01", "leading zero"),
        ("10.0.0.256", "not an IP address"),
        ("0x0a.0.0.1", "names are not looked up"),
        ("10.0.0.1/0.0.0.255", "no netmask"),
        ("10.0.0.0/255.0.255.0", "no netmask"),
        ("10.0.0.0/33", "prefix length above 32"),
        ("::1/129", "prefix length above 128"),
        ("10.0.0.0/", "no prefix length"),
        ("10.0.0.0/08", "no prefix length"),
        ("10.0.0.0/-1", "no prefix length"),
        ("2001:db8::/255.255.0.0", "no prefix length"),
        ("10.0.0.1 10.0.0.2", "blank inside"),
        ("10.0.0.1 /24", "blank inside"),
        ("10.0.0.*", "wildcard"),
        ("10.0.0.1-20", "shortened end"),
        ("10.0.0.9-10.0.0.1", "ends before it starts"),
        ("10.0.0.1-::1", "mixes IPv4 and IPv6"),
        ("fe80::1%1-fe80::2%2", "two different scope ids"),
        ("mail.contoso.com", "names are not looked up"),
        ("print-server", "names are not looked up"),
        ("\u0661\u0660.0.0.1", "digits other than the digits 0 to 9"),
        ("", "not an IP address"),
        ("1:2", "not an IP address"),
        ("1:2:3:4:5:6:7:8:9", "not an IPv6 address"),
        ("fe80::1%eth0", "no number after the %"),
        ("10.0.0.1:25", "not an IP address"),
        ("10.0.0.1\n", "blank inside"),
        (10, "not text"),
        (None, "not text"),
        (True, "not text"),
        (["10.0.0.1"], "not text"),
    ],
)
def test_rubbish_is_refused_with_one_sentence(text: object, why: str) -> None:
    with pytest.raises(InputError, match=why) as caught:
        parse_range(text, WHERE)
    message = str(caught.value)
    assert message.startswith("remote_ip_ranges: ")
    assert message.endswith(".")
    assert "\n" not in message


@given(st.text())
def test_no_text_makes_it_crash(text: str) -> None:
    try:
        found = one(text)
    except InputError:
        return
    assert read_exchange_range(str(found)) == found


@pytest.mark.parametrize("text", ["", "nonsense", "10.0.0", None, 5, ["10.0.0.1"]])
def test_what_exchange_cannot_mean_is_never_empty(text: object) -> None:
    with pytest.raises(UndecodableValue, match="no known format"):
        read_exchange_range(text)


def test_exchange_may_hold_the_bare_zero_address() -> None:
    assert read_exchange_range(ZERO).size == 1


@pytest.mark.parametrize(
    ("text", "any_address", "public"),
    [
        (ANY4, True, True),
        (ANY6, True, True),
        ("10.0.0.0/8", False, False),
        ("10.0.0.0-11.0.0.0", False, True),
        ("9.255.255.255-10.0.0.1", False, True),
        ("172.16.0.0/12", False, False),
        ("172.32.0.1", False, True),
        ("192.168.0.0/16", False, False),
        ("100.64.0.0/10", False, False),
        ("127.0.0.10", False, False),
        ("169.254.1.1", False, False),
        ("8.8.8.8", False, True),
        ("203.0.113.0/24", False, True),
        ("fd00::/8", False, False),
        ("fe80::1%3", False, False),
        ("::1", False, False),
        ("2001:4860::/32", False, True),
        ("::ffff:10.0.0.1", False, False),
        ("::ffff:8.8.8.8", False, True),
    ],
)
def test_any_and_public_space(text: str, any_address: bool, public: bool) -> None:
    assert (one(text).is_any, one(text).holds_public_space) == (any_address, public)


def test_every_pair_that_overlaps_is_told() -> None:
    sources = parse_ranges("10.0.0.0/24, 10.0.2.0/24", WHERE)
    protected = [one("10.0.0.7"), one("10.0.1.7"), one("10.0.2.0-10.0.2.1")]
    assert overlapping(sources, protected) == [
        (one("10.0.0.0/24"), protected[0]),
        (one("10.0.2.0/24"), protected[2]),
    ]


@pytest.mark.parametrize(
    ("raw", "entries"),
    [
        ("10.0.0.1, 10.0.0.2\n10.0.0.3;10.0.0.4\r\n", ["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4"]),
        ("", []),
        (" , \n", []),
        ([], []),
        ([" 10.0.0.1 ", "10.0.0.2,10.0.0.3"], ["10.0.0.1", "10.0.0.2", "10.0.0.3"]),
        (("10.0.0.1",), ["10.0.0.1"]),
    ],
)
def test_surveys_and_lists_are_split(raw: object, entries: list[str]) -> None:
    assert split_entries(raw, WHERE) == entries


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (10, "neither text nor a list"),
        ({"a": 1}, "neither text nor a list"),
        (None, "neither text nor a list"),
        ([10], "not text"),
        ([None], "not text"),
        (["10.0.0.1", ""], "empty entry"),
    ],
)
def test_other_lists_are_refused(raw: object, why: str) -> None:
    with pytest.raises(InputError, match=why):
        split_entries(raw, WHERE)


def test_ten_thousand_ranges_are_read_quickly() -> None:
    texts = [f"10.{number // 250}.{number % 250}.1-10.{number // 250}.{number % 250}.9" for number in range(10_000)]
    found = parse_ranges(texts, WHERE)
    assert len(found) == 10_000
    assert count_addresses(found) == 90_000


def test_a_single_address_may_be_asked_for() -> None:
    assert parse_address("10.0.0.5", "client") == one("10.0.0.5")
    with pytest.raises(InputError, match=r"client: '10\.0\.0\.0/24' is not a single address"):
        parse_address("10.0.0.0/24", "client")


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("[::]:25", "[0:0:0:0:0:0:0:0]:25"),
        ("[2001:DB8::1]:587", "[2001:db8:0::1]:587"),
        ("[fe80::1%4]:25", "[fe80::1]:25"),
    ],
)
def test_different_texts_of_the_same_binding(text: str, same: str) -> None:
    assert parse_binding(text, "bindings") == parse_binding(same, "bindings") == read_exchange_binding(text)


def test_the_wildcards_of_the_families_are_two_bindings() -> None:
    v4, v6 = parse_binding("0.0.0.0:25", "bindings"), parse_binding("[::]:25", "bindings")
    assert v4 != v6
    assert v4.is_wildcard
    assert v6.is_wildcard
    assert not v4.conflicts_with(v6)
    assert (str(v4), str(v6)) == ("0.0.0.0:25", "[::]:25")


def test_bindings_cover_and_conflict() -> None:
    every, specific = parse_binding("0.0.0.0:25", "bindings"), parse_binding("10.0.0.5:25", "bindings")
    assert every.covers(one("10.0.0.5"), 25)
    assert not every.covers(one("10.0.0.5"), 587)
    assert not every.covers(one("fe80::1"), 25)
    assert specific.covers(one("10.0.0.5"), 25)
    assert not specific.covers(one("10.0.0.6"), 25)
    assert every.conflicts_with(specific)
    assert not specific.conflicts_with(parse_binding("10.0.0.6:25", "bindings"))
    assert not specific.conflicts_with(parse_binding("10.0.0.5:26", "bindings"))


def test_the_scope_id_of_a_binding_is_kept_for_exchange() -> None:
    binding = parse_binding("[fe80::1%4]:25", "bindings")
    assert (str(binding), binding.parameter) == ("[fe80::1]:25", "[fe80::1%4]:25")


@pytest.mark.parametrize(
    "text",
    [
        "10.0.0.5",
        "10.0.0.5:0",
        "10.0.0.5:025",
        "10.0.0.5:65536",
        "::1:25",
        "[10.0.0.1]:25",
        "[::]",
        ":25",
        "25",
        "localhost:25",
        "10.0.0.5:25 ",
        "10.0.0.0/24:25",
        "",
        25,
        None,
    ],
)
def test_wrong_bindings_are_refused_with_what_is_right(text: object) -> None:
    with pytest.raises(InputError, match=r"^bindings: .*write address:port") as caught:
        parse_binding(text, "bindings")
    assert str(caught.value).endswith(".")
    with pytest.raises(UndecodableValue, match="no known format"):
        read_exchange_binding(text)


def test_values_sort_by_family_and_number() -> None:
    assert [str(entry) for entry in sorted(parse_ranges("::1, 10.0.0.10, 10.0.0.9", WHERE))] == [
        "10.0.0.9",
        "10.0.0.10",
        "::1",
    ]
    assert sorted([Binding(6, 0, 25), Binding(4, 0, 587), Binding(4, 0, 25)]) == [
        Binding(4, 0, 25),
        Binding(4, 0, 587),
        Binding(6, 0, 25),
    ]
