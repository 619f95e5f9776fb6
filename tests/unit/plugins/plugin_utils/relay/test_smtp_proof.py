# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is asked over SMTP follows from what is declared; what the answers prove follows from what was asked."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.errors import InputError
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.smtp_proof import (
    CONTRADICTED,
    NOT_PROVEN,
    PROVEN,
    Listing,
    judge,
    listings,
    plan_probes,
)

TODAY = date(2026, 11, 21)
GROUPS = {
    "payroll": {"owner": "hr-it@contoso.com", "addresses": {"pay01": "10.20.4.11"}},
    "printers": {"addresses": ["10.20.0.0/16"]},
}
SERVICES = {
    "external": {"sources": ["payroll", "10.20.9.5"]},
    "printing": {"sources": ["printers"], "method": "externally_secured"},
    "gone": {"state": "absent"},
}
PROOF = {"sender": "test@contoso.com", "recipients": {"internal": "a@contoso.com", "external": "b@fabrikam.com"}}
SERVER = {"via": "ex1.contoso.com", "host": "10.1.0.1", "port": 2525}


@pytest.fixture(scope="module")
def declared() -> tuple[Listing, ...]:
    return listings(SERVICES, GROUPS, "EX1", TODAY)


def probes(declared: tuple[Listing, ...], *clients: Any, **options: Any) -> list[dict[str, Any]]:
    return plan_probes(options.pop("targets", [SERVER]), clients, options.pop("proof", PROOF), declared, **options)


def test_a_listed_client_must_be_accepted_inside_and_outside(declared: tuple[Listing, ...]) -> None:
    [probe] = probes(declared, {"address": "10.20.4.11"})
    assert probe["relay"] is True
    assert probe["because"] == "service external lists 10.20.4.11 (payroll/pay01, hr-it@contoso.com)"
    assert probe["source_address"] == "10.20.4.11"
    assert probe["recipients"] == [
        {"address": "a@contoso.com", "expect": "accepted"},
        {"address": "b@fabrikam.com", "expect": "accepted"},
    ]


def test_the_narrowest_source_that_holds_a_client_is_named(declared: tuple[Listing, ...]) -> None:
    [probe] = probes(declared, {"address": "10.20.77.1"})
    assert probe["relay"] is True
    assert probe["because"] == "service printing lists 10.20.0.0/16 (printers)"


def test_a_stranger_must_be_refused_outside_and_nothing_is_expected_inside(declared: tuple[Listing, ...]) -> None:
    [probe] = probes(declared, {"address": "10.99.0.1"})
    assert probe["relay"] is False
    assert probe["because"] == "no service lists 10.99.0.1"
    assert probe["recipients"] == [
        {"address": "a@contoso.com"},
        {"address": "b@fabrikam.com", "expect": "refused"},
    ]


def test_an_expectation_that_is_not_the_declared_one_says_so(declared: tuple[Listing, ...]) -> None:
    [probe] = probes(declared, {"address": "10.99.0.1", "relay": True})
    assert probe["relay"] is True
    assert probe["because"] == "relay_proof says so, although no service lists 10.99.0.1"
    [agreed] = probes(declared, {"address": "10.99.0.1", "relay": False})
    assert agreed["because"] == "no service lists 10.99.0.1"


def test_the_own_address_is_not_bound_and_may_be_unknown(declared: tuple[Listing, ...]) -> None:
    known, unknown = probes(declared, {"address": "10.20.4.11", "own": True}, {"address": None, "own": True})
    assert known["relay"] is True and known["client"] == "10.20.4.11" and known["source_address"] is None
    assert unknown["relay"] is None and unknown["client"] is None
    assert all("expect" not in recipient for recipient in unknown["recipients"])


INSIDE = {"address": "a@contoso.com"}
OUTSIDE = {"address": "b@fabrikam.com"}


@pytest.mark.parametrize(
    ("method", "more", "relay", "because", "recipients"),
    [
        ("anonymous", {}, True, "", [{**INSIDE, "expect": "accepted"}, {**OUTSIDE, "expect": "accepted"}]),
        ("externally_secured", {}, True, "", [{**INSIDE, "expect": "accepted"}, {**OUTSIDE, "expect": "accepted"}]),
        ("authenticated", {}, False, ", for after logging on", [INSIDE, {**OUTSIDE, "expect": "refused"}]),
        (
            "authenticated",
            {"accounts": ["CONTOSO\\svc-erp"]},
            False,
            ", for after logging on",
            [INSIDE, {**OUTSIDE, "expect": "refused"}],
        ),
        (
            "internal",
            {},
            False,
            ", for recipients inside",
            [{**INSIDE, "expect": "accepted"}, {**OUTSIDE, "expect": "refused"}],
        ),
    ],
)
def test_what_a_listed_client_may_do_without_logging_on_is_a_matter_of_the_method(
    method: str, more: dict[str, Any], relay: bool, because: str, recipients: list[dict[str, str]]
) -> None:
    services = {"scan": {"method": method, "sources": ["10.20.4.11"], **more}}
    [probe] = probes(listings(services, None, "EX1", TODAY), {"address": "10.20.4.11"})
    assert (probe["relay"], probe["because"]) == (relay, f"service scan lists 10.20.4.11{because}")
    assert probe["recipients"] == recipients


