# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Throttling policies: declared, read, planned."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.errors import (
    InputError,
    RelayError,
    UndecodableValue,
)
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.model import ServerFacts
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.steps import Plan
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.throttling_policy import (
    ThrottlingPolicy,
    has_name_of_default,
    parse_throttling_policy,
    refuse_without_policies,
)
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.throttling_policy_plan import (
    plan_throttling_policy,
)

GUID = "755156ba-bb79-49b3-ae2a-a08357d24244"
GLOBAL = {
    "Name": f"GlobalThrottlingPolicy_{GUID}",
    "ThrottlingPolicyScope": "Global",
    "EwsMaxConcurrency": "27",
    "PowerShellMaxConcurrency": "18",
    "SuiteMaxConcurrency": "Unlimited",
}
OLD_DEFAULT = {"Name": f"DefaultThrottlingPolicy_{GUID}", "IsDefault": True, "EWSMaxConcurrency": 10}
SERVICE = {
    "Name": "Service",
    "ThrottlingPolicyScope": "Regular",
    "IsServiceAccount": False,
    "EwsMaxConcurrency": "Unlimited",
    "PowerShellMaxConcurrency": "18",
    "EasMaxConcurrency": None,
}
END = " -Confirm:$false -DomainController 'dc1.lab.example'"


def server(version: str = "2019", is_edge: bool = False) -> ServerFacts:
    return ServerFacts("EX1", "ex1.lab.example", "CN=EX1", "", version, is_edge, domain_controller="dc1.lab.example")


def read(*plain: dict[str, Any], version: str = "2019") -> list[ThrottlingPolicy]:
    return [ThrottlingPolicy.from_exchange(one, version) for one in plain]


def plan(options: dict[str, Any], *plain: dict[str, Any], version: str = "2019") -> Plan:
    default = OLD_DEFAULT if version == "2010" else GLOBAL
    return plan_throttling_policy(
        parse_throttling_policy(options), read(default, *plain, version=version), server(version)
    )


# -- one command at most ----------------------------------------------------------------------------------------------


def test_a_policy_is_created_with_its_scope_by_one_command() -> None:
    made = plan({"name": "Service", "ews_max_concurrency": "unlimited", "powershell_max_concurrency": 40})
    assert made.commands == [
        "New-ThrottlingPolicy -Name 'Service' -ThrottlingPolicyScope 'Regular' -EwsMaxConcurrency 'Unlimited' "
        "-PowerShellMaxConcurrency 40" + END
    ]
    assert [change["property"] for change in made.changes] == [
        "state",
        "scope",
        "ews_max_concurrency",
        "powershell_max_concurrency",
    ]
    assert made.diff["before"] == ""
    assert "  powershell_max_concurrency: 40\n" in made.diff["after"]


def test_only_what_differs_is_set() -> None:
    options = {"name": "service", "ews_max_concurrency": "Unlimited", "powershell_max_concurrency": "40"}
    made = plan({**options, "is_service_account": True, "eas_max_concurrency": 0}, SERVICE)
    assert made.commands == [
        "Set-ThrottlingPolicy -Identity 'Service' -IsServiceAccount:$true -EasMaxConcurrency 0 "
        "-PowerShellMaxConcurrency 40" + END
    ]
    assert {"policy": "service", "property": "eas_max_concurrency", "before": None, "after": 0} in made.changes


def test_a_number_beyond_an_int32_is_sent_as_text() -> None:
    options = {"name": "Service", "rca_max_concurrency": 4294967295, "ews_max_concurrency": 2147483647}
    made = plan(options, {**SERVICE, "RcaMaxConcurrency": None})
    assert made.commands == [
        "Set-ThrottlingPolicy -Identity 'Service' -EwsMaxConcurrency 2147483647 -RcaMaxConcurrency '4294967295'" + END
    ]


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"scope": "REGULAR", "is_service_account": "no"},
        {"ews_max_concurrency": "unlimited", "powershell_max_concurrency": " 18 "},
        {"powershell_max_concurrency": None},
        {"previous_name": "Never there"},
    ],
)
def test_what_is_true_already_needs_no_command(options: dict[str, Any]) -> None:
    made = plan({"name": "SERVICE", **options}, SERVICE)
    assert (made.steps, made.changes, made.diff) == ((), [], {"before": "", "after": ""})


