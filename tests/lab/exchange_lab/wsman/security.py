# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who calls: HTTP authentication of one TCP connection, as IIS does it in front of Exchange.

Kerberos, NTLM and Negotiate authenticate the connection, and only a message sealed by that context is taken over HTTP
(AllowUnencrypted is false). Basic authenticates each request and is all that lets a clear message in.
"""

from __future__ import annotations

import base64
import binascii
import struct
from dataclasses import dataclass

import gssapi
import spnego
from gssapi.raw import GSSError
from spnego._context import GSSMech
from spnego._spnego import NegTokenInit, NegTokenResp, unpack_token
from spnego.exceptions import SpnegoError

from exchange_lab.kerberos import KerberosRealm
from exchange_lab.settings import AccountConfig
from exchange_lab.wsman import sealing
from exchange_lab.wsman.accounts import Accounts
from exchange_lab.wsman.kinds import EXCHANGE, EndpointKind

KERBEROS_ALIASES = ("1.2.840.48018.1.2.2", "1.3.5.1.5.2")
_WINRM = spnego.NegotiateOptions.wrapping_winrm
# What pyspnego and python-gssapi raise for a token that they do not take. AttributeError: python-gssapi keeps the error
# of a refused ticket back, and pyspnego then asks the context that never was for its flags.
_REFUSALS = (SpnegoError, GSSError, ValueError, KeyError, IndexError, AttributeError, struct.error)


@dataclass(frozen=True)
class Verdict:
    """What became of one request's credentials.

    account: who calls, None when the answer is 401. headers: values of WWW-Authenticate to send either way.
    """

    account: AccountConfig | None
    headers: tuple[str, ...] = ()


class Authenticator:
    """What one endpoint accepts: the methods of the server's `auth`, its accounts and its Kerberos keys."""

    def __init__(
        self,
        auth: tuple[str, ...],
        fqdn: str,
        accounts: Accounts,
        kerberos: KerberosRealm | None,
        kind: EndpointKind = EXCHANGE,
    ) -> None:
        self.accounts = accounts
        self._auth = frozenset(auth)
        self._fqdn = fqdn
        self.kind = kind
        self._keys: gssapi.Credentials | None = None
        if kerberos is not None and self._auth & {"kerberos", "negotiate"}:
            keytab = kerberos.add_service(fqdn)
            self._keys = gssapi.Credentials(usage="accept", store={"keytab": f"FILE:{keytab}"})
        elif "kerberos" in self._auth:
            raise ValueError(
                f"The server {fqdn} offers kerberos, but the lab has no realm: add `kerberos` to its file."
            )

    @property
    def offers(self) -> tuple[str, ...]:
        """The WWW-Authenticate values of a 401, in IIS's order: Windows authentication means Negotiate and NTLM.

        WinRM names no NTLM: its clients wrap it in Negotiate.
        """
        offers = []
        if self._auth & {"negotiate", "ntlm"}:
            offers.append("Negotiate")
        if "kerberos" in self._auth:
            offers.append("Kerberos")
        if "ntlm" in self._auth and self.kind.offers_ntlm:
            offers.append("NTLM")
        if "basic" in self._auth:
            offers.append(f'Basic realm="{self.kind.basic_realm or self._fqdn}"')
        return tuple(offers)

    @property
    def takes_basic(self) -> bool:
        """Whether a password in the clear is taken."""
        return "basic" in self._auth

    def accepts(self, mechanism: GSSMech) -> bool:
        """Whether Negotiate may choose this mechanism."""
        if mechanism is GSSMech.kerberos:
            return self._keys is not None
        return bool(self._auth & {"ntlm", "negotiate"})

    def context(self, mechanism: GSSMech) -> spnego.ContextProxy:
        """Return a fresh acceptor for one mechanism."""
        if mechanism is GSSMech.kerberos:
            return spnego.server(protocol="kerberos", options=_WINRM, _gssapi_credential=self._keys)
        with self.accounts.as_ntlm_users():
            return spnego.server(protocol="ntlm", options=_WINRM)

    def step(self, context: spnego.ContextProxy, token: bytes) -> bytes | None:
        """Feed one token to an acceptor and return its answer; raises SpnegoError when the token is refused."""
        with self.accounts.as_ntlm_users():
            return context.step(token)


