# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Rights: who is anonymous on this server, and who may relay."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.model import AccessEntry, ReceiveConnector
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.rights import (
    ALL_RIGHTS,
    ANONYMOUS_GROUP_RIGHTS,
    ANONYMOUS_RELAY_RIGHTS,
    ANY_RECIPIENT,
    ANY_SENDER,
    BYPASS_ANTI_SPAM,
    EXTERNALLY_SECURED_RIGHTS,
    GRANTABLE,
    HEADERS_FOREST,
    HEADERS_ROUTING,
    INTERNAL,
    PERMISSION_GROUPS,
    SUBMIT,
    USERS_GROUP_RIGHTS,
    anonymous_group_rights,
    anonymous_may_relay,
    anonymous_principal,
    authenticated_users_principal,
    effective_rights,
    explicit_rights,
    is_known_authenticated_users,
    relay_methods,
    right_name,
)

ENGLISH = "NT AUTHORITY\\ANONYMOUS LOGON"
GERMAN = "NT-AUTORIT\u00c4T\\ANONYMOUS-ANMELDUNG"
FRENCH = "AUTORITE NT\\ANONYMOUS LOGON"


def allow(principal: str, *rights: str, inherited: bool = False) -> list[AccessEntry]:
    return [AccessEntry(principal, right, False, inherited) for right in rights]


def deny(principal: str, *rights: str, inherited: bool = False) -> list[AccessEntry]:
    return [AccessEntry(principal, right, True, inherited) for right in rights]


def connector(auth: str, groups: str) -> ReceiveConnector:
    return ReceiveConnector.from_exchange(
        {
            "Name": "R",
            "DistinguishedName": "CN=R",
            "Bindings": ["0.0.0.0:25"],
            "RemoteIPRanges": ["10.0.0.1"],
            "AuthMechanism": auth,
            "PermissionGroups": groups,
            "Enabled": True,
        }
    )


SERVERS_ENTRIES = allow("MS Exchange\\Externally Secured Servers", *EXTERNALLY_SECURED_RIGHTS)


def test_the_numbers_that_microsoft_names() -> None:
    assert len(ANONYMOUS_GROUP_RIGHTS) == 4
    assert len(ANONYMOUS_RELAY_RIGHTS) == 5
    assert len(EXTERNALLY_SECURED_RIGHTS) == 9
    assert ANY_RECIPIENT not in ANONYMOUS_GROUP_RIGHTS
    assert HEADERS_FOREST not in EXTERNALLY_SECURED_RIGHTS
    assert not set(GRANTABLE) & set(INTERNAL)
    assert {right for group in PERMISSION_GROUPS.values() for member in group for right in member.rights} <= {
        *GRANTABLE,
        *INTERNAL,
    }


def test_exchange_2007_gives_anonymous_clients_three_rights() -> None:
    assert len(anonymous_group_rights("2007")) == 3
    assert anonymous_group_rights("2010") == anonymous_group_rights("SE") == ANONYMOUS_GROUP_RIGHTS


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("MS-EXCH-SMTP-ACCEPT-ANY-RECIPIENT", ANY_RECIPIENT),
        ("ms-Exch-Accept-Exch50", "ms-Exch-SMTP-Accept-Exch50"),
        (" ms-Exch-SMTP-Submit ", SUBMIT),
        ("ms-Exch-Something", "ms-Exch-Something"),
    ],
)
def test_rights_are_spelt_one_way(text: str, name: str) -> None:
    assert right_name(text) == name


@pytest.mark.parametrize("name", [ENGLISH, GERMAN, FRENCH, "S-1-5-7"])
@pytest.mark.parametrize("rights", [ANONYMOUS_GROUP_RIGHTS, ANONYMOUS_RELAY_RIGHTS])
def test_the_anonymous_principal_is_found_in_any_language(name: str, rights: tuple[str, ...]) -> None:
    entries = allow(name, *rights) + SERVERS_ENTRIES + allow("CONTOSO\\svc", SUBMIT, ANY_SENDER)
    assert anonymous_principal(entries) == name


def test_names_and_rights_count_in_any_case() -> None:
    entries = [
        AccessEntry(name, right.upper())
        for name, right in zip((ENGLISH, ENGLISH.lower()) * 2, ANONYMOUS_GROUP_RIGHTS, strict=True)
    ]
    assert anonymous_principal(entries) == ENGLISH


