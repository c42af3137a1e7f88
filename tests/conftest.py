"""How tests are shared out among processes: a module stays together, and so do all that read one whole run."""

from __future__ import annotations

import pytest

_RUNS = ("sample", "tiny")  # fixtures of tests/whole that take long to make


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.pluginmanager.hasplugin("xdist"):
        return
    for item in items:
        # A run asked for by a parameter's value counts as well.
        values = item.callspec.params.values() if hasattr(item, "callspec") else ()
        used = {*getattr(item, "fixturenames", ()), *(value for value in values if isinstance(value, str))}
        runs = [name for name in _RUNS if name in used] if "whole" in item.path.parts else []
        item.add_marker(pytest.mark.xdist_group(runs[0] if runs else item.nodeid.split("::")[0]))
