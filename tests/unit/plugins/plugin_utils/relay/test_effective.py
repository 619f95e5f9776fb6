# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a client may do on a connector: whose rights count for its session, and what they are worth there."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.effective import (
    ALL_SECURED,
    NO_LOGON,
    NOT_SECURED,
    UNKNOWN_USERS,
    ConnectorAccess,
    group_entries,
    users_names,
)
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.model import AccessEntry
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.principal_names import SECURED_SERVERS
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.rights import (
    ALL_RIGHTS,
    ANY_RECIPIENT,
    ANY_SENDER,
    AUTHORITATIVE_DOMAIN_SENDER,
    EXTERNALLY_SECURED_RIGHTS,
    SUBMIT,
    USERS_GROUP_RIGHTS,
)

ENGLISH, GERMAN, SPANISH = (
    "NT AUTHORITY\\ANONYMOUS LOGON",
    "NT-AUTORIT\u00c4T\\ANONYMOUS-ANMELDUNG",
    "AUTORIDAD NT\\INICIO DE SESI\u00d3N AN\u00d3NIMO",
)
SPANISH_USERS = "AUTORIDAD NT\\Usuarios autentificados"
USER = "CONTOSO\\svc"
BASIC = ("Tls", "BasicAuth", "BasicAuthRequireTLS")


def values(*groups: str, mechanisms: tuple[str, ...] = ("Tls",), role: str | None = "FrontendTransport") -> Any:
    return {
        "permission_groups": frozenset(groups),
        "auth_mechanism": frozenset(mechanisms),
        "transport_role": role,
    }


def allow(principal: str, *rights: str, inherited: bool = False) -> list[AccessEntry]:
    return [AccessEntry(principal, right, False, inherited) for right in rights]


def deny(principal: str, *rights: str, inherited: bool = False) -> list[AccessEntry]:
    return [AccessEntry(principal, right, True, inherited) for right in rights]


def access(found: Any, entries: list[AccessEntry], anonymous: str = ENGLISH, users: str = "") -> ConnectorAccess:
    """The connector with the entries of its groups and these."""
    own = group_entries(found["permission_groups"], anonymous, users=users)
    return ConnectorAccess.of(found, [*own, *entries], anonymous)


# -- clients that do not log on ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [ENGLISH, GERMAN, SPANISH])
def test_strangers_have_the_rights_of_the_group_and_of_hand_made_entries(name: str) -> None:
    found = access(values("AnonymousUsers"), [], name).of_strangers()
    assert (len(found.rights), found.may, found.senders) == (4, ("submit",), "any")
    found = access(values("AnonymousUsers"), allow(name, ANY_RECIPIENT), name).of_strangers()
    assert (len(found.rights), found.may) == (5, ("submit", "relay"))
    found = access(values("AnonymousUsers"), deny(name, SUBMIT), name).of_strangers()
    assert (found.denied, found.may, found.senders) == ({SUBMIT}, (), "none")


def test_the_group_of_2007_is_a_smaller_one() -> None:
    entries = group_entries(["AnonymousUsers"], ENGLISH, "2007")
    assert AUTHORITATIVE_DOMAIN_SENDER not in {entry.right for entry in entries}


@pytest.mark.parametrize(
    ("role", "taken", "senders"),
    [
        ("FrontendTransport", (ANY_SENDER, AUTHORITATIVE_DOMAIN_SENDER), "any"),
        ("HubTransport", (AUTHORITATIVE_DOMAIN_SENDER,), "foreign"),
        ("HubTransport", (ANY_SENDER,), "none"),
        (None, (ANY_SENDER, AUTHORITATIVE_DOMAIN_SENDER), "none"),
    ],
)
def test_the_front_end_does_not_look_at_the_rights_on_senders(
    role: str | None, taken: tuple[str, ...], senders: str
) -> None:
    found = access(values("AnonymousUsers", role=role), deny(ENGLISH, *taken)).of_strangers()
    ignored = {ANY_SENDER, AUTHORITATIVE_DOMAIN_SENDER} if role == "FrontendTransport" else set()
    assert (found.denied, found.senders, found.without_effect) == (set(taken), senders, ignored)


def test_full_control_from_above_is_every_right() -> None:
    found = access(values(), allow(ENGLISH, ALL_RIGHTS, inherited=True)).of_strangers()
    assert (found.may, found.doubts) == (("submit", "relay"), ())


def test_what_depends_on_distance_is_a_doubt_and_no_right() -> None:
    above = allow(ENGLISH, ANY_RECIPIENT, inherited=True) + deny(ENGLISH, ANY_RECIPIENT, inherited=True)
    found = access(values("AnonymousUsers"), above).of_strangers()
    assert (found.may, found.doubtful) == (("submit",), {ANY_RECIPIENT})
    assert found.doubts == (
        "Entries above the connector allow and deny ms-Exch-SMTP-Accept-Any-Recipient; the nearer one counts, and "
        "nothing shows which that is.",
    )
    assert access(values("AnonymousUsers"), above + allow(ENGLISH, ANY_RECIPIENT)).of_strangers().doubts == ()


