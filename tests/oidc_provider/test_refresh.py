"""Refresh tokens: one row for a family, turned once, ended for good (RFC 6749 6, 9700 4.14)."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from gatehouse.audit.models import AuditEntry
from gatehouse.grants.models import RefreshFamily
from tests.oidc_provider.test_token_endpoint import refused
from tests.relying import Person, Rp

STAY = "openid email offline_access"


@pytest.fixture
def public(make_rp: Any) -> Rp:
    """An application without a secret: its tokens are rotated with a grace of 10 seconds."""
    return make_rp(token_endpoint_auth_method="none")


def age(runtime: Any, user_id: Any, **columns: timedelta) -> None:
    """Move times of the families of a person into the past."""
    with runtime.writing() as db:
        for row in db.scalars(select(RefreshFamily).where(RefreshFamily.user_id == user_id)).all():
            earlier = {name: getattr(row, name) - by for name, by in columns.items()}
            db.execute(update(RefreshFamily).where(RefreshFamily.id == row.id).values(**earlier))
        db.commit()


def test_a_refresh_says_the_same_of_the_same_person(person: Person, rp: Rp):
    """RT-01: the same sub, iss, aud and auth_time, and no nonce."""
    first = person.tokens_for(rp, scope=STAY)

    again = rp.refresh(first["refresh_token"]).json

    before, after = (rp.read(each["id_token"]).claims for each in (first, again))
    for name in ("sub", "iss", "aud", "auth_time", "acr", "amr", "sid"):
        assert before[name] == after[name], name
    assert "nonce" not in after
    assert again["scope"] == STAY
    assert rp.userinfo(again["access_token"]).status_code == 200


def test_a_confidential_client_has_no_grace(person: Person, rp: Rp):
    """RT-03, ruling 26: the second presentation ends the family, and it is on the record."""
    tokens = person.tokens_for(rp, scope=STAY)
    child = rp.refresh(tokens["refresh_token"]).json

    refused(rp.refresh(tokens["refresh_token"]), "invalid_grant")

    refused(rp.refresh(child["refresh_token"]), "invalid_grant")
    assert rp.userinfo(child["access_token"]).status_code == 401


def test_a_reuse_is_on_the_record_once(person: Person, rp: Rp, user: Any, db: Any):
    """Threat 28."""
    tokens = person.tokens_for(rp, scope=STAY)
    rp.refresh(tokens["refresh_token"])
    for _ in range(3):
        rp.refresh(tokens["refresh_token"])

    found = select(AuditEntry).where(
        AuditEntry.action == "refresh.reuse_detected", AuditEntry.user_id == user.id
    )
    assert len(db.scalars(found).all()) == 1


def test_within_the_grace_the_same_child_comes_again(person: Person, public: Rp):
    """RT-02, RT-04, threats 29 and 32: an answer that was lost signs nobody out."""
    tokens = person.tokens_for(public, scope=STAY)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: public.refresh(tokens["refresh_token"]), range(12)))

    assert {answer.status_code for answer in answers} == {200}
    (child,) = {answer.json["refresh_token"] for answer in answers}
    assert child != tokens["refresh_token"]
    assert public.refresh(child).status_code == 200


def test_after_the_grace_a_spent_token_ends_the_family(
    person: Person, public: Rp, user: Any, runtime: Any
):
    """RT-05, threat 28."""
    tokens = person.tokens_for(public, scope=STAY)
    child = public.refresh(tokens["refresh_token"]).json
    age(runtime, user.id, rotated_at=timedelta(seconds=11))

    refused(public.refresh(tokens["refresh_token"]), "invalid_grant")

    refused(public.refresh(child["refresh_token"]), "invalid_grant")
    assert public.userinfo(child["access_token"]).status_code == 401


def test_a_grandparent_ends_the_family_within_the_grace_too(person: Person, public: Rp):
    """RT-03: only the last one has a grace."""
    tokens = person.tokens_for(public, scope=STAY)
    child = public.refresh(tokens["refresh_token"]).json
    grandchild = public.refresh(child["refresh_token"]).json

    refused(public.refresh(tokens["refresh_token"]), "invalid_grant")

    refused(public.refresh(grandchild["refresh_token"]), "invalid_grant")


def test_the_grace_revives_nothing(person: Person, public: Rp):
    """RT-12, RT-13."""
    tokens = person.tokens_for(public, scope=STAY)
    child = public.refresh(tokens["refresh_token"]).json
    assert public.revoke(child["refresh_token"]).status_code == 200

    for spent in (tokens, child):
        refused(public.refresh(spent["refresh_token"]), "invalid_grant")
        assert public.userinfo(spent["access_token"]).status_code == 401


def test_scopes_shrink_for_one_answer_and_never_grow(person: Person, rp: Rp):
    """RT-06, threat 31."""
    token = person.tokens_for(rp, scope=STAY)["refresh_token"]
    refused(rp.refresh(token, scope="openid profile"), "invalid_scope")

    narrow = rp.refresh(token, scope="openid").json
    assert narrow["scope"] == "openid"
    assert "email" not in rp.userinfo(narrow["access_token"]).json

    assert rp.refresh(narrow["refresh_token"]).json["scope"] == STAY


def test_a_token_is_good_for_its_client_alone(person: Person, rp: Rp, make_rp: Any):
    """RT-07, RT-08, RT-09, RT-10, threats 20, 27 and 69."""
    tokens = person.tokens_for(rp, scope=STAY)
    code = person.code_for(rp)
    refused(make_rp().refresh(tokens["refresh_token"]), "invalid_grant")
    for wrong in ("grt_unknown", tokens["access_token"], tokens["id_token"], code, "x" * 3000):
        refused(rp.refresh(wrong), "invalid_grant")
    refused(rp.token(grant_type="refresh_token"), "invalid_request")
    bare = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    refused(rp.http.post("/oidc/token", data=bare), "invalid_client", 401)
    genuine = tokens["refresh_token"]
    changed = genuine[:-7] + ("1" if genuine[-7] == "0" else "0") + genuine[-6:]
    refused(rp.refresh(changed), "invalid_grant")

    assert rp.refresh(tokens["refresh_token"]).status_code == 200


@pytest.mark.parametrize("column", ["expires_at", "idle_expires_at"])
def test_a_family_ends_unused_and_in_all(
    person: Person, rp: Rp, user: Any, runtime: Any, column: str, caplog: Any
):
    """RT-14, threat 34: the end is set when it begins; using it moves the idle one alone."""
    tokens = person.tokens_for(rp, scope=STAY)
    with runtime.reading() as db:
        row = db.scalar(select(RefreshFamily).where(RefreshFamily.user_id == user.id))
        born = row.expires_at
    child = rp.refresh(tokens["refresh_token"]).json
    with runtime.reading() as db:
        row = db.scalar(select(RefreshFamily).where(RefreshFamily.user_id == user.id))
        assert row.expires_at == born
        assert row.idle_expires_at <= born
    age(runtime, user.id, **{column: timedelta(days=31)})

    with caplog.at_level("INFO", "gatehouse"):
        refused(rp.refresh(child["refresh_token"]), "invalid_grant")
    assert "invalid_grant (token_expired)" in caplog.text


def test_who_binds_or_follows_fapi_does_not_rotate(person: Person, make_rp: Any):
    """Ruling 26."""
    rp = make_rp(refresh_rotation="never")
    token = person.tokens_for(rp, scope=STAY)["refresh_token"]

    answers = [rp.refresh(token).json for _ in range(3)]

    assert {answer["refresh_token"] for answer in answers} == {token}


def test_a_first_party_client_may_stay_without_asking_and_ends_with_the_session(
    person: Person, make_rp: Any
):
    """RT-11."""
    rp = make_rp(always_issue_refresh_token=True)
    token = person.tokens_for(rp, scope="openid")["refresh_token"]
    child = rp.refresh(token).json["refresh_token"]
    page = person.open("/logout")
    person.post("/logout", page)

    refused(rp.refresh(child), "invalid_grant")


def test_nothing_like_a_token_is_stored(person: Person, rp: Rp, user: Any, db: Any):
    """Threat 75: neither the rows nor the key alone make one."""
    tokens = person.tokens_for(rp, scope=STAY)
    row = db.scalar(select(RefreshFamily).where(RefreshFamily.user_id == user.id))

    kept = " ".join(str(getattr(row, column.key)) for column in RefreshFamily.__table__.columns)

    assert tokens["refresh_token"] not in kept
    assert tokens["access_token"] not in kept
