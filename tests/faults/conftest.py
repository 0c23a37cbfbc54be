"""A test that fails tells what the processes it started had to say."""

from collections.abc import Generator

import pytest

from tests.faults.installations import Installation


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed and isinstance(item, pytest.Function):
        for value in item.funcargs.values():
            if isinstance(value, Installation):
                report.sections += [(f"the end of {n}", text) for n, text in value.said().items()]
    return report
