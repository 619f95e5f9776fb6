# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Values of every kind, the ways to write them and the ways Exchange shows them: a second reading of the facts.

It shares no code with the core: a value is plain data (a number, a set of words, a set of integer intervals), and is
written out here. So a test can hold the core's comparison against what was meant.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from ansible_collections.mailrelay.exchange.plugins.module_utils._properties import Property

Draw = Callable[[st.SearchStrategy[Any]], Any]
TICKS = 10_000_000
SEPARATORS = (",", ".", " ", "\u00a0", "\u202f", "'", "\u2019", "")
BYTE_WORDS = ("bytes", "Bytes", "octets", "байт", "バイト")
ISSUER, SUBJECT = ("CN=Contoso CA", 'O="Contoso, Inc."'), ("CN=mail.contoso.com", "O=Contoso", "C=DE")


@dataclass(frozen=True)
class Kind:
    """One kind of value.

    values: any value of a property, as plain data.
    written: draws one way to declare the value.
    shown: draws one way in which Exchange may show it.
    stored: the value that Exchange has after it was sent this parameter.
    """

    values: Callable[[Property], st.SearchStrategy[Any]]
    written: Callable[[Any, Property, Draw], Any]
    shown: Callable[[Any, Property, Draw], Any]
    stored: Callable[[Any, Property], Any] = lambda parameter, _row: parameter


def one_of(draw: Draw, *choices: Any) -> Any:
    return draw(st.sampled_from(choices))


def any_case(text: str, draw: Draw) -> str:
    return str(one_of(draw, text, text.lower(), text.upper()))


# -- texts and words --------------------------------------------------------------------------------------------------


def words_written(value: frozenset[str], row: Property, draw: Draw) -> Any:
    if not value:
        return one_of(draw, [], "", "None", {"set": []})
    if row.whole and len(value) == len(row.choices) and draw(st.booleans()):
        return any_case(row.whole, draw)
    words = [any_case(word, draw) for word in draw(st.permutations(sorted(value)))]
    return one_of(draw, words, ", ".join(words), "\n".join(words), {"set": words}, [*words, words[0]], {"add": words})


def words_shown(value: frozenset[str], row: Property, draw: Draw) -> str:
    words = [word for word in row.choices if word in value]
    if row.whole and len(words) == len(row.choices):
        return row.whole
    if row.option == "permission_groups" and draw(st.booleans()):
        words.append("Custom")
    return ", ".join(words) or "None"


def words_stored(parameter: Any, row: Property) -> frozenset[str]:
    words = parameter if isinstance(parameter, tuple) else (parameter,)
    return frozenset(row.choices) if words == (row.whole,) else frozenset(words) - {"None"}


def certificate(parts: tuple[tuple[str, ...], tuple[str, ...]], draw: Draw) -> str:
    comma, equals = one_of(draw, ",", ", ", " , "), one_of(draw, "=", " = ")
    issuer, subject = (comma.join(part.replace("=", equals, 1) for part in name) for name in parts)
    return any_case(f"<I>{issuer}<S>{subject}", draw)


def certificate_stored(text: Any) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    known = {f"<i>{','.join(i)}<s>{','.join(s)}".lower(): (i, s) for i in (ISSUER, ISSUER[:1]) for s in CERTIFIED}
    blank = str(text or "").lower().replace(" = ", "=").replace(" , ", ",").replace(", o=", ",o=")
    return known.get(blank.replace(", c=", ",c="))


OTHER = "AcceptOther"
CERTIFIED = (SUBJECT, SUBJECT[:1])


def capabilities_written(value: frozenset[tuple[str, str]], _row: Property, draw: Draw) -> Any:
    pairs = draw(st.permutations(sorted(value)))
    single = [f"{any_case(domain, draw)}:{any_case(word, draw)}" for domain, word in pairs]
    domains = sorted({domain for domain, _word in pairs})
    joined = [f"{domain}: " + " , ".join(word for found, word in pairs if found == domain) for domain in domains]
    return one_of(draw, single, joined, ";".join(joined), "\n".join(single), {"set": joined}, {"add": single})


