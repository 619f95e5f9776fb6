# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Values as Exchange reads and renders them: each form accepted, each wrong one refused."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address

import pytest

from exchange_lab.values import directory, enums, kinds, scalars
from exchange_lab.values.addresses import parse_binding, parse_range
from exchange_lab.values.scalars import Size, TimeSpan, Unlimited


@pytest.mark.parametrize(
    ("text", "low", "high", "form", "shown"),
    [
        ("192.168.5.10", "192.168.5.10", "192.168.5.10", "SingleAddress", "192.168.5.10"),
        ("192.168.5.10-192.168.5.20", "192.168.5.10", "192.168.5.20", "LoHi", "192.168.5.10-192.168.5.20"),
        ("192.168.5.10 - 192.168.5.20", "192.168.5.10", "192.168.5.20", "LoHi", "192.168.5.10-192.168.5.20"),
        ("192.168.5.1/24", "192.168.5.0", "192.168.5.255", "CIDR", "192.168.5.1/24"),
        ("192.168.5.0(255.255.255.0)", "192.168.5.0", "192.168.5.255", "Netmask", "192.168.5.0(255.255.255.0)"),
        ("2001:0DB8::CD3/60", "2001:db8::", "2001:db8:0:f:ffff:ffff:ffff:ffff", "CIDR", "2001:0DB8::CD3/60"),
        ("2001:0DB8::CD3", "2001:db8::cd3", "2001:db8::cd3", "SingleAddress", "2001:db8::cd3"),
        ("128.0.0.0/1", "128.0.0.0", "255.255.255.255", "CIDR", "128.0.0.0/1"),
    ],
)
def test_ranges(text: str, low: str, high: str, form: str, shown: str) -> None:
    entry = parse_range(text)
    assert entry.bounds == (ip_address(low).version, int(ip_address(low)), int(ip_address(high)))
    assert (entry.format, entry.expression) == (form, shown)
    assert entry.holds(ip_address(low)) and entry.holds(ip_address(high))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "relay.example",
        "10.0.0",
        "10.0.0.256",
        "010.0.0.1",
        "10.0.0.0/33",
        "10.0.0.0/-1",
        "10.0.0.0/a",
        "10.0.0.9-10.0.0.1",
        "10.0.0.1-::2",
        "10.0.0.1-",
        "10.0.0.0(255.0.255.0)",
        "10.0.0.*",
        "::/129",
    ],
)
def test_wrong_ranges(text: str) -> None:
    with pytest.raises(ValueError):
        parse_range(text)


def test_families_never_hold_each_other() -> None:
    assert not parse_range("0.0.0.0-255.255.255.255").holds(ip_address("::1"))
    assert not parse_range("::/0").holds(ip_address("10.0.0.1"))


@pytest.mark.parametrize(
    ("style", "text", "shown"),
    [
        ("entered", "192.168.5.1/24", "192.168.5.1/24"),
        ("network", "192.168.5.1/24", "192.168.5.0/24"),
        ("lohi", "192.168.5.1/24", "192.168.5.0-192.168.5.255"),
        ("lohi", "192.168.5.1", "192.168.5.1"),
        ("network", "192.168.5.1-192.168.5.2", "192.168.5.1-192.168.5.2"),
    ],
)
def test_how_a_block_is_echoed(style: str, text: str, shown: str) -> None:
    entry = parse_range(text)
    assert entry.echoed(style).expression == shown
    assert entry.echoed(style).bounds == entry.bounds


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("0.0.0.0-255.255.255.255", "::1:0:0"),  # as captured
        ("::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),  # as captured
        ("10.0.0.1", "::1"),
        ("10.0.0.0/24", "::100"),
        ("10.0.0.0/8", "::1.0.0.0"),
    ],
)
def test_the_size_of_a_range(text: str, size: str) -> None:
    assert dict(parse_range(text).rendered().properties)["Size"] == size


@pytest.mark.parametrize(
    ("text", "shown"), [("0.0.0.0:25", "0.0.0.0:25"), ("[::]:25", "[::]:25"), ("[0:0:0:0:0:0:0:0]:587", "[::]:587")]
)
def test_bindings(text: str, shown: str) -> None:
    assert str(parse_binding(text)) == shown


@pytest.mark.parametrize("text", ["25", "10.0.0.1", ":::25", "[::]", "0.0.0.0:0", "0.0.0.0:65536", "host:25", "::1:25"])
def test_wrong_bindings(text: str) -> None:
    with pytest.raises(ValueError):
        parse_binding(text)


