"""Proving to the server that a key is ours."""

from typing import TYPE_CHECKING, Any

from gatehouse_cli.ssh_keys import TOUCH, PublicKey, check_challenge, sign

if TYPE_CHECKING:
    from gatehouse_cli.api import Api
    from gatehouse_cli.output import Output


def registered(api: "Api", output: "Output", key: PublicKey, name: str | None) -> tuple[Any, bool]:
    """Register a key and prove it. Returns it, and whether it was so before."""
    made = api.post("/ssh/keys", {"public_key": key.text, **({"name": name} if name else {})})
    if made["verified"]:
        return made, True
    return proved(api, output, made, key, made.get("challenge")), False


def proved(api: "Api", output: "Output", row: Any, key: PublicKey, challenge: Any) -> Any:
    """Sign a challenge of this key. Returns the key as it is then."""
    path = f"/ssh/keys/{row['id']}"
    asked = challenge or api.get(f"{path}/verify")
    text = asked["challenge_text"]
    check_challenge(text, asked["namespace"], server=api.server, key=key)
    if key.is_of_hardware:
        output.say(TOUCH)
    api.post(f"{path}/verify", {"signature": sign(key, text)})
    return api.get(path)
