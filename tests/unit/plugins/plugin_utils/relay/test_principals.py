# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Principals: words, SIDs and names, on servers of every language, and what is said to one that nobody knows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.asking import principals_needed
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.desired import DesiredConnectors
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.effective import group_entries
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.errors import InputError, RelayError
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.model import AccessEntry, ReceiveConnector
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.options import parse_receive_connector_permission
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.ownership import manual_entries, unclear_groups
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.policy import Policy
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.principal_names import (
    SECURED_SERVERS,
    SIDS,
    account,
)
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.principal_words import (
    WELL_KNOWN,
    is_sid,
    shown_names,
    well_known,
    word_for,
)
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.principals import told_anonymous
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.rights import (
    ANONYMOUS_GROUP_RIGHTS,
    ANONYMOUS_RELAY_RIGHTS,
    PERMISSION_GROUPS,
    USERS_GROUP_RIGHTS,
)

from .rollouts import carry_out, plan_for, read_state, relay, rolled_out, short
from .simulated_exchange import RIGHT, Row, SimulatedExchange
from .simulated_facts import NAMES
from .simulated_principals import RELAY_SID

USER = "LAB\\svc-relay"
SUBMIT = "ms-Exch-SMTP-Submit"
BYPASS = "ms-Exch-Bypass-Anti-Spam"
GONE = "S-1-5-21-1-2-3-1104"
LANGUAGES = {**NAMES, "a language nobody thought of": ("NT KEHTESTUS\\ANONYYMNE", NAMES["en"][1])}
MEANT = Policy(accepted={"excessive_rights": "antispam takes no mail of ours", "too_many_added": "all of them"})


def server_in(language: str, **options: Any) -> SimulatedExchange:
    return SimulatedExchange(anonymous=LANGUAGES[language][0], **options)


def grants(*wanted: Mapping[str, Any], connector: str = "Relay a", **options: Any) -> DesiredConnectors:
    return parse_receive_connector_permission({"connector": connector, "grants": wanted, **options}, "EX1")


def refusal(server: SimulatedExchange, *wanted: Mapping[str, Any], **options: Any) -> str:
    with pytest.raises(InputError) as caught:
        plan_for(server, grants(*wanted, **options), MEANT)
    return str(caught.value)


# --- words -----------------------------------------------------------------------------------------------------------


def test_every_principal_of_a_permission_group_has_a_word() -> None:
    english = {row.english for row in WELL_KNOWN}
    assert {member.principal for members in PERMISSION_GROUPS.values() for member in members} == english
    assert len({row.word for row in WELL_KNOWN}) == len(WELL_KNOWN)


def test_a_word_and_its_sid_are_one_principal_in_any_case() -> None:
    for row in WELL_KNOWN:
        assert well_known(row.word.upper()) is row
        if row.sid:
            assert is_sid(row.sid) and well_known(row.sid.lower()) is row
    assert well_known("LAB\\anonymous") is None


@pytest.mark.parametrize(
    ("principal", "names", "found"),
    [
        (
            "exchange_servers",
            ["LAB\\Exchange Servers", "MS Exchange\\Hub Transport Servers"],
            ["LAB\\Exchange Servers"],
        ),
        ("legacy_servers", ["LAB\\exchangelegacyinterop", "LAB\\x"], ["LAB\\exchangelegacyinterop"]),
        ("hub_transport_servers", ["MS EXCHANGE\\hub transport servers"], ["MS EXCHANGE\\hub transport servers"]),
        ("hub_transport_servers", ["LAB\\Hub Transport Servers"], []),
        (WELL_KNOWN[2].sid, [WELL_KNOWN[2].sid.lower()], [WELL_KNOWN[2].sid.lower()]),
        ("authenticated_users", ["NT AUTHORITY\\Authenticated Users"], []),  # an English name says nothing
        ("svc", ["LAB\\svc", "lab\\SVC", "OLD\\svc"], ["lab\\SVC", "OLD\\svc"]),
        ("old\\svc", ["LAB\\svc", "OLD\\svc"], ["OLD\\svc"]),
        ("svc@lab.example", ["LAB\\svc"], []),
        ("CN=svc,DC=lab", ["LAB\\CN=svc,DC=lab"], []),
        (GONE, [GONE.lower(), "LAB\\svc"], [GONE.lower()]),
    ],
)
def test_names_that_a_declared_principal_may_be(principal: str, names: list[str], found: list[str]) -> None:
    assert shown_names(principal, names) == found


