"""What ends somebody's certificates, and how lists are kept fresh."""

from datetime import timedelta
from typing import Any

from gatehouse.accounts.events import AccountDeleted, AccountDisowned, AccountSuspended
from gatehouse.core.context import Context
from gatehouse.core.events import OrganizationEvent
from gatehouse.core.reactions import during, every
from gatehouse.departments.events import DepartmentDeleted, DepartmentMemberRemoved
from gatehouse.locks.events import MemberLocked
from gatehouse.organizations.events import (
    MemberLeft,
    MemberRemoved,
    MemberRoleChanged,
    MemberSuspended,
    OrganizationDeleted,
)
from gatehouse.policies.events import MemberSuspendedByPolicy
from gatehouse.principals.events import (
    PrincipalChanged,
    PrincipalDeleted,
    PrincipalDepartmentRemoved,
    PrincipalMemberRemoved,
)
from gatehouse.ssh_ca.events import (
    AuthorityCreated,
    AuthorityDeleted,
    AuthorityKeyCompromised,
    AuthorityKeyRetired,
    AuthorityPermissionTaken,
    DepartmentCertPolicyChanged,
    OrganizationCertPolicyChanged,
)
from gatehouse.ssh_certificates import service
from gatehouse.ssh_certificates.models import Certificate
from gatehouse.ssh_keys.events import SshKeyChanged, SshKeyDeleted

FRESH_FOR = timedelta(minutes=5)
LISTS_AT_ONCE = 1  # Whoever signs waits while a list of theirs is made.

Ended = dict[str, int]
Out = MemberRemoved | MemberLeft | MemberSuspended | MemberSuspendedByPolicy | MemberLocked
Lost = PrincipalMemberRemoved | PrincipalDepartmentRemoved | PrincipalDeleted | PrincipalChanged
AuthorityOver = AuthorityKeyCompromised | AuthorityKeyRetired | AuthorityDeleted


@during(MemberRemoved, MemberLeft, MemberSuspended, MemberSuspendedByPolicy, MemberLocked)
def revoke_certificates_of_who_is_out(ctx: Context, event: Out) -> Ended:
    which = service.Which(user_id=event.user_id).conditions()
    return _told(service.revoke_where(ctx, event.org_id, *which, reason=event.name).count)


@during(PrincipalMemberRemoved, PrincipalDepartmentRemoved, PrincipalDeleted, PrincipalChanged)
def revoke_certificates_with_a_lost_principal(ctx: Context, event: Lost) -> Ended:
    """Whoever has it by another way keeps them. A principal of another name is another one."""
    name = event.old_title if isinstance(event, PrincipalChanged) else event.title
    user_id = event.user_id if isinstance(event, PrincipalMemberRemoved) else None
    return _lost(ctx, event, user_id=user_id, principal=name)


@during(DepartmentMemberRemoved, MemberRoleChanged)
def revoke_certificates_lost_with_a_place(
    ctx: Context, event: DepartmentMemberRemoved | MemberRoleChanged
) -> Ended:
    """A new guest loses all of them: who is one uses no principals."""
    return _lost(ctx, event, user_id=event.user_id)


@during(DepartmentDeleted, OrganizationCertPolicyChanged)
def revoke_certificates_that_say_too_much(
    ctx: Context, event: DepartmentDeleted | OrganizationCertPolicyChanged
) -> Ended:
    """What came of being in a department, or of being an admin."""
    return _lost(ctx, event)


@during(DepartmentCertPolicyChanged)
def revoke_certificates_with_a_withheld_principal(
    ctx: Context, event: DepartmentCertPolicyChanged
) -> Ended:
    """All else that a department demands holds for what is signed from then on."""
    return _lost(ctx, event) if "allowed_principals" in event.fields else {}


@during(AuthorityPermissionTaken)
def revoke_certificates_of_who_may_not_ask(ctx: Context, event: AuthorityPermissionTaken) -> Ended:
    """Unless nobody is named any more: then everybody may ask."""
    user_id, authority_id = event.user_id, event.ssh_authority_id
    return _told(
        service.revoke_of_unnamed(ctx, event.org_id, authority_id, user_id, reason=event.name)
    )


@during(AccountSuspended, AccountDisowned, AccountDeleted)
def revoke_certificates_of_an_account(
    ctx: Context, event: AccountSuspended | AccountDisowned | AccountDeleted
) -> Ended:
    ended = service.revoke_all_of(ctx, event.user_id, reason=event.name)
    if isinstance(event, AccountDeleted):
        ended += service.end_what_was_left(ctx, event.user_id, reason=event.name)
        service.forget_addresses(ctx, event.user_id)
    return _told(ended)


@during(SshKeyDeleted)
def revoke_certificates_of_a_key(ctx: Context, event: SshKeyDeleted) -> Ended:
    """Of its owner: others who proved the same key keep theirs."""
    of_key = Certificate.fingerprint == event.fingerprint
    return _told(service.revoke_all_of(ctx, event.user_id, of_key, reason=event.name))


@during(SshKeyChanged)
def revoke_certificates_that_outlast_their_key(ctx: Context, event: SshKeyChanged) -> Ended:
    """No certificate is good for longer than its key, wherever the end of that is moved to."""
    if event.expires_at is None:
        return {}
    later = Certificate.ssh_key_id == event.ssh_key_id, Certificate.valid_before > event.expires_at
    return _told(service.revoke_all_of(ctx, event.user_id, *later, reason=event.name))


@during(AuthorityCreated)
def begin_a_revocation_list(ctx: Context, event: AuthorityCreated) -> Ended:
    return {"krl_version": service.hold_list(ctx, event.org_id).version}


@during(AuthorityKeyCompromised, AuthorityKeyRetired, AuthorityDeleted)
def revoke_certificates_of_an_authority(ctx: Context, event: AuthorityOver) -> Ended:
    done = service.end_authority_keys(ctx, event.org_id, reason=event.name)
    return {**_told(done.count), "krl_version": done.krl_version}


@during(OrganizationDeleted)
def revoke_certificates_of_an_organization(ctx: Context, event: OrganizationDeleted) -> Ended:
    done = service.end_authority_keys(ctx, event.org_id, reason=event.name)
    return _told(done.count)


@every(timedelta(minutes=1))
def renew_ssh_krls(ctx: Context) -> int:
    """Make lists of revoked certificates anew. Returns how many."""
    return service.renew_lists(ctx, older_than=ctx.now - FRESH_FOR, most=LISTS_AT_ONCE)


def _lost(ctx: Context, event: OrganizationEvent, **which: Any) -> Ended:
    return _told(service.revoke_lost(ctx, event.org_id, reason=event.name, **which))


def _told(ended: int) -> Ended:
    return {"ssh_certificates_revoked": ended} if ended else {}
