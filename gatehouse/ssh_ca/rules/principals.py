"""Which principals go into a certificate. Pure."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from gatehouse.principals.rules import NAME, is_for_owners
from gatehouse.ssh_ca.rules.policies import DepartmentPolicy, OrganizationPolicy
from gatehouse.ssh_ca.rules.refusals import Reason, Refused

MOST = 256  # sshd refuses certificates with more (SSHKEY_CERT_MAX_PRINCIPALS)


@dataclass(frozen=True, slots=True)
class Granted:
    """A principal that somebody has: as a member who holds it, from departments, or both.

    Of each name there is one.
    """

    name: str
    direct: bool
    departments: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class Choice:
    """``names`` are those asked for that are granted, ``refusals`` what is wrong with the rest."""

    names: tuple[str, ...]
    refusals: tuple[Refused, ...]


def is_principal(name: str) -> bool:
    """Whether a certificate may hold this. Checked when one is made too, and once more here."""
    return re.fullmatch(NAME, name) is not None


def of_an_admin(
    granted: Iterable[Granted], every_name: Iterable[str], organization: OrganizationPolicy
) -> tuple[Granted, ...]:
    """What an admin has: nothing but what is granted, unless the organization gives them all.

    What only an owner may give is never part of "all".
    """
    own = {one.name: one for one in granted}
    if organization.admins_get_all_principals:
        for name in every_name:
            if not is_for_owners(name):
                own[name] = replace(own.get(name, Granted(name, direct=True)), direct=True)
    return tuple(own.values())


def narrowed(
    granted: Iterable[Granted], policies: Iterable[DepartmentPolicy]
) -> tuple[Granted, ...]:
    """What is left where departments give only the principals that their policies allow.

    A department whose policy is not told gives nothing.
    """
    by_id = {policy.department_id: policy for policy in policies}
    left = [
        replace(one, departments=tuple(d for d in one.departments if _gives(by_id.get(d), one)))
        for one in granted
    ]
    return tuple(one for one in left if one.direct or one.departments)


def _gives(policy: DepartmentPolicy | None, one: Granted) -> bool:
    return policy is not None and policy.gives(one.name)


def select(granted: Iterable[Granted], asked: Sequence[str] | None) -> Choice:
    """The principals of a certificate in their order: those asked for, or all; and all that is
    wrong with what was asked for, with what would be left without it.

    ``granted`` is as `narrowed` leaves it.
    """
    held = {one.name for one in granted}
    wanted = held if asked is None else set(asked)
    invalid = sorted(name for name in wanted if not is_principal(name))
    names = sorted((wanted & held).difference(invalid))
    denied = sorted((wanted - held).difference(invalid))
    refusals = []
    if invalid:
        refusals.append(Refused(Reason.INVALID_PRINCIPAL, invalid=invalid))
    if denied:
        refusals.append(Refused(Reason.UNAUTHORIZED_PRINCIPALS, denied=denied))
    if not wanted:
        refusals.append(Refused(Reason.NO_PRINCIPALS))
    if len(names) > MOST:
        refusals.append(Refused(Reason.INVALID_PRINCIPAL, most=MOST, count=len(names)))
    return Choice(tuple(names), tuple(refusals))


def giving(
    names: Iterable[str], granted: Iterable[Granted], policies: Iterable[DepartmentPolicy]
) -> tuple[DepartmentPolicy, ...]:
    """The policies that hold: of departments that give one of the names, in an order of their own.

    ``granted`` is as `narrowed` leaves it.
    """
    wanted = set(names)
    found = {d for one in granted if one.name in wanted for d in one.departments}
    by_name = sorted(policies, key=lambda policy: (policy.name, str(policy.department_id)))
    return tuple(policy for policy in by_name if policy.department_id in found)
