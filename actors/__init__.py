"""Who decides: the shop's actors and the messages between them."""
