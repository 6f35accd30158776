"""A local Litecoin chain that speaks the JSON-RPC subset of a node, for demonstration and tests."""

from sandbox.chain.chain import Chain, Payment
from sandbox.chain.server import ChainCredentials, ChainServer

__all__ = ["Chain", "ChainCredentials", "ChainServer", "Payment"]
