"""What one of several scripted backends shows and the store lacks, held to the others."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from composition.reconcile_coin import CoinResult, CoinTask, reconcile_coin
from composition.reconcile_others import NO_OTHER, ONE_ALONE
from domain.comparing import record_of
from domain.reconciliation import Entry, Finding, Reconciliation
from gateway.reconcile_table import sentence
from gateway.watching_again import wishes_of
from payments.chain import ChainUnavailableError, Found
from tests.domain.examples import REFUNDING, new_order
from tests.payments.looks import found, place
from tests.payments.test_several import Scripted

PAID = found(height=90)


async def reconciled(*backends: Scripted) -> CoinResult:
    record = record_of(replace(new_order(), address="A"), REFUNDING)
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


async def test_the_one_backend_of_a_coin_is_believed() -> None:
    result = await reconciled(backend("one", PAID))
    assert missed(result).doubt == ""
    assert handed_over(result) == [("t", 90)]


async def test_a_payment_that_waits_for_its_block_needs_no_witness() -> None:
    second = backend("two")
    result = await reconciled(backend("one", found()), second)
    assert missed(result).doubt == ""
    assert second.places == [], "it was not asked"