class ConnectionSecurity:
    """The authentication state of one TCP connection. Used by the connection's own thread only."""

    def __init__(self, authenticator: Authenticator) -> None:
        self._authenticator = authenticator
        self._context: spnego.ContextProxy | None = None
        self._scheme = ""
        self._account: AccountConfig | None = None

    def admit(self, authorization: str | None) -> Verdict:
        """Judge the Authorization header of one request."""
        if authorization is None:
            return Verdict(self._account, () if self._account else self._authenticator.offers)
        scheme, _, credentials = authorization.strip().partition(" ")
        if scheme.lower() == "basic":
            return self._basic(credentials)
        offered = {offer.partition(" ")[0].lower() for offer in self._authenticator.offers}
        if scheme.lower() not in offered:
            return self._refused()
        try:
            token = base64.b64decode(credentials, validate=True)
            return self._negotiate(scheme.lower(), token)
        except _REFUSALS:
            # Wrong password, foreign ticket, or no token at all: IIS tells the client no more than 401.
            return self._refused()

    @property
    def seals(self) -> bool:
        """Whether this connection has a context that seals messages."""
        return self._account is not None

    @property
    def delegated(self) -> bool:
        """Whether the caller handed over a Kerberos ticket with which the server may act in its name."""
        return self._context is not None and bool(self._context.context_attr & spnego.ContextReq.delegate)

    def unseal(self, body: bytes) -> bytes:
        """Open a sealed request; raises SealingError when this connection cannot."""
        if self._context is None or self._account is None:
            raise sealing.SealingError("The connection has no security context.")
        return sealing.unseal(self._context, body)

    def seal(self, message: bytes) -> tuple[str, bytes]:
        """Return (content type, body) of a sealed answer."""
        if self._context is None:
            raise sealing.SealingError("The connection has no security context.")
        protocol = sealing.KERBEROS if self._scheme == "kerberos" else sealing.SPNEGO
        return sealing.seal(self._context, protocol, message, self._authenticator.kind.delimiter)

    def _basic(self, credentials: str) -> Verdict:
        if not self._authenticator.takes_basic:
            return self._refused()
        try:
            pair = base64.b64decode(credentials, validate=True)
        except binascii.Error:
            return self._refused()
        name, separator, password = _text(pair).partition(":")
        account = self._authenticator.accounts.verify(name, password) if separator else None
        return Verdict(account, () if account else self._authenticator.offers)

    def _negotiate(self, scheme: str, token: bytes) -> Verdict:
        if self._context is None or self._account is not None or scheme != self._scheme:
            self._account, self._scheme = None, scheme
            self._context, token = self._choose(scheme, token)
        answer = self._authenticator.step(self._context, token)
        header = f"{scheme_name(scheme)} {base64.b64encode(answer).decode()}" if answer else ""
        if not self._context.complete:
            return Verdict(None, (header,)) if header else self._refused()
        account = self._authenticator.accounts.find(self._context.client_principal or "")
        if account is None:
            return self._refused()
        self._account = account
        return Verdict(account, (header,) if header else ())

    def _choose(self, scheme: str, token: bytes) -> tuple[spnego.ContextProxy, bytes]:
        """Return the acceptor for a client's first token, and the token to feed it."""
        first = token if scheme != "negotiate" else unpack_token(token)
        if isinstance(first, NegTokenResp):
            raise ValueError("An answer token opens no negotiation.")
        if not isinstance(first, NegTokenInit):
            # A bare token says itself what it is; Negotiate takes it without the SPNEGO wrapping too.
            bare = GSSMech.ntlm if token.startswith(b"NTLMSSP\0") else GSSMech.kerberos
            wanted = {"ntlm": GSSMech.ntlm, "kerberos": GSSMech.kerberos}.get(scheme, bare)
            if bare is not wanted or not self._authenticator.accepts(bare):
                raise ValueError("The mechanism is not offered.")
            return self._authenticator.context(bare), token
        offered = [mechanism_of(oid) for oid in first.mech_types]
        mechanism = next((found for found in offered if found and self._authenticator.accepts(found)), None)
        if mechanism is None:
            raise ValueError("No mechanism in common.")
        acceptor = spnego.server(
            protocol="negotiate",
            options=_WINRM,
            _negotiate_contexts={mechanism: self._authenticator.context(mechanism)},
        )
        if offered[0] is not mechanism:
            # The optimistic token is for the mechanism that the client would have liked better.
            token = NegTokenInit(first.mech_types, req_flags=first.req_flags).pack()
        return acceptor, token

    def _refused(self) -> Verdict:
        self._context, self._account, self._scheme = None, None, ""
        return Verdict(None, self._authenticator.offers)


def _text(pair: bytes) -> str:
    """Decode Basic credentials: RFC 7617 leaves the encoding open, and clients differ."""
    try:
        return pair.decode()
    except UnicodeDecodeError:
        return pair.decode("latin-1")


def mechanism_of(oid: str) -> GSSMech | None:
    """Return the mechanism that an object identifier of SPNEGO names, None for one that this endpoint has not."""
    if oid == GSSMech.kerberos.value or oid in KERBEROS_ALIASES:
        return GSSMech.kerberos
    return GSSMech.ntlm if oid == GSSMech.ntlm.value else None


def scheme_name(scheme: str) -> str:
    """Return an HTTP scheme as it is written."""
    return {"ntlm": "NTLM", "kerberos": "Kerberos"}.get(scheme, "Negotiate")
