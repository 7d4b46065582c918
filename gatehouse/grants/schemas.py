"""Consents as they travel over HTTP."""

from marshmallow import Schema, fields

from gatehouse.core.fields import Moment


class ConsentOut(Schema):
    """``client`` is the application's name, ``organizations`` are those that were named for it to
    act in, ``expires_at`` is until when it need not ask again.
    """

    id = fields.UUID()
    client = fields.String()
    client_id = fields.String()
    organization = fields.String(allow_none=True)
    scopes = fields.List(fields.String())
    claims = fields.List(fields.String())
    resources = fields.List(fields.String())
    details = fields.List(fields.Dict())
    organizations = fields.List(fields.UUID())
    created_at = Moment()
    updated_at = Moment()
    expires_at = Moment(allow_none=True)
    last_used_at = Moment(allow_none=True)


class EndedTokensOut(Schema):
    ended = fields.Integer()
