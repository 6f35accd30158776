"""The owner's passphrase: kept as a hash, asked exactly."""

from pathlib import Path

import pytest
from nacl.pwhash import argon2id

from payments.custody import CustodyError
from payments.export_passphrase import Effort, check_passphrase, passphrase_file, set_passphrase

LITTLE = Effort(passes=argon2id.OPSLIMIT_MIN, memory_bytes=argon2id.MEMLIMIT_MIN)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return passphrase_file(tmp_path / "mnemonic.sealed")


def test_only_the_passphrase_that_was_set_is_taken(path: Path) -> None:
    set_passphrase(path, "correct horse", LITTLE)
    check_passphrase(path, "correct horse")
    for other in ("correct horsf", "correct horse ", "Correct horse", "something else"):
        with pytest.raises(CustodyError, match="this is not the passphrase"):
            check_passphrase(path, other)


def test_the_file_is_its_owners_alone_and_has_no_passphrase_in_it(path: Path) -> None:
    set_passphrase(path, "correct horse", LITTLE)
    assert path.name == "mnemonic.sealed.passphrase"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.read_text().startswith("$argon2id$v=19$")
    assert "correct" not in path.read_text()


def test_a_letter_is_the_same_however_it_was_typed(path: Path) -> None:
    set_passphrase(path, "gr\u00fc\u00dfe zusammen", LITTLE)
    check_passphrase(path, "gru\u0308\u00dfe zusammen")


def test_a_later_passphrase_takes_the_place_of_the_first(path: Path) -> None:
    set_passphrase(path, "the first one", LITTLE)
    set_passphrase(path, "the second one", LITTLE)
    check_passphrase(path, "the second one")
    with pytest.raises(CustodyError, match="not the passphrase"):
        check_passphrase(path, "the first one")


@pytest.mark.parametrize("passphrase", ["", "1234567", "x" * 1025])
def test_a_passphrase_of_no_use_is_refused(path: Path, passphrase: str) -> None:
    with pytest.raises(CustodyError, match="has 8 to 1024 characters"):
        set_passphrase(path, passphrase, LITTLE)
    assert not path.exists()


def test_where_none_was_set_it_is_said_how_to(path: Path) -> None:
    with pytest.raises(CustodyError, match="custody passphrase"):
        check_passphrase(path, "correct horse")


@pytest.mark.parametrize("content", ["", "$argon2id$", "correct horse", "\u00fc" * 200])
def test_a_damaged_file_takes_no_passphrase(path: Path, content: str) -> None:
    path.write_text(content)
    with pytest.raises(CustodyError, match=r"is damaged|not the passphrase"):
        check_passphrase(path, "correct horse")


def test_more_effort_is_spent_where_none_is_named() -> None:
    assert Effort().memory_bytes >= 64 * 1024 * 1024
    assert Effort().passes >= 3
