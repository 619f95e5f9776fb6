# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a method asks of a connector, whatever is there, and what is told about it."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.errors import InputError
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.policy import Policy
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.rights import ANONYMOUS_RELAY_RIGHTS
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.service import parse_services
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.steps import Plan
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.summary import report_services, sentences

from .method_switches import clients_at, on_server, run
from .rollouts import TODAY, carry_out, plan_for, rolled_out, services
from .simulated_exchange import RIGHT, Connector, Row, SimulatedExchange

SUBMIT = "ms-Exch-SMTP-Submit"
ROUTING = "ms-Exch-Accept-Headers-Routing"
ANY_SENDER = "ms-Exch-SMTP-Accept-Any-Sender"
BYPASS = "ms-Exch-Bypass-Anti-Spam"
USER = "LAB\\svc-relay"


@pytest.fixture
def server() -> SimulatedExchange:
    return SimulatedExchange(whole_groups=True)


def planned(server: SimulatedExchange, policy: Policy | None = None, **service: Any) -> Plan:
    return plan_for(server, services({"a": {"sources": ["10.0.0.1"], **service}}, server), policy or Policy())


def made(server: SimulatedExchange, **service: Any) -> Connector:
    return rolled_out(server, **{"sources": ["10.0.0.1"], **service})


def rights(connector: Connector, user: str) -> set[str]:
    return {row.right for row in connector.rows if row.user == user and not row.deny}


def told(plan: Plan) -> dict[str, bool]:
    return {entry.id: entry.refuses for entry in plan.findings}


# -- anonymous --------------------------------------------------------------------------------------------------------


def test_anonymous_is_exactly_five_rights(server: SimulatedExchange) -> None:
    connector = made(server)
    connector.rows = [row for row in connector.rows if row.right != ROUTING]
    connector.rows.append(Row(server.anonymous, BYPASS))
    plan = planned(server)
    assert carry_out(plan, server)
    assert rights(connector, server.anonymous) == set(ANONYMOUS_RELAY_RIGHTS)
    assert planned(server).steps == ()


def test_a_way_to_log_on_that_opens_nothing_is_left_alone(server: SimulatedExchange) -> None:
    connector = made(server)
    connector.properties["AuthMechanism"] = "Tls, Integrated"
    assert planned(server).steps == ()


def test_a_way_to_log_on_that_opens_the_relay_is_closed(server: SimulatedExchange) -> None:
    connector = made(server)
    connector.properties["AuthMechanism"] = "Tls, Integrated"
    connector.rows += [Row(USER, SUBMIT), Row(USER, RIGHT)]
    assert carry_out(planned(server), server)
    assert connector.mechanisms == {"Tls"}
    assert rights(connector, USER) == set()


# -- authenticated ----------------------------------------------------------------------------------------------------


def test_a_password_is_only_asked_for_with_encryption(server: SimulatedExchange) -> None:
    connector = made(server, method="authenticated")
    assert connector.mechanisms == {"Tls", "Integrated", "BasicAuth", "BasicAuthRequireTLS"}
    assert connector.groups == {"ExchangeUsers"}
    connector.properties["AuthMechanism"] = "BasicAuth"
    assert carry_out(planned(server, method="authenticated"), server)
    assert connector.mechanisms == {"Tls", "BasicAuth", "BasicAuthRequireTLS"}


def test_a_password_in_the_clear_has_to_be_accepted_before_it_is_asked_for(server: SimulatedExchange) -> None:
    plain = {"method": "authenticated", "connector": {"auth_mechanism": ["BasicAuth"]}}
    assert told(planned(server, **plain)) == {"plain_basic": True, "sender_rights_missing": False}
    accepted = planned(server, **plain, accept_findings={"plain_basic": "the old scanners cannot encrypt"})
    assert accepted.refusal is None
    assert carry_out(accepted, server)
    assert told(planned(server, **plain))["plain_basic"] is False, "what is there already only warns"


def test_what_is_offered_already_stays(server: SimulatedExchange) -> None:
    connector = made(server, method="authenticated")
    connector.properties["AuthMechanism"] = "Tls, Integrated"
    assert planned(server, method="authenticated").steps == ()


def test_a_service_for_everybody_who_logs_on_is_no_default_connector_of_the_server(server: SimulatedExchange) -> None:
    """Its second rollout is one like any other."""
    everybody = {
        "method": "authenticated",
        "sources": ["0.0.0.0/0"],
        "connector": {"bindings": ["0.0.0.0:2587"]},
        "accept_findings": {
            "too_many_added": "every user may relay",
            "exchange_server_address": "no mail server sends to this port",
        },
    }
    connector = made(server, **everybody)
    assert planned(server, **everybody).steps == ()
    assert "default_connector" not in told(planned(server, **everybody))
    connector.properties["AuthMechanism"] = "Tls, Integrated, BasicAuth"
    plan = planned(server, **everybody)
    assert (plan.refusal, len(plan.steps)) == (None, 1)
    assert carry_out(plan, server)