def capabilities_shown(value: frozenset[tuple[str, str]], _row: Property, draw: Draw) -> list[str]:
    domains = draw(st.permutations(sorted({domain for domain, _word in value})))
    return [f"{domain}:" + ", ".join(sorted(word for found, word in value if found == domain)) for domain in domains]


def capabilities_stored(parameter: Any, row: Property) -> frozenset[tuple[str, str]]:
    pairs = [text.rpartition(":") for text in parameter or ()]
    # The server knows its words in one spelling, whatever it is sent.
    known = {word.lower(): word for word in (*row.choices, OTHER)}
    return frozenset((domain.lower(), known[word.lower()]) for domain, _, words in pairs for word in words.split(","))


# -- quantities -------------------------------------------------------------------------------------------------------


def fields(ticks: int) -> tuple[int, int, int, int, int]:
    seconds, fraction = divmod(ticks, TICKS)
    return seconds // 86400, seconds // 3600 % 24, seconds // 60 % 60, seconds % 60, fraction


def timespan_shown(ticks: int, _row: Property, _draw: Draw) -> str:
    days, hours, minutes, seconds, fraction = fields(ticks)
    text = (f"{days}." if days else "") + f"{hours:02}:{minutes:02}:{seconds:02}"
    return text + (f".{fraction:07}" if fraction else "")


def timespan_written(ticks: int, row: Property, draw: Draw) -> str:
    days, hours, minutes, seconds, fraction = fields(ticks)
    tail = f".{fraction:07}" if fraction else one_of(draw, "", ".0", ".0000000")
    forms = [timespan_shown(ticks, row, draw), f"{days}.{hours}:{minutes}:{seconds}{tail}"]
    if not days:
        forms.append(f"{hours}:{minutes:02}:{seconds:02}{tail}")
        if not seconds and not fraction:
            forms.append(f"{hours:02}:{minutes:02}")
    return str(one_of(draw, *forms))


def timespan_stored(text: str, _row: Property) -> int:
    clock, _colon, last = text.rpartition(":")
    days, _dot, clock = clock.rpartition(".")
    seconds, _point, fraction = last.partition(".")
    hours, minutes = clock.split(":")
    whole = ((int(days or 0) * 24 + int(hours)) * 60 + int(minutes)) * 60 + int(seconds)
    return whole * TICKS + int(fraction.ljust(7, "0"))


def grouped(number: int, separator: str) -> str:
    return f"{number:,}".replace(",", separator)


def size_written(number: int, _row: Property, draw: Draw) -> Any:
    forms: list[Any] = [number, str(number), f"{number}B", f"{number} b"]
    for unit, factor in (("KB", 1024), ("MB", 1024**2), ("GB", 1024**3)):
        if number % factor == 0:
            forms += [f"{number // factor}{unit}", f"{number // factor} {unit.lower()}"]
    return one_of(draw, *forms)


