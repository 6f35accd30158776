"""`[coins.*]`: a section for each coin, with its defaults, and the nodes behind them."""

from abc import abstractmethod
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import BeforeValidator, SecretStr

from configuration.backends import Backend, BitcoinBackend, EtherBackend, Section, SolanaBackend
from configuration.values import (
    PATH,
    SECRET,
    TABLES,
    TRUTH,
    amount,
    choice,
    duration,
    whole_number,
)
from domain.money import parse_coin
from domain.rules import FINALIZED_CONFIRMATIONS, CoinRules, ConfirmationsAbove

BLOCKS = whole_number(1, 1000)
NETWORKS = ("main", "test", "regtest")
MAIN_CHAIN_ID = 1  # EIP-155
COMMITMENTS = {"confirmed": 1, "finalized": FINALIZED_CONFIRMATIONS}
"""Of SOL, in confirmations."""

Poll = Annotated[float, duration("0.05", 3600)]


def coin_amount(symbol: str, example: str) -> BeforeValidator:
    """A decimal in whole coins, in quotes."""
    return BeforeValidator(amount(lambda text: parse_coin(text, symbol), example))


class Above(Section):
    """One of `coins.*.confirmations_above`: from this amount on, so many confirmations."""

    amount: str
    confirmations: Annotated[int, BLOCKS]


class BitcoinAbove(Above):
    """One of `coins.BTC.confirmations_above`."""

    amount: Annotated[str, coin_amount("BTC", "0.1")]


class LitecoinAbove(Above):
    """One of `coins.LTC.confirmations_above`."""

    amount: Annotated[str, coin_amount("LTC", "100")]


class EtherAbove(Above):
    """One of `coins.ETH.confirmations_above`."""

    amount: Annotated[str, coin_amount("ETH", "5")]


class SolanaAbove(Section):
    """One of `coins.SOL.confirmations_above`."""

    amount: Annotated[str, coin_amount("SOL", "50")]
    confirmations: Annotated[str, choice("coins.SOL.confirmations", list(COMMITMENTS))]


class CoinSettings(Section):
    """What every coin has. Amounts are decimals in whole coins, in quotes."""

    SYMBOL: ClassVar[str]

    enabled: Annotated[bool, TRUTH] = False
    poll_interval_seconds: Poll = 10
    smallest_order: str
    dust: str
    extended_public_key: Annotated[SecretStr, SECRET] = SecretStr("")
    addresses_file: Annotated[Path | None, PATH] = None
    backends: tuple[Backend, ...] = ()

    @property
    @abstractmethod
    def network_name(self) -> str:
        """The network as addresses and marks know it: "main" or another."""

    @property
    @abstractmethod
    def rules(self) -> CoinRules:
        """What decisions need to know of the coin."""

    def rules_with(
        self, confirmations: int, final_confirmations: int, above: Iterable[tuple[str, int]]
    ) -> CoinRules:
        """The rules, with what each coin counts in its own way."""
        steps = tuple(
            ConfirmationsAbove(amount_base_units=parse_coin(text, self.SYMBOL), confirmations=count)
            for text, count in above
        )
        return CoinRules(
            coin=self.SYMBOL,
            confirmations=confirmations,
            confirmations_above=steps,
            final_confirmations=max(
                final_confirmations, confirmations, *(step.confirmations for step in steps)
            ),
            smallest_order_base_units=parse_coin(self.smallest_order, self.SYMBOL),
            dust_base_units=parse_coin(self.dust, self.SYMBOL),
        )


class BlockCoinSettings(CoinSettings):
    """A coin whose confirmations are blocks."""

    confirmations: Annotated[int, BLOCKS]
    final_confirmations: Annotated[int, BLOCKS]
    confirmations_above: tuple[Above, ...] = ()

    @property
    def rules(self) -> CoinRules:
        """What decisions need to know of the coin."""
        above = [(step.amount, step.confirmations) for step in self.confirmations_above]
        return self.rules_with(self.confirmations, self.final_confirmations, above)


