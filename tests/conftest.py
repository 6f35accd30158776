"""What tests have to say at the end of a run, whether it went well or not."""

import pytest
from hypothesis import settings

# On a busy machine any example may take long; whatever has a deadline says so itself.
settings.register_profile("busy", deadline=None)
settings.load_profile("busy")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what tests recorded as the property "said", also from other processes."""
    said = [
        text
        for reports in terminalreporter.stats.values()
        for report in reports
        if isinstance(report, pytest.TestReport) and report.when == "call"
        for name, text in report.user_properties
        if name == "said"
    ]
    if said:
        terminalreporter.section("what the tests saw")
    for text in said:
        terminalreporter.write_line(str(text))
