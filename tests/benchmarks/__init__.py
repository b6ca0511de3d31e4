"""Speed and memory, as ratios: `python -m tests.benchmarks`. No test asserts a time."""
