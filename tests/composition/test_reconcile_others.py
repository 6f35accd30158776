"""What one of several scripted backends shows and the store lacks, held to the others."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from composition.reconcile_coin import CoinResult, CoinTask, reconcile_coin
from composition.reconcile_others import NO_OTHER, ONE_ALONE, Others, held_to_others
from domain.comparing import record_of
from domain.reconciliation import Entry, Finding, OrderRecord, Reconciliation, Shown
from gateway.reconcile_table import sentence
from gateway.watching_again import wishes_of
from payments.chain import AddressLook, ChainUnavailableError, Found, Known, Look, Place
from payments.reach import Reach
from tests.domain.examples import REFUNDING, new_order
from tests.domain.test_comparing import receipt
from tests.payments.looks import found, place
from tests.payments.test_several import Scripted

PAID = found(height=90)
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
NOTHING_KNOWN = record_of(replace(new_order(), address="A"), REFUNDING)


async def reconciled(*backends: Scripted, record: OrderRecord = NOTHING_KNOWN) -> CoinResult:
    task = CoinTask(
        coin="LTC",
        connectors=backends,
        load=lambda: [record],
        load_some=lambda _ids: [record],
        used_indexes=set,
        settle_seconds=0.0,
        spare={},
        start=place(80),
    )
    return await reconcile_coin(task, lambda _text: None)


def backend(name: str, *shown: Found) -> Scripted:
    return Scripted(name, blocks=list(shown), takes_seconds=0.0)


def missed(result: CoinResult) -> Entry:
    (entry,) = [each for each in result.entries if each.finding is Finding.MISSED]
    return entry


def handed_over(result: CoinResult) -> list[tuple[str, int | None]]:
    """What the shop is to take up without looking for itself."""
    whole = Reconciliation(
        at=datetime.now(UTC),
        made_from=None,
        made_before=None,
        entries=result.entries,
        coins=(replace(result.totals, tip_height=100, tip_hash="a100"),),
        balances=(),
    )
    (wish,) = wishes_of(whole)
    assert wish.order_id == 1
    sightings = () if wish.read is None else wish.read.sightings
    return [(each.transaction_id, each.block_height) for each in sightings]


async def test_what_one_backend_alone_shows_is_told_and_not_taken_up() -> None:
    result = await reconciled(backend("one", PAID), backend("two"))
    assert missed(result).doubt == ONE_ALONE
    assert f"({ONE_ALONE}: compare with an explorer)" in sentence(missed(result))
    assert handed_over(result) == []


async def test_what_all_backends_show_is_taken_up_from_the_latest_block() -> None:
    later = replace(PAID, block_height=91, block_hash="a91")
    result = await reconciled(backend("one", PAID), backend("two", later), backend("three", PAID))
    assert missed(result).doubt == ""
    assert "explorer" not in sentence(missed(result))
    assert handed_over(result) == [("t", 91)]


async def test_another_amount_or_a_payment_in_no_block_bears_nothing_out() -> None:
    other_amount = replace(PAID, amount_base_units=PAID.amount_base_units + 1)
    for shown in (other_amount, found()):
        assert missed(await reconciled(backend("one", PAID), backend("two", shown))).doubt
    result = await reconciled(backend("one", PAID), backend("two", PAID), backend("three"))
    assert missed(result).doubt == ONE_ALONE


async def test_a_backend_that_cannot_be_asked_is_no_witness(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("payments.received._PAUSES_SECONDS", ())
    away = backend("two")
    away.error = ChainUnavailableError("away")
    alone = await reconciled(backend("one", PAID), away)
    assert missed(alone).doubt == NO_OTHER
    assert handed_over(alone) == []
    with_a_third = await reconciled(backend("one", PAID), away, backend("three", PAID))
    assert handed_over(with_a_third) == [("t", 90)]
    assert away.is_closed


class Forgetful(Scripted):
    """Keeps nothing of the blocks up to 95."""

    async def reach_back(self, _moment: datetime) -> Reach:
        return Reach(tip=place(100), begins_height=95)


async def test_a_backend_that_keeps_no_block_so_old_is_no_witness_against_it() -> None:
    forgetful = Forgetful("two", takes_seconds=0.0)
    alone = await reconciled(backend("one", PAID), forgetful)
    assert missed(alone).doubt == NO_OTHER
    with_a_third = await reconciled(backend("one", PAID), forgetful, backend("three", PAID))
    assert handed_over(with_a_third) == [("t", 90)]
    later = found(height=97)
    against = await reconciled(backend("one", later), forgetful)
    assert missed(against).doubt == ONE_ALONE


@pytest.mark.parametrize(
    "shown", [Shown(why_not="it keeps no states"), Shown(sum_base_units=PAID.amount_base_units)]
)
async def test_a_backend_that_cannot_tell_receipts_apart_is_no_witness(
    monkeypatch: pytest.MonkeyPatch, shown: Shown
) -> None:
    entry = missed(await reconciled(backend("one", PAID)))

    async def tells(*_about: object) -> dict[str, Shown]:
        return {"A": shown}

    monkeypatch.setattr("payments.received.ChainReading.read", tells)
    others = Others(connectors=(backend("two"),), since=NOW, start=None, now=lambda: NOW)
    (judged,) = await held_to_others([entry], others)
    assert judged.doubt == NO_OTHER


class Broken(Scripted):
    """Gives answers that nobody foresaw, and cannot be closed either."""

    async def look(
        self, _place: Place | None, _addresses: Mapping[str, Known], *, began_at: datetime
    ) -> Look | AddressLook:
        raise KeyError(str(began_at))

    async def close(self) -> None:
        raise OSError("closed already")


async def test_a_backend_that_breaks_does_not_end_the_reconciliation() -> None:
    result = await reconciled(backend("one", PAID), Broken("two"), backend("three", PAID))
    assert handed_over(result) == [("t", 90)]
    assert missed(await reconciled(backend("one", PAID), Broken("two"))).doubt == NO_OTHER


def unnamed(number: int, amount: int) -> Found:
    """ETH that came from inside of a contract."""
    name = f"internal-{number}-{amount}"
    return replace(PAID, transaction_id=name, amount_base_units=amount)


async def test_what_is_in_the_books_in_other_parts_is_not_taken_up_besides() -> None:
    lump = receipt(name="internal-1-14", amount=14)
    record = record_of(replace(new_order(), address="A", receipts=(lump,)), REFUNDING)
    same = await reconciled(backend("one", unnamed(1, 5), unnamed(2, 9)), record=record)
    assert {each.finding for each in same.entries} == {Finding.SAME}
    more = await reconciled(backend("one", unnamed(1, 5), unnamed(2, 10)), record=record)
    assert [each.finding for each in more.entries].count(Finding.MISSED) == 2
    assert handed_over(more) == []


async def test_the_one_backend_of_a_coin_is_believed() -> None:
    result = await reconciled(backend("one", PAID))
    assert missed(result).doubt == ""
    assert handed_over(result) == [("t", 90)]


async def test_a_payment_that_waits_for_its_block_needs_no_witness() -> None:
    second = backend("two")
    result = await reconciled(backend("one", found()), second)
    assert missed(result).doubt == ""
    assert second.places == [], "it was not asked"
