"""The declaration of the domain of SSH certificates."""

from gatehouse.core.domain import Domain
from gatehouse.ssh_ca.ports import CertificateTotals, LivingCertificates, RevocationsHeld
from gatehouse.ssh_certificates import jobs
from gatehouse.ssh_certificates.cli import ca
from gatehouse.ssh_certificates.permissions import GRANTS
from gatehouse.ssh_certificates.queries import (
    certificate_counts,
    has_living,
    ssh_certificates,
    totals_by_authority,
)
from gatehouse.ssh_certificates.routes import apis, lane
from gatehouse.ssh_certificates.service import find_list
from gatehouse.ssh_keys.ports import CertificateCounts

domain = Domain(
    apis=apis,
    lane=lane,
    grants=GRANTS,
    ports={
        LivingCertificates: lambda _settings: has_living,
        RevocationsHeld: lambda _settings: find_list,
        CertificateTotals: lambda _settings: totals_by_authority,
        CertificateCounts: lambda _settings: certificate_counts,
    },
    reactions=(
        jobs.revoke_certificates_of_who_is_out,
        jobs.revoke_certificates_with_a_lost_principal,
        jobs.revoke_certificates_lost_with_a_place,
        jobs.revoke_certificates_that_say_too_much,
        jobs.revoke_certificates_with_a_withheld_principal,
        jobs.revoke_certificates_of_who_may_not_ask,
        jobs.revoke_certificates_of_an_account,
        jobs.revoke_certificates_of_a_key,
        jobs.revoke_certificates_that_outlast_their_key,
        jobs.begin_a_revocation_list,
        jobs.revoke_certificates_of_an_authority,
        jobs.revoke_certificates_of_an_organization,
    ),
    jobs=(jobs.renew_ssh_krls,),
    commands=(ca,),
    personal_data=(ssh_certificates,),
)