@pytest.mark.parametrize(
    ("connector", "says"),
    [
        ({"permission_groups": {"remove": ["ExchangeUsers"]}}, "permission_groups: method authenticated needs"),
        ({"auth_mechanism": {"add": ["ExternalAuthoritative"]}}, "auth_mechanism: method authenticated excludes"),
        (
            {"auth_mechanism": {"remove": ["BasicAuth", "Integrated", "BasicAuthRequireTLS"]}},
            "auth_mechanism: method authenticated needs BasicAuth or Integrated",
        ),
    ],
)
def test_a_change_that_leaves_nothing_of_the_method_is_refused(
    server: SimulatedExchange, connector: dict[str, Any], says: str
) -> None:
    made(server, method="authenticated")
    with pytest.raises(InputError, match=says):
        planned(server, method="authenticated", connector=connector)


def test_every_user_needs_a_group_that_edge_transport_does_not_have() -> None:
    edge = SimulatedExchange(whole_groups=True, edge=True)
    with pytest.raises(InputError, match=r"has no permission group ExchangeUsers; name accounts in accounts"):
        planned(edge, method="authenticated")


# -- accounts ---------------------------------------------------------------------------------------------------------


def test_only_the_accounts_may_relay(server: SimulatedExchange) -> None:
    connector = made(server, method="authenticated", accounts=[USER])
    assert rights(connector, USER) == {SUBMIT, RIGHT, ROUTING}
    assert connector.groups == set()
    connector.rows += [Row("LAB\\svc-other", SUBMIT), Row("LAB\\svc-other", RIGHT), Row(USER, BYPASS)]
    server.users.add("LAB\\svc-other")
    assert carry_out(planned(server, method="authenticated", accounts=[USER]), server)
    assert rights(connector, "LAB\\svc-other") == set()
    assert rights(connector, USER) == {SUBMIT, RIGHT, ROUTING}, "kept exact"


def test_what_an_account_may_name_as_sender_is_told(server: SimulatedExchange) -> None:
    plan = planned(server, method="authenticated", accounts=[USER])
    [entry] = plan.findings
    assert (entry.id, entry.severity) == ("sender_rights_missing", "info")
    assert f"{USER} lacks the right" in entry.message
    account = {"principal": USER, "rights": [SUBMIT, RIGHT, ANY_SENDER]}
    assert planned(server, method="authenticated", accounts=[account]).findings == []


@pytest.mark.parametrize(
    ("account", "where", "remedy"),
    [
        ("LAB\\xyzzy", "accounts[1]", "write DOMAIN\\name or name@domain of an account that there is."),
        ({"principal": "LAB\\xyzzy"}, "accounts[1].principal", "write DOMAIN\\name or name@domain of an account that"),
        ("authenticated_user", "accounts[1]", "write DOMAIN\\name or name@domain of an account that there is."),
        ("LAB\\svc-relai", "accounts[1]", "did you mean LAB\\svc-relay?"),
    ],
)
def test_a_wrong_account_is_named_by_where_it_stands(
    server: SimulatedExchange, account: Any, where: str, remedy: str
) -> None:
    made(server, method="authenticated", accounts=[USER])
    server.users.add("LAB\\svc-erp")
    declared = {"method": "authenticated", "accounts": ["LAB\\svc-erp", account], "sources": ["10.0.0.1"]}
    with pytest.raises(InputError) as caught:
        plan_for(server, services({"a": declared}, server), Policy())
    told = str(caught.value)
    assert told.startswith(f"services.a.{where}: Exchange on EX1 knows no user or group ")
    assert remedy in told
    assert "anonymous" not in told and "authenticated_users" not in told.partition("; ")[2], "words accounts refuse"


def test_a_group_for_everybody_beside_accounts_is_a_contradiction(server: SimulatedExchange) -> None:
    with pytest.raises(InputError, match="accounts names the ones who may; take one of the two out"):
        planned(
            server, method="authenticated", accounts=[USER], connector={"permission_groups": {"add": ["ExchangeUsers"]}}
        )


@pytest.mark.parametrize("language", ["en", "de", "fr"])
@pytest.mark.parametrize("there", [False, True])
def test_everybody_is_no_account_whatever_he_is_called(language: str, there: bool) -> None:
    german = on_server("2019", language)
    if there:
        made(german, method="authenticated")
    for principal in (
        german.anonymous,
        german.everybody,
        "S-1-5-11",
        "externally_secured_servers",
        "MS Exchange\\Partner Servers",
    ):
        with pytest.raises(InputError, match="is not an account that logs on; name one"):
            planned(german, method="authenticated", accounts=[principal])


