"""Every acknowledgement comes after a sync of the log with what it acknowledges, as strace sees it.

Where strace is not installed this is skipped, or fails if the environment variable
HOLDFAST_REQUIRE_NODES is 1.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.durability.forked_shops import ROOT
from tests.durability.surroundings import STORE
from tests.durability.trace import STRACE, calls, prove

ENOUGH = {"placed": 40, "cancelled": 5, "goods": 5}
LONGEST_SECONDS = 120.0
NOT_INSTALLED = "strace is not installed: run scripts/install_nodes.sh"


def require_strace() -> None:
    """Skip or fail where strace is not installed."""
    if shutil.which("strace") is not None:
        return
    if os.environ.get("HOLDFAST_REQUIRE_NODES") == "1":
        pytest.fail(NOT_INSTALLED)
    pytest.skip(NOT_INSTALLED)


@pytest.fixture
def traced_folder(tmp_path: Path) -> Path:
    """A folder with the store and the trace of a shop that has acknowledged enough."""
    require_strace()
    # As strace will name the files, with every link followed.
    folder = tmp_path.resolve()
    program = [sys.executable, "-m", "tests.durability.program", str(folder), "1", "7"]
    with (folder / "said").open("wb") as said, (folder / "log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603 - our own program
            [*STRACE, f"--output={folder / 'trace'}", *program],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=log,
            start_new_session=True,
        )
        try:
            _wait_for_enough(process, folder)
        finally:
            # strace and the shop, and nobody else: the session is theirs alone.
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    return folder


def _wait_for_enough(process: "subprocess.Popen[bytes]", folder: Path) -> None:
    deadline = time.monotonic() + LONGEST_SECONDS
    while not _is_enough(folder / "said"):
        log = (folder / "log").read_text(encoding="utf-8")
        assert process.poll() is None, f"strace ended: {log}"
        assert time.monotonic() < deadline, f"it acknowledges too little: {log}"
        time.sleep(0.1)


def _is_enough(said: Path) -> bool:
    counted = Counter[str]()
    for line in said.read_text(encoding="utf-8").splitlines():
        words = line.split()
        counted[words[2] if words[0] == "told" else words[0]] += 1
    return all(counted[what] >= count for what, count in ENOUGH.items())


@pytest.mark.timeout(180)
def test_every_acknowledged_commit_was_synced_before(
    traced_folder: Path, record_property: Callable[[str, object], None]
) -> None:
    log = f"{traced_folder / STORE}-wal"
    with (traced_folder / "trace").open(encoding="ascii") as lines:
        # A kill may cut the last line short.
        traced = calls(line for line in lines if line.endswith("\n"))
    proof = prove(traced, log)
    assert proof.unproved == []
    for what, count in ENOUGH.items():
        assert proof.proved[what] >= count
    syncs = sum("sync" in call.name and call.path == log for call in traced)
    record_property("said", f"strace: {syncs} syncs of the log; synced before: {proof.proved}")