def test_a_translated_name_is_told_as_a_word() -> None:
    anonymous, users = LANGUAGES["de"]
    assert word_for(anonymous.lower(), anonymous, users) == "anonymous"
    assert word_for(users, anonymous, users) == "authenticated_users"
    assert word_for("S-1-5-11", anonymous, "") == "authenticated_users"
    assert word_for(USER, anonymous, users) == USER
    assert word_for("", "", "") == ""


# --- languages -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_word_becomes_the_name_that_this_server_shows(language: str) -> None:
    server = server_in(language)
    anonymous, logged_on = LANGUAGES[language]
    rolled_out(server, sources=["10.0.0.1"])
    wanted = [
        {"principal": "authenticated_users", "rights": [BYPASS, SUBMIT]},
        {"principal": "anonymous", "rights": [RIGHT], "state": "absent"},
        {"principal": "externally_secured_servers", "rights": [SUBMIT], "deny": True},
        {"principal": "exchange_servers", "rights": [SUBMIT], "deny": True},
        {"principal": RELAY_SID, "rights": [SUBMIT]},
    ]
    plan = plan_for(server, grants(*wanted), MEANT)
    assert short(plan, server) == [
        f"Add-ADPermission -User '{logged_on}' -ExtendedRights '{BYPASS}','{SUBMIT}'",
        f"Add-ADPermission -User 'MS Exchange\\Externally Secured Servers' -ExtendedRights '{SUBMIT}' -Deny:$true",
        f"Add-ADPermission -User 'Exchange Servers' -ExtendedRights '{SUBMIT}' -Deny:$true",
        f"Add-ADPermission -User '{RELAY_SID}' -ExtendedRights '{SUBMIT}'",
        f"Remove-ADPermission -User '{anonymous}' -ExtendedRights '{RIGHT}' -Confirm:$false",
    ]
    [change] = plan.changes
    assert f"authenticated_users: {SUBMIT}" in change["added"]  # type: ignore[operator]
    assert change["removed"] == [f"anonymous: {RIGHT}"]
    assert carry_out(plan, server)
    assert plan_for(server, grants(*wanted), MEANT).steps == ()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("alike", [0, 1, 2])
@pytest.mark.parametrize("rights", [ANONYMOUS_GROUP_RIGHTS, ANONYMOUS_RELAY_RIGHTS])
def test_a_service_user_with_the_groups_rights_is_never_taken_for_anonymous(
    language: str, alike: int, rights: tuple[str, ...]
) -> None:
    """Another connector tells the name; the users keep every right they have."""
    server = server_in(language)
    made = rolled_out(server, sources=["10.0.0.1"])
    server.users |= {f"LAB\\svc-{number}" for number in range(alike)}
    made.rows += [Row(f"LAB\\svc-{number}", right) for number in range(alike) for right in rights]
    wanted = {"principal": "anonymous", "rights": [RIGHT], "state": "absent"}
    plan = plan_for(server, grants(wanted))
    assert short(plan, server) == [
        f"Remove-ADPermission -User '{LANGUAGES[language][0]}' -ExtendedRights '{RIGHT}' -Confirm:$false"
    ]
    exclusive = plan_for(server, grants({"principal": "anonymous", "rights": [RIGHT]}, exclusive=True))
    removed = [line for line in short(exclusive, server) if line.startswith("Remove-")]
    assert len(removed) == len(exclusive.steps) == alike
    assert all("LAB\\svc-" in line for line in removed)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("rights", [ANONYMOUS_GROUP_RIGHTS, ANONYMOUS_RELAY_RIGHTS])
