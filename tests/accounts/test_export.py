"""Everything that is held on a person, as one document."""

from datetime import UTC, datetime, timedelta

from gatehouse.core.db import Model
from gatehouse.core.roles import Role
from tests.audit.record import entries_of
from tests.conftest import client_of
from tests.factories import PASSWORD

EXPORT = "/api/v1/users/me/export"
# Which part of the export tells of which tables.
HOLDS = {
    "account": ("users", "credentials"),
    "mailed_links": ("account_links",),
    "sessions": ("sessions",),
    "second_factors": ("totps", "passkeys", "recovery_codes"),
    "factor_resets": ("factor_resets",),
    "ssh_keys": ("ssh_keys",),
    "ssh_permissions": ("ssh_authority_permissions",),
    "ssh_certificates": ("ssh_certificates",),
    "pending_logins": ("pending_logins",),
    "memberships": ("members",),
    "invitations": ("invites",),
    "locks": ("user_locks",),
    "policies": ("personal_policies", "compliances"),
    "departments": ("department_members",),
    "principals": ("principal_members",),
    "audit_entries": ("audit_entries",),
    "consents": ("grants", "refresh_families", "tokens_voided"),
    "sign_ins_of_applications": (
        *("authorization_codes", "stored_requests", "device_requests", "pairwise_subjects"),
    ),
}


def test_every_part_is_there_and_nobody_elses(client, make):
    org = make.organization(name="Marlowe & Sons")
    member, other = make.member(org, Role.ADMIN), make.member(org)
    headers = make.bearer(member)

    reply = client.get(EXPORT, headers=headers)

    export = reply.json["data"]["export"]
    assert export["account"]["id"] == str(member.user_id)
    assert [place["organization"] for place in export["memberships"]] == ["Marlowe & Sons"]
    assert len(export["sessions"]) == 1
    assert export["audit_entries"][0]["action"] == "account.exported"
    assert str(other.user_id) not in reply.text
    assert "token" not in reply.text
    assert "password_hash" not in reply.text


def test_nobody_learns_from_where_others_did_something_to_them(app, make):
    """Threat 210: the same as in the list."""
    org = make.organization()
    boss, member = make.member(org, Role.OWNER), make.member(org)
    path = f"/api/v1/organizations/{org.id}/members/{member.user_id}/role"
    at_work = client_of(app, "192.0.2.77", "the boss's own browser")
    changed = at_work.patch(path, json={"role": "guest"}, headers=make.bearer(boss))
    assert changed.status_code == 200

    reply = client_of(app, "192.0.2.5").get(EXPORT, headers=make.bearer(member))

    mine, theirs = reply.json["data"]["export"]["audit_entries"][:2]
    assert (mine["is_own_act"], mine["ip"]) == (True, "192.0.2.5")
    assert (theirs["action"], theirs["is_own_act"]) == ("member.role_changed", False)
    assert (theirs["ip"], theirs["user_agent"]) == (None, None)


def test_every_table_that_names_accounts_has_its_part(runtime):
    """A new table that refers to people fails here until its rows are in the export, too."""
    naming = {
        table.name
        for table in Model.metadata.tables.values()
        for column in table.columns
        if column.name in ("user_id", "email_key", "holder_id")
    }

    assert naming | {"users"} == {name for names in HOLDS.values() for name in names}
    assert {part.__name__ for part in runtime.personal_data} == set(HOLDS)


def test_what_waits_for_a_person_is_in_it(client, make):
    org = make.organization(name="Marlowe & Sons")
    user = make.user()
    make.invite(org, Role.ADMIN, email=user.email.upper())
    make.invite(make.organization(), email=f"x{user.email}")
    headers = make.bearer(user)
    asked = {"email": f"new-{user.email}", "password": PASSWORD}
    assert client.post("/api/v1/users/me/email", json=asked, headers=headers).status_code < 300

    export = client.get(EXPORT, headers=headers).json["data"]["export"]

    (offer,) = export["invitations"]
    assert (offer["organization"], offer["role"]) == ("Marlowe & Sons", "admin")
    links = {link["purpose"]: link["address"] for link in export["mailed_links"]}
    assert links["confirm_email"] == f"new-{user.email}"
    assert export["account"]["is_operator"] is False
    assert export["account"]["password_changed_at"].endswith("Z")


def test_who_has_an_address_after_somebody_learns_nothing_of_them(client, make):
    """Threat 123: nor of invitations that nobody may make good any more."""
    user = make.user()
    org = make.organization()
    make.invite(org, email=user.email, accepted_at=datetime.now(UTC))
    gone = make.member(org, Role.OWNER, suspended_at=datetime.now(UTC))
    make.invite(org, email=user.email, invited_by_id=gone.user_id)

    export = client.get(EXPORT, headers=make.bearer(user)).json["data"]["export"]

    assert export["invitations"] == []


def test_an_address_that_is_not_verified_learns_of_no_invitation(client, make):
    user = make.user(email_verified=False)
    make.invite(make.organization(), email=user.email)

    export = client.get(EXPORT, headers=make.bearer(user)).json["data"]["export"]

    assert export["invitations"] == []


def test_taking_it_away_is_on_record(client, make):
    user = make.user()

    reply = client.get(EXPORT, headers=make.bearer(user))

    assert [entry.action for entry in entries_of(client, reply)] == ["account.exported"]


def test_it_takes_a_recent_sign_in(client, make):
    """Threat 124."""
    user = make.user()

    reply = client.get(EXPORT, headers=make.bearer(user, signed_in_ago=timedelta(hours=1)))

    assert (reply.status_code, reply.json["error"]["type"]) == (403, "REAUTHENTICATION_REQUIRED")
    assert client.get(EXPORT).status_code == 401
