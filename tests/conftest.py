"""How tests are shared out among processes, and what the report ends with; the controller reads only this conftest.

A module stays together, and so do all that read one whole run.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pipeline.collector import spare_collector
from tests import postgres
from tests.real import NAMED, is_there

_BEYOND = "beyond the planted truth"
_RUNS = ("sample", "tiny")  # fixtures of tests/whole that take long to make


def pytest_configure() -> None:
    """Let the collector work as it does for users; the tests make more objects than any run."""
    spare_collector()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.pluginmanager.hasplugin("xdist"):
        return
    wanted: dict[pytest.Item, str] = {}
    of_module: dict[str, str] = {}  # one that some of its tests want, so that its own fixtures are made once
    for item in items:
        # A run asked for by a parameter's value counts as well.
        values = item.callspec.params.values() if hasattr(item, "callspec") else ()
        used = {*getattr(item, "fixturenames", ()), *(value for value in values if isinstance(value, str))}
        runs = [name for name in _RUNS if name in used] if "whole" in item.path.parts else []
        if runs:
            wanted[item] = of_module[str(item.path)] = runs[0]
    for item in items:
        group = wanted.get(item) or of_module.get(str(item.path)) or item.nodeid.split("::")[0]
        item.add_marker(pytest.mark.xdist_group(group))
    # What takes longest begins first; stable, so that modules stay whole and in order.
    items.sort(key=lambda item: item.get_closest_marker("xdist_group").args[0] not in _RUNS)


@pytest.fixture
def beyond(request: pytest.FixtureRequest) -> Iterator[list[str]]:
    """Lines for the end of the test report: what was found beyond the planted truth."""
    lines: list[str] = []
    yield lines
    request.node.user_properties.append((_BEYOND, lines))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    terminalreporter.write_line(
        f"real places (HAOSHEQU_REAL={NAMED!r}): {'ran' if is_there() else 'SKIPPED, no such folder'}"
    )
    database = "ran" if postgres.is_there() else f"SKIPPED, not installed: {postgres.INSTALL}"
    terminalreporter.write_line(f"publication to PostgreSQL with PostGIS: {database}")
    # Reports travel from the workers; what a worker keeps for itself does not.
    ended = [
        r
        for reports in terminalreporter.stats.values()
        for r in reports
        if getattr(r, "when", "") == "teardown"
    ]
    lines = [line for r in ended for name, found in r.user_properties if name == _BEYOND for line in found]
    if lines:
        terminalreporter.section("found beyond the planted truth")
        for line in lines:
            terminalreporter.write_line(line)
