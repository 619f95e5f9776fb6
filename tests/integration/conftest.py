# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A lab for each test module, in a process of its own and on free ports."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from harness.lab import Lab
from harness.labs import inventory, lab_file
from harness.plays import Runner

StartLab = Callable[..., Lab]
MakeRunner = Callable[..., Runner]


@pytest.fixture(scope="module")
def start_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartLab]:
    """Start labs from the arguments of `lab_file`; they stop with the module."""
    labs: list[Lab] = []

    def start(**arguments: Any) -> Lab:
        labs.append(Lab.start(lab_file(**arguments), tmp_path_factory.mktemp("lab")))
        return labs[-1]

    yield start
    for lab in labs:
        lab.stop()


@pytest.fixture(scope="module")
def lab(request: pytest.FixtureRequest, start_lab: StartLab) -> Lab:
    """The module's lab; a module says `LAB = {...}` when it wants other arguments of `lab_file`."""
    return start_lab(**getattr(request.module, "LAB", {}))


@pytest.fixture
def runner_for(tmp_path: Path) -> MakeRunner:
    """Make a runner for a lab from the arguments of `inventory`."""
    count = 0

    def make(lab: Lab, **arguments: Any) -> Runner:
        nonlocal count
        count += 1
        folder = tmp_path / f"plays-{count}"
        return Runner(folder, inventory(lab, folder, **arguments), lab.environment())

    return make
