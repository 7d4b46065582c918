"""Which certificate somebody means who revokes one: by id, serial, key id or file."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gatehouse_cli.certificates import id_in, read_certificate
from gatehouse_cli.failures import Failure, Misused

if TYPE_CHECKING:
    from gatehouse_cli.api import Api

NONE = "You have no certificate with the serial {serial}. What there is: gatehouse cert list"
SEVERAL = "Several of your certificates have the serial {serial}. Name one by its id:{lines}"


def id_meant(api: "Api", named: str, org: str | None) -> str:
    """The id of the certificate that is named. Raises Failure, Misused."""
    if named.isascii() and named.isdecimal():
        return the_one_of(_with_serial(api, named, org), named)
    return id_in(named) or named


def id_of_file(path: Path) -> str:
    """Raises Failure for a certificate that no Gatehouse knows by an id."""
    found = read_certificate(path).id
    if not found:
        raise Failure(f"{path} is of no Gatehouse.")
    return found


def the_one_of(rows: Sequence[Any], serial: str) -> str:
    """The id of the only one. Each key of an authority counts its serials from one, so that there
    may be several. Raises Failure, Misused.
    """
    if not rows:
        raise Failure(NONE.format(serial=serial))
    if len(rows) > 1:
        lines = "".join(f"\n  gatehouse cert revoke {_described(row)}" for row in rows)
        raise Misused(SEVERAL.format(serial=serial, lines=lines))
    return str(rows[0]["id"])


def _described(row: Any) -> str:
    names = ",".join(row["principals"])
    return f"{row['id']}  # {row['state']}, {names}, signed by {row['ca_fingerprint']}"


def _with_serial(api: "Api", serial: str, org: str | None) -> Sequence[Any]:
    from gatehouse_cli.certifying import organization_of

    asked = {
        "serial": serial,
        "organization_id": organization_of(api, org)["id"] if org else None,
    }
    rows: Sequence[Any] = api.get("/ssh/certificates", asked)["certificates"]
    return rows
