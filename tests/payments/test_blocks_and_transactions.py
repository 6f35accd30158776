"""Headers, proofs and raw transactions: the real first blocks, and bytes that are none."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.block_headers import (
    BrokenHeaderError,
    median_time,
    merkle_root,
    parse_header,
    require_link,
    require_work,
    target_of,
)
from payments.chain import ChainRefusedError
from payments.genesis import PUBLIC, require_genesis
from payments.header_chain import HeaderChain
from payments.raw_transaction import BrokenTransactionError, double_sha256, parse_transaction
from tests.payments.esplora_shim import branch
from tests.payments.made_up_blocks import MadeUpChain, first_header, header

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)

# The first transaction of the Bitcoin chain, which the root of its block is the id of.
FIRST_TRANSACTION = (
    "01000000010000000000000000000000000000000000000000000000000000000000000000ffffffff4d04ffff001d"
    "0104455468652054696d65732030332f4a616e2f32303039204368616e63656c6c6f72206f6e206272696e6b206f66"
    "207365636f6e64206261696c6f757420666f722062616e6b73ffffffff0100f2052a01000000434104678afdb0fe55"
    "48271967f1a67130b7105cd6a828e03909a67962e0ea1f61deb649f6bc3f4cef38c4f35504e51ec112de5c384df7ba"
    "0b8d578a4c702b6bf11d5fac00000000"
)
FIRST_TRANSACTION_ID = "4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b"


@pytest.mark.parametrize("chain", [("BTC", "main"), ("LTC", "main"), ("LTC", "test")])
def test_first_headers_have_the_known_hashes(chain: tuple[str, str]) -> None:
    assert parse_header(first_header(*chain)).block_hash == PUBLIC[chain]


def test_transaction_has_its_id_and_outputs() -> None:
    transaction = parse_transaction(bytes.fromhex(FIRST_TRANSACTION))
    assert transaction.transaction_id == FIRST_TRANSACTION_ID
    assert [(each.index, each.amount_base_units) for each in transaction.outputs] == [
        (0, 5_000_000_000)
    ]
    assert transaction.outputs[0].script.endswith("ac")


def with_witness(raw: bytes, *, flags: int, between: bytes) -> bytes:
    return raw[:4] + bytes((0, flags)) + raw[4:-4] + between + raw[-4:]


@pytest.mark.parametrize(
    ("flags", "between"),
    [(1, "02010101ff"), (1, "00"), (9, "0102030400"), (8, "00"), (9, "00" + "ab" * 50)],
)
def test_witnesses_and_extensions_are_no_part_of_the_id(flags: int, between: str) -> None:
    raw = bytes.fromhex(FIRST_TRANSACTION)
    transaction = parse_transaction(with_witness(raw, flags=flags, between=bytes.fromhex(between)))
    assert transaction == parse_transaction(raw)


@given(st.binary(max_size=300))
def test_bytes_that_are_no_transaction_are_refused(raw: bytes) -> None:
    with pytest.raises(BrokenTransactionError):
        parse_transaction(raw)


@given(st.integers(min_value=0, max_value=len(FIRST_TRANSACTION) // 2 - 1))
def test_transaction_that_is_cut_is_refused(length: int) -> None:
    with pytest.raises(BrokenTransactionError):
        parse_transaction(bytes.fromhex(FIRST_TRANSACTION)[:length])


def test_transaction_with_more_after_its_end_is_refused() -> None:
    with pytest.raises(BrokenTransactionError, match="after its end"):
        parse_transaction(bytes.fromhex(FIRST_TRANSACTION + "00"))


def test_transaction_of_64_bytes_proves_nothing() -> None:
    one_output = bytes(4) + b"\x01" + bytes(36) + b"\x00" + bytes(4) + b"\x01" + bytes(8)
    raw = one_output + b"\x04" + bytes(4) + bytes(4)
    assert len(raw) == 64
    with pytest.raises(BrokenTransactionError, match="64 bytes"):
        parse_transaction(raw)


@given(st.integers(min_value=1, max_value=40), st.data())
def test_every_transaction_of_a_block_leads_to_the_same_root(
    count: int, data: st.DataObject
) -> None:
    ids = [double_sha256(bytes((number,))).hex() for number in range(count)]
    position = data.draw(st.integers(min_value=0, max_value=count - 1))
    root = merkle_root(ids[0], branch(ids, 0), 0)
    assert merkle_root(ids[position], branch(ids, position), position) == root
    other = double_sha256(b"other").hex()
    assert merkle_root(other, branch(ids, position), position) != root


@pytest.mark.parametrize(
    ("beside", "position"), [([], 1), (["ab" * 32], 2), (["ab" * 32], -1), (["ab"], 0)]
)
def test_branch_that_fits_no_block_is_refused(beside: list[str], position: int) -> None:
    with pytest.raises(BrokenHeaderError):
        merkle_root("cd" * 32, beside, position)


def test_header_of_another_length_is_refused() -> None:
    with pytest.raises(BrokenHeaderError, match="79 bytes"):
        parse_header(bytes(79))


def test_work_is_asked_for_on_main_alone() -> None:
    cheap = header(bytes(32), "00" * 32, 1)
    for network in ("regtest", "test"):
        require_work(cheap, coin="LTC", network=network)
    for coin in ("BTC", "LTC"):
        with pytest.raises(BrokenHeaderError, match="easier to make"):
            require_work(cheap, coin=coin, network="main")
        with pytest.raises(BrokenHeaderError, match="without its proof of work"):
            require_work(
                header(bytes(32), "00" * 32, 1, bits=0x17034219), coin=coin, network="main"
            )


def test_target_follows_from_its_short_form() -> None:
    assert target_of(0x1D00FFFF) == 0xFFFF << 208
    assert target_of(0x03123456) == 0x123456
    assert target_of(0x01120000) == 0x12


def test_target_changes_on_main_only_between_periods_and_fourfold_at_most() -> None:
    before = parse_header(header(bytes(32), "00" * 32, 1, bits=0x1B010000))
    same, harder, easier, too_easy = (
        parse_header(
            header(
                double_sha256(header(bytes(32), "00" * 32, 1, bits=0x1B010000)),
                "00" * 32,
                2,
                bits=bits,
            )
        )
        for bits in (0x1B010000, 0x1B008000, 0x1B040000, 0x1B040001)
    )
    require_link(same, before, 2015, network="main")
    for each in (same, harder, easier):
        require_link(each, before, 2016, network="main")
    with pytest.raises(BrokenHeaderError, match="within a period"):
        require_link(harder, before, 2017, network="main")
    with pytest.raises(BrokenHeaderError, match="eases the target"):
        require_link(too_easy, before, 2016, network="main")
    require_link(too_easy, before, 2017, network="test")


def test_median_time_is_of_eleven_blocks() -> None:
    chain = MadeUpChain(blocks=30, last_at=NOW)
    headers = [parse_header(each) for each in chain.headers]
    assert median_time(headers) == NOW - timedelta(seconds=5)
    assert median_time(headers[:2]) == median_time(headers[1:2])


def test_chain_is_extended_cut_and_reached_down() -> None:
    raws = MadeUpChain(blocks=60, last_at=NOW).headers
    chain = HeaderChain("LTC", "regtest")
    assert chain.is_empty
    chain.begin(20, raws[20:40])
    chain.extend(raws[40:50])
    assert (chain.lowest_height, chain.tip_height) == (20, 49)
    assert chain.median_time(29) is None
    assert chain.median_time(30) == NOW - timedelta(seconds=34)
    chain.reach_down(raws[10:20])
    assert chain.median_time(29) == NOW - timedelta(seconds=35)
    chain.cut_above(45)
    assert chain.place.height == 45
    assert chain.header_at(46) is None
    assert chain.median_time(46) is None
    chain.extend(raws[46:60])
    assert chain.place.block_hash == parse_header(raws[59]).block_hash


def test_headers_that_do_not_belong_are_not_taken_in() -> None:
    raws = MadeUpChain(blocks=60, last_at=NOW).headers
    others = MadeUpChain(blocks=60, last_at=NOW, branch=1).headers
    chain = HeaderChain("LTC", "regtest")
    chain.begin(20, raws[20:40])
    with pytest.raises(BrokenHeaderError, match="header 40 does not go on"):
        chain.extend(others[40:50])
    with pytest.raises(BrokenHeaderError, match="header 20 does not go on"):
        chain.reach_down(others[10:20])
    with pytest.raises(BrokenHeaderError):
        HeaderChain("LTC", "regtest").begin(5, [])
    assert (chain.lowest_height, chain.tip_height) == (20, 39)


def test_oldest_headers_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("payments.header_chain.LONGEST_BLOCKS", 30)
    raws = MadeUpChain(blocks=60, last_at=NOW).headers
    chain = HeaderChain("LTC", "regtest")
    chain.begin(0, raws[:20])
    chain.extend(raws[20:60])
    assert (chain.lowest_height, chain.tip_height) == (30, 59)
    assert chain.header_at(29) is None


@pytest.mark.parametrize(
    ("genesis", "served"),
    [
        (PUBLIC["BTC", "main"], "BTC main"),
        (PUBLIC["LTC", "test"], "LTC test"),
        ("ab" * 32, "a chain that is not LTC"),
    ],
)
def test_server_of_another_chain_is_named(genesis: str, served: str) -> None:
    with pytest.raises(ChainRefusedError, match=f"x serves {served} and the shop is on LTC main"):
        require_genesis(genesis, coin="LTC", network="main", server_name="x")


def test_regtest_may_have_any_first_block_but_that_of_a_public_chain() -> None:
    require_genesis("ab" * 32, coin="LTC", network="regtest", server_name="x")
    with pytest.raises(ChainRefusedError, match="serves LTC main"):
        require_genesis(PUBLIC["LTC", "main"], coin="LTC", network="regtest", server_name="x")
