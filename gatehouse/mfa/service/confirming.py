"""A proof that comes along with an act on factors: it counts as having confirmed who one is."""

from gatehouse.accounts.queries import hold_own_account
from gatehouse.accounts.service import confirm_password, hold_confirmed_account
from gatehouse.core.access import refuse_stale
from gatehouse.core.context import Context
from gatehouse.mfa.rules.codes import OTP
from gatehouse.mfa.service.proving import prove_recovery_code, prove_totp, use
from gatehouse.sessions.service import confirm

PASSWORD = "pwd"  # noqa: S105 - RFC 8176


def confirm_along(
    ctx: Context, *, password: str | None, code: str | None, is_recovery_code: bool
) -> None:
    """Take the password or the code that was sent, or else the session as it is.

    Raises WrongPassword, WrongCode, TooManyWrongPasswords, ReauthenticationRequired.
    """
    if code is not None:
        prove = prove_recovery_code if is_recovery_code else prove_totp
        factor = prove(ctx, ctx.user_id, code, device=f"session {ctx.session_id}")
        hold_own_account(ctx)
        use(ctx, factor)
        confirm(ctx, amr=(OTP,))
    elif password is not None:
        hold_confirmed_account(ctx, confirm_password(ctx, password))
        confirm(ctx, amr=(PASSWORD,))
    else:
        refuse_stale(ctx)
