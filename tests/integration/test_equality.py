# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Another spelling of the same value writes nothing; another value is one Set with exactly that parameter.

The servers speak English, German and French: sizes are shown with other separators, rights are held by principals with
other names, and what an administrator sees must be the same.
"""

from __future__ import annotations

from typing import Any

from harness.five_steps import five_steps, play
from harness.lab import Lab
from harness.labs import LISTED

LAB = {"servers": {"EX1": {}, "EX2": {"culture": "de"}, "EX3": {"culture": "fr"}}, "clients": [LISTED]}
NAME = "Spelled"

# Each line: an option, spellings of one value, and another value.
SPELLINGS: dict[str, tuple[list[Any], Any]] = {
    "remote_ip_ranges": (
        [
            ["192.168.5.10", "192.168.6.1/24", "10.1.0.0-10.1.0.7", "2001:db8::/64", "fe80::17%4"],
            ["2001:0DB8:0::0/64", "10.1.0.0/29", "192.168.6.0-192.168.6.255", "192.168.5.10/32", "FE80:0::17"],
            "192.168.5.10-192.168.5.10, 192.168.6.77/255.255.255.0\n10.1.0.3/29\n2001:db8:0:0::/64; fe80::17",
            ["192.168.5.10", "192.168.5.10/32", "192.168.6.0/24", "10.1.0.0/29", "2001:db8::1/64", "fe80::17%4"],
        ],
        ["192.168.5.10", "192.168.6.1/24", "10.1.0.0/30", "10.1.0.4/30", "2001:db8::/64", "fe80::17"],
    ),
    "bindings": (
        [["0.0.0.0:2626", "[::]:2626"], ["[0:0:0:0:0:0:0:0]:2626", "0.0.0.0:2626"], "0.0.0.0:2626, [0::0]:2626"],
        ["0.0.0.0:2626"],
    ),
    "permission_groups": (
        [["ExchangeUsers", "AnonymousUsers"], ["anonymoususers", "EXCHANGEUSERS"], "AnonymousUsers,ExchangeUsers"],
        ["AnonymousUsers"],
    ),
    "auth_mechanism": (
        [["Tls", "Integrated"], ["integrated", "TLS"], "integrated, tls"],
        ["Tls", "Integrated", "BasicAuth"],
    ),
    "fqdn": (["relay.lab.example", "Relay.LAB.example"], "other.lab.example"),
    "comment": (["Scan to mail"], "scan to mail"),
    "banner": (["220 relay.lab.example ready"], ""),
    "protocol_logging_level": (["Verbose", "verbose", "VERBOSE"], "None"),
    "connection_timeout": (["00:30:00", "0.00:30:00", "0:30:0"], "1.00:00:00"),
    "connection_inactivity_timeout": (["00:20:00", "00:20:00.0000000"], "00:20:01"),
    "message_rate_source": ([["IPAddress", "User"], "All", "user, ipaddress"], "None"),
    "tls_domain_capabilities": ([["fabrikam.com:AcceptOorgProtocol"], "Fabrikam.COM:acceptoorgprotocol"], []),
    "tls_certificate_name": (["<I>CN=Lab Authority<S>CN=relay.lab.example"], ""),
    "max_inbound_connection": ([5001, "5001"], "unlimited"),
    "max_inbound_connection_per_source": (["Unlimited", "unlimited", "UNLIMITED"], 10000),
    "max_message_size": (["30MB", "30 MB", 31457280, "31457280B", "30720 KB"], "30721KB"),
    "max_header_size": (["64KB", 65536, "64 kb"], "128 KB"),
    "max_protocol_errors": ([7, "7"], "unlimited"),
    "size_enabled": (["EnabledWithoutValue", "EnabledwithoutValue"], "Disabled"),
    "require_ehlo_domain": ([True, "yes"], False),
}

# Why the other value is meant although a guard would refuse it.
REASONS = {"auth_mechanism": {"accept_findings": {"plain_basic": "another value, whatever it is good for"}}}


def spelled(column: int) -> dict[str, Any]:
    """Every option in one of its spellings, the last one where it has fewer."""
    return {option: values[min(column, len(values) - 1)] for option, (values, _other) in SPELLINGS.items()}


def connector(options: dict[str, Any]) -> dict[str, Any]:
    return {"name": NAME, "transport_role": "FrontendTransport", **options}


def test_other_spellings_write_nothing_in_every_language(lab: Lab, runner_for: Any) -> None:
    runner = runner_for(lab)
    steps = five_steps(lab, runner, "receive_connector", connector(spelled(0)))
    english = steps["EX1"].options(NAME)
    assert all(one.options(NAME) == english for one in steps.values())

    columns = max(len(values) for values, _other in SPELLINGS.values())
    mark = lab.journal.mark()
    tasks = [
        {"name": f"Spelling {column}", "mailrelay.exchange.receive_connector": connector(spelled(column))}
        for column in range(1, columns)
    ]
    run = runner.run(play(tasks)).succeed()
    assert [one.result["commands"] for one in run.of("receive_connector")] == [[]] * (columns - 1) * len(lab.servers)
    assert (run.changed, lab.journal.writes(mark)) == (0, [])


def test_another_value_is_one_set_with_exactly_that_parameter(lab: Lab, runner_for: Any) -> None:
    runner = runner_for(lab)
    tasks = [
        {
            "name": option,
            "mailrelay.exchange.receive_connector": {"name": NAME, option: other, **REASONS.get(option, {})},
        }
        for option, (_values, other) in SPELLINGS.items()
    ]
    mark = lab.journal.mark()
    run = runner.run(play(tasks, "ex2.lab.example")).succeed()
    assert run.changed == len(tasks)
    writes = lab.journal.writes(mark)
    assert [line.cmdlet for line in writes] == ["Set-ReceiveConnector"] * len(tasks)
    for line, option in zip(writes, SPELLINGS, strict=True):
        sent = {name.lower() for name in line.parameters} - {"identity", "domaincontroller"}
        assert sent == {option.replace("_", "")}


def test_a_relay_is_the_same_in_every_language(lab: Lab, runner_for: Any) -> None:
    service = {"services": {"external": {"sources": [LISTED], "throttling": "guarded"}}}
    steps = five_steps(lab, runner_for(lab), "relay", service)
    english = steps["EX1"]
    for name, one in steps.items():
        for key in ("changes", "services", "findings"):
            assert one.applied[key] == english.applied[key], f"{name}: {key}"
        assert len(one.applied["commands"]) == len(english.applied["commands"])
        own_name = {"fqdn": lab.servers[name].fqdn}
        assert one.options("Relay external") == {**english.options("Relay external"), **own_name}
        assert one.connectors["Relay external"]["permissions"] == english.connectors["Relay external"]["permissions"]