class BitcoinSettings(BlockCoinSettings):
    """`[coins.BTC]`."""

    SYMBOL: ClassVar[str] = "BTC"

    network: Annotated[str, choice("coins.BTC.network", NETWORKS)] = "main"
    confirmations: Annotated[int, BLOCKS] = 2
    final_confirmations: Annotated[int, BLOCKS] = 6
    confirmations_above: Annotated[tuple[BitcoinAbove, ...], TABLES] = ()
    smallest_order: Annotated[str, coin_amount("BTC", "0.00002")] = "0.00002"
    dust: Annotated[str, coin_amount("BTC", "0.000003")] = "0.000003"
    backends: Annotated[tuple[BitcoinBackend, ...], TABLES] = ()

    @property
    def network_name(self) -> str:
        """The network as addresses and marks know it."""
        return self.network


class LitecoinSettings(BlockCoinSettings):
    """`[coins.LTC]`."""

    SYMBOL: ClassVar[str] = "LTC"

    network: Annotated[str, choice("coins.LTC.network", NETWORKS)] = "main"
    confirmations: Annotated[int, BLOCKS] = 3
    final_confirmations: Annotated[int, BLOCKS] = 12
    confirmations_above: Annotated[tuple[LitecoinAbove, ...], TABLES] = ()
    smallest_order: Annotated[str, coin_amount("LTC", "0.0005")] = "0.0005"
    dust: Annotated[str, coin_amount("LTC", "0.00003")] = "0.00003"
    backends: Annotated[tuple[BitcoinBackend, ...], TABLES] = ()

    @property
    def network_name(self) -> str:
        """The network as addresses and marks know it."""
        return self.network


class EtherSettings(BlockCoinSettings):
    """`[coins.ETH]`. Its network is the chain with this id (EIP-155)."""

    SYMBOL: ClassVar[str] = "ETH"

    chain_id: Annotated[int, whole_number(1, 2**53)] = MAIN_CHAIN_ID
    confirmations: Annotated[int, BLOCKS] = 12
    final_confirmations: Annotated[int, BLOCKS] = 64
    confirmations_above: Annotated[tuple[EtherAbove, ...], TABLES] = ()
    smallest_order: Annotated[str, coin_amount("ETH", "0.0005")] = "0.0005"
    dust: Annotated[str, coin_amount("ETH", "0.00001")] = "0.00001"
    backends: Annotated[tuple[EtherBackend, ...], TABLES] = ()

    @property
    def network_name(self) -> str:
        """The network as addresses and marks know it."""
        return "main" if self.chain_id == MAIN_CHAIN_ID else f"chain-{self.chain_id}"


class SolanaSettings(CoinSettings):
    """`[coins.SOL]`. Confirmations are commitments."""

    SYMBOL: ClassVar[str] = "SOL"

    network: Annotated[str, choice("coins.SOL.network", NETWORKS)] = "main"
    confirmations: Annotated[str, choice("coins.SOL.confirmations", list(COMMITMENTS))] = (
        "finalized"
    )
    final_confirmations: Annotated[
        str, choice("coins.SOL.final_confirmations", list(COMMITMENTS))
    ] = "finalized"
    confirmations_above: Annotated[tuple[SolanaAbove, ...], TABLES] = ()
    poll_interval_seconds: Poll = 5
    # Less than 0.00089088 SOL cannot be sent to a new address: an account has to pay its rent.
    smallest_order: Annotated[str, coin_amount("SOL", "0.001")] = "0.001"
    dust: Annotated[str, coin_amount("SOL", "0.00001")] = "0.00001"
    backends: Annotated[tuple[SolanaBackend, ...], TABLES] = ()

    @property
    def network_name(self) -> str:
        """The network as addresses and marks know it."""
        return self.network

    @property
    def rules(self) -> CoinRules:
        """What decisions need to know of the coin."""
        above = [
            (step.amount, COMMITMENTS[step.confirmations]) for step in self.confirmations_above
        ]
        return self.rules_with(
            COMMITMENTS[self.confirmations], COMMITMENTS[self.final_confirmations], above
        )


class Coins(Section):
    """`[coins.*]`."""

    BTC: BitcoinSettings = BitcoinSettings()
    LTC: LitecoinSettings = LitecoinSettings()
    ETH: EtherSettings = EtherSettings()
    SOL: SolanaSettings = SolanaSettings()

    def all(self) -> dict[str, CoinSettings]:
        """Every coin, by symbol."""
        return {coin.SYMBOL: coin for coin in (self.BTC, self.LTC, self.ETH, self.SOL)}

    def enabled(self) -> dict[str, CoinSettings]:
        """The coins that the shop takes, by symbol."""
        return {symbol: coin for symbol, coin in self.all().items() if coin.enabled}
