# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Effective rights and the lab's SMTP: two readings of access lists that must give the same answer.

Servers of every version, role and language get connectors with generated access lists, with entries on the objects
above them, through the lab's cmdlets. What the collection makes of that which receive_connector_info returns is held
against what the lab lets a stranger, a user and an account with a group do. Exchange does not show how far above an
inherited entry stands: where that decides, the collection has to say so, and must have told both answers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.effective import (
    ALL_SECURED,
    NO_LOGON,
    ConnectorAccess,
    Effective,
)
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.effective_report import effective_row
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.model import AccessEntry
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.reported import read_report
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.rights import GRANTABLE
from exchange_lab import verdict
from exchange_lab.answers import Answers
from exchange_lab.backend import ExchangeBackend
from exchange_lab.config import parse
from exchange_lab.interface import ConnectorView, SmtpSession
from exchange_lab.organization.model import Organization

from .generated_access import ACCOUNTS, GROUP, METHODS, Grant, Listed, above, content, grants, groups_of, of_server
from .generated_connectors import (
    ANONYMOUS,
    ANY_RECIPIENT,
    EXTERNALLY_SECURED,
    FRONT_END,
    HUB,
    SERVERS,
    SERVICES,
    Generated,
    Spec,
    method,
)
from .lab_session import LabSession, NoJournal

INSIDE, OUTSIDE = "someone@lab.example", "someone@elsewhere.example"
SUBMIT, ANY_SENDER = "ms-Exch-SMTP-Submit", "ms-Exch-SMTP-Accept-Any-Sender"
LOCAL, CLIENT, FIRST_PORT = "10.99.0.1", "10.0.0.7", 2600
SVC = r"LAB\svc"


class Compared:
    """A server of the lab with one connector a port, and what the collection read of them."""

    def __init__(self, server: str, entries: list[dict[str, Any]], listed: list[Listed], **switches: Any) -> None:
        self.server = server
        self.organization = Organization(parse(content(server, entries, **switches)))
        self.answers = Answers(self.organization)
        self.account, self.groups = of_server(server, SVC), groups_of(server, "svc")
        session = LabSession(ExchangeBackend(self.organization, NoJournal()), server)
        self.made = [at for at, one in enumerate(listed) if one.create(session, server, f"Generated {at}")]
        self.reports = {one["name"]: one for one in Generated(session).report(server, "Generated ")}
        self.compared = self.doubtful = 0

    def compare(self) -> None:
        """Hold everybody's rights on every connector against the lab's."""
        for at in self.made:
            view = self.answers.decide(self.server, LOCAL, FIRST_PORT + at, CLIENT)
            if view is None:
                continue  # the service of that role does not run on this server
            assert view.name == f"Generated {at}"
            report = self.reports[view.name]
            access = read_report(report, "test").access
            assert access is not None
            rows = {row["principal"]: row for row in report["effective_rights"]}
            anybody = (EXTERNALLY_SECURED,) if access.secures else access.anonymous
            self.agree(view, view.session, access, ConnectorAccess.of_strangers, anybody, rows["anonymous"])
            self.users(view, access, rows)

    def users(self, view: ConnectorView, access: ConnectorAccess, rows: dict[str, Any]) -> None:
        """Those who log on, where they can."""
        who = {"user": ("authenticated_users", groups_of(self.server, "user")), "svc": (self.account, self.groups)}
        for account, (principal, groups) in who.items():
            row = effective_row(access, principal, list(groups))
            assert (row["because"] == NO_LOGON) is not self.lets_log_on(view)
            if row["because"]:
                assert row["because"] in (NO_LOGON, ALL_SECURED)
                continue
            session = self.answers.authenticate(view, account, str(ACCOUNTS[account]["password"]))
            assert session is not None
            token = (*((principal,) if principal == self.account else ()), *groups)
            if access.secures:
                continue  # nobody logs on there; the session of whoever connects was compared above
            self.agree(view, session, access, lambda known, token=token: known.of_user(*token), token, row)
        # What is listed of an account alone leaves its groups out; here they have no say of their own.
        svc = self.account
        if svc in rows and not rows[svc]["because"] and not self.names(access, self.groups):
            assert rows[svc] == effective_row(access, svc, None)

    @staticmethod
    def lets_log_on(view: ConnectorView) -> bool:
        return view.externally_secured or bool({"BasicAuth", "Integrated"} & set(view.auth_mechanism))

    @staticmethod
    def names(access: ConnectorAccess, principals: tuple[str, ...]) -> bool:
        return bool({entry.principal for entry in access.entries} & set(principals))

    def agree(
        self,
        view: ConnectorView,
        lab: SmtpSession,
        access: ConnectorAccess,
        ask: Callable[[ConnectorAccess], Effective],
        token: tuple[str, ...],
        row: dict[str, Any],
    ) -> None:
        """Hold one session against the lab's, up to what the collection says that it cannot know.

        Where that is something, the collection is asked again with entries that decide as the lab does.
        """
        self.compared += 1
        found = ask(access)
        has = {right for right in GRANTABLE if right.lower() in lab.rights}
        certain, doubtful = found.rights & set(GRANTABLE), found.doubtful & set(GRANTABLE)
        assert certain <= has <= certain | doubtful, (self.server, view.name, row)
        assert row["rights"] == sorted(certain)
        heard = self.heard(view, lab)
        if doubtful:
            self.doubtful += 1
            assert any("the nearer one counts" in sentence for sentence in row["unverified"])
            # A user in no group is nobody but everybody who has logged on.
            decided_for = (*token, *access.users)[0]
            own = [AccessEntry(decided_for, right, right not in has) for right in doubtful]
            found = ask(replace(access, entries=[*access.entries, *own]))
            assert not found.doubtful & set(GRANTABLE)
        else:
            assert (row["may"], row["senders"]) == heard, (self.server, view.name, row)
        assert (list(found.may), found.senders) == heard, (self.server, view.name, row)

    @staticmethod
    def heard(view: ConnectorView, lab: SmtpSession) -> tuple[list[str], str]:
        """What the lab lets a session do, and which senders it takes from it."""
        if not verdict.mail_from(view, lab, "", tls=True).accepted:
            return [], "none"
        assert verdict.rcpt_to(view, lab, INSIDE).accepted
        relays = ["relay"] if verdict.rcpt_to(view, lab, OUTSIDE).accepted else []
        may = ["submit", *relays, *(["trusted"] if view.externally_secured else [])]
        ours, theirs = (verdict.mail_from(view, lab, one, tls=True).accepted for one in (INSIDE, OUTSIDE))
        if lab.user is None:
            return may, "any" if ours else "foreign" if theirs else "none"
        assert ours is theirs
        assert verdict.mail_from(view, lab, f"{lab.user}@lab.example", tls=True).accepted
        return may, "any" if ours else "own"


