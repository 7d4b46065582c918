"""The rules of certificates."""

from gatehouse.ssh_certificates.service.exporting import record_export
from gatehouse.ssh_certificates.service.host_signing import preview_for_host, sign_for_host
from gatehouse.ssh_certificates.service.issuing import Issued, Order, issue, issue_once
from gatehouse.ssh_certificates.service.revocation_lists import (
    find_list,
    hold_list,
    publish_list,
    rewrap,
)
from gatehouse.ssh_certificates.service.revoking import (
    Revoked,
    Which,
    end_authority_keys,
    end_what_was_left,
    forget_addresses,
    pardon_key,
    renew_lists,
    revoke_all_of,
    revoke_keys,
    revoke_lost,
    revoke_many,
    revoke_of_unnamed,
    revoke_one,
    revoke_where,
)
from gatehouse.ssh_certificates.service.signing import (
    Wish,
    demanded_of_caller,
    preview,
    refuse_revoked,
    sign,
)

__all__ = [
    "Issued",
    "Order",
    "Revoked",
    "Which",
    "Wish",
    "demanded_of_caller",
    "end_authority_keys",
    "end_what_was_left",
    "find_list",
    "forget_addresses",
    "hold_list",
    "issue",
    "issue_once",
    "pardon_key",
    "preview",
    "preview_for_host",
    "publish_list",
    "record_export",
    "refuse_revoked",
    "renew_lists",
    "revoke_all_of",
    "revoke_keys",
    "revoke_lost",
    "revoke_many",
    "revoke_of_unnamed",
    "revoke_one",
    "revoke_where",
    "rewrap",
    "sign",
    "sign_for_host",
]
