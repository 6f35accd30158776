"""Putting the shop together: settings -> store -> actors -> gateway, and stopping in reverse.

Part of the command line: like `run.py`, it alone sees every room.
"""

from composition.demo import serve_demo
from composition.serving import StartRefusedError, serve_shop

__all__ = ["StartRefusedError", "serve_demo", "serve_shop"]