# -- users ------------------------------------------------------------------------------------------------------------


def test_a_user_without_rights_of_his_own_has_those_of_everybody() -> None:
    found = access(values("ExchangeUsers", mechanisms=BASIC), []).of_user()
    assert (found.rights, found.may, found.senders) == (set(USERS_GROUP_RIGHTS), ("submit", "relay"), "own")
    assert found.without_effect == set(), "what users may name is looked at by every service"


@pytest.mark.parametrize(
    "mechanisms", [("Tls",), ("None",), ("Tls", "ExchangeServer"), ("BasicAuth", "BasicAuthRequireTLS")]
)
def test_nobody_is_a_user_where_nobody_can_log_on(mechanisms: tuple[str, ...]) -> None:
    found = access(values("ExchangeUsers", mechanisms=mechanisms), allow(USER, ANY_SENDER)).of_user(USER)
    assert (found.rights, found.may, found.because) == (set(), (), NO_LOGON)


def test_a_user_is_himself_his_groups_and_everybody() -> None:
    entries = allow(USER, ANY_SENDER) + deny("CONTOSO\\Interns", ANY_RECIPIENT)
    found = access(values("ExchangeUsers", mechanisms=BASIC), entries)
    assert (found.of_user(USER).senders, found.of_user(USER.upper()).may) == ("any", ("submit", "relay"))
    intern = found.of_user(USER, "CONTOSO\\Interns")
    assert (intern.may, intern.denied) == (("submit",), {ANY_RECIPIENT})
    assert found.of_user().senders == "own"


def test_everybody_is_found_by_his_rights_where_his_name_is_not_known() -> None:
    found = values("ExchangeUsers", mechanisms=BASIC)
    entries = deny(SPANISH_USERS, ANY_RECIPIENT) + allow(USER, SUBMIT)
    known = access(found, entries, SPANISH, SPANISH_USERS)
    assert known.users == (SPANISH_USERS,)
    assert (known.of_user().may, known.of_user(USER).may) == (("submit",), ("submit",))


def test_two_who_may_be_everybody_are_a_doubt() -> None:
    found = values("ExchangeUsers", mechanisms=BASIC)
    twins = access(found, allow(USER, *USERS_GROUP_RIGHTS), SPANISH, SPANISH_USERS)
    assert twins.users == ()
    assert (twins.of_user().rights, twins.of_user().doubts) == (set(USERS_GROUP_RIGHTS), (UNKNOWN_USERS,))
    more = access(found, allow(USER, *USERS_GROUP_RIGHTS, ANY_SENDER), SPANISH, SPANISH_USERS)
    assert (more.of_user().senders, more.of_user(USER).senders) == ("own", "any")


def test_without_the_group_a_users_rights_are_not_everybodys() -> None:
    assert users_names(values("AnonymousUsers"), allow(USER, *USERS_GROUP_RIGHTS)) == ()
    found = access(values(mechanisms=BASIC), allow(USER, *USERS_GROUP_RIGHTS))
    assert (found.of_user().may, found.of_user(USER).may, found.of_user().doubts) == ((), ("submit", "relay"), ())


# -- externally secured -----------------------------------------------------------------------------------------------


def test_the_mechanism_makes_every_session_one_principal() -> None:
    found = access(values("ExchangeServers", mechanisms=("ExternalAuthoritative",)), deny(ENGLISH, SUBMIT))
    for session in (found.of_strangers(), found.of_user(), found.of_user(USER)):
        assert (session.may, session.because) == (("submit", "relay", "trusted"), ALL_SECURED)
    secured = found.of_externally_secured()
    assert (secured.rights, secured.senders, secured.because) == (set(EXTERNALLY_SECURED_RIGHTS), "any", "")


@pytest.mark.parametrize("name", [SECURED_SERVERS, "S-1-9-1419165041-1139599005-3936102811-1022490595-23"])
def test_a_deny_reaches_secured_sessions_too(name: str) -> None:
    """By the principal's name, and by its SID where Exchange shows that."""
    found = values("ExchangeServers", mechanisms=("Tls", "ExternalAuthoritative"))
    session = access(found, deny(name, ANY_RECIPIENT)).of_strangers()
    assert (session.may, session.denied) == (("submit", "trusted"), {ANY_RECIPIENT})


def test_the_group_alone_secures_nothing() -> None:
    found = access(values("ExchangeServers"), [])
    assert (found.of_strangers().may, found.of_externally_secured().because) == ((), NOT_SECURED)


def test_the_mechanism_alone_gives_nothing() -> None:
    found = access(values("AnonymousUsers", mechanisms=("ExternalAuthoritative",)), [])
    assert found.of_strangers().may == ()