def test_the_narrowest_source_tells_whose_method_counts() -> None:
    services = {
        "office": {"method": "authenticated", "sources": ["10.20.0.0/16"]},
        "payroll": {"method": "anonymous", "sources": ["10.20.4.11"]},
        "scan": {"method": "internal", "sources": ["10.20.5.0/24"]},
    }
    declared = listings(services, None, "EX1", TODAY)
    found = probes(declared, *({"address": address} for address in ("10.20.4.11", "10.20.5.1", "10.20.6.1")))
    assert [(probe["relay"], str(probe["because"]).split()[1]) for probe in found] == [
        (True, "payroll"),
        (False, "scan"),
        (False, "office"),
    ]


def test_a_client_for_inside_whom_relay_proof_lets_relay_is_expected_to() -> None:
    internal = listings({"scan": {"method": "internal", "sources": ["10.20.4.11"]}}, None, "EX1", TODAY)
    [probe] = probes(internal, {"address": "10.20.4.11", "relay": True})
    assert [recipient["expect"] for recipient in probe["recipients"]] == ["accepted", "accepted"]
    assert str(probe["because"]).startswith("relay_proof says so, although service scan lists 10.20.4.11")


def test_a_service_that_is_gone_lets_nobody_in() -> None:
    gone = {"scan": {"method": "internal", "sources": ["10.20.4.11"], "state": "absent"}}
    assert listings(gone, None, "EX1", TODAY) == ()


@pytest.mark.parametrize(
    ("answers", "verdict"),
    [
        ([("accepted", "accepted", True), ("refused", "relay_refused", True)], PROVEN),
        ([("accepted", "accepted", True), ("refused", "accepted", False)], CONTRADICTED),
        ([("accepted", "relay_refused", False), ("refused", "relay_refused", True)], CONTRADICTED),
        ([("accepted", "deferred", None), ("refused", "relay_refused", True)], NOT_PROVEN),
    ],
)
def test_a_client_for_inside_is_proved_by_both_answers(answers: list[tuple[str, str, bool]], verdict: str) -> None:
    result = {"recipients": [answer(*one) for one in answers], "msg": "Server ex1 answered."}
    assert judge({**PROBE, "relay": False}, result, settled=True)["verdict"] == verdict


def test_every_client_is_paired_with_every_target(declared: tuple[Listing, ...]) -> None:
    found = probes(
        declared, {"address": "10.20.4.11"}, {"address": "10.99.0.1"}, targets=[SERVER, "smtp.contoso.com"], port=26
    )
    assert [(probe["via"], probe["host"], probe["port"], probe["client"]) for probe in found] == [
        ("ex1.contoso.com", "10.1.0.1", 2525, "10.20.4.11"),
        ("ex1.contoso.com", "10.1.0.1", 2525, "10.99.0.1"),
        ("smtp.contoso.com", "smtp.contoso.com", 26, "10.20.4.11"),
        ("smtp.contoso.com", "smtp.contoso.com", 26, "10.99.0.1"),
    ]


def test_without_an_internal_recipient_only_the_external_one_is_named(declared: tuple[Listing, ...]) -> None:
    proof = {"sender": "test@contoso.com", "recipients": {"external": "b@fabrikam.com"}}
    [probe] = probes(declared, {"address": "10.20.4.11"}, proof=proof)
    assert [recipient["address"] for recipient in probe["recipients"]] == ["b@fabrikam.com"]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"proof": {"recipients": {"external": "b@fabrikam.com"}}}, "relay_proof.sender: '' is not a mail address"),
        ({"proof": {**PROOF, "recipients": {"internal": "a@b"}}}, "relay_proof.recipients.external: '' is not a mail"),
        ({"proof": {**PROOF, "receivers": []}}, "relay_proof: 'receivers' is not an option here"),
        ({"proof": "yes"}, "relay_proof: 'yes' is not a dictionary"),
        ({"targets": [{"port": 25}]}, "targets: an entry has no host"),
        ({"client": {"relay": True}}, "an entry has no address; write {address: 10.20.4.11, relay: true}"),
        (
            {"client": {"address": "10.20.4.0/24"}},
            "relay_proof.clients.address: '10.20.4.0/24' is not a single address",
        ),
        ({"client": {"address": "10.20.4.11", "relay": "maybe"}}, "relay_proof.clients.relay: 'maybe' is neither"),
    ],
)
def test_what_cannot_be_asked_is_one_sentence(
    declared: tuple[Listing, ...], changes: dict[str, Any], sentence: str
) -> None:
    client = changes.pop("client", {"address": "10.20.4.11"})
    with pytest.raises(InputError) as caught:
        probes(declared, client, **changes)
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_wrong_declaration_is_not_taken_for_an_empty_one() -> None:
    with pytest.raises(InputError, match="source group 'payrol' is not defined"):
        listings({"external": {"sources": ["payrol"]}}, GROUPS, "EX1", TODAY)


