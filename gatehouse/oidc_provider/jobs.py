"""What is purged by itself."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, select, update

from gatehouse.accounts.queries import is_proven, mailbox_of
from gatehouse.clients.events import ClientChanged
from gatehouse.clients.models import Client
from gatehouse.clients.queries import clients_as_written, find_client_by_id
from gatehouse.core.context import Context
from gatehouse.core.outside import Ports
from gatehouse.core.reactions import CALLS, Received, during, every, on
from gatehouse.departments.events import DepartmentDeleted, DepartmentMemberRemoved
from gatehouse.grants.models import ClientSession, Grant, RefreshFamily
from gatehouse.grants.service import revoke_families
from gatehouse.mail.service import is_too_many, sending
from gatehouse.oidc_provider.emails import access_asked_mail
from gatehouse.oidc_provider.events import AccessAsked, LogoutDue
from gatehouse.oidc_provider.models import (
    AuthorizationCode,
    DeviceRequest,
    DeviceStatus,
    StoredRequest,
)
from gatehouse.oidc_provider.rules.devices import LIFE
from gatehouse.oidc_provider.service import backchannel
from gatehouse.oidc_provider.service.admission import (
    end_grants_of_who_is_out,
    end_grants_outside_the_policy,
)
from gatehouse.organizations.events import (
    MemberLeft,
    MemberRemoved,
    MemberRoleChanged,
    MemberSuspended,
    OwnershipTransferred,
)
from gatehouse.sessions.events import OtherSessionsRevoked, SessionRevoked

BATCH = 1000
POLICY = frozenset({"access_policy", "allowed_org_ids", "allowed_roles", "allowed_group_ids"})
LostPlace = (
    MemberRemoved | MemberLeft | MemberSuspended | MemberRoleChanged | DepartmentMemberRemoved
)
KEPT = timedelta(hours=24)  # so that what is shown again is known


@on(LogoutDue, lane=CALLS)
def tell_of_the_end_of_a_session(ctx: Context, event: LogoutDue, message: Received) -> None:
    """OpenID Connect Back-Channel Logout 2.5."""
    backchannel.tell(ctx, event, message)


@on(AccessAsked)
def mail_what_an_application_asks(
    ctx: Context, event: AccessAsked, message: Received
) -> list[Callable[[Ports], None]]:
    """One too many is dropped: in ten minutes it is no news, and the page shows all of them."""
    box = ctx.glance(mailbox_of(event.user_id))
    client = find_client_by_id(ctx.runtime, event.client_row_id)
    if box is None or client is None or not is_proven(ctx, box):
        return []
    if ctx.now - message.happened_at > LIFE or is_too_many(
        ctx, message, box.email_key, of="requests"
    ):
        return []
    mail = access_asked_mail(
        client=client.name,
        organization=client.org_name,
        link=f"{ctx.settings.app_url}/requests",
    )
    return sending(ctx, message, mail, to=box.email)


@during(MemberRemoved, MemberLeft, MemberSuspended, MemberRoleChanged, DepartmentMemberRemoved)
def end_grants_of_whoever_lost_a_place(ctx: Context, event: LostPlace) -> dict[str, int]:
    """A client may admit members of several organizations, of some roles, of some departments."""
    which = Grant.user_id == event.user_id
    return _told(end_grants_of_who_is_out(ctx, which, reason=event.name))


@during(OwnershipTransferred)
def end_grants_of_a_former_owner(ctx: Context, event: OwnershipTransferred) -> dict[str, int]:
    which = Grant.user_id == event.previous_owner_id
    return _told(end_grants_of_who_is_out(ctx, which, reason=event.name))


@during(DepartmentDeleted)
def end_grants_of_a_deleted_department(ctx: Context, event: DepartmentDeleted) -> dict[str, int]:
    which = Client.org_id == event.org_id
    return _told(end_grants_of_who_is_out(ctx, which, reason=event.name))


@during(SessionRevoked, OtherSessionsRevoked)
def end_requests_that_were_approved_there(
    ctx: Context, event: SessionRevoked | OtherSessionsRevoked
) -> dict[str, int]:
    """What a session that is ended said yes to, and nobody has fetched yet, is not given out."""
    there = select(ClientSession.id).where(ClientSession.session_id == event.session_id)
    mine = [DeviceRequest.user_id == event.user_id]
    if isinstance(event, SessionRevoked):
        mine.append(DeviceRequest.sid.in_(there.scalar_subquery()))
    elif event.session_id is not None:
        mine.append(DeviceRequest.sid.not_in(there.scalar_subquery()))
    approved = update(DeviceRequest).where(*mine, DeviceRequest.status == DeviceStatus.APPROVED)
    refused = approved.values(status=DeviceStatus.DENIED)
    ended = ctx.execute(refused.execution_options(synchronize_session=False))
    if isinstance(event, OtherSessionsRevoked):
        _end_what_was_fetched_meanwhile(ctx, event, *mine)
    return {"requests_ended": ended} if ended else {}


def _end_what_was_fetched_meanwhile(ctx: Context, event: OtherSessionsRevoked, *mine: Any) -> None:
    """Refresh tokens that a device got after those of other sessions were ended, and before its
    request was: the statement above waited for it.
    """
    fetched = select(DeviceRequest.sid).where(*mine, DeviceRequest.status == DeviceStatus.REDEEMED)
    which = [RefreshFamily.user_id == event.user_id, RefreshFamily.sid.in_(fetched)]
    if ctx.actor.family_id is not None:
        which.append(RefreshFamily.id != ctx.actor.family_id)
    revoke_families(ctx, *which, reason=event.name)


@during(ClientChanged)
def end_grants_outside_a_new_policy(ctx: Context, event: ClientChanged) -> dict[str, int]:
    """Of a client with very many people the rest follows by ``end_outside_grants``."""
    if POLICY.isdisjoint(event.fields):
        return {}
    (client,) = clients_as_written(ctx, Client.id == event.client_row_id)
    return _told(end_grants_outside_the_policy(ctx, client, reason=event.name))


@every(timedelta(minutes=5))
def end_outside_grants(ctx: Context) -> int:
    """End grants that a changed policy leaves out.

    Until then they are of no use: the policy is asked at every refresh, and whenever a token is
    shown.
    """
    for client in clients_as_written(ctx, Client.updated_at > ctx.now - KEPT):
        ended = end_grants_outside_the_policy(ctx, client, reason=ClientChanged.name)
        if ended:
            return ended
    return 0


@every(timedelta(minutes=30))
def purge_requests(ctx: Context) -> int:
    """Delete codes and requests that ended a day ago, in small batches."""
    total = 0
    for kind in (AuthorizationCode, StoredRequest, DeviceRequest):
        over = select(kind.id).where(kind.expires_at < ctx.now - KEPT).limit(BATCH)
        gone = delete(kind).where(kind.id.in_(over.scalar_subquery()))
        total += ctx.execute(gone.execution_options(synchronize_session=False))
    return total


def _told(ended: int) -> dict[str, int]:
    """For the record of the act, beside what the grants domain says."""
    return {"access_ended": ended} if ended else {}
