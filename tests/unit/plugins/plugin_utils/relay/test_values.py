# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Every kind of value: what is declared, what Exchange shows, what is sent, and when they are equal."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mailrelay.exchange.plugins.module_utils._properties import (
    BY_OPTION,
    LIST_KINDS,
    PROPERTIES,
    Property,
)
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.commands import Command
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.errors import InputError, UndecodableValue
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.named_values import (
    CertificateName,
    TlsCapability,
)
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.quantities import Caseless, Size, Timespan
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.ranges import Binding, IPRange
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.values import (
    ListChange,
    apply_list_change,
    parse_exchange,
    parse_option,
    to_option,
    to_parameter,
)

every_property = pytest.mark.parametrize("row", PROPERTIES, ids=lambda row: row.option)


def declared(option: str, raw: object) -> Any:
    return parse_option(BY_OPTION[option], raw)


def returned(option: str, plain: object) -> Any:
    return parse_exchange(BY_OPTION[option], plain)


def canonical_values(row: Property) -> st.SearchStrategy[Any]:
    """Any canonical value that the property can have."""
    numbers = st.integers(row.minimum or 0, row.maximum or 0)
    by_kind: dict[str, st.SearchStrategy[Any]] = {
        "string": st.from_regex(r"[A-Za-z][A-Za-z0-9 '-]{0,30}[a-z]", fullmatch=True),
        "fqdn": st.from_regex(r"[a-z]{1,8}(\.[a-z0-9]{1,8}){0,3}", fullmatch=True).map(Caseless),
        "banner": st.sampled_from(["", "220 relay.contoso.com", "220 it's"]),
        "bool": st.booleans(),
        "int": numbers,
        "unlimited": numbers | st.just("unlimited"),
        "timespan": numbers.map(Timespan.of_seconds),
        "size": numbers.map(Size.of_bytes),
        "enum": st.sampled_from(row.choices or ("",)),
        "flags": st.frozensets(st.sampled_from(row.choices or ("",))),
        "ip_ranges": st.frozensets(
            st.tuples(st.integers(1, 2**32 - 1), st.integers(1, 2**32 - 1)).map(
                lambda pair: IPRange(4, min(pair), max(pair))
            ),
            max_size=5,
        ),
        "bindings": st.frozensets(
            st.builds(Binding, st.just(6), st.integers(0, 2**64), st.integers(1, 65535)), max_size=5
        ),
        "accepted_domain": st.sampled_from(["", "contoso.com", "Contoso, main"]).map(Caseless),
        "certificate": st.sampled_from(["", "<I>CN=Contoso CA, O=Contoso<S>CN=mail.contoso.com"]).map(
            CertificateName.read
        ),
        "tls_capabilities": st.frozensets(
            st.builds(
                lambda domain, word: TlsCapability((domain, word.casefold()), domain, word),
                st.sampled_from(["contoso.com", "mail.fabrikam.com", "*.example.org", "NO-TLS"]),
                st.sampled_from([*row.choices, "AcceptOther"]),
            ),
            max_size=5,
        ),
    }
    return by_kind[row.kind]


@every_property
@given(data=st.data())
def test_an_option_of_a_value_is_input_for_the_same_value(row: Property, data: st.DataObject) -> None:
    value = data.draw(canonical_values(row))
    option = to_option(row, value)
    assert parse_option(row, option) == value
    assert type(option) in (str, bool, int, list)
    assert all(type(entry) is str for entry in option) if isinstance(option, list) else True


@every_property
@given(data=st.data())
def test_a_parameter_of_a_value_can_be_sent_and_means_the_same(row: Property, data: st.DataObject) -> None:
    value = data.draw(canonical_values(row))
    parameter = to_parameter(row, value)
    Command("Set-ReceiveConnector", ((row.exchange, parameter),))
    echoed = list(parameter) if isinstance(parameter, tuple) else parameter
    if parameter is None and row.kind in LIST_KINDS:
        # Null clears a list, and Exchange shows it as an empty one.
        echoed = []
    assert parse_exchange(row, echoed) == value


@every_property
def test_null_of_exchange_is_an_error_except_for_text(row: Property) -> None:
    if row.kind in ("string", "fqdn", "banner", "accepted_domain", "certificate"):
        assert str(parse_exchange(row, None)) == ""
    else:
        with pytest.raises(UndecodableValue, match=row.exchange):
            parse_exchange(row, None)


