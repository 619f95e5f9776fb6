# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""CSV files of sources, read whole or not at all. PRIVATE to the collection.

What spreadsheets write is taken: a byte order mark, UTF-16 with one, commas, semicolons or tabs, Excel's own first
line ``sep=;``, and rows of nothing at the end. Whatever could mean that the file is not the one somebody meant (a
column that is not known, a row that is too short, bytes in another encoding, an end in the middle of a row) is one
sentence with file, line and column. Nothing here opens a file: the caller reads the bytes.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from .declaration import near_match
from .errors import InputError
from .ranges import shown

COLUMNS = ("address", "name", "owner", "ticket", "reason", "expires")
"""What the header may name; only address has to be there. The order is free."""

EXAMPLE_HEADER = ",".join(COLUMNS)
_DELIMITERS = ",;\t"
_SEPARATOR_LINE = re.compile(r"\"?sep=(.)\"?[ \t]*(?:\r\n|\r|\n|\Z)", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe]")
_LINE_BREAKS = ("\n", "\r")
_VAULT = b"$ANSIBLE_VAULT"


@dataclass(frozen=True)
class FileRow:
    """One row that names a source: where it starts (line 1 is the first of the file), and its cells by column."""

    line: int
    cells: Mapping[str, str]


def with_file_contents(raw: object, read: Callable[[str], bytes]) -> object:
    """relay_source_groups with the content of every file that a group names beside the name.

    Args:
        raw: the groups as declared.
        read: gives the bytes of a file by the name that was declared. It raises InputError with the reason, such as
            "was not found".

    Raises:
        InputError: a file cannot be read; with the group in front.
    """
    if not isinstance(raw, Mapping):
        return raw
    groups: dict[object, object] = {}
    for group, value in raw.items():
        groups[group] = value
        if isinstance(value, Mapping) and value.get("file") is not None and value.get("content") is None:
            where = f"source_groups.{group}.file"
            name = value["file"]
            if not isinstance(name, str) or not name.strip():
                raise InputError(f"{where}: {shown(name)} is not the name of a file; write one such as sources/x.csv.")
            try:
                groups[group] = {**value, "content": read(name.strip())}
            except InputError as error:
                raise InputError(f"{where}: {str(name)!r} {error}") from None
    return groups


def read_rows(content: bytes | str, where: str) -> Iterator[FileRow]:
    """The rows of a file with sources, blank ones left out.

    Args:
        content: the whole file.
        where: the group and the file's name, for messages.

    Raises:
        InputError: one sentence with `where`, line and column; rows that came before it must not be used either.
    """
    text = _decoded(content, where)
    body, delimiter = _without_separator_line(text)
    skipped = 1 if delimiter else 0
    header, delimiter = _header(body, delimiter, where, skipped + 1)
    last: FileRow | None = None
    for line, cells in _records(body, delimiter, where, skipped):
        if not any(cells):
            continue
        if last is not None:
            yield last
        last = FileRow(line, _by_column(header, cells, f"{where}, line {line}", delimiter))
    if last is None:
        raise InputError(
            f"{where}, line {skipped + 2}, column 1: the file has a header and no sources below it; give at least one, "
            "or declare addresses: [] where the group is to be empty."
        )
    _refuse_cut_row(text, header, last, where)
    yield last


def _decoded(content: bytes | str, where: str) -> str:
    text = content if isinstance(content, str) else _text_of(content, where)
    text = text.removeprefix("\ufeff")
    if not text.strip():
        raise InputError(f"{where}: the file is empty; its first line has to be a header such as {EXAMPLE_HEADER}.")
    found = _CONTROL.search(text)
    if found:
        raise InputError(
            f"{where}, {_position(text[: found.start()])}: the control character {found[0]!r} has no place in a table; "
            "save the file anew as 'CSV UTF-8'."
        )
    return text


def _text_of(content: bytes, where: str) -> str:
    if content.startswith(_VAULT):
        raise InputError(
            f"{where}: the file is encrypted with ansible-vault and was not decrypted; give it in the open."
        )
    wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        return content.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-16" if wide else "utf-8-sig", errors="ignore")
        byte = f"0x{content[error.start]:02x}" if error.start < len(content) else "at the end"
        raise InputError(
            f"{where}, {_position(before)}: the byte {byte} is not {'UTF-16' if wide else 'UTF-8'}; save the file as "
            "'CSV UTF-8'."
        ) from None


