# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""CSV files of sources: what spreadsheets write is read, and a file that may be half a file never is."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Mapping
from datetime import date
from ipaddress import IPv4Address
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.errors import InputError
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.source_files import with_file_contents
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.sources import Source, parse_source_groups

WHOLE = (
    "address,name,owner,ticket,reason,expires\n"
    "10.20.4.11,pay01,hr@contoso.com,CHG1,payroll run,2027-03-31\n"
    "10.31.0.0/24,,,,,\n"
)


def sources(content: str | bytes, **group: Any) -> tuple[Source, ...]:
    groups = parse_source_groups({"legacy": {"file": "sources/legacy.csv", "content": content, **group}})
    return groups["legacy"].sources


def addresses(content: str | bytes) -> list[str]:
    return [str(source.range) for source in sources(content)]


def refused(content: str | bytes) -> str:
    with pytest.raises(InputError) as caught:
        sources(content)
    told = str(caught.value)
    assert told.startswith("source_groups.legacy.file: 'sources/legacy.csv'"), told
    assert "\n" not in told and told.endswith((".", "?"))
    return told


def test_every_column_is_known_of_the_source_and_the_group_fills_the_gaps() -> None:
    first, second = sources(WHOLE, owner="mail@contoso.com", ticket="CHG9", reason="old list", expires="2028-01-31")
    assert (first.name, first.owner, first.ticket, first.reason) == ("pay01", "hr@contoso.com", "CHG1", "payroll run")
    assert first.expires == date(2027, 3, 31) and first.group == "legacy"
    assert (second.name, second.owner, second.ticket, second.reason) == ("", "mail@contoso.com", "CHG9", "old list")
    assert second.expires == date(2028, 1, 31)


SEMICOLONS = WHOLE.replace(",", ";")
TABS = WHOLE.replace(",", "\t")


@pytest.mark.parametrize(
    "content",
    [
        WHOLE,
        WHOLE.encode(),
        SEMICOLONS,
        TABS,
        WHOLE.replace("\n", "\r\n"),
        WHOLE.replace("\n", "\r"),
        "\ufeff" + WHOLE,
        codecs.BOM_UTF8 + SEMICOLONS.replace("\n", "\r\n").encode(),
        TABS.encode("utf-16"),
        codecs.BOM_UTF16_BE + TABS.encode("utf-16-be"),
        "sep=;\r\n" + SEMICOLONS,
        '"sep=\t"\n' + TABS,
        "sep=,\n" + WHOLE,
        WHOLE + ",,,,,\n\n , ,,,,\n",
        WHOLE.replace("payroll run", '"payroll run"'),
        WHOLE.replace("address,name", " Address , NAME"),
        WHOLE.replace("10.20.4.11", " 10.20.4.11\u00a0"),
        WHOLE.rstrip("\n") + "2027-01-31",
    ],
)
def test_what_spreadsheets_write_is_read(content: str | bytes) -> None:
    assert addresses(content) == ["10.20.4.11", "10.31.0.0/24"]


def test_only_the_address_is_needed_and_the_order_is_free() -> None:
    assert addresses("address\n10.0.0.1\n10.0.0.2\n") == ["10.0.0.1", "10.0.0.2"]
    assert sources("owner;address\na@contoso.com;10.0.0.1\n")[0].owner == "a@contoso.com"


def test_a_quoted_cell_may_hold_the_delimiter() -> None:
    assert sources('address,reason\n10.0.0.1,"scan, then mail"\n')[0].reason == "scan, then mail"


