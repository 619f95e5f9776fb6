# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Names without case, durations and sizes."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.quantities import (
    TICKS_PER_SECOND,
    Caseless,
    Size,
    Timespan,
    whole_number,
)


class MarkedNumber(int):
    """A number as Ansible hands it over when it came out of a template."""


def test_a_marked_number_becomes_a_plain_one() -> None:
    assert type(whole_number(MarkedNumber(5))) is int


def test_names_are_equal_in_any_case_and_keep_theirs() -> None:
    name = Caseless("Relay EX1")
    assert name == Caseless("relay ex1")
    assert name == "RELAY EX1"
    assert name != "Relay EX2"
    assert name != 5
    assert len({name, Caseless("relay ex1")}) == 1
    assert str(name) == "Relay EX1"
    assert type(str(name)) is str


@given(st.integers(0, 20 * 86400 * TICKS_PER_SECOND))
def test_a_duration_is_read_back(ticks: int) -> None:
    assert Timespan.read(str(Timespan(ticks))) == Timespan(ticks)


@given(st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=400)))
def test_a_duration_is_as_long_as_the_library_says(length: timedelta) -> None:
    seconds, fraction = length.seconds, length.microseconds
    text = f"{length.days}.{seconds // 3600}:{seconds // 60 % 60}:{seconds % 60}.{fraction:06}0"
    assert Timespan.read(text).ticks == (length.days * 86400 + seconds) * TICKS_PER_SECOND + fraction * 10


@pytest.mark.parametrize("text", ["00:30:00", "0.00:30:00", "0:30:0", "00:30", " 00:30:00 ", "00:30:00.0000000"])
def test_half_an_hour_is_half_an_hour(text: str) -> None:
    assert Timespan.read(text) == Timespan.of_seconds(1800)


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "00:00:00"), (600, "00:10:00"), (86400, "1.00:00:00"), (90061, "1.01:01:01")]
)
def test_durations_are_shown_as_exchange_shows_them(seconds: int, text: str) -> None:
    assert str(Timespan.of_seconds(seconds)) == text


@pytest.mark.parametrize("text", ["30", "1800", "0", "1.5"])
def test_a_bare_number_would_be_days(text: str) -> None:
    with pytest.raises(ValueError, match="bare number, which Exchange would take for days"):
        Timespan.read(text)


@pytest.mark.parametrize("text", ["24:00:00", "00:60:00", "00:00:60"])
def test_overflowing_fields_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="more than 23 hours"):
        Timespan.read(text)


@pytest.mark.parametrize("text", ["", "half an hour", "-00:10:00", "00:10:00 h", "1:2:3:4", "00:00:00.00000001", "5m"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="not a duration"):
        Timespan.read(text)


@pytest.mark.parametrize("text", ["36MB", "36 MB", "36mb", "37748736", "37748736B", "36864KB", "37748736 b", " 36MB "])
def test_the_same_size(text: str) -> None:
    assert Size.read(text) == Size.read_exchange("36 MB (37,748,736 bytes)")
    assert str(Size.read(text)) == "36MB"


@pytest.mark.parametrize("separator", [",", ".", " ", "\u00a0", "\u202f", "'", "\u2019", ""])
def test_the_thousands_may_follow_the_servers_culture(separator: str) -> None:
    text = f"36 MB (37{separator}748{separator}736 bytes)"
    assert Size.read_exchange(text).bytes == 37748736


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("36 MB (37.748.736 Bytes)", 37748736),
        ("36 Mo (37\u202f748\u202f736 octets)", 37748736),
        ("36 МБ (37\u00a0748\u00a0736 байт)", 37748736),
        ("36 MB (3,77,48,736 bytes)", 37748736),
        ("1,5 KB (1.536 Bytes)", 1536),
        ("0 B (0 bytes)", 0),
        ("10 Mo", 10 * 1024**2),
        ("64 Ko", 65536),
    ],
)
def test_sizes_of_servers_in_other_languages(text: str, number: int) -> None:
    assert Size.read_exchange(text).bytes == number


@pytest.mark.parametrize(
    "text",
    [
        "36 MB (37,748,736.00 bytes)",
        "36 MB (37,748,73 bytes)",
        "36 MB (37,,748 bytes)",
        "36 MB (37 748 736 bytes 2)",
        "36 MB (37,748,736 bytes) (1 byte)",
        "36 MB (\u0663\u0667 bytes)",
        "36 MB (-37 bytes)",
        "(37.7 MB)",
    ],
)
def test_a_number_of_bytes_that_is_none_is_not_guessed(text: str) -> None:
    with pytest.raises(ValueError):
        Size.read_exchange(text)


@pytest.mark.parametrize(("text", "number"), [("10MB", 10 * 1024**2), ("64 KB", 65536), ("1 B (1 bytes)", 1)])
def test_other_forms_of_exchange(text: str, number: int) -> None:
    assert Size.read_exchange(text).bytes == number


@pytest.mark.parametrize("text", ["", "Unlimited", "36 MB (bytes)", "36 MB ()", "36 XB", "1.5MB"])
def test_other_texts_of_exchange_are_not_guessed(text: str) -> None:
    with pytest.raises(ValueError):
        Size.read_exchange(text)


@pytest.mark.parametrize("text", ["", "big", "1.5MB", "-1", "36 M", "36MiB", "1,024"])
def test_what_is_no_size(text: str) -> None:
    with pytest.raises(ValueError, match="not a size"):
        Size.read(text)


@given(st.integers(1, 2**31 - 1))
def test_a_size_is_read_back_to_the_byte(number: int) -> None:
    size = Size.of_bytes(number)
    assert Size.read(str(size)).bytes == number
    # What Exchange may have made of it: rounded up to a whole KB, which is no change.
    assert Size.of_bytes(-(-number // 1024) * 1024) == size


@given(st.integers(1025, 2**31 - 1))
def test_a_size_may_have_been_rounded_to_a_whole_kilobyte_either_way(number: int) -> None:
    size = Size.of_bytes(number)
    for kilobytes in (number // 1024, -(-number // 1024)):
        assert size == Size.of_bytes(kilobytes * 1024)
        assert Size.of_bytes(kilobytes * 1024) == size
    assert size != Size.of_bytes(number + 1024)
    assert size != Size.of_bytes(number - 1024)
    assert (size == Size.of_bytes(number + 1)) == ((number % 1024 == 0) != ((number + 1) % 1024 == 0))


def test_a_size_is_no_key() -> None:
    """What is equal to both of two different sizes cannot have a hash."""
    assert Size.of_bytes(65000) == Size.read("64KB")
    assert Size.of_bytes(65000) == Size.read("63KB")
    assert Size.of_bytes(65000) != 65000
    with pytest.raises(TypeError, match="unhashable"):
        hash(Size.read("64KB"))


def test_a_kilobyte_more_is_a_change() -> None:
    assert Size.read("64KB") != Size.read("65KB")
    assert Size.read("64KB") < Size.read("65KB")
