# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Rights: who is anonymous on this server, and who may relay."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.model import AccessEntry
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.rights import (
    ALL_RIGHTS,
    ANONYMOUS_GROUP_RIGHTS,
    ANONYMOUS_GROUP_RIGHTS_2007,
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
    anonymous_principal,
    authenticated_users_principal,
    decide,
    effective_rights,
    explicit_rights,
    group_members,
    group_rights,
    is_exchange_principal,
    is_known_authenticated_users,
    right_name,
)

ENGLISH = "NT AUTHORITY\\ANONYMOUS LOGON"
GERMAN = "NT-AUTORIT\u00c4T\\ANONYMOUS-ANMELDUNG"
EXCHANGE_SIDS = "S-1-9-1419165041-1139599005-3936102811-1022490595"
FRENCH = "AUTORITE NT\\ANONYMOUS LOGON"


def allow(principal: str, *rights: str, inherited: bool = False) -> list[AccessEntry]:
    return [AccessEntry(principal, right, False, inherited) for right in rights]


def deny(principal: str, *rights: str, inherited: bool = False) -> list[AccessEntry]:
    return [AccessEntry(principal, right, True, inherited) for right in rights]


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
    assert len(group_rights("AnonymousUsers", "2007")) == 3
    assert group_rights("AnonymousUsers", "2010") == group_rights("AnonymousUsers", "SE") == ANONYMOUS_GROUP_RIGHTS


def test_a_group_stands_for_the_same_principals_on_every_version() -> None:
    for group, members in PERMISSION_GROUPS.items():
        assert group_members(group) == group_members(group, "SE") == members
        assert [member.principal for member in group_members(group, "2007")] == [entry.principal for entry in members]
    assert set(group_rights("ExchangeUsers", "2007")) == set(USERS_GROUP_RIGHTS) - {HEADERS_ROUTING}
    assert group_members("Custom", "2007") == ()


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


@pytest.mark.parametrize("name", [ENGLISH, GERMAN, "AUTORIDAD NT\\INICIO DE SESION ANONIMO"])
@pytest.mark.parametrize("more", [BYPASS_ANTI_SPAM, HEADERS_FOREST])
@pytest.mark.parametrize(
    "like", [ANONYMOUS_GROUP_RIGHTS, ANONYMOUS_RELAY_RIGHTS, ANONYMOUS_GROUP_RIGHTS_2007, GRANTABLE]
)
def test_an_account_is_not_taken_for_anonymous_because_that_has_a_right_more(
    name: str, more: str, like: tuple[str, ...]
) -> None:
    """With the group's rights of either age, and with all there are."""
    account = allow("CONTOSO\\svc", *like)
    assert anonymous_principal(allow(name, *ANONYMOUS_RELAY_RIGHTS, more) + account) is None
    assert anonymous_principal(allow(name, *ANONYMOUS_RELAY_RIGHTS) + account) is None


def test_an_account_is_not_taken_for_anonymous_because_that_has_a_right_fewer() -> None:
    """To take the right to send as an own domain from strangers is common advice."""
    fewer = allow(ENGLISH, *(right for right in ANONYMOUS_GROUP_RIGHTS if right != ANY_SENDER))
    assert anonymous_principal(fewer + allow("CONTOSO\\svc", *ANONYMOUS_GROUP_RIGHTS)) is None


def test_a_sid_is_certain_whatever_it_has() -> None:
    entries = allow("S-1-5-7", *ANONYMOUS_RELAY_RIGHTS, BYPASS_ANTI_SPAM) + allow(USER, *ANONYMOUS_GROUP_RIGHTS)
    assert anonymous_principal(entries) == "S-1-5-7"


def test_exchange_itself_and_everybody_who_logged_on_are_not_anonymous() -> None:
    others = [
        entry
        for name in ("MS Exchange\\Hub Transport Servers", "CONTOSO\\Exchange Servers", USERS, "S-1-5-11")
        for entry in allow(name, *GRANTABLE)
    ]
    assert anonymous_principal(others + allow(GERMAN, *ANONYMOUS_GROUP_RIGHTS)) == GERMAN
    assert anonymous_principal(others) is None


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


@pytest.mark.parametrize(
    "name",
    [
        "MS Exchange\\Partner Servers",
        "ms exchange\\externally secured servers",
        f"{EXCHANGE_SIDS}-21",
        f"{EXCHANGE_SIDS}-22",
        f"{EXCHANGE_SIDS}-23",
        "CONTOSO\\Exchange Servers",
        "LAB\\ExchangeLegacyInterop",
    ],
)
def test_exchanges_own_principals(name: str) -> None:
    assert is_exchange_principal(name)


@pytest.mark.parametrize(
    "name",
    [
        "CONTOSO\\Partner Servers",
        "CONTOSO\\Hub Transport Servers",
        "CONTOSO\\Externally Secured Servers",
        "Exchange Servers",
        f"{EXCHANGE_SIDS}-10",
        ENGLISH,
        USERS,
    ],
)
def test_a_group_that_only_bears_a_name_of_exchanges_own_is_a_client(name: str) -> None:
    assert not is_exchange_principal(name)


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


@pytest.mark.parametrize(
    ("entries", "denied", "doubtful"),
    [
        (allow(ENGLISH, SUBMIT) + deny(ENGLISH, SUBMIT, ANY_SENDER), {SUBMIT}, set()),
        (allow(ENGLISH, SUBMIT, inherited=True) + deny(ENGLISH, SUBMIT), {SUBMIT}, set()),
        (allow(ENGLISH, SUBMIT) + deny(ENGLISH, SUBMIT, inherited=True), set(), set()),
        (allow(ENGLISH, SUBMIT, inherited=True) + deny(ENGLISH, ALL_RIGHTS, inherited=True), set(), {SUBMIT}),
        (
            allow(ENGLISH, SUBMIT, ANY_SENDER, inherited=True)
            + deny(ENGLISH, SUBMIT, ANY_SENDER, inherited=True)
            + allow(ENGLISH, SUBMIT)
            + deny(ENGLISH, ANY_SENDER),
            {ANY_SENDER},
            set(),
        ),
    ],
)
def test_what_is_taken_and_what_nobody_can_tell(
    entries: list[AccessEntry], denied: set[str], doubtful: set[str]
) -> None:
    """Of two entries from above the nearer one counts, and how near they are is not shown."""
    found = decide(entries, ENGLISH)
    assert (found.denied, found.doubtful) == (denied, doubtful)
    assert not found.allowed & (found.denied | found.doubtful)


def test_a_client_is_all_of_his_principals() -> None:
    entries = allow(USERS, SUBMIT) + allow(USER, ANY_RECIPIENT, ANY_SENDER) + deny("CONTOSO\\Group", ANY_SENDER)
    assert effective_rights(entries, USER) == {ANY_RECIPIENT, ANY_SENDER}
    assert effective_rights(entries, USER, USERS, "contoso\\group") == {SUBMIT, ANY_RECIPIENT}


@given(st.permutations(allow(ENGLISH, *GRANTABLE) + deny(ENGLISH, SUBMIT) + deny(ENGLISH, ANY_SENDER, inherited=True)))
def test_the_order_of_entries_does_not_count(entries: list[AccessEntry]) -> None:
    assert effective_rights(entries, ENGLISH) == set(GRANTABLE) - {SUBMIT}
