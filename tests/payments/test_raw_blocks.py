"""Blocks as bytes, made up and broken."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.watch_blocks import MadeUpBlock, compact_size, made_up_chain
from payments.addresses import address_of_script
from payments.raw_block import BrokenBlockError, root_of, transactions_of
from payments.raw_transaction import parse_transaction
from payments.watched_scripts import WatchedScripts

SCRIPTS = [f"0014{number:040x}" for number in range(1, 6)]
# One input, no witness, one output of one unit to a script of one byte.
PLAIN = (
    bytes.fromhex("02000000" + "01" + "11" * 36 + "00" + "ffffffff")
    + bytes.fromhex("01" + "0100000000000000" + "01" + "51")
    + bytes(4)
)


def plain(number: int) -> bytes:
    """The same with another lock time, and so with another id."""
    return PLAIN[:-4] + number.to_bytes(4, "little")


def hashed(data: bytes) -> bytes:
    return sha256(sha256(data).digest()).digest()


def block_of(*transactions: bytes, then: bytes = b"") -> bytes:
    """A block with a header that is of these transactions."""
    ids = [bytes.fromhex(parse_transaction(each).transaction_id)[::-1] for each in transactions]
    header = bytes(36) + root_of(ids) + bytes(12)
    return header + compact_size(len(transactions)) + b"".join(transactions) + then


def made_up_block(transactions: int = 300) -> MadeUpBlock:
    chain = made_up_chain(1, blocks=1, transactions=transactions, scripts=SCRIPTS, payments=5)
    return chain[1]


def watching(*scripts: str) -> WatchedScripts:
    watched = WatchedScripts("BTC", "main")
    watched.follow({str(address_of_script(each, "BTC", "main")): None for each in scripts})
    return watched


def test_every_transaction_is_given_whole_and_in_its_order() -> None:
    block = made_up_block()
    _, *others = transactions_of(block.raw)
    assert others == list(block.transactions.values())


def test_payments_to_watched_scripts_are_found_with_their_exact_amounts() -> None:
    block = made_up_block()
    found = {
        (each.transaction_id, each.output_index, each.amount_base_units, each.address)
        for each in watching(*SCRIPTS).paid_in_block(block.raw)
    }
    assert found == {
        (
            each.transaction_id,
            each.output_index,
            each.amount_base_units,
            address_of_script(each.script, "BTC", "main"),
        )
        for each in block.paid
    }
    assert len(found) == 5


def test_script_that_is_no_longer_watched_is_not_found() -> None:
    block = made_up_block()
    watched = watching(*SCRIPTS)
    assert watched.follow({}) is False
    assert watched.paid_in_block(block.raw) == []


def test_script_in_a_witness_is_no_payment() -> None:
    witness = bytes.fromhex("01" + "16" + SCRIPTS[0])
    transaction = PLAIN[:4] + b"\x00\x01" + PLAIN[4:-4] + witness + PLAIN[-4:]
    watched = watching(SCRIPTS[0])
    assert watched.filter.may_pay(transaction)
    assert watched.paid_in_block(block_of(transaction)) == []


def test_output_of_amount_zero_pays_nobody() -> None:
    output = bytes.fromhex("01" + "00" * 8 + "16" + SCRIPTS[0])
    transaction = PLAIN[: 4 + 1 + 41] + output + bytes(4)
    assert transactions_of(block_of(transaction)) == [transaction]
    assert watching(SCRIPTS[0]).paid_in_block(block_of(transaction)) == []


@pytest.mark.parametrize("count", [1, 2, 3, 0xFC, 0xFD, 300])
def test_count_of_transactions_is_read_in_each_of_its_forms(count: int) -> None:
    transactions = [plain(number) for number in range(count)]
    assert transactions_of(block_of(*transactions)) == transactions


def hog_ex(extension: bytes) -> bytes:
    return PLAIN[:4] + b"\x00\x08" + PLAIN[4:-4] + extension + PLAIN[-4:]


def test_extension_block_after_the_last_transaction_is_passed_over() -> None:
    last = hog_ex(b"\x00")
    block = block_of(plain(1), last, then=b"\x01" + b"\xab" * 500)
    assert transactions_of(block) == [plain(1), last]


def test_root_is_the_one_of_the_first_block_with_more_than_a_transaction() -> None:
    # Block 170 of the Bitcoin main network.
    ids = [
        "b1fea52486ce0c62bb442b530a3f0132b826c74e473d1f2c220bfa78111c5082",
        "f4184fc596403b9d638783cf57adfe4c75c605f6356fbc91338530e9831e9e16",
    ]
    root = root_of([bytes.fromhex(each)[::-1] for each in ids])
    assert root[::-1].hex() == "7dac2c5666815c17a3b36427de37bb9d2e2c5ccec3f8633eb91a4205cb4c10ff"


def test_root_of_three_takes_the_last_one_twice() -> None:
    one, two, three = (bytes((number,)) * 32 for number in (1, 2, 3))
    assert root_of([one]) == one
    assert root_of([one, two, three]) == hashed(hashed(one + two) + hashed(three + three))


def test_longer_list_with_the_same_root_is_refused() -> None:
    ids = [bytes((number,)) * 32 for number in range(6)]
    with pytest.raises(BrokenBlockError, match="twice"):
        root_of([*ids, *ids[4:]])
    with pytest.raises(BrokenBlockError, match="twice"):
        root_of([*ids[:3], ids[2]])


HEADER = block_of(PLAIN)[:80]


@pytest.mark.parametrize(
    "block",
    [
        HEADER,
        HEADER + b"\x00",
        bytes(36) + bytes(32) + bytes(12) + b"\x00",
        HEADER + b"\x01" + PLAIN[:-1],
        HEADER + b"\x01" + PLAIN + b"\x00",
        HEADER + b"\x01" + plain(1),
        HEADER + b"\x01" + PLAIN.replace(b"\x01\x51", b"\x01\x52"),
        HEADER + b"\x02" + PLAIN + PLAIN,
        HEADER + b"\xff" + b"\xff" * 8 + PLAIN,
        block_of(hog_ex(b"\x00"), plain(1), then=b"\x01"),
        HEADER + b"\x01" + hog_ex(b"\x01\xab"),
        HEADER + b"\x01" + PLAIN[:4] + b"\x00\x02" + PLAIN[4:],
        HEADER + b"\x01" + PLAIN[:4] + b"\x00\x00" + PLAIN[4:],
    ],
)
def test_bytes_that_are_no_block_are_refused(block: bytes) -> None:
    with pytest.raises(BrokenBlockError):
        transactions_of(block)


@given(st.binary(max_size=300))
def test_no_other_bytes_are_taken_for_the_block_of_a_header(raw: bytes) -> None:
    with pytest.raises(BrokenBlockError):
        transactions_of(HEADER + raw)


@given(st.integers(min_value=0, max_value=len(made_up_block(30).raw) - 1))
def test_block_that_is_cut_is_refused(length: int) -> None:
    with pytest.raises(BrokenBlockError):
        transactions_of(made_up_block(30).raw[:length])


def test_block_that_is_cut_is_refused_by_those_too_who_are_not_paid_in_it() -> None:
    raw = made_up_block(30).raw
    nobody = watching("0014" + "ab" * 20)
    assert nobody.paid_in_block(raw) == []
    with pytest.raises(BrokenBlockError):
        nobody.paid_in_block(raw[: len(raw) // 2])


@given(st.data())
def test_change_of_what_ids_are_made_of_is_refused(data: st.DataObject) -> None:
    block = block_of(plain(1), plain(2), plain(3))
    at = data.draw(st.integers(36, 67) | st.integers(81, len(block) - 1))
    flipped = bytes((block[at] ^ data.draw(st.integers(1, 255)),))
    with pytest.raises(BrokenBlockError):
        transactions_of(block[:at] + flipped + block[at + 1 :])
