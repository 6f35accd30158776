"""What the cases need of a chain and of the client that looks at it, whatever the coin.

Who cannot do something of it (Solana has no mempool) does not have that case: `cases.HOLES` says
so with the reason, and asking all the same is a mistake of the test.
"""

from abc import ABC, abstractmethod
from decimal import Decimal

from domain.rules import CoinRules
from payments.chain import ChainConnector

# Short, for the cases in which nothing answers; and long enough for a busy machine.
FRONT_TIMEOUT_SECONDS = 6.0


class Chain(ABC):
    """A real node with somebody who pays, and the client under test. Amounts are in base units.

    `client` is the kind of backend. `pushes`: it tells of news unasked. `rate` is the price of a
    coin in the shop's currency.
    """

    coin: str
    network: str
    client: str
    rate: Decimal
    rules: CoinRules
    pushes = False

    @property
    @abstractmethod
    def url(self) -> str:
        """Where the client looks."""

    @abstractmethod
    def connector(self) -> ChainConnector:
        """The shop's way to the node."""

    @abstractmethod
    def connector_by(self, url: str) -> ChainConnector:
        """The way by who stands before the node, without pushes; it waits for little."""

    @abstractmethod
    def wrong_connector(self) -> ChainConnector:
        """The way of a shop that is on the main network, to the same node."""

    def retouched(self, answer: str) -> str:
        """What a front passes on of what the node says: the node's own words, as a rule."""
        return answer

    def lie(self, answer: str, amount: int) -> str:
        """The node's answer with twice the amount wherever it tells of a payment of so much."""
        raise NotImplementedError(f"{self.client} does not lie")

    def syncing(self, answer: str) -> str:
        """The answer that a node gives instead while it is not in step with its network."""
        raise NotImplementedError(f"{self.client} is in step")

    @abstractmethod
    async def keep_up(self) -> None:
        """Let the chain's own time be that of the clock (`shifted_time`)."""

    @abstractmethod
    async def pay(self, address: str, amount: int) -> str:
        """Send a payment; the transaction. In no block yet, where the chain has a mempool."""

    @abstractmethod
    async def confirm(self) -> None:
        """Let what was sent so far be as sure as settles an order."""

    async def pay_confirmed(self, address: str, amount: int) -> str:
        """Send a payment that settles."""
        transaction = await self.pay(address, amount)
        await self.confirm()
        return transaction

    @abstractmethod
    async def tidy(self) -> None:
        """Leave nothing behind for the next test."""

    # --- what not every chain has -----------------------------------------------------------------

    async def pay_several(self, payments: list[tuple[str, int]]) -> str:
        """Several payments in one transaction."""
        raise NotImplementedError(f"{self.client}: one transaction pays one address once")

    async def bump(self, transaction: str) -> str:
        """Replace a payment by the same one for a higher fee; the new transaction."""
        raise NotImplementedError(f"{self.client} has no replacement")

    async def replace_by_another(self, transaction: str) -> None:
        """Replace a payment by one to somebody else."""
        raise NotImplementedError(f"{self.client} has no replacement")

    async def drop(self, transaction: str) -> None:
        """Let the mempool forget a payment."""
        raise NotImplementedError(f"{self.client} has no mempool")

    async def mine_one(self) -> None:
        """One block, with all that waits: too few to settle."""
        raise NotImplementedError(f"nobody mines {self.coin}")

    async def reorganise(self, transaction: str) -> None:
        """Undo the blocks from a payment on, and build others in which it is mined again."""
        raise NotImplementedError(f"{self.client}: nothing is undone")

    async def reorganise_away(self, transaction: str) -> None:
        """The same, and the payment is never mined again."""
        raise NotImplementedError(f"{self.client}: nothing is undone")

    async def let_pass(self, blocks: int) -> None:
        """So many blocks in which nothing happens."""
        raise NotImplementedError(f"nobody mines {self.coin}")
