"""The policies domain's declaration."""

from gatehouse.core.access import Barred, Demands
from gatehouse.core.domain import Domain
from gatehouse.mfa.ports import FactorDemands, ListedModels
from gatehouse.policies import jobs
from gatehouse.policies.emails import MAILS
from gatehouse.policies.permissions import GRANTS
from gatehouse.policies.queries import models_listed, policies, who_would_miss
from gatehouse.policies.routes import api, own
from gatehouse.policies.service import barred, refuse_unmet

domain = Domain(
    apis=(api, own),
    grants=GRANTS,
    ports={
        Demands: lambda _settings: refuse_unmet,
        Barred: lambda _settings: barred,
        ListedModels: lambda _settings: models_listed,
        FactorDemands: lambda _settings: who_would_miss,
    },
    reactions=(jobs.forget_who_left, jobs.forget_policies_of_a_deleted_account),
    handlers=jobs.HANDLERS,
    jobs=(jobs.remind_and_suspend,),
    mails=MAILS,
    personal_data=(policies,),
)
