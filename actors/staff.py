"""Who works in the shop: the root's register of its children."""

from dataclasses import dataclass, field
from datetime import datetime

from thespian.actors import ActorAddress

from actors.address_notes import AddressNotes
from actors.environment import Clock
from actors.inspection import StaffMember
from actors.messages import OrderDesk, Watched
from domain.order import Audience
from domain.rules import OrderRules

_NOTIFIER_KINDS = {Audience.SHOPPER: "shopper_notifier", Audience.ADMINS: "admin_notifier"}


@dataclass(slots=True, kw_only=True)
class CoinStaff:
    """The actors of one coin.

    `why_not` is "" where the coin takes orders; `was_looked_at`: whether its watcher has said so or
    otherwise yet.
    """

    addresses: ActorAddress
    watcher: ActorAddress
    why_not: str = "the shop is starting"
    no_addresses: str = ""
    """Why there is no address to be had; "" where there may be."""
    is_started: bool = False
    was_looked_at: bool = False
    watched: list[Watched] = field(default_factory=list)
    place: tuple[int | None, str | None] | None = None
    """Its place in the chain on disk, (None, None) where there is none; None: not asked yet."""
    looked_until: datetime | None = None
    """When its chain had been taken in up to that place."""

    @property
    def refusal(self) -> str:
        """Why it takes no orders; "" where it does."""
        return self.why_not or self.no_addresses


@dataclass(slots=True)
class Staff:
    """Children by what they are for; orders by id and by address, for their number is large."""

    ledger: ActorAddress | None = None
    coins: dict[str, CoinStaff] = field(default_factory=dict)
    pools: dict[int, ActorAddress] = field(default_factory=dict)
    notifiers: dict[Audience, ActorAddress] = field(default_factory=dict)
    rates: ActorAddress | None = None
    """Who asks what coins cost; None where every rate is fixed."""
    relayed: dict[int, int] = field(default_factory=dict)
    """How many messages were relayed to each live order."""
    orders: dict[int, ActorAddress] = field(default_factory=dict)
    requests: dict[str, int] = field(default_factory=dict)
    """Live orders by the request that made them."""
    _order_ids: AddressNotes[int] = field(default_factory=AddressNotes)
    _request_ids: dict[int, str] = field(default_factory=dict)

    def add_order(self, order_id: int, address: ActorAddress, request_id: str | None) -> None:
        """An order has an actor; `request_id` is of the wish that makes or made it, where known."""
        self.orders[order_id] = address
        self._order_ids.note(address, order_id)
        if request_id is not None:
            self.requests[request_id] = order_id
            self._request_ids[order_id] = request_id
        self.relayed[order_id] = 0

    def remove_order(self, order_id: int) -> ActorAddress | None:
        """An order has no actor any more; the address of the one it had."""
        self.relayed.pop(order_id, None)
        address = self.orders.pop(order_id, None)
        if address is not None:
            self._order_ids.forget(address)
        request_id = self._request_ids.pop(order_id, None)
        if request_id is not None:
            self.requests.pop(request_id, None)
        return address

    def order_at(self, address: ActorAddress) -> int | None:
        """Whose actor this is."""
        return self._order_ids.get(address)

    def request_of(self, order_id: int) -> str | None:
        """The request that made an order which has an actor, where it is known."""
        return self._request_ids.get(order_id)

    def services(self) -> list[ActorAddress]:
        """Everyone but the ledger and the orders."""
        of_coins = [each for coin in self.coins.values() for each in (coin.watcher, coin.addresses)]
        rates = [] if self.rates is None else [self.rates]
        return [*self.notifiers.values(), *of_coins, *rates, *self.pools.values()]

    def members(self) -> tuple[StaffMember, ...]:
        """Everyone, with kind and name: services first, then orders by their id."""
        named = [] if self.ledger is None else [("ledger", "ledger", self.ledger)]
        named += [("inventory", str(each), pool) for each, pool in sorted(self.pools.items())]
        for symbol, coin in self.coins.items():
            named.append(("address", symbol, coin.addresses))
            named.append(("chain_watcher", symbol, coin.watcher))
        named += [] if self.rates is None else [("rates", "market", self.rates)]
        named += [(_NOTIFIER_KINDS[each], each, actor) for each, actor in self.notifiers.items()]
        named += [("order", str(each), order) for each, order in sorted(self.orders.items())]
        return tuple(
            StaffMember(kind=kind, name=name, address=address) for kind, name, address in named
        )

    def desk(
        self, shop: ActorAddress, ledger: ActorAddress, clock: Clock, rules: OrderRules
    ) -> OrderDesk:
        """What orders are told of the others, as it is now."""
        return OrderDesk(
            shop=shop,
            ledger=ledger,
            addresses={symbol: coin.addresses for symbol, coin in self.coins.items()},
            watchers={symbol: coin.watcher for symbol, coin in self.coins.items()},
            pools=dict(self.pools),
            clock=clock,
            rules=rules,
        )


def wish_key(telegram_id: int, request_id: str) -> str:
    """What tells one shopper's wish from all others: the key of `Staff.requests`."""
    return f"{telegram_id}:{request_id}"