def test_text_in_other_languages_is_text() -> None:
    assert sources("address;reason\n10.0.0.1;Gehälter\n".encode())[0].reason == "Gehälter"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "the file is empty; its first line has to be a header such as address,name,owner"),
        (" \r\n\n", "the file is empty"),
        ("10.0.0.1\n10.0.0.2\n", "line 1: there is no column address in the header '10.0.0.1'"),
        ("ip,owner\n10.0.0.1,x\n", "line 1: there is no column address in the header 'ip,owner'"),
        ("address,adress\n", "line 1: column 2 of the header is 'adress', which is not known; did you mean address?"),
        ("address,location\n", "line 1: column 2 of the header is 'location', which is not known"),
        ("address,owner,\n10.0.0.1,x,\n", "line 1: column 3 of the header is '', which is not known; name it, or take"),
        ("address;owner;owner\n", "line 1: column 3 of the header is owner a second time"),
        ("sep=;\naddress;location\n", "line 2: column 2 of the header is 'location'"),
        ("address,owner\n", "line 2, column 1: the file has a header and no sources below it"),
        ("address,owner\n,\n\n", "line 2, column 1: the file has a header and no sources below it"),
        ("address,owner\n10.0.0.1,x\n10.0.0.2\n", "line 3, column owner: the row ends before it, with 1 of 2 cells"),
        ("address,owner\n10.0.0.1,x,y\n", "line 2, column 3: the row has 3 cells and the header 2"),
        ("address,owner\n10.0.0.1,x\n,y\n", "line 3, column address: the cell is empty"),
        ("address,owner\n10.0.0.1,x\n\n10.0.0.999,y\n", "line 4, column address: '10.0.0.999' is not an IP address"),
        ("address\n10.0.0.1;payroll\n", "line 2, column address: '10.0.0.1;payroll'"),
        ("address;owner\n10.0.0.1, 10.0.0.2;x\n", "line 2, column address: '10.0.0.1, 10.0.0.2'"),
        ("address,expires\n10.0.0.1,31.03.2027\n", "line 2, column expires: '31.03.2027' is not a date; write year-"),
        ("address,expires\n10.0.0.1,2027-03-3\n", "line 2, column expires: '2027-03-3' is not a date"),
        (
            'address,owner\n10.0.0.1,x\n10.0.0.2,"y\n10.0.0.3,z\n',
            "line 3, from column 1 on: a quoted cell does not end",
        ),
        ('address,owner\n10.0.0.1,"x"y\n', "line 2, from column 1 on: the row is not CSV"),
        ('address,reason\n10.0.0.1,"a\nb"\n', "line 2, column reason: 'a\\nb' has a line break inside"),
        ('address,reason\n10.0.0.1,"a\nb\nc"\n10.0.0.2\n', "line 2, column reason"),
        (
            b"address,owner\n10.0.0.1,M\xfcller\n",
            "line 2, column 11: the byte 0xfc is not UTF-8; save the file as 'CSV UT",
        ),
        ("address,owner\n10.0.0.1,Müller\n".encode()[:-6], "line 2, column 11: the byte"),
        (TABS.encode("utf-16")[:-1], "is not UTF-16"),
        (TABS.encode("utf-16-le"), "line 1, column 2: the control character '\\x00' has no place in a table"),
        ("address,owner\n10.0.0.1,x\x07\n", "line 2, column 11: the control character '\\x07'"),
        (b"$ANSIBLE_VAULT;1.1;AES256\n6162\n", "encrypted with ansible-vault"),
        (
            "address,owner\n10.0.0.1," + "x" * 200000 + "\n",
            "line 2, from column 1 on: the row is not CSV (field larger",
        ),
    ],
)
def test_a_file_that_is_not_as_it_should_be_gets_one_sentence(content: str | bytes, told: str) -> None:
    assert told in refused(content)


@pytest.mark.parametrize("length", range(1, len(WHOLE)))
def test_wherever_a_file_is_cut_no_half_of_it_counts(length: int) -> None:
    try:
        found = addresses(WHOLE[:length])
    except InputError:
        return
    # Cut between two rows, or where nothing but a text for people can be shorter.
    assert WHOLE[:length].endswith("\n") or found == ["10.20.4.11", "10.31.0.0/24"][: len(found)]
    assert all(entry.expires == date(2027, 3, 31) for entry in sources(WHOLE[:length])[:1])


