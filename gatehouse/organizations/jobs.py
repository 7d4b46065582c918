"""What happens to memberships by itself."""

from gatehouse.accounts.events import AccountDeleted
from gatehouse.core.context import Context
from gatehouse.core.reactions import during
from gatehouse.organizations.service import end_memberships


@during(AccountDeleted)
def end_memberships_of_a_deleted_account(
    ctx: Context, event: AccountDeleted
) -> dict[str, list[str]]:
    return end_memberships(ctx, event.user_id) if event.user_id else {}
