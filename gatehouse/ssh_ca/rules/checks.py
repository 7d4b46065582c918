"""What is checked of a request, one thing after the other. Pure.

Each check gives what is wrong, and where there is something to decide, what would hold.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from gatehouse.core.addresses import Network
from gatehouse.core.openssh.layouts import FIDO, FIELDS
from gatehouse.ssh_ca.rules.networks import (
    MOST,
    Networks,
    common,
    find_network,
    in_order,
    lies_in,
    own_network,
)
from gatehouse.ssh_ca.rules.policies import By, Limit, Merged, OrganizationPolicy
from gatehouse.ssh_ca.rules.refusals import Reason, Refused
from gatehouse.ssh_ca.rules.requests import RSA, Key, Request
from gatehouse.ssh_keys.rules import KeyState, state_of

TOO_LONG_AGO = "too_long_ago"
WITHOUT_PIN = "without_pin"

Refusals = tuple[Refused, ...]


def of_key_state(
    request: Request, organization: OrganizationPolicy, merged: Merged | None
) -> Iterator[Refused]:
    """Whether the key is proved, not over, proved lately, and with its PIN where that counts.

    A key that was made without ``-O verify-required`` never asks for the PIN, so that sshd would
    refuse it; proving it with the PIN shows that it does.
    """
    key, days = request.key, organization.reverify_days
    state = state_of(key.verified_at, _end_of(key), request.second)
    if state is not KeyState.VERIFIED:
        yield Refused(Reason.KEY_NOT_VERIFIED, why=state.value)
        return
    if days is not None and _is_older(key.verified_at, timedelta(days=days), request.second):
        yield Refused(Reason.KEY_NOT_VERIFIED, why=TOO_LONG_AGO, reverify_days=days)
    if merged is not None and merged.require_pin and key.is_fido and not key.proved_with_pin:
        yield Refused(Reason.KEY_NOT_VERIFIED, why=WITHOUT_PIN)


def of_key_kind(
    key: Key, organization: OrganizationPolicy, merged: Merged | None
) -> Iterator[Refused]:
    """Whether it is a kind of key that all of them take.

    sshd overlooks ``verify-required`` for keys that are not FIDO's (PROTOCOL.certkeys), so that
    only those may promise a PIN. Where departments have no type in common, that is a conflict.
    """
    types = merged.key_types if merged is not None else None
    if types and key.type not in types:
        yield Refused(Reason.UNSUPPORTED_KEY_TYPE, allowed=sorted(types))
    if key.type == RSA and key.bits < organization.min_rsa_bits:
        yield Refused(Reason.WEAK_KEY, min_bits=organization.min_rsa_bits)
    by_department = merged is not None and (merged.require_fido or merged.require_pin)
    if (organization.require_fido or by_department) and not key.is_fido:
        yield Refused(Reason.FIDO_KEY_REQUIRED)


def of_host_key(key: Key, organization: OrganizationPolicy) -> Iterator[Refused]:
    """The same for the key of a host, which nobody touches each time that somebody logs in."""
    if key.is_fido:
        yield Refused(Reason.UNSUPPORTED_KEY_TYPE, allowed=sorted(set(FIELDS).difference(FIDO)))
    if key.type == RSA and key.bits < organization.min_rsa_bits:
        yield Refused(Reason.WEAK_KEY, min_bits=organization.min_rsa_bits)


def life(request: Request, merged: Merged) -> tuple[Limit, Refusals]:
    """How long the certificate lasts from now on. A key that ends earlier ends it."""
    asked, longest = request.ttl_seconds, merged.longest
    limit, refusals = merged.default, []
    if asked is not None and 1 <= asked <= longest.seconds:
        limit = Limit(asked, By.REQUEST)
    elif asked is not None:
        limit = longest if asked > 0 else merged.default
        if asked < 1 or not request.clamp:
            refusals = [Refused(Reason.TTL_TOO_LONG, min_seconds=1, max_seconds=longest.seconds)]
    left = _seconds_left(request)
    if left is not None and 1 <= left < limit.seconds:
        limit = Limit(left, By.KEY)
    return limit, tuple(refusals)


def sources(request: Request, merged: Merged) -> tuple[Networks | None, Refusals]:
    """From where the certificate may be used, None for anywhere.

    The policy's networks; of them the caller's own address, if it pins that; of these, what was
    asked for.
    """
    allowed, refusals = _allowed_sources(request.ip, merged)
    asked = request.source_addresses or ()
    found = {text: find_network(text) for text in asked}
    invalid = [text for text, network in found.items() if network is None]
    networks = in_order(network for network in found.values() if network is not None)
    denied = [one for one in networks if allowed is not None and not lies_in(one, allowed)]
    if invalid:
        refusals.append(Refused(Reason.INVALID_SOURCE_ADDRESS, invalid=invalid))
    if denied:
        refusals.append(_not_allowed(denied, allowed or ()))
    chosen = (tuple(one for one in networks if one not in denied) or allowed) if asked else allowed
    if len(chosen or ()) > MOST:
        count = len(chosen or ())
        refusals.append(Refused(Reason.INVALID_SOURCE_ADDRESS, most=MOST, count=count))
    return chosen, tuple(refusals)


def _allowed_sources(ip: str | None, merged: Merged) -> tuple[Networks | None, list[Refused]]:
    if not merged.pin_source_ip:
        return merged.networks, []
    own = own_network(ip)
    pinned = () if own is None else (own,)
    allowed = pinned if merged.networks is None else common(pinned, merged.networks)
    return allowed, ([] if allowed else [_not_allowed(pinned, merged.networks or ())])


def _not_allowed(denied: list[Network] | Networks, allowed: Networks) -> Refused:
    return Refused(
        Reason.SOURCE_ADDRESS_NOT_ALLOWED,
        denied=list(map(str, denied)),
        allowed=list(map(str, allowed)),
    )


def extensions(request: Request, merged: Merged) -> tuple[tuple[str, ...], Refusals]:
    """What the certificate permits: all that the policies leave, or what was asked for of it."""
    if request.extensions is None:
        return tuple(sorted(merged.extensions)), ()
    asked, allowed = set(request.extensions), sorted(merged.extensions)
    denied = sorted(asked - merged.extensions)
    refused = Refused(Reason.EXTENSION_NOT_ALLOWED, denied=denied, allowed=allowed)
    return tuple(sorted(asked & merged.extensions)), ((refused,) if denied else ())


def of_second_factor(request: Request, merged: Merged) -> Iterator[Refused]:
    """Whether one was used lately enough. How long ago somebody signed in does not count."""
    age = merged.mfa_max_age
    if age is None:
        return
    if request.mfa_time is None or request.now - request.mfa_time > timedelta(seconds=age):
        yield Refused(Reason.STEP_UP_REQUIRED, max_age=age)


def _end_of(key: Key) -> datetime | None:
    return key.expires_at and key.expires_at.replace(microsecond=0)


def _seconds_left(request: Request) -> int | None:
    end = _end_of(request.key)
    return None if end is None else int((end - request.second).total_seconds())


def _is_older(moment: datetime | None, age: timedelta, now: datetime) -> bool:
    return moment is None or now - moment > age
