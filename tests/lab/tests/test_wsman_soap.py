# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The small parts below the service: durations, and the memory of answers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange_lab.wsman import replays, soap
from exchange_lab.wsman.replays import Answer, Replays


@given(days=st.integers(0, 99), hours=st.integers(0, 99), minutes=st.integers(0, 99), seconds=st.integers(0, 9999))
def test_durations_are_read(days: int, hours: int, minutes: int, seconds: int) -> None:
    expected = days * 86400 + hours * 3600 + minutes * 60 + seconds
    assert soap.seconds(f"P{days}DT{hours}H{minutes}M{seconds}.000S") == expected
    assert soap.seconds(f"PT{seconds}S") == seconds


@pytest.mark.parametrize("wrong", ["", "P", "PT", "20", "PT20", "P1Y", "-PT5S"])
def test_what_is_no_duration_is_none(wrong: str) -> None:
    assert soap.seconds(wrong) is None


def test_replays_forget_the_oldest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replays, "MAX_BYTES", 100)
    kept = Replays()
    for number in range(5):
        kept.keep("u", str(number), Answer(200, b"x" * 40))
    kept.keep("u", "4", Answer(200, b"y" * 40))
    found = [kept.find("u", str(number)) is not None for number in range(5)]
    assert found == [False, False, False, True, True]
    assert kept.find("v", "4") is None
