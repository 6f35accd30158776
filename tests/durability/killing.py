"""Killing a shop with SIGKILL again and again, and what must be true of its store each time."""

import itertools
import random
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from store.store_files import check_store
from tests.durability.acknowledged import Acknowledged, live_orders, unfinished
from tests.durability.forked_shops import ROOT, ForkedShops, forked_shops
from tests.durability.program import SETTLING_LIFE
from tests.durability.surroundings import CHAIN, STORE

SHORTEST_LIFE_SECONDS, LONGEST_LIFE_SECONDS = 0.02, 0.4
SETTLE_SECONDS = 120.0
LOOK_AGAIN_SECONDS = 0.1
CONFIG = """\
[store]
path = "shop.db"

[custody]
mnemonic_file = "mnemonic.sealed"

[coins.LTC]
enabled = true
network = "regtest"
"""


@dataclass(slots=True, kw_only=True)
class Kills:
    """What was killed, and the proof of it in numbers."""

    seed: int
    live: list[int] = field(default_factory=list)
    """Of each kill that counts: how many orders were live in the store when the shop died."""
    without_live: int = 0
    commands: int = 0
    acknowledged: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        """One line for the output of a test run."""
        said = ", ".join(f"{count} {name}" for name, count in sorted(self.acknowledged.items()))
        return (
            f"seed {self.seed}: {len(self.live)} kills with {min(self.live)} to {max(self.live)}"
            f" orders live (median {statistics.median(self.live):g}), {self.without_live} more with"
            f" none; nothing lost of what was acknowledged: {said}; `run.py check` run"
            f" {self.commands} times; live at each: {' '.join(map(str, self.live))}"
        )


class Killing:
    """One store, and one shop after another on it, each of which is killed."""

    def __init__(self, folder: Path, seed: int, *, command_every: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "config.toml").write_text(CONFIG, encoding="utf-8")
        self.folder, self.store = folder, folder / STORE
        self.kills = Kills(seed=seed)
        self.acknowledged = Acknowledged()
        self._command_every = command_every
        self._random = random.Random(seed)  # noqa: S311 - moments that can be had again

    def run(self, kills: int) -> Kills:
        """Kill so many shops while orders are live, and let one more finish what they began.

        Raises:
            AssertionError: something acknowledged is lost, or the store is not sound.
        """
        with forked_shops(self.folder) as shops:
            for life in itertools.count(SETTLING_LIFE + 1):
                if len(self.kills.live) == kills:
                    break
                seconds = self._random.uniform(SHORTEST_LIFE_SECONDS, LONGEST_LIFE_SECONDS)
                self._hear(shops.begin(life, self.kills.seed, until="placed"))
                self._hear(shops.go_on(seconds))
                self._hear(shops.kill())
                self._look(life, seconds)
            self._settle(shops)
        self._run_command()
        self.kills.acknowledged = self.acknowledged.counts()
        return self.kills

    def _hear(self, lines: Iterable[list[str]]) -> None:
        for words in lines:
            self.acknowledged.note(words)

    def _look(self, life: int, seconds: float) -> None:
        live = live_orders(self.store)
        if live:
            self.kills.live.append(live)
        else:
            self.kills.without_live += 1
        place = f"seed {self.kills.seed}, life {life} of {seconds:.3f} s, {live} live"
        self._prove(place)
        if live and len(self.kills.live) % self._command_every == 0:
            self._run_command()

    def _settle(self, shops: ForkedShops) -> None:
        """Every order ends, and every payment that was ever made is a receipt."""
        self._hear(shops.begin(SETTLING_LIFE, self.kills.seed, until="open"))
        deadline = time.monotonic() + SETTLE_SECONDS
        while left := unfinished(self.store, self.folder / CHAIN):
            assert time.monotonic() < deadline, left
            self._hear(shops.go_on(LOOK_AGAIN_SECONDS))
        self._hear(shops.kill())
        self._prove("settled")

    def _prove(self, place: str) -> None:
        """The store is sound, and has all that was acknowledged in any life."""
        broken = check_store(self.store)
        assert broken == [], f"{place}: {broken}"
        missing = self.acknowledged.missing(self.store)
        assert missing == [], f"{place}: {missing}"

    def _run_command(self) -> None:
        """`run.py check` itself, as an operator runs it after a crash."""
        config = str(self.folder / "config.toml")
        command = [sys.executable, "run.py", "--config", config, "check"]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 - our own program
        assert (done.returncode, done.stderr) == (0, ""), done
        assert done.stdout == f"{self.store}: every invariant holds\n"
        self.kills.commands += 1
