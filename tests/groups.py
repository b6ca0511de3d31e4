"""Which tests are the second group: they kill processes, start servers and browsers, tune, or run
what a stranger would. All others are the core, `pytest -m core`, which is over in minutes."""

from __future__ import annotations

SECOND = (
    "tests/batch/test_run.py",
    "tests/batch/test_team.py",
    "tests/cli/test_odd_places.py",
    "tests/cli/test_terminal.py",
    "tests/cli/test_progress.py",
    "tests/cli/test_results.py",
    "tests/execute/test_code.py",
    "tests/laws/test_bounds.py",
    "tests/laws/test_simulation.py",
    "tests/laws/test_worker_worlds.py",
    "tests/models/test_odd_replies.py",
    "tests/program/test_host.py",
    "tests/program/test_module.py",
    "tests/program/test_onlookers.py",
    "tests/program/test_optimizers.py",
    "tests/program/test_types.py",
    "tests/reference/test_site.py",
    "tests/report/test_other_programs.py",
    "tests/report/test_view_browser.py",
    "tests/runtime/test_completion_sessions.py",
    "tests/runtime/test_shared_budget.py",
    "tests/runtime/test_strangers.py",
    "tests/sandboxes/",
    "tests/serving/test_pages.py",
    "tests/serving/test_server.py",
    "tests/stores/test_durable.py",
    "tests/test_examples.py",
    "tests/test_plugin",
    "tests/test_synthetic.py",
    "tests/test_torture.py",
    "tests/tidy/test_action.py",
    "tests/tidy/test_readme.py",
    "tests/tidy/test_verbs.py",
    "tests/tools/test_mcp.py",
    "tests/tuning/",
)


def group_of(test: str) -> str:
    """The group of a test, by its name with its file in front: `core` or `second`."""
    return "second" if test.startswith(SECOND) else "core"
