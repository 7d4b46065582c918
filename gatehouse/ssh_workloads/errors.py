"""How rules for workloads can fail, and why a job gets no certificate."""

from gatehouse.core.errors import BadRequest, Conflict, Forbidden, NotFound, Unauthenticated
from gatehouse.core.sayings import _


class WorkloadRuleNotFound(NotFound):
    message = _("The organization has no such rule for workloads.")


class WorkloadNameTaken(Conflict):
    message = _("The organization has a rule for workloads of that name.")


class TooManyWorkloadRules(Conflict):
    message = _("The organization has as many rules for workloads as it can have.")


class InvalidWorkloadToken(Unauthenticated):
    """401, and always the same one: what is wrong is on record, for those whose rule it is."""

    type = "INVALID_WORKLOAD_TOKEN"
    message = _(
        "No rule of this organization takes this token, or its issuer does not answer. The record"
        " of the organization says why."
    )
    challenge = 'Bearer realm="gatehouse", error="invalid_token"'


class WorkloadTokenUsed(Conflict):
    type = "WORKLOAD_TOKEN_USED"
    message = _("This token has got its certificate already. Ask the CI for another one.")


class WorkloadNotMatched(Forbidden):
    """403 of a token that is genuine. ``details.subject`` is whom it is of."""

    type = "WORKLOAD_NOT_MATCHED"
    message = _("No rule of this organization is for this job.")


class WorkloadAmbiguous(BadRequest):
    """400. ``details.rules`` are those that are for this job."""

    type = "WORKLOAD_AMBIGUOUS"
    message = _("Several rules are for this job. Name one of them: rule_id.")