def spec(at: int, role: str, chosen: dict[str, Any]) -> Spec:
    return Spec({"RemoteIPRanges": ["10.0.0.0/8"], "Bindings": [f"0.0.0.0:{FIRST_PORT + at}"], **chosen}, role)


@st.composite
def lists(draw: Any, roles: tuple[str, ...]) -> list[Listed]:
    """Connectors of these transport roles with access lists."""
    return [
        Listed(spec(at, draw(st.sampled_from(roles)), draw(st.sampled_from(METHODS))), tuple(draw(grants())))
        for at in range(draw(st.integers(2, 4)))
    ]


@pytest.mark.parametrize("name", sorted(SERVERS))
def test_the_collection_and_the_lab_say_the_same(name: str) -> None:
    roles = (*SERVICES[name][:1] * 2, FRONT_END, HUB) if SERVICES[name] else (HUB,)

    # As in test_answering_agreement: the sentence of a failure names the server and the connector anyway.
    @settings(max_examples=12, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))
    @given(above(), lists(roles), st.sampled_from(("four", "four", "three")))
    def compare(entries: list[dict[str, Any]], listed: list[Listed], rights_of_old_groups: str) -> None:
        Compared(name, entries, listed, legacy_anonymous_rights=rights_of_old_groups).compare()

    compare()


# -- the comparison above compares something --------------------------------------------------------------------------


def one(
    server: str, chosen: dict[str, Any], grants: tuple[Grant, ...] = (), above: Any = (), role: str = ""
) -> Compared:
    """A server with one connector, compared."""
    first = (SERVICES[server] or (HUB,))[0]
    made = Compared(server, list(above), [Listed(spec(0, role or first, chosen), grants)])
    assert made.made == [0]
    made.compare()
    return made


def told(made: Compared, principal: str = "anonymous", groups: Any = None) -> dict[str, Any]:
    access = read_report(made.reports["Generated 0"], "test").access
    assert access is not None
    return effective_row(access, of_server(made.server, principal), groups)


LOGON = method("AnonymousUsers", "Tls,BasicAuth,BasicAuthRequireTLS")


@pytest.mark.parametrize("name", sorted(SERVERS))
def test_on_every_server_each_kind_of_client_is_compared(name: str) -> None:
    grants = (
        (ANONYMOUS, ANY_RECIPIENT, False, "All"),
        (SVC, SUBMIT, False, "All"),
        (SVC, ANY_RECIPIENT, False, "All"),
        (SVC, ANY_SENDER, False, "All"),
        (rf"LAB\{GROUP}", ANY_RECIPIENT, True, "All"),
    )
    made = one(name, LOGON, grants)
    assert (made.compared, made.doubtful) == (3, 0)
    assert told(made)["may"] == ["submit", "relay"]
    assert (told(made, SVC)["may"], told(made, SVC)["senders"]) == (["submit", "relay"], "any")
    with_groups = told(made, SVC, made.groups)
    assert (with_groups["may"], with_groups["denied"]) == (["submit"], [ANY_RECIPIENT])
    assert told(made, "authenticated_users")["may"] == []