def test_two_candidates_are_none() -> None:
    entries = allow(GERMAN, *ANONYMOUS_RELAY_RIGHTS) + allow("CONTOSO\\scanner", *ANONYMOUS_GROUP_RIGHTS)
    assert anonymous_principal(entries) is None


def test_a_sid_is_certain() -> None:
    entries = allow("S-1-5-7", *ANONYMOUS_RELAY_RIGHTS) + allow("CONTOSO\\scanner", *ANONYMOUS_GROUP_RIGHTS)
    assert anonymous_principal(entries) == "S-1-5-7"


@pytest.mark.parametrize(
    "entries",
    [
        [],
        allow(ENGLISH, *ANONYMOUS_GROUP_RIGHTS, inherited=True),
        deny(ENGLISH, *ANONYMOUS_GROUP_RIGHTS),
        allow(ENGLISH, *ANONYMOUS_GROUP_RIGHTS, BYPASS_ANTI_SPAM),
        allow(ENGLISH, SUBMIT),
        SERVERS_ENTRIES,
    ],
)
def test_without_exactly_the_groups_rights_there_is_no_name(entries: list[AccessEntry]) -> None:
    assert anonymous_principal(entries) is None


USERS = "NT AUTHORITY\\Authenticated Users"
GERMAN_USERS = "NT-AUTORIT\u00c4T\\Authentifizierte Benutzer"
UNKNOWN_USERS = "AUTORIDAD NT\\Usuarios autentificados"
USER = "CONTOSO\\svc"


@pytest.mark.parametrize("name", [USERS, GERMAN_USERS, UNKNOWN_USERS, "S-1-5-11"])
@pytest.mark.parametrize("more", [(), (ANY_SENDER,)])
def test_everybody_who_logged_on_is_found_in_any_language(name: str, more: tuple[str, ...]) -> None:
    """Also with a right more that somebody granted, beside a user who has fewer, Exchange's own and anonymous."""
    entries = (
        allow(name, *USERS_GROUP_RIGHTS, *more)
        + SERVERS_ENTRIES
        + allow("LAB\\ExchangeLegacyInterop", *EXTERNALLY_SECURED_RIGHTS)
        + allow(USER, SUBMIT, ANY_RECIPIENT, BYPASS_ANTI_SPAM)
        + allow(GERMAN, *ANONYMOUS_RELAY_RIGHTS, BYPASS_ANTI_SPAM)
    )
    assert authenticated_users_principal(entries) == name


@pytest.mark.parametrize("more", [(), (ANY_SENDER,)])
def test_a_user_with_like_rights_is_never_taken_for_everybody(more: tuple[str, ...]) -> None:
    """Neither the one who has exactly the group's rights, nor everybody by a name that somebody assumed."""
    entries = allow(USER, *USERS_GROUP_RIGHTS) + allow(USERS, *USERS_GROUP_RIGHTS, *more)
    assert authenticated_users_principal(entries) is None
    assert authenticated_users_principal(allow(USER, *USERS_GROUP_RIGHTS) + allow("S-1-5-11", *GRANTABLE)) == "S-1-5-11"


@pytest.mark.parametrize(
    "entries",
    [
        [],
        allow(USERS, *USERS_GROUP_RIGHTS, inherited=True),
        deny(USERS, *USERS_GROUP_RIGHTS),
        allow(USERS, SUBMIT, ANY_RECIPIENT, BYPASS_ANTI_SPAM),
        SERVERS_ENTRIES,
    ],
)
def test_without_the_groups_rights_there_is_no_everybody(entries: list[AccessEntry]) -> None:
    assert authenticated_users_principal(entries) is None


def test_the_group_of_2007_may_be_a_smaller_one() -> None:
    three = allow(UNKNOWN_USERS, SUBMIT, ANY_RECIPIENT, BYPASS_ANTI_SPAM)
    assert authenticated_users_principal(three, "2007") == UNKNOWN_USERS
    assert authenticated_users_principal(allow(UNKNOWN_USERS, *USERS_GROUP_RIGHTS), "2007") == UNKNOWN_USERS
    assert authenticated_users_principal(three + allow(USER, *USERS_GROUP_RIGHTS), "2007") is None


def test_known_names_of_everybody() -> None:
    assert all(is_known_authenticated_users(name.upper()) for name in (USERS, GERMAN_USERS, "s-1-5-11"))
    assert not is_known_authenticated_users(UNKNOWN_USERS)


