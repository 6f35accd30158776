"""How the world reaches the shop: Telegram, and the operator's HTTP pages."""
