"""The shop in Telegram: what people see and tap, and the notices they get.

`routers` puts the handlers together, `polling` fetches updates, `notices` sends the outbox,
`connection` holds the Bot API's address and token. Everything here asks the actors through the
bridge or reads the store; it decides nothing.
"""