def test_a_service_user_gets_nothing_where_anonymous_has_a_right_more(language: str, rights: tuple[str, ...]) -> None:
    """The user is the only one with exactly the group's rights; another connector tells who is anonymous."""
    server = server_in(language)
    made = rolled_out(server, sources=["10.0.0.1"])
    made.rows += [Row(USER, right) for right in rights] + [Row(server.anonymous, BYPASS)]
    plan = relay(server, sources=["10.0.0.1"])
    assert f"Remove-ADPermission -User '{LANGUAGES[language][0]}' -ExtendedRights '{BYPASS}' -Confirm:$false" in short(
        plan, server
    )
    # Who could relay by logging on is of another method, and goes; nobody is given anything.
    others = [step.command for step in plan.steps if step.command.value("User") == USER]
    assert [command.cmdlet for command in others] == ["Remove-ADPermission"] * (RIGHT in rights)
    assert len(plan.steps) == 1 + len(others)
    assert carry_out(plan, server)
    assert {row.right for row in made.rows if row.user == server.anonymous} == set(ANONYMOUS_RELAY_RIGHTS)
    assert {row.right for row in made.rows if row.user == USER} == (set() if RIGHT in rights else set(rights))
    assert relay(server, sources=["10.0.0.1"]).steps == ()


@pytest.mark.parametrize("language", ["de", "fr"])
def test_nobody_is_given_the_right_to_relay_where_no_connector_tells_who_is_anonymous(language: str) -> None:
    """Setup of 2010 lets no connector take anonymous mail; English names are of no use there."""
    server = SimulatedExchange(anonymous=LANGUAGES[language][0], version="2010")
    shown = {"Bindings": ["0.0.0.0:25"], "RemoteIPRanges": ["10.0.0.1"], "PermissionGroups": "AnonymousUsers"}
    made = server.add("Relay a", shown)
    made.rows += [Row(USER, right) for right in ANONYMOUS_GROUP_RIGHTS] + [Row(server.anonymous, BYPASS)]
    with pytest.raises(RelayError, match="does not tell how this server names anonymous clients"):
        relay(server, sources=["10.0.0.1"])


def exchange_2007(language: str, rights: int) -> SimulatedExchange:
    """Where the sources differ about the permission groups: they have three rights or four."""
    return server_in(language, version="2007", legacy_rights=rights, whole_groups=True)


@pytest.mark.parametrize("language", NAMES)
@pytest.mark.parametrize("rights", [3, 4])
def test_the_entries_of_exchange_users_are_the_groups_on_2007_too(language: str, rights: int) -> None:
    """So they leave with it, and nobody grants them again by hand."""
    server = exchange_2007(language, rights)
    made = rolled_out(server, sources=["10.0.0.1"], method="authenticated")
    assert {row.user for row in made.rows} == {server.everybody}
    plan = relay(server, sources=["10.0.0.1"], method="externally_secured")
    assert not any("Add-ADPermission" in line and server.everybody in line for line in plan.commands), plan.commands
    assert carry_out(plan, server)
    assert not [row for row in made.rows if row.user == server.everybody]


@pytest.mark.parametrize("language", NAMES)
@pytest.mark.parametrize("rights", [3, 4])
def test_exclusive_leaves_the_group_of_2007_alone(language: str, rights: int) -> None:
    server = exchange_2007(language, rights)
    made = rolled_out(server, sources=["10.0.0.1"], method="authenticated")
    made.rows += [Row(USER, SUBMIT)]
    plan = plan_for(server, grants(exclusive=True))
    assert short(plan, server) == [f"Remove-ADPermission -User '{USER}' -ExtendedRights '{SUBMIT}' -Confirm:$false"]