def size_shown(number: int, _row: Property, draw: Draw) -> str:
    """Microsoft: small values may be rounded up to a KB; that others are, or down, is unverified and tried too."""
    kept = number if number % 1024 == 0 else one_of(draw, number, number // 1024 * 1024, -(-number // 1024) * 1024)
    short = f"{kept // 1024**2} MB" if kept % 1024**2 == 0 else f"{kept / 1024:.4g} KB"
    return f"{short} ({grouped(kept, one_of(draw, *SEPARATORS))} {one_of(draw, *BYTE_WORDS)})"


def size_stored(text: str, _row: Property) -> int:
    for unit, factor in (("GB", 1024**3), ("MB", 1024**2), ("KB", 1024), ("B", 1)):
        if text.endswith(unit):
            return int(text.removesuffix(unit)) * factor
    raise AssertionError(f"{text} is sent without a unit")


# -- addresses --------------------------------------------------------------------------------------------------------

Interval = tuple[int, int, int]


def address(version: int, number: int, draw: Draw | None = None) -> str:
    found: ipaddress.IPv4Address | ipaddress.IPv6Address
    found = ipaddress.IPv4Address(number) if version == 4 else ipaddress.IPv6Address(number)
    if version == 4 or draw is None:
        return str(found)
    return str(one_of(draw, str(found), found.exploded, str(found).upper(), found.exploded.upper()))


def block(interval: Interval) -> tuple[int, str] | None:
    """Prefix length and netmask of an interval that is one block."""
    version, low, high = interval
    bits = 32 if version == 4 else 128
    size = high - low + 1
    if size & (size - 1) or low % size:
        return None
    prefix = bits - size.bit_length() + 1
    mask = str(ipaddress.ip_network(f"0.0.0.0/{prefix}").netmask) if version == 4 else ""
    return prefix, mask


def range_text(interval: Interval, draw: Draw, netmask: str) -> str:
    version, low, high = interval
    scope = one_of(draw, "", "", "%11") if version == 6 else ""
    forms = [f"{address(version, low, draw)}{scope}-{address(version, high, draw)}{scope}"]
    if low == high:
        forms.append(address(version, low, draw) + scope)
    found = block(interval)
    if found:
        host = address(version, draw(st.integers(low, high)), draw)
        forms.append(f"{host}{scope}/{found[0]}")
        if found[1]:
            forms.append(netmask.format(host, found[1]))
    return str(one_of(draw, *forms))


def ranges_written(value: frozenset[Interval], _row: Property, draw: Draw) -> Any:
    texts = [range_text(entry, draw, "{}/{}") for entry in draw(st.permutations(sorted(value)))]
    return one_of(draw, texts, ", ".join(texts), "\r\n".join(texts), {"set": texts}, [*texts, texts[0]], {"add": texts})


def ranges_shown(value: frozenset[Interval], _row: Property, draw: Draw) -> list[str]:
    return [range_text(entry, draw, "{}({})") for entry in draw(st.permutations(sorted(value)))]


def ranges_stored(parameter: tuple[str, ...], _row: Property) -> frozenset[Interval]:
    found = set()
    for text in parameter:
        plain = text.replace("%11", "")
        if "-" in plain:
            low, high = (ipaddress.ip_address(part) for part in plain.split("-"))
        else:
            network = ipaddress.ip_network(plain)
            low, high = network[0], network[-1]
        found.add((low.version, int(low), int(high)))
    return frozenset(found)


def intervals(_row: Property) -> st.SearchStrategy[Any]:
    ends = st.integers(1, 2**32 - 1).flatmap(
        lambda low: st.tuples(st.just(4), st.just(low), st.integers(low, min(low + 5000, 2**32 - 1)))
    )
    blocks = st.integers(0, 16).flatmap(
        lambda bits: st.integers(1, 2**15).map(lambda number: (4, number << bits, ((number + 1) << bits) - 1))
    )
    six = st.integers(0, 70).flatmap(
        lambda bits: st.integers(1, 2**50).map(lambda number: (6, number << bits, ((number + 1) << bits) - 1))
    )
    return st.frozensets(ends | blocks | six, min_size=1, max_size=6)


def bindings_texts(value: frozenset[tuple[int, int, int]], draw: Draw) -> list[str]:
    texts = []
    for version, number, port in draw(st.permutations(sorted(value))):
        text = address(version, number, draw)
        texts.append(f"{text}:{port}" if version == 4 else f"[{text}]:{port}")
    return texts


def bindings_written(value: frozenset[tuple[int, int, int]], _row: Property, draw: Draw) -> Any:
    texts = bindings_texts(value, draw)
    return one_of(draw, texts, ", ".join(texts), {"set": texts}, [*texts, texts[0]], {"add": texts})


def bindings_stored(parameter: tuple[str, ...], _row: Property) -> frozenset[tuple[int, int, int]]:
    found = set()
    for text in parameter:
        host, _colon, port = text.rpartition(":")
        at = ipaddress.ip_address(host.strip("[]"))
        found.add((at.version, int(at), int(port)))
    return frozenset(found)


# -- the kinds --------------------------------------------------------------------------------------------------------


def itself(value: Any, _row: Property, _draw: Draw) -> Any:
    return value


def number_written(value: Any, _row: Property, draw: Draw) -> Any:
    return any_case(value, draw) if value == "unlimited" else one_of(draw, value, str(value))


def text_kind(texts: list[str], spelling: Callable[[str, Draw], Any] | None = None) -> Kind:
    def spelled(value: str, _row: Property, draw: Draw) -> Any:
        return spelling(value, draw) if spelling and value else value

    def shown(value: str, row: Property, draw: Draw) -> Any:
        return spelled(value, row, draw) if value else one_of(draw, "", None)

    return Kind(
        lambda _row: st.sampled_from(texts),
        spelled,
        shown,
        lambda parameter, _row: next(
            (t for t in texts if spelling and t.lower() == (parameter or "").lower()), parameter or ""
        ),
    )


NAMES = ["", "relay.contoso.com", "smtp", "a-b.example.org"]
KINDS: dict[str, Kind] = {
    "string": text_kind(["", "Relay", "relay", "It\u2019s 'quoted' $(x)", "220"]),
    "banner": text_kind(["", "220 Relay", "220 relay"]),
    "fqdn": text_kind(NAMES, any_case),
    "accepted_domain": text_kind(["", "contoso.com", "Contoso, main"], any_case),
    "bool": Kind(
        lambda _row: st.booleans(),
        lambda value, _row, draw: one_of(draw, value, *(("yes", "True", "on") if value else ("no", "False", "off"))),
        itself,
    ),
    "int": Kind(lambda row: st.integers(row.minimum, row.maximum), number_written, itself),
    "unlimited": Kind(
        lambda row: st.integers(row.minimum, row.maximum) | st.just("unlimited"),
        number_written,
        lambda value, _row, _draw: "Unlimited" if value == "unlimited" else str(value),
        lambda parameter, _row: "unlimited" if parameter == "Unlimited" else parameter,
    ),
    "timespan": Kind(
        lambda row: (
            st.integers(row.minimum or 0, row.maximum or 0).map(lambda seconds: seconds * TICKS)
            | st.integers((row.minimum or 0) * TICKS, min(row.maximum or 0, 3 * 86400) * TICKS)
        ),
        timespan_written,
        timespan_shown,
        timespan_stored,
    ),
    "size": Kind(
        lambda row: (
            st.integers(row.minimum, row.maximum)
            | st.integers(-(-(row.minimum or 0) // 1024), (row.maximum or 0) // 1024).map(
                lambda kilobytes: kilobytes * 1024
            )
        ),
        size_written,
        size_shown,
        size_stored,
    ),
    "enum": Kind(lambda row: st.sampled_from(row.choices), lambda value, _row, draw: any_case(value, draw), itself),
    "flags": Kind(lambda row: st.frozensets(st.sampled_from(row.choices)), words_written, words_shown, words_stored),
    "ip_ranges": Kind(intervals, ranges_written, ranges_shown, ranges_stored),
    "bindings": Kind(
        lambda _row: st.frozensets(
            st.tuples(st.just(4), st.integers(0, 2**32 - 1), st.integers(1, 65535))
            | st.tuples(st.just(6), st.integers(0, 2**128 - 1), st.integers(1, 65535)),
            min_size=1,
            max_size=4,
        ),
        bindings_written,
        lambda value, _row, draw: bindings_texts(value, draw),
        bindings_stored,
    ),
    "certificate": Kind(
        lambda _row: st.none() | st.tuples(st.sampled_from([ISSUER, ISSUER[:1]]), st.sampled_from(CERTIFIED)),
        lambda value, _row, draw: certificate(value, draw) if value else "",
        lambda value, _row, draw: certificate(value, draw) if value else one_of(draw, "", None),
        lambda parameter, _row: certificate_stored(parameter),
    ),
    "tls_capabilities": Kind(
        lambda row: st.frozensets(
            st.tuples(
                st.sampled_from(["contoso.com", "mail.fabrikam.com", "no-tls"]),
                st.sampled_from([*row.choices, OTHER]),
            ),
            min_size=1,
        ),
        capabilities_written,
        capabilities_shown,
        capabilities_stored,
    ),
}
