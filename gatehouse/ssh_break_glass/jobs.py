"""Who hears of the certificate for emergencies, and what ends it."""

from collections.abc import Callable
from datetime import timedelta

from gatehouse.accounts.queries import is_proven
from gatehouse.core.context import Context
from gatehouse.core.outside import Ports
from gatehouse.core.reactions import Received, during, every, on
from gatehouse.mail.service import Mail, refuse_to_flood, sending
from gatehouse.organizations.events import OrganizationDeleted
from gatehouse.ssh_break_glass import emails, queries, service
from gatehouse.ssh_break_glass.events import (
    BreakGlassExpiring,
    BreakGlassRevoked,
    BreakGlassSealed,
)
from gatehouse.ssh_ca.events import AuthorityDeleted, AuthorityKeyCompromised

Later = list[Callable[[Ports], None]]
Over = AuthorityKeyCompromised | AuthorityDeleted | OrganizationDeleted


@during(AuthorityKeyCompromised, AuthorityDeleted, OrganizationDeleted)
def forget_what_is_sealed(ctx: Context, event: Over) -> dict[str, int]:
    ended = service.forget_ended(ctx, event.org_id)
    return {"ssh_break_glasses_ended": ended} if ended else {}


@every(timedelta(hours=1))
def watch_ssh_break_glass(ctx: Context) -> int:
    """Warn owners 30 and 7 days before the certificate for emergencies ends. Returns how many."""
    return service.warn_and_end(ctx)


@on(BreakGlassSealed)
def tell_owners_of_a_seal(ctx: Context, event: BreakGlassSealed, message: Received) -> Later:
    def mail(organization: str) -> Mail:
        return emails.break_glass_sealed_mail(
            organization=organization,
            fingerprint=event.fingerprint,
            key_id=event.key_id,
            until=event.expires_at,
            replaced=event.replaced,
            ip=ctx.origin.ip,
        )

    return _to_owners(ctx, event, message, mail)


@on(BreakGlassRevoked)
def tell_owners_of_a_revocation(ctx: Context, event: BreakGlassRevoked, message: Received) -> Later:
    def mail(organization: str) -> Mail:
        return emails.break_glass_revoked_mail(
            organization=organization, fingerprint=event.fingerprint, ip=ctx.origin.ip
        )

    return _to_owners(ctx, event, message, mail)


@on(BreakGlassExpiring)
def tell_owners_of_the_end(ctx: Context, event: BreakGlassExpiring, message: Received) -> Later:
    def mail(organization: str) -> Mail:
        return emails.break_glass_expiring_mail(
            organization=organization, fingerprint=event.fingerprint, until=event.expires_at
        )

    return _to_owners(ctx, event, message, mail)


def _to_owners(
    ctx: Context,
    event: BreakGlassSealed | BreakGlassRevoked | BreakGlassExpiring,
    message: Received,
    mail: Callable[[str], Mail],
) -> Later:
    """To all of them. What is one too many is put off and never dropped: nobody makes one unheard
    by making many.
    """
    boxes = [box for box in queries.owners_mailed(ctx, event.org_id) if is_proven(ctx, box)]
    ctx.leave_the_transaction()
    for box in boxes:
        refuse_to_flood(ctx, message, box.email_key, of=f"notices of {event.name}")
    return [
        later
        for box in boxes
        for later in sending(ctx, message, mail(box.name), to=box.email, part=box.id.hex)
    ]


HANDLERS = (tell_owners_of_a_seal, tell_owners_of_a_revocation, tell_owners_of_the_end)
