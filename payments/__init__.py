"""Coins: addresses, custody of keys, rates, and clients of chains."""
