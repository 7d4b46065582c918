"""Certificates for hosts that an admin holds a key of: signed by the authority of hosts, for names
that no host of the organization has.
"""

from dataclasses import replace
from uuid import UUID

from gatehouse.core.access import refuse_stale
from gatehouse.core.context import Context
from gatehouse.core.errors import GatehouseError
from gatehouse.ssh_ca.models import AuthorityKind
from gatehouse.ssh_ca.rules.hosts import explain_host
from gatehouse.ssh_certificates.ports import NamesOfHosts
from gatehouse.ssh_certificates.queries import Known, get_known, hold_off_revocations
from gatehouse.ssh_certificates.service.issuing import Issued, issue
from gatehouse.ssh_certificates.service.signing import (
    Asked,
    Preview,
    Wish,
    key_and_request,
    order_of,
    previewed,
    refusals_on_record,
    signer_for,
)

HOST = AuthorityKind.HOST


def sign_for_host(ctx: Context, org_id: UUID, wish: Wish) -> Issued:
    """Sign a certificate by which whoever has this key of the caller is believed to be a host.

    That is as much as a token to enrol one: the caller must have proved themselves as lately.
    Raises what `sign` does, NameOfAHost, ReauthenticationRequired, ProofTooOld.
    """
    get_known(ctx, org_id, wish.key_id, HOST)  # Strangers hold nobody up.
    with refusals_on_record(ctx, org_id, wish, HOST):
        refuse_stale(ctx)
        # Whoever enrols a host waits for this act, and ends what it has made; or this act waits,
        # and finds that the name is taken.
        hold_off_revocations(ctx, org_id)
        known = get_known(ctx, org_id, wish.key_id, HOST)
        return issue(ctx, order_of(ctx, _asked(ctx, org_id, known, wish), wish))


def preview_for_host(ctx: Context, org_id: UUID, wish: Wish) -> Preview:
    """What `sign_for_host` would do, explained. Raises what it raises before that is decided."""
    known = get_known(ctx, org_id, wish.key_id, HOST)
    found = previewed(ctx, _asked(ctx, org_id, known, wish))
    try:
        refuse_stale(ctx)
    except GatehouseError as error:
        return replace(found, refusals=(error, *found.refusals))
    return found


def _asked(ctx: Context, org_id: UUID, known: Known, wish: Wish) -> Asked:
    signer = signer_for(known)
    key, request = key_and_request(ctx, known, wish)
    taken = ctx.ports[NamesOfHosts](ctx, org_id, request.principals or ())
    told = explain_host(request, known.holder.policy, signer.limits, taken)
    # Whoever reaches a host reads its certificate before anything is asked of them: the key id
    # tells them no address.
    return Asked(replace(known.holder, email=""), signer, key, request, told)