def test_the_group_of_2007_is_told_by_its_rights_in_a_language_nobody_thought_of() -> None:
    """Alike for entries that it owns and for the ones that it would bring."""
    everybody = "NT KEHTESTUS\\AUTENDITUD KASUTAJAD"
    groups = frozenset(("ExchangeUsers",))
    entries = group_entries(groups, "", "2007", everybody)
    assert len(entries) == 3
    assert unclear_groups(entries, groups, "", "2007") == ()
    assert manual_entries(entries, groups, "", "2007") == ()
    assert unclear_groups(entries, groups, "", "2010") == ("ExchangeUsers",)


def test_a_group_that_bears_the_name_of_exchanges_own_has_its_rights_by_hand() -> None:
    """Of the group's principals only the two of the domain are of a domain."""
    groups = frozenset(("Partners", "ExchangeServers"))
    own = group_entries(groups, "", "2019")
    like = tuple(AccessEntry(f"CONTOSO\\{name}", SUBMIT) for name in ("Partner Servers", "Externally Secured Servers"))
    secured = AccessEntry(SIDS[SECURED_SERVERS], SUBMIT)
    domain = AccessEntry("CONTOSO\\Exchange Servers", SUBMIT)
    assert manual_entries((*own, *like, secured, domain), groups, "", "2019") == like


def connector(name: str, *groups: str) -> ReceiveConnector:
    return ReceiveConnector("EX1", name, "", f"CN={name}", "", {"permission_groups": frozenset(groups)})


def test_who_is_anonymous_is_told_once_and_never_by_two() -> None:
    one, two, other = connector("one", "AnonymousUsers"), connector("two", "AnonymousUsers"), connector("x", "Partners")
    lists = {
        name: tuple(AccessEntry(name, right) for right in ANONYMOUS_GROUP_RIGHTS)
        for name in (LANGUAGES["de"][0], "S-1-5-7", USER)
    }
    german, sid, user = lists.values()
    assert told_anonymous([one, two], {}) == ()
    assert told_anonymous([one, two, other], {"CN=two": german, "CN=x": user}) == ((LANGUAGES["de"][0], "CN=two"),)
    assert told_anonymous([one, two], {"CN=one": german, "CN=two": german}) == ((LANGUAGES["de"][0], "CN=one"),)
    assert told_anonymous([one, two], {"CN=one": sid, "CN=two": german}) == ((LANGUAGES["de"][0], "CN=two"),)
    assert told_anonymous([one, two], {"CN=one": sid, "CN=two": sid}) == (("S-1-5-7", "CN=one"),)
    both = told_anonymous([one, two], {"CN=one": user, "CN=two": german})
    assert both == ((USER, "CN=one"), (LANGUAGES["de"][0], "CN=two"))


@pytest.mark.parametrize("alike", [1, 2])
def test_a_user_with_the_rights_of_everybody_is_never_taken_for_everybody(alike: int) -> None:
    server = server_in("de")
    groups = {"permission_groups": ["AnonymousUsers", "ExchangeUsers"]}
    made = rolled_out(server, sources=["10.0.0.1"], connector=groups)
    made.rows += [Row(f"LAB\\svc-{number}", right) for number in range(alike) for right in USERS_GROUP_RIGHTS]
    server.users |= {f"LAB\\svc-{number}" for number in range(alike)}
    wanted = {"principal": "authenticated_users", "rights": [SUBMIT], "deny": True}
    plan = plan_for(server, grants(wanted))
    assert short(plan, server) == [
        f"Add-ADPermission -User '{LANGUAGES['de'][1]}' -ExtendedRights '{SUBMIT}' -Deny:$true"
    ]


def test_where_the_list_does_not_tell_whose_entries_are_the_groups_nothing_is_removed() -> None:
    server = server_in("de")
    groups = {"permission_groups": ["AnonymousUsers", "ExchangeUsers"]}
    made = rolled_out(server, sources=["10.0.0.1"], connector=groups)
    for connector in server.connectors.values():
        if connector is not made:
            connector.properties["PermissionGroups"] = "ExchangeUsers"
    made.rows += [Row(USER, right) for right in (*ANONYMOUS_GROUP_RIGHTS, RIGHT)]
    told = refusal(server, {"principal": "svc-relay", "rights": [SUBMIT]}, exclusive=True)
    assert "exclusive: the access list of connector 'Relay a' on EX1 does not tell" in told
    assert "AnonymousUsers" in told and "with state absent" in told


