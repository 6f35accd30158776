"""Helpers for those who work on the project; the shop needs none of them."""
