"""Sealing: who may, what is given away and what is kept, and what ends it."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.serialization import load_ssh_private_key
from sqlalchemy import select

from gatehouse.accounts.models import User
from gatehouse.core.context import Origin, unit_of_work
from gatehouse.core.openssh.keys import read_public_key
from gatehouse.core.openssh.terms import Kind
from gatehouse.core.roles import Role
from gatehouse.organizations.models import Member
from gatehouse.ssh_break_glass.jobs import watch_ssh_break_glass
from gatehouse.ssh_break_glass.models import BreakGlass
from gatehouse.ssh_ca.models import AuthorityKey, KeyState
from gatehouse.ssh_ca.rules.key_ids import Holder, read_key_id
from tests.audit.record import assert_recorded, entries_with, entry_of
from tests.core.openssh.made_keys import blob_of
from tests.ssh_break_glass.cases import PASSPHRASE, Case
from tests.ssh_certificates.offices import read


def test_an_owner_gets_a_file_this_once(case: Case):
    """SSH-24; threats 214, 226."""
    reply = case.ask_to_seal(days=90, reason="for the safe")

    assert reply.status_code == 200, reply.text
    told = reply.json["data"]
    found, terms = read(told), read(told).terms
    key = load_ssh_private_key(told["file"].encode(), PASSPHRASE.encode())
    assert terms.subject == blob_of(key.public_key())
    assert (terms.kind, terms.principals, terms.serial) == (Kind.USER, ("break-glass",), 1)
    assert set(terms.extensions) == {"permit-pty", "permit-port-forwarding"}
    assert dict(terms.critical_options) == {}
    said = read_key_id(terms.key_id)
    assert said is not None
    assert (said.holder, said.org_slug) == (Holder.BREAK_GLASS, case.org.slug)
    state = told["break_glass"]
    assert state == case.state()
    assert (state["is_sealed"], state["state"], state["days_left"]) == (True, "valid", 89)
    assert state["sealed_by"] == str(case.owner.user_id)
    assert state["sealed_by_an_owner"] is True
    assert found.authority != read_public_key(case.ca["public_key"]).blob
    assert_recorded(
        case.http,
        reply,
        "ssh_break_glass.sealed",
        actor=case.owner.user_id,
        org=case.org.id,
        resource=state["certificate_id"],
    )
    (row,) = case.found(key_id=state["key_id"])
    assert (row["holder"], row["id"]) == ("break_glass", state["certificate_id"])
    assert row["user_id"] is None


def test_no_private_half_is_kept(case: Case, db):
    """Threat 227: neither of the key that signed, nor of the one that was given away."""
    told = case.sealed()
    row = db.scalar(
        select(AuthorityKey).where(
            AuthorityKey.fingerprint == told["break_glass"]["ca_fingerprint"]
        )
    )
    assert (row.state, row.private_sealed, row.key_sealed) == (KeyState.SEALED, None, None)
    entry = entries_with(case.http)[-1]
    assert PASSPHRASE not in str(entry.details)
    assert "PRIVATE" not in str(entry.details)
    again = case.http.get(case.place, headers=case.as_owner)
    assert "file" not in again.json["data"]["break_glass"]


def test_it_is_told_once_even_to_who_asks_for_the_same_again(case: Case):
    headers = {**case.as_owner, "Idempotency-Key": "the-same-again"}
    first, second = case.ask_to_seal(headers), case.ask_to_seal(headers)
    assert first.json["data"]["file"] != second.json["data"]["file"]


def test_machines_are_told_of_its_key_and_go_on_signing(case: Case):
    told = case.sealed()
    bundle = case.bundle()
    assert len(bundle) == 2
    assert bundle[0].startswith(case.ca["public_key"])
    assert read_public_key(bundle[1]).fingerprint == told["break_glass"]["ca_fingerprint"]
    signed = case.signed()
    assert signed["ca_fingerprint"] == case.ca["fingerprint"]
    trust = case.http.get("/api/v1/ssh/ca/public-key", headers=case.as_member).json["data"]
    assert [key["state"] for key in trust["keys"]] == ["active", "sealed"]


def test_its_key_is_no_key_of_the_usual_kind(case: Case):
    """It neither signs again, nor follows another."""
    case.sealed()
    [key] = case.keys(case.ca, "sealed")
    for verb in ("activate", "retire"):
        reply = case.act(case.ca, key, verb)
        assert (reply.status_code, reply.json["error"]["type"]) == (409, "CA_KEY_STATE")
    case.rotate(case.ca)
    [following] = case.keys(case.ca, "next")
    assert case.act(case.ca, following, "activate").status_code == 200
    assert [one["id"] for one in case.keys(case.ca, "sealed")] == [key["id"]]


WRONG = [
    ({"passphrase": "too short"}, "passphrase"),
    ({"passphrase": "a" * 30}, "passphrase"),
    ({"passphrase": None}, "passphrase"),
    ({"days": 0}, "days"),
    ({"days": 366}, "days"),
    ({"days": "365"}, "days"),
    ({"principals": ["root"]}, "principals"),
]


def test_what_cannot_be_sealed_is_refused_by_its_field(case: Case):
    """Threats 173, 217."""
    for wrong, field in WRONG:
        reply = case.ask_to_seal(**wrong)
        assert reply.status_code == 400, wrong
        assert field in reply.json["error"]["details"], wrong
        assert "too short" not in reply.text
    assert case.state()["is_sealed"] is False


def test_owners_alone_seal_with_a_fresh_sign_in(case: Case):
    """Threat 169."""
    stranger = case.make.bearer(case.make.member(case.make.organization(), Role.OWNER))
    stale = case.make.bearer(case.owner, signed_in_ago=timedelta(hours=1))
    for headers, status in (
        (case.as_admin, 403),
        (case.as_member, 403),
        (stranger, 404),
        (stale, 403),
    ):
        assert case.ask_to_seal(headers).status_code == status
        assert case.end(headers).status_code == status
    assert case.http.get(case.place, headers=case.as_member).status_code == 403
    assert case.http.get(case.place, headers=stranger).status_code == 404


def test_without_an_authority_there_is_nothing_to_seal_with(case: Case):
    path = f"{case.path}/{case.ca['id']}"
    assert case.http.delete(path, json={}, headers=case.as_owner).status_code == 200
    reply = case.ask_to_seal()
    assert (reply.status_code, reply.json["error"]["type"]) == (404, "CA_NOT_CONFIGURED")


def is_believed(case: Case, told) -> bool:
    blob = read(told).authority
    is_there = any(read_public_key(line).blob == blob for line in case.bundle())
    is_gone = case.krl().has_key(blob)
    assert is_there is not is_gone
    return is_there


def test_another_one_replaces_it(case: Case):
    """In the same act: never two, and never none."""
    first = case.sealed()
    reply = case.ask_to_seal()
    second = reply.json["data"]
    assert (is_believed(case, first), is_believed(case, second)) == (False, True)
    assert entry_of(case.http, reply).details["replaced"] is True
    states = {row["id"]: row["state"] for row in case.found(state=None)}
    ids = [one["break_glass"]["certificate_id"] for one in (first, second)]
    assert [states[one] for one in ids] == ["revoked", "valid"]


def test_it_is_revoked_with_its_key(case: Case):
    told = case.sealed()
    reply = case.end()
    assert reply.status_code == 200, reply.text
    assert reply.json["data"]["krl_version"] == case.krl().version
    assert not is_believed(case, told)
    assert case.state()["is_sealed"] is False
    assert_recorded(
        case.http,
        reply,
        "ssh_break_glass.revoked",
        actor=case.owner.user_id,
        org=case.org.id,
        resource=told["break_glass"]["certificate_id"],
    )
    assert case.end().json["error"]["type"] == "NOT_FOUND"


def test_what_ends_all_ends_it_too(case: Case):
    """Threat 218: the red button, and an authority that is deleted."""
    told = case.sealed()
    [key] = case.keys(case.ca, "sealed")
    reply = case.act(case.ca, key, "compromise", reason="a copy was found")
    assert reply.status_code == 200, reply.text
    assert not is_believed(case, told)
    assert case.state()["is_sealed"] is False

    told = case.sealed()
    gone = {"force": True, "reason": "moved"}
    path = f"{case.path}/{case.ca['id']}"
    assert case.http.delete(path, json=gone, headers=case.as_owner).status_code == 200
    assert not is_believed(case, told)
    assert case.state()["is_sealed"] is False


def test_an_admin_who_revokes_it_like_others_is_seen(case: Case):
    case.sealed()
    assert case.revoke_all(principal="break-glass", reason="x").status_code == 200
    assert case.state()["state"] == "revoked"


@pytest.mark.parametrize("name", ["break-glass", "root"])
def test_its_principal_is_given_by_owners_alone(case: Case, name: str):
    """Threats 174, 216."""
    path = f"/api/v1/organizations/{case.org.id}/principals"
    for headers, status in ((case.as_admin, 403), (case.as_owner, 201)):
        assert case.http.post(path, json={"name": name}, headers=headers).status_code == status


def test_other_principals_open_nothing_by_it(case: Case):
    assert read(case.sealed()).terms.principals == ("break-glass",)


class Owners:
    """What the owners of an organization are mailed from now on."""

    def __init__(self, case: Case, mailbox, runtime) -> None:
        self.mailbox, self.runtime = mailbox, runtime
        with runtime.reading() as db:
            owners = Member.org_id == case.org.id, Member.role == Role.OWNER
            emails = select(User.email).join(Member, Member.user_id == User.id)
            self.mails = set(db.scalars(emails.where(*owners)))

    def hear(self) -> list[str]:
        """The subjects of what they have got since, one for each of them."""
        letters = [each for each in self.mailbox.deliver() if each.to in self.mails]
        assert all(
            {one.to for one in letters if one.subject == each.subject} == self.mails
            for each in letters
        )
        return sorted({each.subject for each in letters})

    def wait(self, clock, days: int) -> list[str]:
        clock.shift(timedelta(days=days))
        with unit_of_work(self.runtime, Origin("test")) as ctx:
            watch_ssh_break_glass(ctx)
        return self.hear()


def test_all_owners_hear_of_it_and_before_it_ends(case: Case, mailbox, clock, runtime, db):
    """SSH-24: sealed, 30 days before, 7 days before, and then it is over."""
    case.make.member(case.org, Role.OWNER)
    owners = Owners(case, mailbox, runtime)
    told = case.sealed(days=60)
    name = str(case.org.name)
    assert owners.hear() == [f"A certificate for emergencies was made for {name}"]
    soon = f"The certificate for emergencies of {name} ends soon"
    waited = [owners.wait(clock, days) for days in (29, 2, 1, 22, 1, 4)]
    assert waited == [[], [soon], [], [soon], [], []]
    row = db.scalar(select(BreakGlass).where(BreakGlass.org_id == case.org.id))
    assert (row.warned_days, row.expires_at > datetime.now(UTC)) == (7, True)
    assert owners.wait(clock, 2) == []
    key_id = row.authority_key_id
    db.expunge_all()
    db.rollback()
    assert db.scalar(select(BreakGlass).where(BreakGlass.org_id == case.org.id)) is None
    key = db.get(AuthorityKey, key_id)
    assert (key.state, key.reason) == (KeyState.RETIRED, "expired")
    assert not is_believed(case, told)


def test_one_for_days_warns_of_what_is_left(case: Case, mailbox, clock, runtime):
    owners = Owners(case, mailbox, runtime)
    case.sealed(days=10)
    assert len(owners.hear()) == 1
    assert [len(owners.wait(clock, days)) for days in (1, 2, 1)] == [0, 1, 0]


def test_all_owners_hear_that_it_was_revoked(case: Case, mailbox, runtime):
    owners = Owners(case, mailbox, runtime)
    case.sealed()
    case.end()
    assert [subject.split()[-1] == "revoked" for subject in owners.hear()] == [False, True]


def test_who_is_locked_out_seals_nothing(case: Case):
    """Threat 218: the next sign-in is not locked, what opens machines is."""
    other = case.make.bearer(case.make.member(case.org, Role.OWNER))
    path = f"/api/v1/organizations/{case.org.id}/users/{case.owner.user_id}/lock"
    assert case.http.post(path, json={}, headers=other).status_code == 201
    case.as_owner = case.make.bearer(case.owner)

    reply = case.ask_to_seal()

    assert (reply.status_code, reply.json["error"]["type"]) == (403, "USER_LOCKED")
    assert case.state(other)["is_sealed"] is False
    assert case.http.delete(path, headers=other).status_code == 200
    assert case.ask_to_seal().status_code == 200
