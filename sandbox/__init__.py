"""A local Telegram and a local chain, so that the shop runs with no account anywhere.

`sandbox.telegram` answers the Bot API over HTTP, `sandbox.chain` the JSON-RPC of a Litecoin node,
`sandbox.page` is the one page on which a person plays shopper, admin and wallet, and
`sandbox.server` puts the three on one port. Nothing here imports anything of the shop, and the
shop reaches it only as it reaches the real ones: by an address in its configuration.
"""
