"""Certificates for hosts: what a host may be called, and the terms. Pure."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import timedelta

from gatehouse.core.openssh.terms import is_host
from gatehouse.core.sayings import _
from gatehouse.ssh_ca.rules import checks
from gatehouse.ssh_ca.rules.policies import AuthorityLimits, OrganizationPolicy, strictest
from gatehouse.ssh_ca.rules.refusals import Reason, Refused
from gatehouse.ssh_ca.rules.requests import Request
from gatehouse.ssh_ca.rules.terms import Explanation, Place, Terms, WhyNot

MOST_NAMES = 20


def wrong_names(names: Iterable[str]) -> list[str]:
    """Those that are no exact name or address of one host. They are looked for as they stand:
    ssh refuses a certificate with capitals or patterns in it.
    """
    return [name for name in names if not is_host(name)]


def faults_of(names: Sequence[str]) -> list[str]:
    """What is wrong with the names of one host, in words."""
    if not 1 <= len(names) <= MOST_NAMES or len(set(names)) != len(names):
        return [_("Between 1 and %(most)s names, each once.", most=MOST_NAMES)]
    if wrong_names(names):
        return [
            _("Exact names or addresses, in lower case: db1.example.com, 192.0.2.7. No patterns.")
        ]
    return []


def explain_host(
    request: Request,
    organization: OrganizationPolicy,
    limits: AuthorityLimits,
    taken: Collection[str],
) -> Explanation:
    """What a certificate for a host would say, and all that stands in its way. Raises nothing.

    Its principals are its names, of which nothing is wrong; those that are ``taken`` belong to
    another one. Departments have no say in it, and it has no options (PROTOCOL.certkeys).
    """
    names = request.principals or ()
    merged = strictest((), limits)
    ttl, of_ttl = checks.life(request, merged)
    of_key = (
        *checks.of_key_state(request, organization, None),
        *checks.of_host_key(request.key, organization),
    )
    refusals = (*of_key, *_of_names(names, taken), *of_ttl)
    terms = Terms(
        principals=names,
        valid_after=request.second - timedelta(seconds=limits.backdate_seconds),
        valid_before=request.second + timedelta(seconds=ttl.seconds),
        ttl=ttl,
        extensions=(),
        critical_options={},
        departments=(),
    )
    return Explanation(
        principals=tuple(_place(name, taken) for name in names),
        refusals=refusals,
        terms=None if refusals else terms,
        ttl=ttl,
        longest=merged.longest,
    )


def _of_names(names: Sequence[str], taken: Collection[str]) -> Iterator[Refused]:
    if found := [name for name in names if name in taken]:
        yield Refused(Reason.NAME_OF_A_HOST, names=found)


def _place(name: str, taken: Collection[str]) -> Place:
    return Place(name=name, why_not=WhyNot.OF_A_HOST if name in taken else None)