def test_what_would_be_left_of_a_permission_group_has_to_be_named() -> None:
    """Else the next run would take it, since nothing but its entries makes a group."""
    server = SimulatedExchange(whole_groups=True)
    rolled_out(server, sources=["10.0.0.1"])
    sender = "ms-Exch-SMTP-Accept-Any-Sender"
    gone = {"principal": "anonymous", "rights": [sender], "state": "absent"}
    told = refusal(server, gone, exclusive=True)
    assert told.startswith(f"exclusive: without {sender} the permission group AnonymousUsers of connector 'Relay a' on")
    assert "name in grants what is to stay of it" in told
    stay = {"principal": "anonymous", "rights": [right for right in ANONYMOUS_RELAY_RIGHTS if right != sender]}
    plan = plan_for(server, grants(gone, stay, exclusive=True))
    assert len(plan.steps) == 1
    assert carry_out(plan, server)
    assert plan_for(server, grants(gone, stay, exclusive=True)).steps == ()


def test_the_fourth_right_of_anonymous_stays_where_sources_differ_about_it() -> None:
    server = SimulatedExchange(version="2007")
    made = rolled_out(server, sources=["10.0.0.1"])
    made.rows += [Row(USER, SUBMIT)]
    fourth = "ms-Exch-SMTP-Accept-Authoritative-Domain-Sender"
    assert Row(server.anonymous, fourth) in [Row(row.user, row.right) for row in made.rows]
    plan = plan_for(server, grants({"principal": "anonymous", "rights": [RIGHT]}, exclusive=True))
    assert not any(fourth in line for line in plan.commands)
    assert any(USER in line for line in plan.commands)


# --- who is asked for ------------------------------------------------------------------------------------------------


def test_nobody_whom_a_list_shows_is_asked_for() -> None:
    server = SimulatedExchange()
    rolled_out(server, sources=["10.0.0.1"]).rows.append(Row(USER, RIGHT))
    for principal in ("anonymous", "S-1-5-7", "authenticated_users", USER.lower(), "svc-relay"):
        state = read_state(server, grants({"principal": principal, "rights": [SUBMIT]}))
        assert not state.principals, principal
    state = read_state(server, grants({"principal": "LAB\\other", "rights": [SUBMIT]}))
    assert [asked for _dn, asked in state.principals] == ["lab\\other"]
    assert principals_needed(grants({"principal": "LAB\\other", "rights": [SUBMIT]}), state) == ()


def test_a_misspelt_account_is_found_before_its_connector_is_there() -> None:
    server = SimulatedExchange()
    created = Policy(absent_is_created=True)
    plan = plan_for(server, grants({"principal": "svc-relay", "rights": [SUBMIT]}), created)
    assert len(plan.steps) == 1
    with pytest.raises(InputError, match="knows no user or group"):
        plan_for(server, grants({"principal": "svc-nobody", "rights": [SUBMIT]}), created)


@pytest.mark.parametrize(
    ("principal", "right"),
    [
        ("Anonymous Login", "anonymous"),
        ("NT AUTHORITY\\ANONYMOUS LOGIN", "anonymous"),
        ("anonymus", "anonymous"),
        ("NT AUTHORITY\\ANONYMOUS LOGON", "anonymous"),
        ("NT AUTHORITY\\Authenticated Users", "authenticated_users"),
        ("authenticated-users", "authenticated_users"),
        ("Authentifizierte Benutzr", "authenticated_users"),
        ("LAB\\svc-rely", "LAB\\svc-relay"),
        ("svc_relay@lab.example", "LAB\\svc-relay"),
        ("MS Exchange\\Edge Transport Server", "edge_transport_servers"),
        ("partners_servers", "partner_servers"),
    ],
)
@pytest.mark.parametrize("state", ["present", "absent"])
def test_a_misspelt_principal_is_answered_with_the_right_word(principal: str, right: str, state: str) -> None:
    server = server_in("de")
    groups = {"permission_groups": ["AnonymousUsers", "ExchangeUsers"]}
    rolled_out(server, sources=["10.0.0.1"], connector=groups).rows.append(Row(USER, SUBMIT))
    told = refusal(server, {"principal": principal, "rights": [SUBMIT], "state": state})
    assert told.startswith(f"grants[0].principal: Exchange on EX1 knows no user or group {principal!r} (it says: ")
    assert told.endswith(f"did you mean {right}?")