def test_a_policy_is_renamed_and_changed_by_one_command() -> None:
    made = plan({"name": "Accounts", "previous_name": "service", "scope": "organization"}, SERVICE)
    assert made.commands == [
        "Set-ThrottlingPolicy -Identity 'Service' -Name 'Accounts' -ThrottlingPolicyScope 'Organization'" + END
    ]
    with pytest.raises(InputError, match="a policy 'Service' and a policy 'Accounts'"):
        plan({"name": "Accounts", "previous_name": "Service"}, SERVICE, {**SERVICE, "Name": "Accounts"})


def test_a_policy_is_removed_once() -> None:
    assert plan({"name": "service", "state": "absent"}, SERVICE).commands == [
        "Remove-ThrottlingPolicy -Identity 'Service'" + END
    ]
    assert plan({"name": "Another", "state": "absent"}, SERVICE).steps == ()


# -- versions ---------------------------------------------------------------------------------------------------------


def test_no_limit_is_null_on_2010() -> None:
    old = {"Name": "Service", "IsDefault": False, "EWSMaxConcurrency": None, "POPMaxConcurrency": 20}
    options = {"name": "Service", "ews_max_concurrency": "unlimited"}
    assert plan(options, old, version="2010").steps == ()
    made = plan({**options, "pop_max_concurrency": "unlimited"}, old, version="2010")
    assert made.commands == ["Set-ThrottlingPolicy -Identity 'Service' -PopMaxConcurrency $null" + END]
    assert plan(options, version="2010").commands == [
        "New-ThrottlingPolicy -Name 'Service' -EwsMaxConcurrency $null" + END
    ]


@pytest.mark.parametrize(
    ("version", "options", "sentence"),
    [
        ("2010", {"scope": "regular"}, "scope: EX1 has Exchange 2010, whose policies have no scope; it came with"),
        ("2010", {"ews_max_burst": 1}, "ews_max_burst: EX1 has Exchange 2010, which does not have this limit; it came"),
        ("2013", {"ews_cost_threshold": 1}, "it came with Exchange 2016, so take it out."),
        ("2013", {"ews_percent_time_in_cas": 1}, "Exchange 2010 was the last to have it, so take it out."),
    ],
)
def test_what_a_version_lacks_is_refused(version: str, options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InputError) as refused:
        plan({"name": "Service", **options}, version=version)
    assert sentence in str(refused.value)


def test_what_set_does_not_take_is_given_at_creation_only() -> None:
    options = {"name": "Service", "suite_max_concurrency": 5}
    assert "-SuiteMaxConcurrency 5" in plan(options).commands[0]
    assert plan(options, {**SERVICE, "SuiteMaxConcurrency": "5"}).steps == ()
    with pytest.raises(InputError, match="only New-ThrottlingPolicy takes it"):
        plan(options, {**SERVICE, "SuiteMaxConcurrency": "6"})


def test_what_exchange_does_not_show_is_refused_for_a_policy_that_is_there() -> None:
    with pytest.raises(InputError, match="pop_max_burst: Get-ThrottlingPolicy does not show it"):
        plan({"name": "Service", "pop_max_burst": 5}, SERVICE)


def test_what_exchange_shows_for_no_policy_is_not_given_to_a_new_one() -> None:
    """Else it would be written once, and every later run would fail on it."""
    options = {"name": "Service", "pop_max_burst": 5}
    with pytest.raises(InputError, match="pop_max_burst: Get-ThrottlingPolicy on EX1 shows it for no policy"):
        plan(options)
    with pytest.raises(InputError, match="shows it for no policy"):
        plan(options, {**SERVICE, "Name": "Other"})
    assert "-PopMaxBurst 5" in plan(options, {**SERVICE, "Name": "Other", "PopMaxBurst": None}).commands[0]


def test_a_limit_that_only_creation_takes_and_nobody_shows_is_told_as_such() -> None:
    """Removing the policy, which is what helps against another value, would not help here."""
    with pytest.raises(InputError, match="suite_max_concurrency: Get-ThrottlingPolicy does not show it"):
        plan({"name": "Service", "suite_max_concurrency": 5}, SERVICE)


@pytest.mark.parametrize(("version", "is_edge", "words"), [("2007", False, "came with"), ("SE", True, "Edge")])
def test_some_servers_have_no_policies(version: str, is_edge: bool, words: str) -> None:
    with pytest.raises(InputError, match=words):
        refuse_without_policies(server(version, is_edge))
    refuse_without_policies(server("2010"))


