"""The committed table has every declared cell, and every empty one its reason."""

from pathlib import Path

import pytest

from scripts.payment_cases import TABLE, declared, main, render
from tests.payment_cases.cases import CASES, CLIENTS, HOLES


def test_committed_table_is_that_of_the_declared_cases() -> None:
    assert TABLE.read_text(encoding="utf-8") == render(declared())


def test_every_hole_is_a_cell_with_a_reason() -> None:
    assert {case for case, _ in HOLES} <= CASES.keys()
    assert {client for _, client in HOLES} <= CLIENTS.keys()
    assert all(HOLES.values())


def test_every_case_has_a_client() -> None:
    assert {case for case, _ in declared()} == CASES.keys()


def test_cell_that_did_not_pass_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for cell in declared()[1:]:
        (tmp_path / "--".join(cell)).touch()
    before = TABLE.read_text(encoding="utf-8")
    assert main([str(tmp_path)]) == 1
    assert capsys.readouterr().err == "exact has not passed with bitcoind\n"
    assert TABLE.read_text(encoding="utf-8") == before