def _position(before: str) -> str:
    """Line and column of what comes after this text, as an editor counts them."""
    lines = re.split(r"\r\n|\r|\n", before)
    return f"line {len(lines)}, column {len(lines[-1]) + 1}"


def _without_separator_line(text: str) -> tuple[str, str]:
    """The text without Excel's own first line, and the delimiter that it names ("" for none)."""
    match = _SEPARATOR_LINE.match(text)
    return (text[match.end() :], match[1]) if match and match[1] in _DELIMITERS else (text, "")


def _header(body: str, told: str, where: str, line: int) -> tuple[tuple[str, ...], str]:
    """The columns, and the delimiter: the one that was told, else the one that gives a header with address in it."""
    first = re.split(r"\r\n|\r|\n", body, maxsplit=1)[0]
    read = [(delimiter, _cells_of(first, delimiter)) for delimiter in told or _DELIMITERS]
    named = [(delimiter, header) for delimiter, header in read if "address" in header]
    delimiter, header = (named or sorted(read, key=lambda pair: -len(pair[1])))[0]
    at = f"{where}, line {line}"
    if not named:
        raise InputError(
            f"{at}: there is no column address in the header {shown(first.strip())}; "
            f"the first line has to name the columns, such as {EXAMPLE_HEADER}."
        )
    for number, column in enumerate(header, 1):
        if column not in COLUMNS:
            what = f"column {number} of the header is {shown(column)}"
            remedy = near_match(column, COLUMNS) if column else "name it, or take it out."
            raise InputError(f"{at}: {what}, which is not known; {remedy}")
        if column in header[: number - 1]:
            raise InputError(f"{at}: column {number} of the header is {column} a second time; take one of them out.")
    return header, delimiter


def _cells_of(line: str, delimiter: str) -> tuple[str, ...]:
    cells = next(csv.reader([line], delimiter=delimiter, skipinitialspace=True), [])
    return tuple(cell.strip().casefold() for cell in cells)


def _records(body: str, delimiter: str, where: str, skipped: int) -> Iterator[tuple[int, list[str]]]:
    """The rows below the header with the line each starts in, their cells without blanks around them."""
    reader = csv.reader(io.StringIO(body, newline=""), delimiter=delimiter, skipinitialspace=True, strict=True)
    line = skipped + 1
    try:
        for cells in reader:
            if line > skipped + 1:
                yield line, [cell.strip() for cell in cells]
            line = skipped + reader.line_num + 1
    except csv.Error as error:
        what = "a quoted cell does not end" if "end of data" in str(error) else f"the row is not CSV ({error})"
        raise InputError(
            f"{where}, line {line}, from column 1 on: {what}; look for a missing or stray quotation mark, or copy the "
            "whole file again."
        ) from None


def _by_column(header: Sequence[str], cells: Sequence[str], at: str, delimiter: str) -> Mapping[str, str]:
    if len(cells) < len(header):
        raise InputError(
            f"{at}, column {header[len(cells)]}: the row ends before it, with {len(cells)} of {len(header)} cells; "
            "complete the row (an empty cell has its separator too), or copy the whole file again."
        )
    if len(cells) > len(header):
        raise InputError(
            f"{at}, column {len(header) + 1}: the row has {len(cells)} cells and the header {len(header)}; put text "
            f"that holds {shown(delimiter)} in quotation marks."
        )
    row = dict(zip(header, cells, strict=True))
    whole = "".join(cells)
    if "\n" in whole or "\r" in whole:
        column = next(column for column, cell in row.items() if len(cell.splitlines()) > 1)
        raise InputError(f"{at}, column {column}: {shown(row[column])} has a line break inside; write it on one line.")
    return row


def _refuse_cut_row(text: str, header: Sequence[str], row: FileRow, where: str) -> None:
    """An end in the middle of the last row, as a copy that broke off leaves it.

    A row without a line break may be whole; it is refused where what is missing could be part of the address or the
    day of expiry. A text for people that lacks its end does no harm.
    """
    column = header[-1]
    if text.endswith((*_LINE_BREAKS, '"')) or not any(row.cells.values()):
        return
    if column == "address" or (column == "expires" and not row.cells[column]):
        raise InputError(
            f"{where}, line {row.line}, column {column}: the file ends there without a line break, so it may be cut "
            "off; look whether it is whole, and end its last line with a line break."
        )
