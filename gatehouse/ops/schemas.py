"""Health as it travels over HTTP."""

from marshmallow import Schema, fields, validate


class HealthOut(Schema):
    status = fields.String(validate=validate.OneOf(("healthy", "degraded")))
    service = fields.String()
    checks = fields.Dict(keys=fields.String(), values=fields.String())


class StateOut(Schema):
    status = fields.String()
