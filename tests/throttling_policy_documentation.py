# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the documentation says about the limits of throttling policies; for generate_documentation.py."""

from __future__ import annotations

from typing import Any

from property_documentation import range_text, values_sentence

from ansible_collections.mailrelay.exchange.plugins.module_utils import _argument_spec
from ansible_collections.mailrelay.exchange.plugins.module_utils._property import Property
from ansible_collections.mailrelay.exchange.plugins.module_utils._throttling_policy_properties import (
    THROTTLING_POLICY_LIMITS,
)

FIRST = "2010"
"""The first version with throttling policies: what is there since then needs no remark."""


def versions(row: Property) -> str:
    """Which versions have a limit, as a cell of a table."""
    if row.until is None:
        return row.since
    return f"{row.since} only" if row.until == row.since else f"{row.since} to {row.until}"


def sentences(row: Property) -> list[str]:
    """The sentences of one option's documentation."""
    remarks = [*row.description, values_sentence(row)]
    if row.until is not None:
        remarks.append(f"Exchange {row.until} only.")
    elif row.since != FIRST:
        remarks.append(f"Since Exchange {row.since}.")
    if not row.on_set:
        remarks.append("Only New-ThrottlingPolicy takes it, so that it cannot be changed afterwards.")
    return [remark for remark in remarks if remark]


def options() -> dict[str, Any]:
    """Options of the table's rows as a documentation fragment has them."""
    return {
        row.option: {"description": sentences(row), "type": _argument_spec.option_type(row)}
        for row in THROTTLING_POLICY_LIMITS
    }


def cells() -> list[tuple[str, ...]]:
    """The rows of the page, in Ansible's markup."""
    return [
        (
            f"`{row.option}`",
            f"`{row.exchange}`",
            range_text(row) if row.kind != "bool" else "true, false",
            versions(row),
            "yes" if row.on_set else "no",
            " ".join(row.description),
        )
        for row in THROTTLING_POLICY_LIMITS
    ]


INTRO = (
    "Every limit of a throttling policy that the modules `throttling_policy` and `throttling_policy_info` know. A\n"
    "limit that is omitted or null is left alone; `unlimited` lifts it. *Set*: whether Set-ThrottlingPolicy takes\n"
    "it, so that it can be changed in a policy that exists. Exchange 2007 and Edge Transport have no throttling\n"
    "policies. `PowerShellMaxTenantConcurrency` is not in the table, because only the default policy holds it, which\n"
    "is never changed. What these limits have to do with relay, and what not: [throttling](../throttling.md)."
)
HEAD = ("Option", "Exchange's name", "Values", "Since", "Set", "Meaning")