# -- the default policy -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "is_default"),
    [
        (f"GlobalThrottlingPolicy_{GUID}", True),
        ("globalthrottlingpolicy", True),
        (f"Default Throttling Policy_{GUID}", True),
        (f"DefaultThrottlingPolicy{GUID}", True),
        (f"DefaultThrottlingPolicy {{{GUID}}}", True),
        ("DefaultThrottlingPolicy", True),
        ("DefaultThrottlingPolicies of ours", False),
        ("Not the GlobalThrottlingPolicy", False),
        ("DiscoveryThrottlingPolicy", False),
        ("Relay automation", False),
    ],
)
def test_the_default_policy_is_known_by_its_name(name: str, is_default: bool) -> None:
    assert has_name_of_default(name) is is_default
    if is_default:
        for options in ({"name": name}, {"name": "Mine", "previous_name": name}, {"name": name, "state": "absent"}):
            with pytest.raises(InputError, match="never changed"):
                parse_throttling_policy(options)


@pytest.mark.parametrize(
    ("marks", "version"),
    [
        ({"ThrottlingPolicyScope": "Global"}, "2019"),
        ({"ThrottlingPolicyScope": "Regular", "IsLegacyDefault": True}, "2013"),
        ({"ThrottlingPolicyScope": "Regular", "IsDefault": True}, "2013"),
        ({"IsDefault": True}, "2010"),
    ],
)
@pytest.mark.parametrize(
    "options",
    [
        {"name": "Renamed", "ews_max_concurrency": 5},
        {"name": "Renamed"},
        {"name": "Renamed", "state": "absent"},
        {"name": "Mine", "previous_name": "Renamed"},
    ],
)
def test_the_default_policy_is_known_by_any_mark(marks: dict[str, Any], version: str, options: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=r"'Renamed' is Exchange's default throttling policy, which is never changed"):
        plan_throttling_policy(
            parse_throttling_policy(options), read({"Name": "Renamed", **marks}, version=version), server(version)
        )


def test_nothing_is_changed_where_no_policy_can_be_told_to_be_the_default_one() -> None:
    policies = read({"Name": "One"}, {"Name": "Two"}, version="2010")
    with pytest.raises(RelayError, match="None of the 2 throttling policies is marked or named"):
        plan_throttling_policy(parse_throttling_policy({"name": "one"}), policies, server("2010"))
    made = plan_throttling_policy(parse_throttling_policy({"name": "Three"}), policies, server("2010"))
    assert len(made.steps) == 1


# -- what cannot be understood ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [
        {"Name": None},
        {"Name": ""},
        {"ThrottlingPolicyScope": None},
        {"ThrottlingPolicyScope": "Forest"},
        {"EwsMaxConcurrency": "many"},
        {"EwsMaxConcurrency": ["5"]},
        {"IsServiceAccount": "perhaps"},
    ],
)
def test_an_answer_that_is_not_understood_is_an_error(wrong: dict[str, Any]) -> None:
    with pytest.raises(UndecodableValue):
        read({**SERVICE, **wrong})


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"name": ""}, "name: '' is empty"),
        ({"name": "x" * 65}, "name: "),
        ({"name": "Relay*"}, "name: 'Relay*' has a *"),
        ({"name": "A", "previous_name": "a"}, "previous_name: 'a' is the policy's name already"),
        ({"name": "A", "previous_name": "B", "state": "absent"}, "previous_name: a policy that is to go"),
        ({"name": "A", "scope": "Global"}, "scope: 'Global' belongs to Exchange's default throttling policy"),
        ({"name": "A", "scope": "tenant"}, "scope: 'tenant' "),
        ({"name": "A", "scope": 1}, "scope: 1 "),
        ({"name": "A", "ews_max_concurrency": -1}, "ews_max_concurrency: -1 "),
        ({"name": "A", "ews_max_concurrency": 2147483648}, "nor unlimited"),
        ({"name": "A", "rca_max_concurrency": 4294967296}, "0 and 4294967295 nor unlimited"),
        ({"name": "A", "cpu_start_percent": 101}, "0 and 100 nor unlimited"),
        ({"name": "A", "ews_max_concurrency": True}, "ews_max_concurrency: true "),
        ({"name": "A", "is_service_account": "maybe"}, "is_service_account: 'maybe' is neither true nor false."),
    ],
)
def test_a_wrong_declaration_is_a_sentence(options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InputError) as refused:
        parse_throttling_policy(options)
    assert sentence in str(refused.value)
    assert "\n" not in str(refused.value)