@every_property
@pytest.mark.parametrize("plain", [{"Value": 5}, 1.5, b"5", ["a", 5]])
def test_other_types_of_exchange_are_errors(row: Property, plain: object) -> None:
    with pytest.raises(UndecodableValue):
        parse_exchange(row, plain)


@every_property
@pytest.mark.parametrize("raw", [{"Value": 5}, 1.5, b"5", [{"a": 1}]])
def test_other_types_of_input_are_one_sentence(row: Property, raw: object) -> None:
    with pytest.raises(InputError) as caught:
        parse_option(row, raw)
    assert str(caught.value).startswith(f"{row.option}: ")
    assert str(caught.value).endswith(".")


@every_property
@given(text=st.text())
def test_no_text_makes_it_crash(row: Property, text: str) -> None:
    for parse, error in ((parse_option, InputError), (parse_exchange, UndecodableValue)):
        try:
            parse(row, text)
        except error as caught:
            assert "\n" not in str(caught)


@pytest.mark.parametrize("row", [row for row in PROPERTIES if row.kind in ("int", "unlimited", "timespan", "size")])
def test_limits_are_kept(row: Property) -> None:
    assert row.minimum is not None
    assert row.maximum is not None
    write = {"timespan": lambda n: str(Timespan.of_seconds(n)), "size": str}.get(row.kind, int)
    for number in (row.minimum, row.maximum):
        parse_option(row, write(number))
    outside = [row.maximum + 1] + ([row.minimum - 1] if row.minimum > 0 else [])
    for number in outside:
        with pytest.raises(InputError, match=r"between|from"):
            parse_option(row, write(number))


@pytest.mark.parametrize(
    ("option", "one", "other"),
    [
        ("name", "Relay External", "relay external"),
        ("fqdn", "SMTP.Contoso.com", "smtp.contoso.com"),
        ("fqdn", "smtp.contoso.com.", "smtp.contoso.com"),
        ("max_inbound_connection", "5000", 5000),
        ("max_inbound_connection", "Unlimited", "UNLIMITED"),
        ("connection_timeout", "00:30:00", "0.00:30:00"),
        ("connection_timeout", "1.00:00:00", "1.0:0:0"),
        ("max_message_size", "36MB", 37748736),
        ("protocol_logging_level", "verbose", "Verbose"),
        ("transport_role", "frontend_transport", "FrontendTransport"),
        ("permission_groups", "anonymoususers, exchangeservers", ["ExchangeServers", "AnonymousUsers"]),
        ("permission_groups", "None", []),
        ("permission_groups", "", []),
        ("auth_mechanism", ["TLS"], "Tls"),
        ("remote_ip_ranges", "10.0.0.1\n10.0.0.2", ["10.0.0.2", "10.0.0.1", "10.0.0.1/32"]),
        ("bindings", "0.0.0.0:25", ["0.0.0.0:25"]),
        ("enabled", "yes", True),
        ("enabled", "False", False),
    ],
)
def test_declarations_that_mean_the_same(option: str, one: object, other: object) -> None:
    assert declared(option, one) == declared(option, other)


@pytest.mark.parametrize(
    ("option", "raw", "plain"),
    [
        ("name", "relay external", "Relay External"),
        ("fqdn", "", None),
        ("banner", "", ""),
        ("comment", "", None),
        ("permission_groups", ["AnonymousUsers"], "AnonymousUsers, Custom"),
        ("permission_groups", [], "None"),
        ("permission_groups", [], "Custom"),
        ("auth_mechanism", [], "None"),
        ("auth_mechanism", "Tls, ExchangeServer", "Tls, ExchangeServer"),
        ("max_inbound_connection_per_source", "unlimited", "Unlimited"),
        ("max_inbound_connection_per_source", 20, "20"),
        ("max_recipients_per_message", 200, 200),
        ("max_message_size", "36MB", "36 MB (37,748,736 bytes)"),
        ("tarpit_interval", "00:00:00", "00:00:00"),
        ("connection_timeout", "1.00:00:00", "1.00:00:00"),
        ("size_enabled", "enabledwithoutvalue", "EnabledWithoutValue"),
        ("bindings", "0.0.0.0:25, [::]:25", ["[::]:25", "0.0.0.0:25"]),
        ("remote_ip_ranges", "192.168.5.1/24", ["192.168.5.0-192.168.5.255"]),
        ("remote_ip_ranges", "", []),
        ("enabled", True, True),
    ],
)
def test_what_exchange_shows_for_a_declaration(option: str, raw: object, plain: object) -> None:
    assert declared(option, raw) == returned(option, plain)


