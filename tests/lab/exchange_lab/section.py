# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One mapping of a lab file: typed reads, and a complaint about every key that nobody read."""

from __future__ import annotations

from collections.abc import Mapping

from exchange_lab.interface import LabError


class LabFileError(LabError):
    """A lab file is wrong; one sentence says where and what would be right."""


class Section:
    """A mapping at a place in the file; `where` is its dotted path, used in every error."""

    def __init__(self, where: str, content: object) -> None:
        self.where = where
        if content is None:
            content = {}
        if not isinstance(content, Mapping):
            raise LabFileError(f"{where}: a mapping is expected here, not {_kind(content)}.")
        self._content = {str(key): value for key, value in content.items()}
        self._read: set[str] = set()

    def error(self, key: str | None, text: str) -> LabFileError:
        return LabFileError(f"{self._path(key)}: {text}.")

    def _path(self, key: str | None) -> str:
        return self.where if key is None else f"{self.where}: {key}" if ":" not in self.where else f"{self.where}.{key}"

    def has(self, key: str) -> bool:
        return self._content.get(key) is not None

    def names(self) -> list[str]:
        """All keys of a mapping whose keys are names; they count as read."""
        self._read.update(self._content)
        return list(self._content)

    def is_mapping(self, key: str) -> bool:
        return isinstance(self._content.get(key), Mapping)

    def _take(self, key: str) -> object:
        self._read.add(key)
        return self._content.get(key)

    def section(self, key: str, required: bool = False) -> Section:
        value = self._take(key)
        if value is None and required:
            raise self.error(key, "this key is required and holds a mapping")
        return Section(self._path(key), value)

    def mapping(self, key: str) -> Mapping[str, object]:
        """A mapping as it is, for a part of the lab that reads it by itself; empty when absent."""
        return self.section(key)._content

    def sections(self, key: str) -> list[Section]:
        value = self._take(key)
        if value is None:
            return []
        if not isinstance(value, list):
            raise self.error(key, f"a list is expected here, not {_kind(value)}")
        return [Section(f"{self._path(key)}[{index}]", item) for index, item in enumerate(value)]

    def text(self, key: str, default: str | None = None) -> str:
        value = self._take(key)
        if value is None:
            if default is None:
                raise self.error(key, "this key is required and holds text")
            return default
        if not isinstance(value, str) or not value:
            raise self.error(key, f"text is expected here, not {_kind(value)}")
        return value

    def strings(self, key: str, default: tuple[str, ...] | None = None) -> tuple[str, ...]:
        value = self._take(key)
        if value is None and default is not None:
            return default
        items = value if isinstance(value, list) else [value]
        if not all(isinstance(item, str) and item for item in items):
            raise self.error(key, "a list of texts is expected here")
        return tuple(items)

    def integer(self, key: str, default: int, minimum: int, maximum: int) -> int:
        value = self._take(key)
        if value is None:
            return default
        if not isinstance(value, int) or isinstance(value, bool) or not minimum <= value <= maximum:
            raise self.error(key, f"a whole number from {minimum} to {maximum} is expected here")
        return value

    def number(self, key: str, minimum: float, maximum: float) -> float:
        value = self._take(key)
        if not isinstance(value, int | float) or isinstance(value, bool) or not minimum <= value <= maximum:
            raise self.error(key, f"a number from {minimum:g} to {maximum:g} is expected here")
        return float(value)

    def boolean(self, key: str, default: bool) -> bool:
        value = self._take(key)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise self.error(key, f"true or false is expected here, not {_kind(value)}")
        return value

    def choice(self, key: str, choices: tuple[str, ...], default: str | None = None) -> str:
        value = self._take(key)
        if value is None and default is not None:
            return default
        if str(value) not in choices:
            raise self.error(key, f"{value!r} is not possible; use one of {', '.join(choices)}")
        return str(value)

    def done(self) -> None:
        """Refuse keys that nobody asked for."""
        unknown = sorted(set(self._content) - self._read)
        if unknown:
            known = ", ".join(sorted(self._read))
            raise self.error(unknown[0], f"this key is not known; known here are {known}")


def _kind(value: object) -> str:
    names = {bool: "true or false", int: "a number", float: "a number", str: "text", list: "a list", dict: "a mapping"}
    return names.get(type(value), "an empty value")
