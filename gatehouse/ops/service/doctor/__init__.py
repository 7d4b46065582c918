"""``python manage.py doctor``: is this installation well, and what is to be done if it is not?"""

from gatehouse.ops.service.doctor.finding import Finding, State
from gatehouse.ops.service.doctor.proof import answer_to, find_mark, is_ours, make_proof

__all__ = ["Finding", "State", "answer_to", "find_mark", "is_ours", "make_proof"]