def test_a_principal_like_no_other_is_told_what_there_is() -> None:
    server = SimulatedExchange()
    rolled_out(server, sources=["10.0.0.1"])
    told = refusal(server, {"principal": "LAB\\xyzzy", "rights": [SUBMIT]})
    assert "write DOMAIN\\name or name@domain" in told
    assert all(row.word in told for row in WELL_KNOWN)


def test_two_names_of_one_principal_do_not_contradict_each_other_unseen() -> None:
    server = SimulatedExchange()
    rolled_out(server, sources=["10.0.0.1"]).rows.append(Row(USER, SUBMIT))
    told = refusal(
        server,
        {"principal": "svc-relay@lab.example", "rights": [SUBMIT]},
        {"principal": USER, "rights": [SUBMIT.upper()], "state": "absent"},
    )
    assert "declared present and absent, under two names" in told


# --- SIDs ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("takes_sids", [True, False])
def test_the_entry_of_an_account_that_is_gone(takes_sids: bool) -> None:
    server = SimulatedExchange(takes_sids=takes_sids)
    rolled_out(server, sources=["10.0.0.1"]).rows.append(Row(GONE, RIGHT))
    gone = {"principal": GONE, "rights": [RIGHT], "state": "absent"}
    kept = {"principal": GONE.lower(), "rights": [RIGHT]}
    assert plan_for(server, grants(kept)).steps == ()
    if takes_sids:
        for desired in (grants(gone), grants({"principal": "anonymous", "rights": [RIGHT]}, exclusive=True)):
            plan = plan_for(server, desired)
            assert short(plan, server) == [
                f"Remove-ADPermission -User '{GONE}' -ExtendedRights '{RIGHT}' -Confirm:$false"
            ]
        assert carry_out(plan, server)
        assert plan_for(server, grants(gone)).steps == ()
        return
    for option, told in (
        ("grants[0].principal", refusal(server, gone)),
        ("exclusive", refusal(server, {"principal": "anonymous", "rights": [RIGHT]}, exclusive=True)),
    ):
        assert told.startswith(f"{option}: the entries of {GONE}, which is all that is left of an account, cannot be")
        assert "ADSI Edit" in told


def test_where_no_sid_is_taken_it_is_said_so_with_what_to_write() -> None:
    server = SimulatedExchange(takes_sids=False)
    rolled_out(server, sources=["10.0.0.1"])
    for state in ("present", "absent"):
        told = refusal(server, {"principal": RELAY_SID, "rights": [SUBMIT], "state": state})
        assert "is a SID, and Exchange on EX1 takes none (it says: User or Group" in told
        assert told.endswith("write DOMAIN\\name or name@domain.")
    assert plan_for(server, grants({"principal": "S-1-5-7", "rights": [RIGHT]})).steps == ()


def test_everybody_who_logs_on_where_neither_a_list_nor_a_sid_tells() -> None:
    for takes_sids in (True, False):
        server = SimulatedExchange(takes_sids=takes_sids)
        for connector in server.connectors.values():
            connector.properties["PermissionGroups"] = "AnonymousUsers"
        rolled_out(server, sources=["10.0.0.1"])
        wanted = {"principal": "authenticated_users", "rights": [SUBMIT], "deny": True}
        if takes_sids:
            assert "-User 'S-1-5-11'" in plan_for(server, grants(wanted)).commands[0]
        else:
            told = refusal(server, wanted)
            assert "tells how it names authenticated_users" in told and "ExchangeUsers" in told


