# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the documentation says about one property of a receive connector; for generate_documentation.py."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ansible_collections.mailrelay.exchange.plugins.module_utils import _argument_spec, _properties

LIST_SENTENCE = (
    "A list (or a text with commas or lines) is the whole value, V([]) clears it; "
    "a mapping of C(add) and C(remove) changes single entries, C(set) is the same as a list."
)

EQUALITY = (
    "## When two values are equal",
    "",
    "Values are compared by what they mean to Exchange, so that a second run writes nothing.",
    "",
    "- Ranges: the set of first and last addresses. `192.168.5.10`, `192.168.5.10/32` and `192.168.5.10-192.168.5.10`",
    "  are one; a block with host bits is the whole block; order and duplicates do not count; IPv6 is compared as a",
    "  number, without its scope id. Neighbouring ranges are never merged, because the width of a range decides which",
    "  connector answers.",
    "- Bindings: the set of addresses and ports; `0.0.0.0:25` and `[::]:25` are two.",
    "- Certificates: issuer and subject part by part, in any case and whatever blanks are around commas.",
    "- TLS capabilities: the set of domains and capabilities, in any case.",
    "- Durations: by length; `00:30:00` and `0.00:30:00` are one. A bare number is refused, because Exchange would",
    "  take it for days.",
    "- Sizes: by bytes; `36MB`, `36 MB` and `37748736` are one. A size that is no whole number of KB equals the whole",
    "  KB next to it, because Exchange may round it.",
    "- `unlimited` in any case; a number is never equal to it.",
    "- Words of flags: as a set, in any case; `None` is the empty set, `Custom` beside permission groups is ignored.",
    "- Names and DNS names in any case; comments and banners letter by letter; null is the empty text.",
)


def version_sentence(row: _properties.Property) -> str:
    """Where the property exists, "" when everywhere."""
    parts = []
    if row.since != _properties.VERSIONS[0]:
        parts.append(f"Since Exchange {row.since}.")
    if row.until is not None:
        parts.append(f"Until Exchange {row.until}.")
    if not row.on_edge:
        parts.append("Not on an Edge Transport server.")
    return " ".join(parts)


def word_sentences(row: _properties.Property) -> list[str]:
    """Where single words of the property are not known."""
    sentences = []
    for gate in row.word_gates:
        if gate.since != _properties.VERSIONS[0]:
            sentences.append(f"V({gate.word}) exists since Exchange {gate.since}.")
        if not gate.on_edge:
            sentences.append(f"V({gate.word}) does not exist on an Edge Transport server.")
    return sentences


def cmdlet_sentence(row: _properties.Property) -> str:
    """Which of the two cmdlets takes the property, "" when both do."""
    if not row.on_set:
        return "Only New-ReceiveConnector takes it."
    if not row.on_new:
        return "Only Set-ReceiveConnector takes it: on a new connector it is set by a second call of the same plan."
    return ""


def range_text(row: _properties.Property) -> str:
    """The values a property takes, as plain text; "" when the kind says it all."""
    low, high = row.minimum, row.maximum
    if row.kind in ("int", "unlimited"):
        return f"{low} to {high}" + (" or unlimited" if row.kind == "unlimited" else "")
    if row.kind == "timespan":
        return f"{timespan(low or 0)} to {timespan(high or 0)}"
    if row.kind == "size":
        return f"{low} to {high} bytes"
    if row.kind == "flags":
        return ", ".join((*row.choices, *filter(None, (row.whole,)), "None"))
    if row.kind in ("enum", "tls_capabilities"):
        return ", ".join(row.choices)
    if row.kind == "string" and high is not None:
        return f"{low} to {high} characters"
    return ""


def timespan(seconds: int) -> str:
    """Seconds as Exchange writes a duration."""
    days, rest = divmod(seconds, 86400)
    text = f"{rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}"
    return f"{days}.{text}" if days else text


def values_sentence(row: _properties.Property) -> str:
    """The values a property takes, in Ansible's markup."""
    words = ", ".join(f"V({word})" for word in row.choices)
    if row.kind == "enum":
        return f"One of {words}, in any case."
    if row.kind == "flags":
        return (
            f"Words out of {words}, in any case; V({row.whole}) is all of them."
            if row.whole
            else (f"Words out of {words}, in any case.")
        )
    if row.kind == "tls_capabilities":
        return f"Documented capabilities are {words}; other words are taken as they are."
    if row.kind in ("int", "unlimited"):
        also = ", or V(unlimited)" if row.kind == "unlimited" else ""
        return f"V({row.minimum}) to V({row.maximum}){also}."
    if row.kind == "timespan":
        low, high = timespan(row.minimum or 0), timespan(row.maximum or 0)
        return f"A duration in quotes, V({low}) to V({high}); a bare number is refused."
    if row.kind == "size":
        return f"V({row.minimum}) to V({row.maximum}) bytes; units are V(B), V(KB), V(MB) and V(GB), 1024-based."
    if row.kind == "string" and row.maximum is not None:
        return f"At most {row.maximum} characters."
    return ""


def option_description(row: _properties.Property) -> list[str]:
    """The sentences of one option's documentation."""
    sentences = [*row.description, values_sentence(row), *word_sentences(row)]
    if row.kind == "tls_capabilities":
        sentences.append(LIST_SENTENCE.replace("commas or lines", "semicolons or lines"))
    elif row.mutable_list:
        sentences.append(LIST_SENTENCE)
    sentences += [version_sentence(row), cmdlet_sentence(row)]
    return [sentence for sentence in sentences if sentence]


def property_options(rows: Iterable[_properties.Property]) -> dict[str, Any]:
    """Options of table rows as a documentation fragment has them."""
    return {
        row.option: {"description": option_description(row), "type": _argument_spec.option_type(row)} for row in rows
    }