@pytest.mark.parametrize(
    ("option", "one", "other"),
    [
        ("comment", "Relay", "relay"),
        ("banner", "220 A", "220 a"),
        ("max_inbound_connection", "unlimited", 2147483647),
        ("bindings", "0.0.0.0:25", "[::]:25"),
        ("remote_ip_ranges", "10.0.0.0/25, 10.0.0.128/25", "10.0.0.0/24"),
    ],
)
def test_declarations_that_differ(option: str, one: object, other: object) -> None:
    assert declared(option, one) != declared(option, other)


@pytest.mark.parametrize(
    ("option", "raw", "why"),
    [
        ("name", "", "is empty"),
        ("name", "   ", "is empty"),
        ("name", " Relay", "starts or ends with a blank"),
        ("name", "x" * 65, "65 characters; 64 is the most"),
        ("name", "Relay\nExternal", "control character"),
        ("name", "Relay\x00", "control character"),
        ("comment", "two\r\nlines", "control character"),
        ("comment", "a\u2028b", "control character"),
        ("comment", 5, "not text"),
        ("banner", "ESMTP", "does not start with '220 '"),
        ("banner", "220-relay", "does not start with '220 '"),
        ("banner", "220 a\r\n250 b", "control character"),
        ("fqdn", "not a name", "not a DNS name"),
        ("fqdn", "-a.contoso.com", "not a DNS name"),
        ("fqdn", "a..b", "not a DNS name"),
        ("fqdn", "a." * 200, "not a DNS name"),
        ("fqdn", ".", "not a DNS name"),
        ("enabled", "maybe", "neither true nor false"),
        ("enabled", 2, "neither true nor false"),
        ("max_hop_count", "many", "not a whole number from 1 to 500"),
        ("max_hop_count", True, "not a whole number"),
        ("max_hop_count", "-1", "not a whole number"),
        ("max_hop_count", "\u0665", "not a whole number"),
        ("max_inbound_connection", "infinite", "nor unlimited"),
        ("max_inbound_connection_per_source", 10001, "between 1 and 10000 nor unlimited"),
        ("connection_timeout", "30", "bare number"),
        ("connection_timeout", 1800, "hh:mm:ss"),
        ("connection_timeout", "00:00:00", "between 00:00:01 and 1.00:00:00"),
        ("tarpit_interval", "00:10:01", "between 00:00:00 and 00:10:00"),
        ("max_message_size", "64", "between 65536 and 2147483647 bytes"),
        ("max_message_size", "unlimited", "not a size"),
        ("max_message_size", True, "not a size"),
        ("protocol_logging_level", "high", "not one of None, Verbose"),
        ("protocol_logging_level", None, "not one of None, Verbose, in quotes"),
        ("permission_groups", "Custom", "cannot be set"),
        ("permission_groups", "Anonymous", "not one of AnonymousUsers"),
        ("permission_groups", "None, AnonymousUsers", "goes with no other word"),
        ("auth_mechanism", 31, "neither text nor a list"),
        ("remote_ip_ranges", {"append": ["10.0.0.1"]}, "'append' is not known here"),
        ("remote_ip_ranges", {}, "mapping is empty"),
        ("remote_ip_ranges", {"add": None}, "mapping is empty"),
        ("remote_ip_ranges", {"set": ["10.0.0.1"], "add": ["10.0.0.2"]}, "take out add and remove"),
        ("remote_ip_ranges", {"add": ["10.0.0.1"], "remove": "10.0.0.1/32"}, r"10\.0\.0\.1 is in add and in remove"),
        ("remote_ip_ranges", {"add": ["10.0.0"]}, r"^remote_ip_ranges\.add: "),
        ("bindings", "10.0.0.5", "write address:port"),
    ],
)
def test_wrong_input_is_one_sentence_with_what_is_right(option: str, raw: object, why: str) -> None:
    with pytest.raises(InputError, match=why) as caught:
        declared(option, raw)
    assert str(caught.value).startswith(option)
    assert str(caught.value).endswith(".")