@pytest.mark.parametrize("name", sorted(set(SERVERS) - {"EDGE10", "EDGE19"}))
def test_everybody_who_logged_on_is_known_in_every_language(name: str) -> None:
    made = one(name, method("ExchangeUsers", "Tls,BasicAuth"), ((SVC, ANY_RECIPIENT, True, "All"),))
    row = told(made, "authenticated_users")
    assert (row["may"], row["senders"], row["unverified"]) == (["submit", "relay"], "own", [])
    assert (told(made, SVC)["may"], told(made, SVC)["denied"]) == (["submit"], [ANY_RECIPIENT])


@pytest.mark.parametrize("name", ["EDGE10", "EDGE19"])
def test_edge_transport_lacks_the_group_of_users(name: str) -> None:
    refused = Compared(name, [], [Listed(spec(0, HUB, method("ExchangeUsers", "Tls,BasicAuth")), ())])
    assert refused.made == []
    granted = ((SVC, SUBMIT, False, "All"), (SVC, ANY_RECIPIENT, False, "All"))
    assert told(one(name, LOGON, granted), SVC)["may"] == ["submit", "relay"], "rights of an account do without"


@pytest.mark.parametrize(("near", "may"), [(False, ["submit", "relay"]), (True, ["submit"])])
def test_both_answers_to_a_doubt_come_true(near: bool, may: list[str]) -> None:
    """The same rows are shown whichever of two entries from above is nearer; the lab's SMTP tells them apart."""
    above = [
        {"user": ANONYMOUS, "right": ANY_RECIPIENT, "deny": deny, "from": "server" if deny is near else "organization"}
        for deny in (True, False)
    ]
    made = one("EX19", method("AnonymousUsers", "Tls"), above=above)
    view = made.answers.decide("EX19", LOCAL, FIRST_PORT, CLIENT)
    assert view is not None
    assert (made.doubtful, made.heard(view, view.session)[0]) == (1, may)
    row = told(made)
    assert (row["may"], ANY_RECIPIENT in row["unverified"][0]) == (["submit"], True)


# -- what the rights on senders are worth -----------------------------------------------------------------------------

TAKEN = (
    (ANONYMOUS, ANY_SENDER, True, "All"),
    (ANONYMOUS, "ms-Exch-SMTP-Accept-Authoritative-Domain-Sender", True, "All"),
)


@pytest.mark.parametrize("name", sorted(SERVERS))
def test_the_rights_on_senders_count_where_they_are_documented_to(name: str) -> None:
    """docs/permissions.md: only the Front End Transport service of 2013 and later ignores them."""
    roles = SERVICES[name] or ("",)
    for role in roles:
        made = one(name, method("AnonymousUsers", "Tls"), TAKEN, role=role)
        ignored = role == FRONT_END
        row = told(made)
        assert (row["senders"], bool(row["without_effect"])) == (("any", True) if ignored else ("none", False))
        assert len(row["denied"]) == 2, "it is told all the same"
        enforced = one(name, method("AnonymousUsers", "Tls"), ((ANONYMOUS, SUBMIT, True, "All"),), role=role)
        assert (told(enforced)["may"], told(enforced)["senders"]) == ([], "none")


@pytest.mark.parametrize("name", ["EX13", "EXSE"])
def test_a_user_is_held_to_his_senders_by_the_front_end_too(name: str) -> None:
    granted = ((SVC, SUBMIT, False, "All"),)
    assert told(one(name, LOGON, granted), SVC)["senders"] == "own"
    assert told(one(name, LOGON, (*granted, (SVC, ANY_SENDER, False, "All"))), SVC)["senders"] == "any"


# -- from above -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(set(SERVERS) - {"EDGE10", "EDGE19"}))
def test_a_right_from_above_is_told_on_every_server(name: str) -> None:
    above = [{"user": ANONYMOUS, "right": ANY_RECIPIENT, "deny": False, "from": "administrative_group"}]
    made = one(name, method("AnonymousUsers", "Tls"), above=above)
    assert "inherited_relay" in [found["id"] for found in made.reports["Generated 0"]["findings"]]
    unread = one(name, method("AnonymousUsers", "Tls"))
    assert "inherited_relay" not in [found["id"] for found in unread.reports["Generated 0"]["findings"]]
