"""A pytest plugin that runs the tests which Thespian ships on the event-loop base.

    python -m pytest -p tests.thespian_suite.plugin --pyargs thespian.test \
        --thespian-base=simpleSystemBase -k simpleSystemBase

Thespian's fixture `asys` imports `thespian.system.NAME`, for each of its own bases' names.
With `--thespian-base=simpleSystemBase` this base stands in the place of Thespian's own of that
name. With any other name it is registered under that name, and the fixture gets this name instead
of Thespian's, so that tests which spare simpleSystemBase run too.

With `--outcomes=FILE` the outcome of each test is written as a JSON object of its name (file,
class, function, parameters) and "passed", "failed" or "skipped".
"""

import json
import sys
import types
from pathlib import Path

import pytest
import thespian.system

from thespian_asyncio import ActorSystemBase

REPLACED = "simpleSystemBase"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the name under which the base runs, and where the outcomes go."""
    parser.addoption("--thespian-base", default=REPLACED, help="the name in thespian.system")
    parser.addoption("--outcomes", default=None, help="a JSON file for each test's outcome")


def pytest_configure(config: pytest.Config) -> None:
    """Register the base as a module of `thespian.system`, before a test module is imported."""
    name = str(config.getoption("--thespian-base"))
    module = types.ModuleType(f"thespian.system.{name}", "The event-loop base, for Thespian.")
    vars(module)["ActorSystemBase"] = ActorSystemBase
    sys.modules[module.__name__] = module
    setattr(thespian.system, name, module)
    path = config.getoption("--outcomes")
    if path and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Outcomes(Path(str(path))))


@pytest.hookimpl(tryfirst=True)
def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give the fixture the base's name where that is none of Thespian's own."""
    name = str(metafunc.config.getoption("--thespian-base"))
    if name != REPLACED and "asys" in metafunc.fixturenames:
        metafunc.definition.add_marker(pytest.mark.parametrize("asys", [name], indirect=True))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start with the tests that take a minute: all else fits beside them."""
    slow = [item for item in items if "private_context" in item.name and "100" in item.name]
    others = [item for item in items if item not in slow]
    # A worker starts with two tests: one of these and one other.
    firsts = [item for pair in zip(slow, others, strict=False) for item in pair]
    items[:] = firsts + others[len(slow) :]


class Outcomes:
    """Collects what became of each test, also of those that other processes run.

    Args:
        path: the file to write at the end.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._outcomes: dict[str, str] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note a step of a test: it passes when none of its steps fails or is skipped."""
        name = report.nodeid.rpartition("/")[2]
        if report.outcome != "passed" or name not in self._outcomes:
            self._outcomes[name] = report.outcome

    def pytest_sessionfinish(self) -> None:
        """Write the file."""
        self._path.write_text(json.dumps(self._outcomes), encoding="utf-8")
