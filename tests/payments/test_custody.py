import stat
from pathlib import Path

import pytest
from loguru import logger

from payments.custody import (
    CustodyError,
    check_mnemonic,
    key_text,
    new_key,
    new_mnemonic,
    parse_key,
    read_key,
    read_mnemonic,
    seal,
    unseal,
    warn_if_open_to_others,
    write_secret,
)

MNEMONIC = "abandon " * 11 + "about"
KEY = bytes(range(32))


@pytest.mark.parametrize("words", [12, 15, 18, 21, 24])
def test_new_mnemonic_has_as_many_words_as_wanted_and_is_valid(words: int) -> None:
    mnemonic = new_mnemonic(words)
    assert len(mnemonic.split()) == words
    assert check_mnemonic(mnemonic) == mnemonic


def test_new_mnemonics_differ() -> None:
    assert new_mnemonic() != new_mnemonic()


def test_new_mnemonic_of_another_length_is_refused() -> None:
    with pytest.raises(CustodyError, match="12, 15, 18, 21 or 24 words, not 13"):
        new_mnemonic(13)


def test_mnemonic_is_brought_to_its_normal_form() -> None:
    # U+FF41 is a fullwidth "a", which NFKD turns into the plain one.
    assert check_mnemonic("  \uff41bandon\n" + "ABANDON\t" * 10 + " about ") == MNEMONIC


def test_wrong_number_of_words_is_refused() -> None:
    with pytest.raises(CustodyError, match="this has 11 words"):
        check_mnemonic("abandon " * 11)


def test_unknown_word_is_named_by_its_number_only() -> None:
    with pytest.raises(CustodyError, match="word 12 is not") as refusal:
        check_mnemonic("abandon " * 11 + "aboot")
    assert "aboot" not in str(refusal.value)
    assert "abandon" not in str(refusal.value)


def test_wrong_checksum_is_refused() -> None:
    with pytest.raises(CustodyError, match="checksum"):
        check_mnemonic("abandon " * 12)


def test_sealed_mnemonic_opens_with_its_key() -> None:
    assert unseal(seal(MNEMONIC, KEY), KEY) == MNEMONIC


def test_sealed_text_shows_no_word_and_differs_each_time() -> None:
    sealed = seal(MNEMONIC, KEY)
    assert "abandon" not in sealed
    assert sealed != seal(MNEMONIC, KEY)


def test_bad_mnemonic_is_not_sealed() -> None:
    with pytest.raises(CustodyError, match="checksum"):
        seal("abandon " * 12, KEY)


def test_wrong_key_is_told_and_opens_nothing() -> None:
    with pytest.raises(CustodyError, match="another key, or the file was changed"):
        unseal(seal(MNEMONIC, KEY), new_key())


def test_changed_box_is_told() -> None:
    sealed = seal(MNEMONIC, KEY)
    at = sealed.index('"box": "') + 30
    changed = sealed[:at] + ("A" if sealed[at] != "A" else "B") + sealed[at + 1 :]
    with pytest.raises(CustodyError, match="another key, or the file was changed"):
        unseal(changed, KEY)


@pytest.mark.parametrize(
    "text",
    [
        "",
        MNEMONIC,
        "[]",
        "{}",
        "\x00",
        '{"format": "x"}',
        "[" * 100_000,
        '{"format": "holdfast-sealed-mnemonic", "version": 1, "box": 7}',
        '{"format": "holdfast-sealed-mnemonic", "version": 1, "box": "!"}',
    ],
)
def test_other_text_is_no_sealed_mnemonic(text: str) -> None:
    with pytest.raises(CustodyError, match="not a sealed mnemonic") as refusal:
        unseal(text, KEY)
    assert "abandon" not in str(refusal.value)


def test_newer_version_is_told() -> None:
    text = seal(MNEMONIC, KEY).replace('"version": 1', '"version": 2')
    with pytest.raises(CustodyError, match="version"):
        unseal(text, KEY)


