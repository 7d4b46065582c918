"""The rules of running jobs."""

from gatehouse.scheduler.service.running import (
    RunningElsewhere,
    run_if_due,
    run_in_a_loop,
    run_once,
    run_worker,
    start_in_background,
    stop_on_signals,
)

__all__ = [
    "RunningElsewhere",
    "run_if_due",
    "run_in_a_loop",
    "run_once",
    "run_worker",
    "start_in_background",
    "stop_on_signals",
]
