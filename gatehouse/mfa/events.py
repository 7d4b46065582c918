"""What can happen to second factors."""

from dataclasses import dataclass
from uuid import UUID

from gatehouse.core.events import AccountEvent, Event


@dataclass(frozen=True, kw_only=True)
class TotpEnrolled(AccountEvent):
    name = "mfa.totp_enrolled"
    says = "A person set up an authenticator app."


@dataclass(frozen=True, kw_only=True)
class TotpRemoved(AccountEvent):
    name = "mfa.totp_removed"
    says = "A person removed their authenticator app."


@dataclass(frozen=True, kw_only=True)
class PasskeyRegistered(AccountEvent):
    name = "mfa.passkey_registered"
    says = "A person registered a passkey."
    resource = "passkey"

    passkey_id: UUID


@dataclass(frozen=True, kw_only=True)
class PasskeyRenamed(AccountEvent):
    name = "mfa.passkey_renamed"
    says = "A person gave a passkey another name."
    resource = "passkey"

    passkey_id: UUID


@dataclass(frozen=True, kw_only=True)
class PasskeyDeleted(AccountEvent):
    name = "mfa.passkey_deleted"
    says = "A person deleted a passkey."
    resource = "passkey"

    passkey_id: UUID


@dataclass(frozen=True, kw_only=True)
class RecoveryCodesMade(AccountEvent):
    name = "mfa.recovery_codes_made"
    says = "A person made new recovery codes; those before are void."


@dataclass(frozen=True, kw_only=True)
class RecoveryCodeUsed(AccountEvent):
    name = "mfa.recovery_code_used"
    says = "A person used a recovery code in place of a factor."

    left: int


@dataclass(frozen=True, kw_only=True)
class FactorsReset(AccountEvent):
    name = "mfa.factors_reset"
    says = "All second factors were taken from an account, for somebody who had lost them."


@dataclass(frozen=True, kw_only=True)
class FactorRefused(Event):
    name = "mfa.refused"
    says = "A second factor was refused."
    resource = "user"
    is_refusal = True

    user_id: UUID | None
    reason: str
