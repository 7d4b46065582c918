"""Policies, and how people stand to them, as they travel over HTTP."""

from typing import Any
from uuid import UUID

from marshmallow import Schema, ValidationError, fields, post_load, validate, validates_schema

from gatehouse.core.fields import Count, Flag, Moment, QueryFlag, Whole
from gatehouse.policies.rules import (
    MOST_GRACE_DAYS,
    MOST_MODELS,
    MOST_NOTIFY_DAYS,
    Method,
    Mode,
    Override,
    Status,
)

MOST_ON_A_PAGE, ON_A_PAGE = 100, 50
STATUSES = validate.OneOf([status.value for status in Status])
METHODS = validate.OneOf([method.value for method in Method])


def _days(most: int) -> validate.Range:
    return validate.Range(0, most, error=f"Between 0 and {most} days.")


class Models(fields.List[UUID]):
    """AAGUIDs, each once; kept as texts."""

    def __init__(self, **kwargs: Any) -> None:
        length = validate.Length(max=MOST_MODELS, error=f"At most {MOST_MODELS} models.")
        super().__init__(fields.UUID(), validate=length, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        ids = super()._deserialize(value, attr, data, **kwargs)
        wrong: dict[int, list[str]] = {}
        for index, each in enumerate(ids):
            if each is not None and not each.int:
                wrong[index] = ["This stands for keys that tell no model."]
            elif each in ids[:index]:
                wrong[index] = ["Stands in the list already."]
        if wrong:
            raise ValidationError(wrong)
        return sorted(map(str, ids))


class PolicyIn(Schema):
    mfa_policy_mode = fields.Enum(Mode, by_value=True, attribute="mode")
    mfa_grace_period_days = Count(attribute="grace_days", validate=_days(MOST_GRACE_DAYS))
    notify_days_before = Count(attribute="notify_days", validate=_days(MOST_NOTIFY_DAYS))
    allowed_aaguids = Models()


class DryRunIn(Schema):
    dry_run = QueryFlag(load_default=False)


class PolicyOut(Schema):
    organization_id = fields.UUID(attribute="org_id")
    mfa_policy_mode = fields.Enum(Mode, by_value=True, attribute="mode")
    mfa_grace_period_days = fields.Integer(attribute="grace_days")
    notify_days_before = fields.Integer(attribute="notify_days")
    policy_version = fields.Integer(attribute="version")
    allowed_aaguids = fields.List(fields.UUID())


class ShutOutPerson(Schema):
    user_id = fields.UUID()
    email = fields.String()
    name = fields.String(allow_none=True)


class Preview(Schema):
    """Whom a change would meet at once: how many would stand how, and who would be shut out that is
    not, the first 100 of them by name. ``will_be_due``: how many would come into grace.
    """

    statuses = fields.Dict(keys=fields.String(validate=STATUSES), values=fields.Integer())
    shut_out_count = fields.Integer()
    shut_out = fields.List(fields.Nested(ShutOutPerson))
    will_be_due = fields.Integer()
    deadline_at = Moment(allow_none=True)


class ChangedPolicy(Schema):
    """``preview`` only with ``dry_run=true``."""

    security_policy = fields.Nested(PolicyOut)
    preview = fields.Nested(Preview)


class OverrideIn(Schema):
    mfa_override_mode = fields.Enum(Override, by_value=True, attribute="override")
    force_totp = Flag()
    force_webauthn = Flag()


class OverrideOut(Schema):
    organization_id = fields.UUID(attribute="org_id")
    user_id = fields.UUID()
    mfa_override_mode = fields.Enum(Override, by_value=True, attribute="override")
    force_totp = fields.Boolean()
    force_webauthn = fields.Boolean()


class ComplianceWindow(Schema):
    """``page`` and ``page_size``, or ``limit`` and ``offset``."""

    status = fields.Enum(Status, by_value=True, load_default=None)
    page = Whole(validate=validate.Range(1, error="Pages count from 1."))
    page_size = Whole(validate=validate.Range(1, MOST_ON_A_PAGE, error="Between 1 and 100."))
    limit = Whole(validate=validate.Range(1, MOST_ON_A_PAGE, error="Between 1 and 100."))
    offset = Whole()

    @validates_schema
    def says_it_in_one_way(self, data: dict[str, Any], **_kwargs: Any) -> None:
        if data.keys() & {"page", "page_size"} and data.keys() & {"limit", "offset"}:
            raise ValidationError("Send page and page_size, or limit and offset.", "page")

    @post_load
    def as_window(self, data: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
        size = data.get("page_size") or data.get("limit") or ON_A_PAGE
        offset = data.get("offset", (data.get("page", 1) - 1) * size)
        page = offset // size + 1
        return {"status": data["status"], "page": page, "size": size, "offset": offset}


class MemberComplianceOut(Schema):
    user_id = fields.UUID()
    user_email = fields.String()
    user_name = fields.String(allow_none=True)
    status = fields.String(validate=STATUSES)
    deadline_at = Moment(allow_none=True)
    compliant_at = Moment(allow_none=True)
    last_notified_at = Moment(allow_none=True)
    missing_methods = fields.List(fields.String(validate=METHODS))


class PlaceComplianceOut(Schema):
    organization_id = fields.UUID()
    organization_name = fields.String()
    status = fields.String(validate=STATUSES)
    missing_methods = fields.List(fields.String(validate=METHODS))
    deadline_at = Moment(allow_none=True)


class OwnComplianceOut(Schema):
    overall_status = fields.String(validate=STATUSES)
    missing_methods = fields.List(fields.String(validate=METHODS))
    deadline_at = Moment(allow_none=True)
    orgs = fields.List(fields.Nested(PlaceComplianceOut))