@pytest.mark.parametrize("length", [0, 16, 31, 33])
def test_key_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(CustodyError, match=f"{length} bytes long, not 32"):
        seal(MNEMONIC, bytes(length))


@pytest.mark.parametrize(
    "text",
    [
        key_text(KEY),
        KEY.hex().upper(),
        "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
        "  AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\r\n",
    ],
)
def test_key_is_read_from_hexadecimal_and_base64(text: str) -> None:
    assert parse_key(text, "the test") == KEY


def test_url_safe_base64_is_a_key_too() -> None:
    assert parse_key("__79_Pv6-fj39vX08_Lx8O_u7ezr6uno5-bl5OPi4eA=", "the test")[:2] == b"\xff\xfe"


@pytest.mark.parametrize("text", ["", "hunter2", KEY.hex()[:-1], KEY.hex() + "00", "zz" * 32])
def test_what_is_no_key_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(CustodyError, match="the key in the test is not 32 bytes") as refusal:
        parse_key(text, "the test")
    assert not text or text not in str(refusal.value)


def test_key_is_read_from_a_file(tmp_path: Path) -> None:
    write_secret(tmp_path / "key", key_text(KEY))
    assert read_key(tmp_path / "key", None) == KEY


def test_key_is_read_from_the_environment() -> None:
    assert read_key(None, "SHOP_KEY", {"SHOP_KEY": KEY.hex()}) == KEY


@pytest.mark.parametrize("environ", [{}, {"SHOP_KEY": ""}])
def test_missing_variable_is_named(environ: dict[str, str]) -> None:
    with pytest.raises(CustodyError, match="SHOP_KEY is not set"):
        read_key(None, "SHOP_KEY", environ)


def test_no_key_at_all_is_told() -> None:
    with pytest.raises(CustodyError, match="key_file"):
        read_key(None, None)


def test_missing_file_is_told_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(CustodyError, match=r"no mnemonic file .*/secret: put your copy back"):
        read_mnemonic(tmp_path / "secret", KEY)


def test_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(CustodyError, match="cannot be read: Is a directory"):
        read_key(tmp_path, None)


def test_file_that_is_no_text_is_told(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(b"\xff\xfe")
    with pytest.raises(CustodyError, match="is not text"):
        read_key(tmp_path / "key", None)


def test_file_that_is_far_too_large_is_told(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(bytes(100_000))
    with pytest.raises(CustodyError, match="too large"):
        read_key(tmp_path / "key", None)


def test_mnemonic_file_is_named_in_what_is_wrong_with_it(tmp_path: Path) -> None:
    write_secret(tmp_path / "secret", seal(MNEMONIC, KEY))
    assert read_mnemonic(tmp_path / "secret", KEY) == MNEMONIC
    with pytest.raises(CustodyError, match=r"/secret: the key does not open"):
        read_mnemonic(tmp_path / "secret", new_key())


def test_secret_is_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "new" / "secret"
    write_secret(path, "x")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [each.name for each in path.parent.iterdir()] == ["secret"]


def test_secret_is_never_overwritten(tmp_path: Path) -> None:
    write_secret(tmp_path / "secret", "first")
    with pytest.raises(CustodyError, match="is there already and was left alone"):
        write_secret(tmp_path / "secret", "second")
    assert (tmp_path / "secret").read_text() == "first"
    assert [each.name for each in tmp_path.iterdir()] == ["secret"]


def test_secret_that_others_may_read_is_warned_of(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(key_text(KEY))
    (tmp_path / "key").chmod(0o640)
    warnings: list[str] = []
    sink = logger.add(warnings.append, level="WARNING", format="{message}")
    try:
        warn_if_open_to_others([tmp_path / "key", tmp_path / "none"])
        (tmp_path / "key").chmod(0o600)
        warn_if_open_to_others([tmp_path / "key"])
    finally:
        logger.remove(sink)
    (warning,) = warnings
    assert "chmod 600" in warning
    assert KEY.hex() not in warning