@pytest.mark.parametrize(
    ("option", "plain"),
    [
        ("permission_groups", "AnonymousUsers, Aliens"),
        ("permission_groups", ""),
        ("permission_groups", "AnonymousUsers,"),
        ("permission_groups", 13),
        ("auth_mechanism", "63"),
        ("transport_role", "CafeTransport"),
        ("transport_role", 16384),
        ("size_enabled", ""),
        ("enabled", "true"),
        ("enabled", 1),
        ("connection_timeout", "6000000000"),
        ("max_message_size", "Unlimited"),
        ("max_message_size", "36 MB (bytes)"),
        ("max_inbound_connection", "Unbegrenzt"),
        ("max_hop_count", "sixty"),
        ("remote_ip_ranges", "10.0.0.1"),
        ("remote_ip_ranges", "None"),
        ("remote_ip_ranges", ["10.0.0.1", None]),
        ("bindings", ["25"]),
        ("comment", 5),
    ],
)
def test_an_unknown_value_of_exchange_is_named_and_never_empty(option: str, plain: object) -> None:
    with pytest.raises(UndecodableValue):
        returned(option, plain)


@pytest.mark.parametrize(
    ("option", "raw", "parameter"),
    [
        ("comment", "", None),
        ("fqdn", "", None),
        ("name", "Relay External", "Relay External"),
        ("fqdn", "SMTP.Contoso.com", "SMTP.Contoso.com"),
        ("enabled", False, False),
        ("max_hop_count", "60", 60),
        ("max_inbound_connection", 10000, 10000),
        ("max_inbound_connection", "unlimited", "Unlimited"),
        ("connection_timeout", "0:30:0", "00:30:00"),
        ("max_message_size", 37748736, "36MB"),
        ("max_message_size", 65537, "65537B"),
        ("max_header_size", 0 + 262144, "256KB"),
        ("protocol_logging_level", "verbose", "Verbose"),
        ("permission_groups", "exchangeservers, anonymoususers", ("AnonymousUsers", "ExchangeServers")),
        ("permission_groups", "AnonymousUsers", "AnonymousUsers"),
        ("permission_groups", [], "None"),
        ("remote_ip_ranges", "10.0.0.9, 10.0.0.1-10.0.0.4", ("10.0.0.1-10.0.0.4", "10.0.0.9")),
        ("bindings", "[::]:25, 0.0.0.0:25", ("0.0.0.0:25", "[::]:25")),
        ("remote_ip_ranges", [], ()),
    ],
)
def test_what_is_sent(option: str, raw: object, parameter: object) -> None:
    sent = to_parameter(BY_OPTION[option], declared(option, raw))
    assert sent == parameter
    assert type(sent) is type(parameter)


def test_the_forms_of_a_list_option() -> None:
    assert declared("remote_ip_ranges", {"set": "10.0.0.1"}) == declared("remote_ip_ranges", ["10.0.0.1"])
    assert declared("remote_ip_ranges", {"set": []}) == frozenset()
    change = declared("remote_ip_ranges", {"add": "10.0.0.1, 10.0.0.2", "remove": ["10.0.0.3"], "set": None})
    assert change == ListChange(
        declared("remote_ip_ranges", ["10.0.0.1", "10.0.0.2"]), declared("remote_ip_ranges", "10.0.0.3")
    )
    assert declared("permission_groups", {"add": "anonymoususers"}) == ListChange(add=frozenset({"AnonymousUsers"}))


@given(st.frozensets(st.integers()), st.frozensets(st.integers()), st.frozensets(st.integers()))
def test_a_list_change_is_complete_and_idempotent(
    current: frozenset[int], add: frozenset[int], remove: frozenset[int]
) -> None:
    change = ListChange(add, remove - add)
    after = apply_list_change(current, change)
    assert add <= after
    assert not after & change.remove
    assert after - add == current - change.remove - add
    assert apply_list_change(after, change) == after
    assert apply_list_change(current, add) == add


@pytest.mark.parametrize(
    ("option", "entries"),
    [
        ("remote_ip_ranges", ["fe80::1%4", "fe80::1%5"]),
        ("remote_ip_ranges", ["fe80::1%4-fe80::9%4", "10.0.0.1", "FE80:0::1%5-fe80::9%5"]),
        ("bindings", ["[fe80::1%4]:25", "[fe80::1%5]:25"]),
    ],
)
def test_entries_that_only_differ_in_their_scope_are_not_made_one(option: str, entries: list[str]) -> None:
    with pytest.raises(InputError, match="is given with the scope ids 4 and 5"):
        declared(option, entries)
    assert len(declared(option, entries[:1])) == 1
    # The same, or none beside one, is one entry written twice.
    assert len(declared(option, [entries[0], entries[0], entries[0].replace("%4", "")])) == 1


def test_only_list_kinds_take_mappings() -> None:
    assert {row.kind for row in PROPERTIES if row.mutable_list} == set(LIST_KINDS)
