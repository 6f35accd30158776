"""Runs of Thespian's own tests in a process of their own."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import thespian

PROJECT = Path(__file__).parents[2]
TESTS = Path(str(thespian.__file__)).parent / "test"
RUN_SECONDS = 400
WORKERS = 8  # far more than there are cores: these tests mostly sleep


def outcomes(base_name: str, directory: Path, only: Sequence[str] = ()) -> dict[str, str]:
    """Run Thespian's tests with the base under a name and return each one's outcome.

    Args:
        base_name: see `plugin`.
        directory: where the run may write, of its own.
        only: the names of the tests to run, one after another; all of the base where empty.

    Raises:
        subprocess.TimeoutExpired: it takes longer than RUN_SECONDS.
    """
    (directory / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    result = directory / "outcomes.json"
    result.unlink(missing_ok=True)
    command = [sys.executable, "-m", "pytest", "-q", "--tb=short", "-p", "no:cacheprovider"]
    command += ["-p", "xdist"]
    command += ["-p", "tests.thespian_suite.plugin", f"--outcomes={result}"]
    command += [f"--thespian-base={base_name}"]
    if only:
        command += [str(TESTS / name) for name in only]
    else:
        command += ["-n", str(WORKERS), "--dist=load", "--maxschedchunk=1", "-k", base_name]
        command += ["--pyargs", "thespian.test"]
    finished = subprocess.run(  # noqa: S603 - this interpreter, with the words above
        command,
        cwd=directory,
        env=_environment(directory),
        capture_output=True,
        text=True,
        timeout=RUN_SECONDS,
        check=False,
    )
    (directory / "output.txt").write_text(finished.stdout + finished.stderr, encoding="utf-8")
    assert result.exists(), f"the run broke off:\n{finished.stdout}\n{finished.stderr}"
    found: dict[str, str] = json.loads(result.read_text(encoding="utf-8"))
    return found


def _environment(directory: Path) -> dict[str, str]:
    # One of the tests counts on a child that buffers its output; a run within a run must not
    # take itself for a part of the outer one; and the plugins of this project's tests are slow
    # to import in so many processes.
    kept = {
        key: value
        for key, value in os.environ.items()
        if key != "PYTHONUNBUFFERED" and not key.startswith("PYTEST_")
    }
    own = {"PYTHONPATH": str(PROJECT), "TMPDIR": str(directory)}
    return kept | own | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