def test_an_expired_source_may_relay_as_long_as_nobody_takes_it_out() -> None:
    groups = {"payroll": {"expires": "2026-11-20", "addresses": ["10.20.4.11"]}}
    services = {"external": {"sources": ["payroll", "10.9.9.9"]}}
    for safety, expected in ((None, True), ({"expired": "remove"}, False)):
        [probe] = probes(listings(services, groups, "EX1", TODAY, safety), {"address": "10.20.4.11"})
        assert probe["relay"] is expected


def test_of_a_list_that_is_only_changed_nobody_knows_the_rest() -> None:
    declared = listings({"external": {"sources": {"add": ["10.20.4.11"]}}}, None, "EX1", TODAY)
    added, other = probes(declared, {"address": "10.20.4.11"}, {"address": "10.20.4.12"})
    assert added["relay"] is True
    assert other["relay"] is None and "service external only changes its list" in str(other["because"])
    assert all("expect" not in recipient for recipient in other["recipients"])


def answer(expect: str | None, verdict: str, met: bool | None) -> dict[str, Any]:
    replies = {
        "accepted": "250 2.1.5 Recipient OK",
        "relay_refused": "550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain",
    }
    return {
        "address": "b@fabrikam.com",
        "expect": expect,
        "verdict": verdict,
        "met": met,
        "reply": replies.get(verdict),
    }


PROBE = {"via": "ex1", "host": "10.1.0.1", "port": 25, "client": "10.20.4.11", "relay": True, "because": "it is listed"}
STRANGER = {**PROBE, "client": "10.99.0.1", "relay": False, "because": "no service lists 10.99.0.1"}


def test_an_expected_answer_proves() -> None:
    verdict = judge(PROBE, {"recipients": [answer("accepted", "accepted", True)]}, settled=False)
    assert verdict["verdict"] == PROVEN
    assert verdict["sentence"] == "10.20.4.11 at ex1: proven, may relay (250 2.1.5 Recipient OK); it is listed."
    assert verdict["replies"] == {"b@fabrikam.com": "250 2.1.5 Recipient OK"}


def test_an_expected_refusal_proves() -> None:
    result = {"recipients": [answer(None, "accepted", None), answer("refused", "relay_refused", True)]}
    verdict = judge(STRANGER, result, settled=True)
    assert verdict["verdict"] == PROVEN
    assert "may not relay (550 5.7.54" in str(verdict["sentence"])


def test_a_wrong_answer_contradicts_what_was_found_but_not_what_was_just_written() -> None:
    result = {"recipients": [answer("refused", "accepted", False)], "msg": "Server ex1 answered."}
    assert judge(STRANGER, result, settled=True)["verdict"] == CONTRADICTED
    fresh = judge(STRANGER, result, settled=False)
    assert fresh["verdict"] == NOT_PROVEN
    assert fresh["sentence"] == "10.99.0.1 at ex1: not proven yet; Server ex1 answered."


@pytest.mark.parametrize(
    "result",
    [
        {"recipients": [answer("accepted", "unproven", None)], "msg": "Nothing is proven."},
        {"recipients": [answer("accepted", "accepted", True), answer("accepted", "deferred", None)], "msg": "Later."},
        {"recipients": [answer(None, "accepted", None)], "msg": "No expectation."},
        {"msg": "No answer at all."},
        {},
    ],
)
def test_silence_proves_nothing_and_contradicts_nothing(result: dict[str, Any]) -> None:
    verdict = judge(PROBE, result, settled=True)
    assert verdict["verdict"] == NOT_PROVEN
    assert str(verdict["sentence"]).startswith("10.20.4.11 at ex1: not proven; ")


def test_a_client_that_was_not_known_is_named_by_what_the_server_saw() -> None:
    verdict = judge({**PROBE, "client": None, "relay": None}, {"client_address": "10.7.7.7"}, settled=True)
    assert verdict["client"] == "10.7.7.7"


def test_the_reason_is_told_without_saying_twice_that_nothing_is_proven() -> None:
    result = {"msg": "Nothing is proven about server ex1:25 for client 10.20.4.11: nothing listens on port 25; look."}
    assert judge(PROBE, result, settled=True)["sentence"] == (
        "10.20.4.11 at ex1: not proven; nothing listens on port 25; look."
    )
