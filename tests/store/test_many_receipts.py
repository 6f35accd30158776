"""An order to which somebody has sent thousands of receipts does not hold the writer for long."""

import time
from dataclasses import replace

from domain.order_news import ChainNews
from domain.order_rules import decide
from domain.payment import Sighting
from store.contract import Recorded
from tests.domain.examples import REFUNDING
from tests.store.opened_store import OpenedStore, minutes, order_of

MANY = 2_000
PRICE = Sighting(
    transaction_id="aa",
    output_index=0,
    amount_base_units=10_000_000,
    confirmations=3,
    block_height=100,
    block_hash="h",
    chain_time=minutes(3),
    seen_at=minutes(4),
)


# Where each part looked its receipt up among all, this took 6 seconds.
def test_thousands_of_receipts_are_written_in_a_moment(store: OpenedStore) -> None:
    order = order_of(1)
    store.create(order)
    cheap = replace(PRICE, transaction_id="bb", amount_base_units=10_000)
    others = tuple(replace(cheap, output_index=index) for index in range(MANY))
    news = ChainNews(began_at=minutes(5), sightings=(PRICE, *others), rate=None)
    events = decide(order, news, REFUNDING, minutes(5)).events
    began = time.process_time()
    assert isinstance(store.change(1, 1, *events), Recorded)
    assert time.process_time() - began < 3
