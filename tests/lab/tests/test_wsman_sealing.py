# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Sealed messages open at the other end of their own context, unchanged or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pypsrp.encryption
import pytest
import spnego
from hypothesis import given, settings
from hypothesis import strategies as st
from wsman_clients import account

from exchange_lab.wsman import sealing
from exchange_lab.wsman.accounts import Accounts
from exchange_lab.wsman.kinds import EXCHANGE, WINRM


@contextmanager
def sealing_pair() -> Iterator[tuple[pypsrp.encryption.WinRMEncryption, spnego.ContextProxy]]:
    """A client's and a server's end of one NTLM context, without a network between them."""
    accounts = Accounts({"u": account("u", "p")}, None)
    client = spnego.client("u", "p", protocol="ntlm")
    try:
        with accounts.as_ntlm_users():
            acceptor = spnego.server(protocol="ntlm")
            acceptor.step(client.step(acceptor.step(client.step() or b"")) or b"")
        yield pypsrp.encryption.WinRMEncryption(client, sealing.SPNEGO), acceptor
    finally:
        accounts.forget()


@given(message=st.binary(min_size=1, max_size=3000), delimiter=st.sampled_from([EXCHANGE.delimiter, WINRM.delimiter]))
@settings(max_examples=50, deadline=None)
def test_seal_is_what_the_client_opens_and_the_other_way_round(message: bytes, delimiter: bytes) -> None:
    with sealing_pair() as (client, acceptor):
        assert sealing.unseal(acceptor, client.wrap_message(message)[1]) == message
        content_type, body = sealing.seal(acceptor, sealing.SPNEGO, message, delimiter)
        assert sealing.is_sealed(content_type)
        assert client.unwrap_message(body, "Encrypted Boundary") == message


@pytest.mark.parametrize("change", ["bit", "length", "end", "start", "header", "empty"])
def test_changed_message_does_not_open(change: str) -> None:
    with sealing_pair() as (client, acceptor):
        body = client.wrap_message(b"<envelope/>")[1]
        data = body.index(b"octet-stream\r\n") + len(b"octet-stream\r\n")
        end = body.rindex(b"--Encrypted Boundary--")
        changed = {
            "bit": body[: data + 20] + bytes([body[data + 20] ^ 1]) + body[data + 21 :],
            "length": body.replace(b"Length=11", b"Length=12"),
            "end": body[:end],
            "start": body[1:],
            "header": body[:data] + b"\xff\xff\xff\x7f" + body[data + 4 :],
            "empty": body[:data] + body[end:],
        }[change]
        assert changed != body
        with pytest.raises(sealing.SealingError):
            sealing.unseal(acceptor, changed)
