"""The rules of running the house."""

from gatehouse.ops.service.database import migrate, prepare_database
from gatehouse.ops.service.demo import seed_demo
from gatehouse.ops.service.doctor import Finding, State, answer_to, find_mark, is_ours
from gatehouse.ops.service.exposition import CONTENT_TYPE, admit_to_metrics, metrics_text

__all__ = [
    "CONTENT_TYPE",
    "Finding",
    "State",
    "admit_to_metrics",
    "answer_to",
    "find_mark",
    "is_ours",
    "metrics_text",
    "migrate",
    "prepare_database",
    "seed_demo",
]
