"""Health as it travels over HTTP."""

from marshmallow import Schema, fields, validate


class HealthOut(Schema):
    status = fields.String(validate=validate.OneOf(("healthy", "degraded")))
    service = fields.String()
    checks = fields.Dict(keys=fields.String(), values=fields.String())


class ProofIn(Schema):
    proof = fields.String(required=True, validate=validate.Length(1, 100))


class SeenOut(Schema):
    address = fields.String(allow_none=True)
    answer = fields.String()
    same_database = fields.Boolean()


class StateOut(Schema):
    status = fields.String()
