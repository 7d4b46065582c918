"""Writing the record, sealing it, checking the seals, and letting go of what is past its time."""

from gatehouse.audit.service.export import record_export
from gatehouse.audit.service.retention import purge_blocks
from gatehouse.audit.service.sealing import seal_block
from gatehouse.audit.service.verifying import Verification
from gatehouse.audit.service.writing import (
    Recorded,
    forget_label,
    record,
    record_attempt,
    set_label,
    write_attempts,
)

__all__ = [
    "Recorded",
    "Verification",
    "forget_label",
    "purge_blocks",
    "record",
    "record_attempt",
    "record_export",
    "seal_block",
    "set_label",
    "write_attempts",
]