def test_explicit_rights_leave_out_what_is_inherited() -> None:
    entries = allow(ENGLISH, SUBMIT) + allow(ENGLISH, ANY_RECIPIENT, inherited=True) + deny(ENGLISH, ANY_SENDER)
    assert explicit_rights(entries) == {ENGLISH: frozenset({SUBMIT})}
    assert explicit_rights(entries, deny=True) == {ENGLISH: frozenset({ANY_SENDER})}


@pytest.mark.parametrize(
    ("entries", "rights"),
    [
        (allow(ENGLISH, SUBMIT) + deny(ENGLISH, SUBMIT), set()),
        (allow(ENGLISH, SUBMIT) + deny(ENGLISH, SUBMIT, inherited=True), {SUBMIT}),
        (allow(ENGLISH, SUBMIT, inherited=True) + deny(ENGLISH, SUBMIT, inherited=True), set()),
        (allow(ENGLISH, SUBMIT, inherited=True) + deny(ENGLISH, ANY_SENDER), {SUBMIT}),
        (allow(ENGLISH, ALL_RIGHTS, inherited=True), set(GRANTABLE)),
        (allow(ENGLISH, SUBMIT, HEADERS_ROUTING) + deny(ENGLISH, ALL_RIGHTS), set()),
        (allow("OTHER\\user", SUBMIT), set()),
    ],
)
def test_effective_rights(entries: list[AccessEntry], rights: set[str]) -> None:
    assert effective_rights(entries, ENGLISH.lower()) == rights


@given(st.permutations(allow(ENGLISH, *GRANTABLE) + deny(ENGLISH, SUBMIT) + deny(ENGLISH, ANY_SENDER, inherited=True)))
def test_the_order_of_entries_does_not_count(entries: list[AccessEntry]) -> None:
    assert effective_rights(entries, ENGLISH) == set(GRANTABLE) - {SUBMIT}


@pytest.mark.parametrize("name", [ENGLISH, GERMAN, FRENCH, "S-1-5-7"])
def test_anonymous_relay_is_the_fifth_right(name: str) -> None:
    group = allow(name, *ANONYMOUS_GROUP_RIGHTS)
    assert not anonymous_may_relay(group)
    assert anonymous_may_relay(group + allow(name, ANY_RECIPIENT))
    assert not anonymous_may_relay(group + allow(name, ANY_RECIPIENT) + deny(name, ANY_RECIPIENT))
    assert not anonymous_may_relay(allow(name, ANY_RECIPIENT))


def test_a_right_from_high_up_in_the_tree_opens_every_connector() -> None:
    group = allow(FRENCH, *ANONYMOUS_GROUP_RIGHTS)
    assert anonymous_may_relay(group + allow(FRENCH, ANY_RECIPIENT, inherited=True))
    assert anonymous_may_relay(allow(ENGLISH, ALL_RIGHTS, inherited=True))


def test_others_who_may_relay_are_not_anonymous() -> None:
    assert not anonymous_may_relay(SERVERS_ENTRIES + allow("CONTOSO\\svc", SUBMIT, ANY_RECIPIENT))


@pytest.mark.parametrize(
    ("auth", "groups", "entries", "methods"),
    [
        ("Tls", "AnonymousUsers, Custom", allow(ENGLISH, *ANONYMOUS_RELAY_RIGHTS), ("anonymous",)),
        ("Tls", "AnonymousUsers", allow(ENGLISH, *ANONYMOUS_GROUP_RIGHTS), ()),
        ("Tls, ExternalAuthoritative", "ExchangeServers", SERVERS_ENTRIES, ("externally_secured",)),
        ("ExternalAuthoritative", "ExchangeUsers", SERVERS_ENTRIES, ()),
        ("Tls", "ExchangeServers", SERVERS_ENTRIES, ()),
        (
            "ExternalAuthoritative",
            "AnonymousUsers, ExchangeServers, Custom",
            SERVERS_ENTRIES + allow(ENGLISH, *ANONYMOUS_RELAY_RIGHTS),
            ("anonymous", "externally_secured"),
        ),
    ],
)
def test_methods(auth: str, groups: str, entries: list[AccessEntry], methods: tuple[str, ...]) -> None:
    found = connector(auth, groups)
    assert relay_methods(found, entries) == methods
