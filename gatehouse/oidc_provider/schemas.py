"""What comes in at the pages and the bridge of the OpenID provider, and what goes out there."""

from marshmallow import Schema, fields, validate

from gatehouse.core.fields import Text


class ConsentIn(Schema):
    answer = fields.String(required=True, validate=validate.OneOf(("allow", "deny")))
    terms = Text(1, 64, required=True)


class ChoiceIn(Schema):
    answer = fields.String(required=True, validate=validate.OneOf(("go_on", "other", "cancel")))


class LogoutIn(Schema):
    answer = fields.String(required=True, validate=validate.OneOf(("sign_out", "stay")))


class DeviceCodeIn(Schema):
    user_code = Text(1, 32, required=True)
    is_from_link = fields.Boolean(load_default=False)


class BeginIn(Schema):
    oidc_session_id = Text(1, 100, required=True)


class BegunOut(Schema):
    """What a sign-in page has to show before it says yes."""

    oidc_session_id = fields.String()
    client_id = fields.String()
    client_name = fields.String()
    organization = fields.String(allow_none=True)
    redirect_uri = fields.String()
    scopes = fields.List(fields.String())
    claims = fields.List(fields.String())
    resources = fields.List(fields.String())
    details = fields.List(fields.Dict())
    place = fields.String(allow_none=True)
    asks_consent = fields.Boolean()
    prompt = fields.List(fields.String())
    login_hint = fields.String(allow_none=True)
    logo_uri = fields.String(allow_none=True)
    policy_uri = fields.String(allow_none=True)
    tos_uri = fields.String(allow_none=True)
    terms = fields.String()


class CompleteIn(Schema):
    """``token`` is a session's, in place of the header. ``terms`` are those of ``begin``."""

    oidc_session_id = Text(1, 100, required=True)
    token = Text(1, 100, load_default=None)
    terms = Text(1, 64, load_default=None)
    answer = fields.String(load_default="allow", validate=validate.OneOf(("allow", "deny")))


class CompletedOut(Schema):
    """Where the browser goes; if there are ``form_fields``, it posts them there (form_post)."""

    redirect_url = fields.String()
    form_fields = fields.Dict(keys=fields.String(), values=fields.String())
