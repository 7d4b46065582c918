"""The rules of mail: what every mail looks like, and how it is sent."""

from gatehouse.mail.service.form import Mail, Sample, render, sample, samples_of
from gatehouse.mail.service.sending import (
    MOST_IN_AN_HOUR,
    is_told_today,
    is_too_many,
    is_too_many_by,
    refuse_to_flood,
    sending,
)

__all__ = [
    "MOST_IN_AN_HOUR",
    "Mail",
    "Sample",
    "is_told_today",
    "is_too_many",
    "is_too_many_by",
    "refuse_to_flood",
    "render",
    "sample",
    "samples_of",
    "sending",
]
