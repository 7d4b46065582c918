"""Asking the server for a certificate, and keeping what it gives."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gatehouse_cli.answers import are_rows
from gatehouse_cli.certificates import Certificate, fingerprint, parsed
from gatehouse_cli.failures import Failure, Misused, Refused, Unreachable
from gatehouse_cli.places import PUBLIC_FILE, replace_file
from gatehouse_cli.refusals import hint, in_lines, not_in
from gatehouse_cli.ssh_keys import PublicKey, keygen

if TYPE_CHECKING:
    from gatehouse_cli.api import Api

NOT_YOURS = "{server} gave something else than a certificate for {key}. It is not kept."
NOT_REGISTERED = "{fingerprint} is not registered. Register and prove it: gatehouse key add {path}"


@dataclass(frozen=True, slots=True)
class Wish:
    """What a certificate shall be like; what is not said, policy says."""

    principals: Sequence[str] = ()
    ttl_seconds: int | None = None
    source_addresses: Sequence[str] = ()
    reason: str | None = None
    clamp: bool = False
    hosts: Sequence[str] = ()

    @property
    def kind(self) -> str:
        """Whom it is for. ``hosts`` are the names of the machine that it is for, if it is."""
        return "host" if self.hosts else "user"

    @property
    def is_narrow(self) -> bool:
        """Whether it is for less than its holder may use."""
        return bool(self.principals or self.source_addresses)

    def body(self, organization_id: str, key_id: str) -> dict[str, Any]:
        said = {
            "organization_id": organization_id,
            "key_id": key_id,
            "cert_type": self.kind if self.hosts else None,
            "principals": list(self.hosts or self.principals),
            "ttl_seconds": self.ttl_seconds,
            "source_addresses": list(self.source_addresses),
            "reason": self.reason,
            "clamp": self.clamp,
        }
        return {name: value for name, value in said.items() if value}

    def is_met_by(self, found: Certificate, now: float) -> bool:
        """Whether this certificate does as well: at least half of the time is left in it."""
        wanted = self.ttl_seconds or found.valid_before - found.valid_after
        return (
            found.state(now) == "valid"
            and (found.valid_before - now) * 2 >= wanted
            and not self.source_addresses
            and (not self.principals or set(self.principals) == set(found.principals))
        )


@dataclass(frozen=True, slots=True)
class Target:
    """For which key a certificate is, in which organization, and where it is kept."""

    key: PublicKey
    file: Path
    organization: Any


def request(api: "Api", target: Target, wish: Wish) -> tuple[Any, Certificate]:
    """Have a certificate signed and keep it. Returns what the server says of it, and itself."""
    body = _body(api, target, wish)
    try:
        answer = api.post("/ssh/sign", body)
    except Refused as refused:
        raise helped(refused, target.key) from None
    return answer, keep(answer, target.key, target.file, api.server, wish.kind)


def preview(api: "Api", target: Target, wish: Wish) -> Any:
    said = api.post("/ssh/sign/preview", _body(api, target, wish))
    # Here each of them tells whether it would be in, and else why not.
    return said.having(principals=are_rows)


def refusals_of(said: Any, key: PublicKey, server: str) -> list[str]:
    """What stands in the way, of a preview, in lines."""
    return [line for one in said["refusals"] for line in in_lines(one, key.name, server)]


def helped(refused: Refused, key: PublicKey) -> Refused:
    """The refusal with what helps, where we know more of that than the server."""
    helps = hint(refused.type, refused.details, key.name)
    return Refused(f"{refused}\n{helps}", refused.type, refused.details) if helps else refused


def keep(answer: Any, key: PublicKey, file: Path, server: str, kind: str = "user") -> Certificate:
    """Put a certificate in its place, after a look at it: for this key, of this kind, signed by
    whom it says.

    Raises Unreachable for anything else; what was there stays.
    """
    text = str(answer.get("certificate", "")).strip() if isinstance(answer, dict) else ""
    complaint = Unreachable(NOT_YOURS.format(server=server, key=key.fingerprint))
    try:
        found = parsed(text)
    except ValueError:
        raise complaint from None
    is_right = (
        found.kind == kind
        and found.key_blob == key.blob
        and fingerprint(found.ca_blob) == answer.get("ca_fingerprint")
        and bool(found.principals)
        and "\n" not in text
    )
    if not is_right or not _openssh_reads(text):
        raise complaint
    replace_file(file, f"{text}\n", PUBLIC_FILE)
    return found


def organization_of(api: "Api", named: str | None) -> Any:
    """The organization that is named by its slug or id, or the only one that there is.

    Raises Refused, Misused.
    """
    mine = api.get("/auth/me")["organizations"]
    if named:
        found = [one for one in mine if named in (one["slug"], one["id"])]
        if not found:
            raise Refused(not_in(named, [one["slug"] for one in mine]))
        return found[0]
    if len(mine) > 1:
        names = " | ".join(sorted(one["slug"] for one in mine))
        raise Misused(f"Which organization? --org {names}")
    if not mine:
        raise Refused("You are in no organization.")
    return mine[0]


def row_of(keys: Sequence[Any], key: PublicKey) -> Any:
    """The registered key that this is. Raises Failure if it is not."""
    for row in keys:
        if row["fingerprint"] == key.fingerprint:
            return row
    where = key.path or ""
    raise Failure(NOT_REGISTERED.format(fingerprint=key.fingerprint, path=where).rstrip())


def _body(api: "Api", target: Target, wish: Wish) -> dict[str, Any]:
    row = row_of(api.get("/ssh/keys")["keys"], target.key)
    return wish.body(target.organization["id"], row["id"])


def _openssh_reads(text: str) -> bool:
    """Whether OpenSSH takes it for a certificate: it verifies the signature, too."""
    return keygen("-L", "-f", "-", given=text, is_heard=False) is not None
