-- What a town holds, but for its sessions. The words in braces are filled in by filling.py.
-- One statement a table; the functions end with the connection.

CREATE FUNCTION pg_temp.at(n bigint, apart bigint) RETURNS timestamptz LANGUAGE sql IMMUTABLE
AS $$ SELECT timestamptz '{began}' + n * apart * interval '1 millisecond' $$;

-- A UUIDv7 of that moment, with the number where others are random.
CREATE FUNCTION pg_temp.id(n bigint, apart bigint) RETURNS uuid LANGUAGE sql IMMUTABLE
AS $$ SELECT (lpad(to_hex({began_ms} + n * apart), 12, '0') || '70008000'
    || lpad(to_hex(n), 12, '0'))::uuid $$;

CREATE FUNCTION pg_temp.person(n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE
AS $$ SELECT pg_temp.id(n, {apart}) $$;

INSERT INTO users (id, email, email_key, email_verified, full_name, status, is_operator,
    created_at, updated_at)
SELECT pg_temp.person(n), 'person' || n || '@scale.test', 'person' || n || '@scale.test', true,
    'Person ' || n, 'active', n = {operator}, pg_temp.at(n, {apart}), pg_temp.at(n, {apart})
FROM generate_series(0::bigint, {people} - 1) AS n;

INSERT INTO credentials (id, user_id, password_hash, created_at, changed_at)
SELECT pg_temp.id(n, {apart}), pg_temp.person(n),
    CASE n % 2 WHEN 0 THEN '{full}' ELSE '{cheap}' END,
    pg_temp.at(n, {apart}), pg_temp.at(n, {apart})
FROM generate_series(0::bigint, {people} - 1) AS n;

INSERT INTO audit_subjects (id, kind, label, name, created_at)
SELECT pg_temp.person(n), 'user', 'person' || n || '@scale.test', 'Person ' || n,
    pg_temp.at(n, {apart})
FROM generate_series(0::bigint, {people} - 1) AS n;

INSERT INTO organizations (id, name, slug, is_active, settings, created_at, updated_at)
VALUES ('{organization}', 'Scale', 'scale', true, json_build_object(), '{began}', '{began}');

INSERT INTO members (id, org_id, user_id, role, created_at, updated_at)
SELECT pg_temp.id(n, {apart}), '{organization}', pg_temp.person(n),
    CASE n WHEN {boss} THEN 'owner' ELSE 'member' END,
    pg_temp.at(n, {apart}), pg_temp.at(n, {apart})
FROM generate_series(0::bigint, {people} - 1) AS n WHERE n % {member_in} = 0;

INSERT INTO audit_entries (id, action, org_id, actor_kind, actor_id, user_id, resource_type,
    resource_id, ip, user_agent, request_id, success, details, created_at)
SELECT pg_temp.id(n, {between}),
    (ARRAY['member.added', 'member.role_changed', 'department.member_added', 'principal.created',
        'invite.created'])[1 + n % 5],
    '{organization}', 'user', pg_temp.person(n * 7919 % {people}),
    pg_temp.person(n * 104729 % {people}),
    (ARRAY['member', 'member', 'department', 'principal', 'invite'])[1 + n % 5],
    pg_temp.id(n * 31 % {people}, {apart}), '198.51.100.' || n % 256, '{agent}', md5(n::text),
    n % 100 <> 0, json_build_object('role', 'member'), pg_temp.at(n, {between})
FROM generate_series(0::bigint, {entries} - 1) AS n;

INSERT INTO clients (id, client_id, name, is_active, is_trusted, is_built_in, settings, secrets,
    created_at, updated_at)
VALUES ('{client}', 'scale', 'Scale', true, false, false, '{settings}', '{secrets}', '{began}',
    '{began}');

INSERT INTO grants (id, user_id, client_row_id, scopes, claims, resources, details, organizations,
    is_asked, created_at, updated_at)
SELECT pg_temp.id(n, {apart}), pg_temp.person(n), '{client}',
    json_build_array('email', 'offline_access'), json_build_array(), json_build_array(),
    json_build_array(), json_build_array(), true, pg_temp.at(n, {apart}), pg_temp.at(n, {apart})
FROM generate_series(0::bigint, {people} - 1) AS n;

-- Ids of families are random; these are as good, and follow from the number.
INSERT INTO refresh_families (id, salt, grant_id, user_id, client_row_id, dies_with_session, params,
    generation, idle_expires_at, expires_at, created_at)
SELECT md5('family ' || n)::uuid, decode(md5('salt ' || n), 'hex'), pg_temp.id(n, {apart}),
    pg_temp.person(n), '{client}', false,
    json_build_object('scopes', json_build_array('email', 'offline_access'),
        'auth_time', extract(epoch FROM pg_temp.at(n, {apart}))),
    0, '{ends}', '{ends}', pg_temp.at(n, {apart})
FROM generate_series(0::bigint, {people} - 1) AS n