def test_an_account_in_several_forms_is_one_account(server: SimulatedExchange) -> None:
    forms = {"method": "authenticated", "accounts": [USER, "svc-relay@lab.example"], "sources": ["10.0.0.1"]}
    run(server, {"a": forms}, clients_at(server, ["10.0.0.1"]))
    assert planned(server, **forms).steps == ()
    assert rights(server.named("Relay a"), USER) == {SUBMIT, RIGHT, ROUTING}


def test_what_is_declared_beside_a_method_must_not_open_another_one(server: SimulatedExchange) -> None:
    offered = {"auth_mechanism": ["Tls", "Integrated"]}
    connector = made(server, method="authenticated", connector=offered)
    assert carry_out(planned(server, method="anonymous", connector=offered), server)
    assert connector.groups == {"AnonymousUsers"}
    assert planned(server, method="anonymous", connector=offered).steps == ()
    both = {**offered, "permission_groups": ["AnonymousUsers", "ExchangeUsers"]}
    plan = planned(server, method="anonymous", connector=both)
    assert told(plan)["two_methods"] is True
    assert "anonymous and after logging on" in str(plan.refusal)


def test_devices_may_send_inside_where_users_relay(server: SimulatedExchange) -> None:
    both = {"permission_groups": ["ExchangeUsers", "AnonymousUsers"]}
    connector = made(server, method="authenticated", connector=both)
    assert planned(server, method="authenticated", connector=both).steps == ()
    assert rights(connector, server.anonymous) == set(ANONYMOUS_RELAY_RIGHTS) - {RIGHT}


# -- internal ---------------------------------------------------------------------------------------------------------


def test_mail_inside_needs_no_connector(server: SimulatedExchange) -> None:
    desired = services({"scan": {"method": "internal", "sources": ["10.0.0.1", "10.0.1.0/24"]}}, server)
    plan = plan_for(server, desired, Policy())
    assert (plan.steps, plan.findings) == ((), [])
    [report] = report_services(desired, plan)
    assert report["answered_by"] == [f"Default Frontend {server.name}"]
    assert (report["state"], report["sources"], report["changed"]) == ("present", 2, False)
    assert sentences([report], "EX1", False) == [
        "scan: unchanged; 2 sources send to recipients inside through 'Default Frontend EX1' on EX1, method internal, "
        "which needs no connector."
    ]


def test_the_connector_of_another_method_goes(server: SimulatedExchange) -> None:
    made(server)
    plan = planned(server, method="internal")
    assert [step.command.cmdlet for step in plan.steps] == ["Remove-ReceiveConnector"]
    assert plan.refusal is None, "who is listed for mail inside is not lost from sight"
    assert carry_out(plan, server)
    assert planned(server, method="internal").steps == ()


def test_who_is_not_listed_any_more_counts_as_lost(server: SimulatedExchange) -> None:
    made(server, sources=["10.0.0.1", "10.0.0.2"])
    assert told(planned(server, method="internal")) == {"too_many_removed": True}


def test_sources_of_mail_inside_expire_too(server: SimulatedExchange) -> None:
    source = {"address": "10.0.0.1", "expires": "2020-01-31"}
    group = {"scan": {"addresses": {"scan01": source}}}
    desired = parse_services({"a": {"method": "internal", "sources": ["scan"]}}, group, None, None, server.name, TODAY)
    assert told(plan_for(server, desired, Policy())) == {"expired_source": False}


def test_where_nobody_takes_the_mail_that_is_told() -> None:
    old = SimulatedExchange(whole_groups=True, version="2010")
    made(old)
    plan = planned(old, method="internal")
    assert told(plan) == {"internal_refused": True}
    [entry] = plan.findings
    assert entry.addresses == ("10.0.0.1",)
    untouched = SimulatedExchange(whole_groups=True, version="2010")
    assert told(planned(untouched, method="internal")) == {"internal_refused": True}
    assert planned(untouched, method="internal").steps == ()


def test_a_connector_that_somebody_narrowed_answers_them_no_more(server: SimulatedExchange) -> None:
    default = server.named(f"Default Frontend {server.name}")
    default.properties["RemoteIPRanges"] = ["10.0.9.0/24"]
    plan = planned(server, method="internal", sources=["10.0.9.1", "10.0.0.1"])
    [entry] = plan.findings
    assert (entry.id, entry.addresses) == ("internal_refused", ("10.0.0.1",))
    assert plan.refusal is None, "nothing would be written"