@pytest.mark.parametrize(
    "content",
    [
        "address\n10.0.0.1\n10.0.0.2",
        "owner,address\nx,10.31.0.0/2",
        "address,expires\n10.0.0.1,",
        "address\n10.0.0.1\r\n10.0.0.25",
    ],
)
def test_a_last_row_that_may_have_lost_its_end_is_refused(content: str) -> None:
    assert "ends there without a line break, so it may be cut off" in refused(content)


@pytest.mark.parametrize(
    "content",
    [
        "address,owner\n10.0.0.1,x",
        "address,expires\n10.0.0.1,2027-03-31",
        'address\n"10.0.0.1"',
        "address,name\n10.0.0.1,",
    ],
)
def test_a_last_row_that_lost_nothing_that_counts_needs_no_line_break(content: str) -> None:
    assert addresses(content) == ["10.0.0.1"]


printable = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp"), exclude_characters="\ufeff\ufffe"), max_size=12
).map(str.strip)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 2**32 - 1), printable, printable), min_size=1, max_size=8),
    st.permutations(["address", "owner", "reason"]),
    st.sampled_from([",", ";", "\t"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    st.sampled_from(["\r\n", "\n"]),
)
def test_whatever_is_written_as_csv_reads_the_same(
    rows: list[tuple[int, str, str]], order: list[str], delimiter: str, encoding: str, ending: str
) -> None:
    whole = [
        dict(zip(("address", "owner", "reason"), (str(IPv4Address(number)), *texts), strict=True))
        for number, *texts in rows
    ]
    table = io.StringIO(newline="")
    writer = csv.DictWriter(table, order, delimiter=delimiter, lineterminator=ending)
    writer.writeheader()
    writer.writerows(whole)
    found = [
        {"address": str(source.range), "owner": source.owner, "reason": source.reason}
        for source in sources(table.getvalue().encode(encoding))
    ]
    assert found == whole


@settings(max_examples=300, deadline=None)
@given(
    st.one_of(
        st.binary(max_size=60),
        st.binary(max_size=40).map(lambda tail: b"address;owner\n10.0.0.1;" + tail),
        st.text(st.sampled_from('address,;\t"\n\r10.\x00\ufeff sep='), max_size=60).map(lambda text: text.encode()),
    )
)
def test_whatever_the_bytes_are_they_are_sources_or_one_sentence(content: bytes) -> None:
    try:
        found = sources(content)
    except InputError as error:
        assert "\n" not in str(error) and str(error).startswith("source_groups.legacy.file: ")
    else:
        assert found, "a file without sources is a mistake"


def test_files_are_read_by_whoever_may() -> None:
    asked: list[str] = []

    def read(name: str) -> bytes:
        asked.append(name)
        return b"address\n10.0.0.1\n"

    groups = {
        "file": {"file": " legacy.csv ", "owner": "x"},
        "given": {"file": "there.csv", "content": "address\n10.0.0.2\n"},
        "list": {"addresses": ["10.0.0.3"]},
        "wrong": ["no group"],
    }
    found = with_file_contents(groups, read)
    assert isinstance(found, Mapping) and asked == ["legacy.csv"]
    assert found["file"] == {"file": " legacy.csv ", "owner": "x", "content": b"address\n10.0.0.1\n"}
    assert {name: found[name] for name in ("given", "list", "wrong")} == {
        name: groups[name] for name in ("given", "list", "wrong")
    }
    assert with_file_contents(None, read) is None and with_file_contents([], read) == []


@pytest.mark.parametrize("name", [5, "", " ", ["a.csv"], {"path": "a.csv"}])
def test_what_is_no_name_of_a_file_is_not_read(name: object) -> None:
    def read(wanted: str) -> bytes:
        raise AssertionError(wanted)

    with pytest.raises(InputError, match=r"source_groups.a.file: .* is not the name of a file"):
        with_file_contents({"a": {"file": name}}, read)


def test_a_file_that_cannot_be_read_is_told_with_its_group() -> None:
    def read(name: str) -> bytes:
        raise InputError("was not found; put it below files.")

    with pytest.raises(InputError, match=r"^source_groups.a.file: 'b.csv' was not found; put it below files.$"):
        with_file_contents({"a": {"file": "b.csv"}}, read)
