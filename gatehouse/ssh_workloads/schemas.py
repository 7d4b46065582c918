"""Rules for workloads, as they travel over HTTP."""

from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validate

from gatehouse.core.fields import Count, Flag, Moment, Text
from gatehouse.ssh_ca.rules.networks import MOST as MOST_NETWORKS
from gatehouse.ssh_ca.rules.networks import in_order
from gatehouse.ssh_ca.rules.policies import is_extension
from gatehouse.ssh_ca.rules.principals import is_principal
from gatehouse.ssh_ca.schemas.policies import NetworkText
from gatehouse.ssh_certificates.schemas import SignedCertificateOut
from gatehouse.ssh_workloads.rules.claims import LONGEST as LONGEST_CLAIM
from gatehouse.ssh_workloads.rules.issuers import LONGEST as LONGEST_ISSUER
from gatehouse.ssh_workloads.rules.issuers import VISIBLE
from gatehouse.ssh_workloads.rules.tokens import LONGEST_TTL

MOST = 64  # of each list
LONGEST = 16 * 1024
AS_IN_TOKENS = [
    validate.Length(1, LONGEST_ISSUER),
    validate.Regexp(VISIBLE, error="Must be as it stands in tokens."),
]


def _principal(value: str) -> None:
    if not is_principal(value):
        raise ValidationError("Must be the name of a principal.")


def _extension(value: str) -> None:
    if not is_extension(value):
        raise ValidationError("Must be one of the five standard ones, or name@example.com.")


def _list(field: fields.Field[Any], *, least: int = 0, most: int = MOST, **more: Any) -> Any:
    return fields.List(field, validate=validate.Length(least, most), **more)


class WorkloadRuleChanges(Schema):
    """``issuer`` and ``audience`` are as they stand in the token, letter by letter. ``claims`` are
    equal, or have ``*`` for one part: ``:`` and ``/`` stand between parts.
    """

    name = Text(least=1, most=100)
    issuer = fields.String(validate=AS_IN_TOKENS)
    audience = fields.String(validate=AS_IN_TOKENS)
    claims = fields.Dict(
        keys=fields.String(validate=validate.Length(1, 100)),
        values=fields.String(validate=validate.Length(1, LONGEST_CLAIM)),
    )
    principals = _list(fields.String(validate=_principal), least=1)
    ttl_seconds = Count(validate=validate.Range(1, LONGEST_TTL))
    extensions = _list(fields.String(validate=_extension))
    source_addresses = _list(NetworkText(), most=MOST_NETWORKS)
    is_active = Flag()

    @post_load
    def in_one_spelling(self, data: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
        for name in ("principals", "extensions"):
            if name in data:
                data[name] = sorted(set(data[name]))
        if "source_addresses" in data:
            data["source_addresses"] = list(map(str, in_order(data["source_addresses"])))
        return data


class WorkloadRuleIn(WorkloadRuleChanges):
    name = Text(least=1, most=100, required=True)
    issuer = fields.String(required=True, validate=AS_IN_TOKENS)
    audience = fields.String(required=True, validate=AS_IN_TOKENS)
    claims = fields.Dict(
        keys=fields.String(validate=validate.Length(1, 100)),
        values=fields.String(validate=validate.Length(1, LONGEST_CLAIM)),
        required=True,
    )
    principals = _list(fields.String(validate=_principal), least=1, required=True)
    ttl_seconds = Count(load_default=LONGEST_TTL, validate=validate.Range(1, LONGEST_TTL))
    extensions = _list(fields.String(validate=_extension), load_default=list)
    source_addresses = _list(NetworkText(), most=MOST_NETWORKS, load_default=list)
    is_active = Flag(load_default=True)


class WorkloadRuleOut(Schema):
    id = fields.UUID()
    organization_id = fields.UUID(attribute="org_id")
    name = fields.String()
    issuer = fields.String()
    audience = fields.String()
    claims = fields.Dict(keys=fields.String(), values=fields.String())
    principals = fields.List(fields.String())
    ttl_seconds = Count()
    extensions = fields.List(fields.String())
    source_addresses = fields.List(fields.String())
    is_active = fields.Boolean()
    created_at = Moment()
    updated_at = Moment()


class WorkloadSignIn(Schema):
    """``organization`` is a slug or an id. ``rule_id`` is needed where several rules are for the
    job. ``signature``: by the key, over the SHA-256 of the token in small hexadecimal letters, in
    the namespace ``ssh-workload@gatehouse``.
    """

    organization = Text(least=1, most=64, required=True)
    rule_id = fields.UUID(load_default=None)
    public_key = fields.String(required=True, validate=validate.Length(1, LONGEST))
    signature = fields.String(required=True, validate=validate.Length(1, LONGEST))


class WorkloadCertificateOut(SignedCertificateOut):
    """``rule_id`` is the rule by which it was signed."""

    rule_id = fields.UUID(attribute="holder_id", dump_only=True)
