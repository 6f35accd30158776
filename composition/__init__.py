"""Putting the shop together: settings -> store -> actors -> gateway, and stopping in reverse.

Part of the command line: like `run.py`, it alone sees every room.
"""