@pytest.mark.parametrize(
    ("binding", "local", "port", "covered"),
    [
        ("0.0.0.0:25", "10.0.0.5", 25, True),
        ("0.0.0.0:25", "10.0.0.5", 587, False),
        ("0.0.0.0:25", "::1", 25, False),
        ("10.0.0.5:25", "10.0.0.5", 25, True),
        ("10.0.0.5:25", "10.0.0.6", 25, False),
        ("[::]:25", "fd00::1", 25, True),
    ],
)
def test_what_a_binding_covers(binding: str, local: str, port: int, covered: bool) -> None:
    assert parse_binding(binding).covers(ip_address(local), port) is covered


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("00:10:00", "00:10:00"),
        ("0:30:0", "00:30:00"),
        ("0.00:30:00", "00:30:00"),
        ("00:30:00.0000000", "00:30:00"),
        ("00:00:00.5", "00:00:00.5000000"),
        ("1.00:00:00", "1.00:00:00"),
        ("00:05", "00:05:00"),
        ("30", "30.00:00:00"),  # a bare number is days
        ("-00:00:01", "-00:00:01"),
    ],
)
def test_timespans(text: str, shown: str) -> None:
    assert str(scalars.timespan(text)) == shown
    assert scalars.timespan(shown) == scalars.timespan(text)


@pytest.mark.parametrize("text", ["", "ten", "24:00:00", "00:60:00", "00:00:61", "5m", "1:2:3:4", "1,00:00:00"])
def test_wrong_timespans(text: str) -> None:
    with pytest.raises(ValueError):
        scalars.timespan(text)


@pytest.mark.parametrize(
    ("text", "octets", "shown"),
    [
        ("36MB", 37_748_736, "36 MB (37,748,736 bytes)"),
        ("36 mb", 37_748_736, "36 MB (37,748,736 bytes)"),
        ("37748736", 37_748_736, "36 MB (37,748,736 bytes)"),
        ("37748736B", 37_748_736, "36 MB (37,748,736 bytes)"),
        ("36 MB (37,748,736 bytes)", 37_748_736, "36 MB (37,748,736 bytes)"),
        ("256KB", 262_144, "256 KB (262,144 bytes)"),
        ("1.5GB", 1_610_612_736, "1.5 GB (1,610,612,736 bytes)"),
        ("0", 0, "0 B (0 bytes)"),
    ],
)
def test_sizes(text: str, octets: int, shown: str) -> None:
    assert scalars.size(text) == Size(octets)
    assert str(Size(octets)) == shown


@pytest.mark.parametrize("text", ["", "big", "-1", "36 XB", "1,000", "36MBx"])
def test_wrong_sizes(text: str) -> None:
    with pytest.raises(ValueError):
        scalars.size(text)


@pytest.mark.parametrize(("text", "value"), [("unlimited", None), ("UNLIMITED", None), ("20", 20), (" 7 ", 7)])
def test_unlimited(text: str, value: int | None) -> None:
    assert scalars.unlimited(text) == Unlimited(value)
    assert str(Unlimited(value)) == ("Unlimited" if value is None else str(value))


@pytest.mark.parametrize("text", ["", "none", "1.5", "3000000000"])
def test_wrong_unlimited(text: str) -> None:
    with pytest.raises(ValueError):
        scalars.unlimited(text)


@pytest.mark.parametrize(
    ("definition", "text", "number", "shown"),
    [
        (enums.AUTH_MECHANISMS, "ExchangeServer,tls", 17, "Tls, ExchangeServer"),
        (enums.AUTH_MECHANISMS, "None", 0, "None"),
        (enums.PERMISSION_GROUPS, "ExchangeLegacyServers, AnonymousUsers", 9, "AnonymousUsers, ExchangeLegacyServers"),
        (enums.MESSAGE_RATE_SOURCE, "IPAddress,User", 3, "All"),
        (enums.SERVER_ROLE, "FrontendTransport", 16384, "FrontendTransport"),
        (enums.SIZE_MODE, "EnabledwithoutValue", 2, "EnabledWithoutValue"),
    ],
)
def test_enumerations(definition: enums.EnumType, text: str, number: int, shown: str) -> None:
    assert definition.value(text) == definition.numbered(number)
    assert str(definition.value(text)) == shown


