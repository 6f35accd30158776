"""Every order of the store against what its address has received on its chain.

Beside a running shop: the store is opened to be read, and each chain has a client of its own.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import assert_never

from composition.backends import connectors_of
from composition.reconcile_coin import CoinResult, CoinTask, reconcile_coin
from composition.reconcile_places import ReconciledPlaces
from composition.reconcile_scope import Everything, OneOrder, Scope, SinceLast
from composition.spare_addresses import spare_addresses
from configuration.coins import CoinSettings
from configuration.settings import Settings
from domain.comparing import in_order
from domain.reconciliation import Entry, Finding, OrderRecord, Reconciliation
from payments.chain import Place
from store.reconcile_queries import ReconcileQueries, require_readable

# Beyond the time from one look to the next, for what is seen to be written.
_RECORDED_WITHIN_SECONDS = 3.0


async def reconcile(
    settings: Settings, scope: Scope, progress: Callable[[str], None]
) -> Reconciliation:
    """Compare what is in the scope; takes as long as the chains take to be read.

    Raises:
        StoreFileError: there is no store of this version.
    """
    require_readable(settings.store.path)
    queries = ReconcileQueries(settings.store.path, settings.order_rules())
    try:
        return await _Reconciling(settings, scope, queries).run(progress)
    finally:
        queries.close()


class _Reconciling:
    """One run."""

    def __init__(self, settings: Settings, scope: Scope, queries: ReconcileQueries) -> None:
        self._settings = settings
        self._scope = scope
        self._queries = queries
        self._places = ReconciledPlaces(settings.store.path)

    async def run(self, progress: Callable[[str], None]) -> Reconciliation:
        """Coin after coin."""
        at = datetime.now(UTC)
        results: dict[str, CoinResult] = {}
        for coin in self._coins():
            results[coin.SYMBOL] = await reconcile_coin(self._task(coin), progress)
        if isinstance(self._scope, SinceLast):
            self._keep_places(results)
        whole = self._scope if isinstance(self._scope, Everything) else Everything()
        entries: list[Entry] = [each for result in results.values() for each in result.entries]
        return Reconciliation(
            at=at,
            made_from=whole.made_from,
            made_before=whole.made_before,
            entries=in_order(entries),
            coins=tuple(result.totals for result in results.values()),
            balances=() if isinstance(self._scope, OneOrder) else self._queries.balances(),
        )

    def _coins(self) -> Iterator[CoinSettings]:
        with_orders = set(self._queries.coins())
        if isinstance(self._scope, OneOrder):
            with_orders = {e.coin for e in self._queries.some_records([self._scope.order_id])}
        for symbol, coin in self._settings.coins.all().items():
            if symbol in with_orders:
                yield coin

    def _task(self, coin: CoinSettings) -> CoinTask:
        spare: dict[str, int] = {}
        why_no_spare = ""
        if not isinstance(self._scope, OneOrder):
            used = self._queries.address_indexes(coin.SYMBOL)
            spare, why_no_spare = spare_addresses(self._settings, coin, used)
        return CoinTask(
            coin=coin.SYMBOL,
            connectors=connectors_of(coin),
            load=lambda: self._load(coin.SYMBOL),
            used_indexes=lambda: self._queries.address_indexes(coin.SYMBOL),
            load_some=self._queries.some_records,
            settle_seconds=coin.poll_interval_seconds + _RECORDED_WITHIN_SECONDS,
            spare=spare,
            notes=(why_no_spare,) if why_no_spare else (),
            start=self._start(coin),
        )

    def _load(self, coin: str) -> Iterator[OrderRecord]:
        match self._scope:
            case Everything(made_from=made_from, made_before=made_before):
                yield from self._queries.records(coin, made_from, made_before)
            case SinceLast():
                yield from self._queries.records(coin, None, None)
            case OneOrder(order_id=order_id):
                yield from self._queries.some_records([order_id])
            case _:
                assert_never(self._scope)

    def _start(self, coin: CoinSettings) -> Place | None:
        if not isinstance(self._scope, SinceLast):
            return None
        watched_height = self._queries.place_height(coin.SYMBOL)
        return self._places.place(coin.SYMBOL, coin.network_name, watched_height)

    def _keep_places(self, results: dict[str, CoinResult]) -> None:
        """What was missed is read again until the shop has it."""
        coins = self._settings.coins.all()
        self._places.keep(
            {
                (symbol, coins[symbol].network_name): result.place
                for symbol, result in results.items()
                if result.place is not None and not _is_missed(result)
            }
        )


def _is_missed(result: CoinResult) -> bool:
    unsettled = (Finding.MISSED, Finding.UNCHECKED)
    return any(each.finding in unsettled and each.shown is not None for each in result.entries)