def test_an_account_that_is_gone_is_pointed_to_what_is_left_of_it() -> None:
    server = SimulatedExchange()
    made = rolled_out(server, sources=["10.0.0.1"])
    gone = {"principal": "LAB\\xyzzy", "rights": [RIGHT], "state": "absent"}
    plan = plan_for(server, grants(gone))
    assert plan.steps == ()
    [found] = [entry for entry in plan.findings if entry.id == "unknown_principal"]
    assert (found.severity, found.refuses, found.connectors) == ("warning", False, ("Relay a",))
    assert "knows nobody who is called 'LAB\\\\xyzzy'" in found.message
    made.rows.append(Row(GONE, RIGHT))
    assert f"its entries are shown by its SID: write that ({GONE})" in refusal(server, gone)


def test_somebody_who_is_known_and_has_nothing_is_no_finding() -> None:
    server = SimulatedExchange()
    rolled_out(server, sources=["10.0.0.1"])
    plan = plan_for(server, grants({"principal": USER, "rights": [RIGHT], "state": "absent"}))
    assert (plan.steps, [entry.id for entry in plan.findings]) == ((), [])


# --- what goes too far -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("principal", "rights", "beyond"),
    [
        ("anonymous", [BYPASS], "clients that do not log on ms-Exch-Bypass-Anti-Spam"),
        ("S-1-5-7", ["ms-Exch-SMTP-Accept-Exch50", RIGHT], "clients that do not log on ms-Exch-SMTP-Accept-Exch50"),
        ("authenticated_users", ["ms-Exch-SMTP-Accept-Any-Sender"], "everybody who logs on ms-Exch-SMTP-Accept-Any-"),
    ],
)
def test_rights_for_everybody_beyond_what_relay_takes_have_to_be_meant(
    principal: str, rights: list[str], beyond: str
) -> None:
    server = server_in("fr")
    rolled_out(server, sources=["10.0.0.1"])
    wanted = grants({"principal": principal, "rights": rights})
    plan = plan_for(server, wanted)
    assert plan.refusal is not None
    [found] = [entry for entry in plan.findings if entry.id == "excessive_rights"]
    assert f"gives {beyond}" in found.message
    accepted = plan_for(server, wanted, MEANT)
    assert accepted.refusal is None
    assert carry_out(accepted, server)
    assert plan_for(server, wanted).steps == ()
    later = plan_for(server, grants({"principal": principal, "rights": [SUBMIT], "deny": True}))
    [found] = [entry for entry in later.findings if entry.id == "excessive_rights"]
    assert (found.guard, found.severity, later.refusal) == (False, "warning", None)


@pytest.mark.parametrize(
    "grant",
    [
        {"principal": "anonymous", "rights": [*ANONYMOUS_RELAY_RIGHTS]},
        {"principal": "authenticated_users", "rights": [*USERS_GROUP_RIGHTS]},
        {"principal": "anonymous", "rights": [BYPASS], "deny": True},
        {"principal": USER, "rights": [BYPASS, "ms-Exch-SMTP-Accept-Any-Sender"]},
    ],
)
def test_the_rights_of_a_relay_are_not_too_many(grant: Mapping[str, Any]) -> None:
    server = SimulatedExchange()
    rolled_out(server, sources=["10.0.0.1"])
    assert not [entry for entry in plan_for(server, grants(grant)).findings if entry.id == "excessive_rights"]


def test_allow_and_deny_of_one_right_are_valid_together() -> None:
    server = SimulatedExchange()
    made = rolled_out(server, sources=["10.0.0.1"])
    made.rows += [Row(USER, RIGHT), Row(USER, RIGHT, deny=True)]
    both = [{"principal": USER, "rights": [RIGHT]}, {"principal": USER, "rights": [RIGHT], "deny": True}]
    mine = {"principal": "anonymous", "rights": [RIGHT]}
    assert plan_for(server, grants(mine, *both, exclusive=True)).steps == ()
    assert account(USER) == "svc-relay"