@pytest.mark.parametrize(
    ("definition", "text"),
    [(enums.AUTH_MECHANISMS, "TLS1"), (enums.SIZE_MODE, "Enabled,Disabled"), (enums.SIZE_MODE, "")],
)
def test_wrong_enumerations(definition: enums.EnumType, text: str) -> None:
    with pytest.raises(ValueError):
        definition.value(text)


@pytest.mark.parametrize(("definition", "number"), [(enums.SIZE_MODE, 9), (enums.AUTH_MECHANISMS, 64)])
def test_numbers_that_no_member_has(definition: enums.EnumType, number: int) -> None:
    with pytest.raises(ValueError):
        definition.numbered(number)


@pytest.mark.parametrize("text", ["relay.lab.example", "EX1", "a-b.example"])
def test_domain_names(text: str) -> None:
    assert str(directory.fqdn(text)) == text


@pytest.mark.parametrize("text", ["", "-a.example", "a..b", "a b", "x" * 64, "host.", "user@host"])
def test_wrong_domain_names(text: str) -> None:
    with pytest.raises(ValueError):
        directory.fqdn(text)


def test_certificate_names_and_capabilities() -> None:
    assert str(directory.certificate_name("<I>CN=CA<S>CN=relay")) == "<I>CN=CA<S>CN=relay"
    assert (
        str(directory.domain_capabilities("a.example:acceptcloudservicesmail")) == "a.example:AcceptCloudServicesMail"
    )
    wrong: list[tuple[Callable[[str], object], str]] = [
        (directory.certificate_name, "CN=relay"),
        (directory.domain_capabilities, "a.example"),
        (directory.domain_capabilities, "a.example:Everything"),
    ]
    for parse, text in wrong:
        with pytest.raises(ValueError):
            parse(text)


@pytest.mark.parametrize(
    ("kind", "raw"),
    [
        (kinds.BOOL, "true"),
        (kinds.BOOL, None),
        (kinds.BOOL, []),
        (kinds.INT32, "five"),
        (kinds.INT32, True),
        (kinds.INT32, None),
        (kinds.TIMESPAN, 300),
        (kinds.STRING, ["a", "b"]),
        (kinds.SWITCH, "yes"),
        (kinds.IP_RANGES, ["10.0.0.1", None]),
        (kinds.IP_RANGES, {"Insert": ["10.0.0.1"]}),
        (kinds.IP_RANGES, {}),
    ],
)
def test_values_of_the_wrong_type(kind: kinds.AnyKind, raw: object) -> None:
    with pytest.raises(ValueError):
        kind.convert(raw)


def test_values_of_a_type_that_powershell_converts() -> None:
    assert kinds.BOOL.convert(1) is True
    assert kinds.INT32.convert("5") == 5
    assert kinds.UNLIMITED.convert(20) == Unlimited(20)
    assert kinds.STRING.convert(None) == ""
    assert kinds.IP_RANGES.convert("10.0.0.1") == (parse_range("10.0.0.1"),)
    assert kinds.IP_RANGES.convert(None) == ()
    assert kinds.FQDN.convert(None) is None
    mechanism = kinds.enum_kind(enums.AUTH_MECHANISMS, none_alone=True)
    assert mechanism.convert(["Tls", "BasicAuth"]) == mechanism.convert("tls, basicauth") == mechanism.convert(5)
    with pytest.raises(ValueError, match="None cannot be combined"):
        mechanism.convert("None,Tls")


def test_names_in_distinguished_names_are_escaped() -> None:
    assert directory.escape_rdn('a,b+c"d') == r"a\,b\+c\"d"
    assert directory.escape_rdn(" #x ") == r"\ #x\ "
    assert directory.same_dn(r"CN=a\#b\, c,DC=lab", r"cn=A#B\, C,dc=lab")
    assert not directory.same_dn(r"CN=a\,b,DC=lab", "CN=a,b,DC=lab")
    dn = f"CN={directory.escape_rdn('Relay, external')},CN=Protocols,DC=lab"
    assert directory.split_dn(dn) == [r"CN=Relay\, external", "CN=Protocols", "DC=lab"]
    identity = directory.ObjectId(dn, directory.stable_guid("x"), "t", "lab")
    assert identity.name == "Relay, external"
    assert dict(identity.rendered().properties)["Parent"] == "Protocols"


def test_timespan_parts() -> None:
    parts = dict(TimeSpan(scalars.timespan("1.02:03:04.5").ticks).rendered().properties)
    assert [parts[name] for name in ("Days", "Hours", "Minutes", "Seconds", "Milliseconds")] == [1, 2, 3, 4, 500]
