import json
import subprocess
import sys
from pathlib import Path

import pytest

from payments.address_book import AddressBook
from payments.addresses import HotAddresses
from payments.custody import CustodyError, key_text, new_mnemonic, seal, write_secret
from payments.marks import FileMark, first_index, marks_file

KEY = bytes(range(32))


def marks(folder: Path) -> Path:
    return marks_file(folder / "mnemonic")


def test_marks_are_kept_beside_the_mnemonic(tmp_path: Path) -> None:
    assert marks(tmp_path) == tmp_path / "mnemonic.marks"


def test_mark_that_was_never_written_is_none(tmp_path: Path) -> None:
    with FileMark(marks(tmp_path), "LTC", "regtest") as mark:
        assert mark.read() is None


def test_mark_is_on_disk_as_a_readable_object(tmp_path: Path) -> None:
    with FileMark(marks(tmp_path), "LTC", "regtest") as mark:
        mark.write(16)
        assert json.loads(marks(tmp_path).read_text()) == {"LTC/regtest": 16}
        assert mark.read() == 16


def test_coins_have_marks_of_their_own_in_one_file(tmp_path: Path) -> None:
    with (
        FileMark(marks(tmp_path), "LTC", "main") as ltc,
        FileMark(marks(tmp_path), "BTC", "main") as btc,
    ):
        ltc.write(16)
        btc.write(32)
        ltc.write(17)
        assert (ltc.read(), btc.read()) == (17, 32)


def test_mark_is_held_by_one_at_a_time(tmp_path: Path) -> None:
    with (
        FileMark(marks(tmp_path), "LTC", "main"),
        pytest.raises(CustodyError, match="another process hands out LTC/main addresses"),
    ):
        FileMark(marks(tmp_path), "LTC", "main")
    FileMark(marks(tmp_path), "LTC", "main").close()


def test_mark_is_held_against_other_processes(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from payments.marks import FileMark;"
        " FileMark(Path(sys.argv[1]), 'LTC', 'main')"
    )
    command = [sys.executable, "-c", program, str(marks(tmp_path))]
    root = Path(__file__).parents[2]
    with FileMark(marks(tmp_path), "LTC", "main"):
        held = subprocess.run(command, cwd=root, capture_output=True, check=False)  # noqa: S603 - ours
    assert b"another process hands out" in held.stderr
    assert subprocess.run(command, cwd=root, capture_output=True, check=False).returncode == 0  # noqa: S603 - ours


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b'{"LTC/main": -1}', b'{"LTC/main": "7"}', b"\xff", b'{"a": true}'],
)
def test_damaged_file_is_told_with_what_to_write(tmp_path: Path, content: bytes) -> None:
    marks(tmp_path).write_bytes(content)
    with FileMark(marks(tmp_path), "LTC", "main") as mark:
        with pytest.raises(CustodyError, match=r'damaged: write .*"LTC/main": 100'):
            mark.read()
        with pytest.raises(CustodyError, match="damaged"):
            mark.write(3)
    assert marks(tmp_path).read_bytes() == content


def test_folder_that_is_missing_is_told(tmp_path: Path) -> None:
    with pytest.raises(CustodyError, match="cannot be opened: No such file"):
        FileMark(tmp_path / "nowhere" / "x.marks", "LTC", "main")


@pytest.mark.parametrize(
    ("written", "first_free", "expected"), [(None, 0, 0), (16, 3, 16), (16, 0, 16), (16, 20, 20)]
)
def test_first_index_is_above_the_mark_and_the_store(
    tmp_path: Path, written: int | None, first_free: int, expected: int
) -> None:
    with FileMark(marks(tmp_path), "LTC", "main") as mark:
        if written is not None:
            mark.write(written)
        assert first_index(mark, first_free) == expected


def test_missing_mark_is_an_error_where_the_store_knows_addresses(tmp_path: Path) -> None:
    with (
        FileMark(marks(tmp_path), "LTC", "main") as mark,
        pytest.raises(CustodyError, match=r'up to index 4: write "LTC/main": N .*at least 5'),
    ):
        first_index(mark, 5)


def book(folder: Path) -> AddressBook:
    if not (folder / "mnemonic").exists():
        write_secret(folder / "mnemonic", seal(new_mnemonic(12), KEY))
        write_secret(folder / "key", key_text(KEY))
    return AddressBook(
        HotAddresses(
            coin="LTC",
            network="regtest",
            mnemonic_file=folder / "mnemonic",
            key_file=folder / "key",
        )
    )


def test_closed_book_lowers_the_mark_and_lets_it_go(tmp_path: Path) -> None:
    first = book(tmp_path)
    assert first.open(0) == 0
    assert first.write_mark(16) == 16
    first.close(3)
    second = book(tmp_path)
    assert second.open(3) == 3
    second.close(None)


def test_book_that_was_not_closed_leaves_the_mark_ahead(tmp_path: Path) -> None:
    first = book(tmp_path)
    first.open(0)
    first.write_mark(16)
    first.close(None)
    second = book(tmp_path)
    assert second.open(3) == 16
    second.close(None)


def test_closed_book_gives_nothing(tmp_path: Path) -> None:
    closed = book(tmp_path)
    closed.open(0)
    closed.close(None)
    with pytest.raises(CustodyError, match="not open"):
        closed.derive(0, 1)
    with pytest.raises(CustodyError, match="not open"):
        closed.write_mark(1)
