import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

PROJECT = Path(__file__).parents[2]


def test_the_watch_survives_a_failing_handler_on_several_processes_too() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    program = subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-m", "tests.thespian_asyncio.processes_for_tests", str(port)],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        output, errors = program.communicate(timeout=60)
    finally:
        # Actor processes can outlive the program that started them.
        with suppress(ProcessLookupError):
            os.killpg(program.pid, signal.SIGKILL)
    assert output.splitlines() == ["['BEFORE']", "True", "['BEFORE', 'DURING']"], errors
