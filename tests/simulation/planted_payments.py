"""Mistakes about payments and the chain. See `planted`."""

from dataclasses import replace
from typing import Any
from unittest import mock

import actors.order_base
import actors.shop_start
import domain.deadlines
import domain.payment
import payments.chain
import payments.watching
import store.order_events
from store.order_rows import upsert_receipts
from tests.simulation.planting import Patches, planted, replaced


@planted
def payment_recorded_at_each_report() -> Patches:
    """The repeat check of a payment is skipped: each report makes a row."""
    inner = upsert_receipts

    def insert(connection: Any, order: Any, receipts: Any, at: str) -> None:  # noqa: ANN401 - passed on
        connection.execute("DROP TRIGGER IF EXISTS payments_frozen")
        again = [replace(each, transaction_id=f"{each.transaction_id}#{at}") for each in receipts]
        inner(connection, order, again, at)

    return [replaced(store.order_events, "upsert_receipts", insert)]


def _receipts_with(**changes: Any) -> Patches:  # noqa: ANN401 - passed on
    inner = domain.payment._receipt

    def receipt(*args: Any) -> Any:  # noqa: ANN401 - passed on
        return replace(inner(*args), **changes)

    return [replaced(domain.payment, "_receipt", receipt)]


@planted
def unconfirmed_payment_counts_as_confirmed() -> Patches:
    """What is in the mempool is taken for final."""
    return _receipts_with(state=domain.payment.ReceiptState.CONFIRMED)


@planted
def one_confirmation_too_few() -> Patches:
    """A payment is final one block early."""
    inner = payments.chain.sighting

    def sighting(*args: Any) -> Any:  # noqa: ANN401 - passed on
        seen = inner(*args)
        return replace(seen, confirmations=seen.confirmations + bool(seen.confirmations))

    return [replaced(payments.watching, "sighting", sighting)]


@planted
def late_payment_counts_as_timely() -> Patches:
    """Nobody looks at the deadline."""
    return _receipts_with(in_time=True)


@planted
def block_time_counts_after_a_look_ended_the_order() -> Patches:
    """Who pays late is in time by the median time past, which lies before the moment of mining."""
    inner = domain.payment._is_in_time

    def in_time(sighting: Any, terms: Any) -> Any:  # noqa: ANN401 - passed on
        return inner(sighting, replace(terms, absent_at_deadline=False))

    return [replaced(domain.payment, "_is_in_time", in_time)]


@planted
def timeliness_judged_by_the_shops_look_alone() -> Patches:
    """A payment that was made in time while the shop was away counts as late."""
    inner = domain.payment._receipt

    def receipt(before: Any, sighting: Any, terms: Any) -> Any:  # noqa: ANN401 - passed on
        made = inner(before, sighting, terms)
        return replace(made, in_time=made.seen_at < terms.deadline) if before is None else made

    return [replaced(domain.payment, "_receipt", receipt)]


@planted
def vanished_payment_still_counts() -> Patches:
    """A payment that was replaced or dropped is never taken back."""
    return [replaced(domain.payment, "_vanished", lambda receipt: receipt)]


@planted
def reorganisation_is_not_noticed() -> Patches:
    """What was in blocks that are undone stays where it was."""
    inner = payments.watching.apply_look

    def apply_look(state: Any, look: Any, ended_at: Any) -> Any:  # noqa: ANN401 - passed on
        return inner(state, replace(look, fork_height=None), ended_at)

    return [mock.patch("actors.chain_watcher.apply_look", apply_look)]


@planted
def place_moves_before_what_was_found_is_on_disk() -> Patches:
    """After a crash the blocks are not read again."""
    return [
        mock.patch("actors.chain_watcher.place_to_record", lambda state, _now: state.place),
    ]


@planted
def ended_orders_are_not_watched() -> Patches:
    """What is paid after the end is not seen."""
    inner = domain.deadlines.watch_until

    def watch_until(order: Any, rules: Any) -> Any:  # noqa: ANN401 - passed on
        return None if inner(order, rules) is None else order.created_at

    return [
        replaced(actors.order_base, "watch_until", watch_until),
        replaced(actors.shop_start, "watched_after", lambda ended_at, _rules: ended_at),
    ]


@planted
def second_output_of_a_transaction_is_dropped() -> Patches:
    """Of two orders that are paid in one transaction, one is not."""
    inner = payments.watching._by_address

    def by_address(several: Any) -> Any:  # noqa: ANN401 - passed on
        return inner(tuple(each for each in several if not each.output_index))

    return [replaced(payments.watching, "_by_address", by_address)]
