"""Devices before somebody who sees their screens, and what that person does."""

from typing import Any

from tests.relying import Person, Rp, basic

GRANT = "urn:ietf:params:oauth:grant-type:device_code"
OFFLINE = "openid email offline_access"


class Device:
    """A device of a client, before somebody who sees its screen."""

    def __init__(self, rp: Rp, **sent: str) -> None:
        self.rp = rp
        headers = {} if rp.is_public else basic(rp.client_id)
        data = {"client_id": rp.client_id, **sent} if rp.is_public else sent
        self.answer = rp.http.post("/oidc/device_authorization", data=data, headers=headers)
        self.told = self.answer.json

    @property
    def user_code(self) -> str:
        return str(self.told["user_code"])

    def poll(self, rp: Rp | None = None) -> Any:
        code = self.told["device_code"]
        return (rp or self.rp).token(grant_type=GRANT, device_code=code)

    def hears(self) -> str:
        return str(self.poll().json.get("error", ""))


def typed(person: Person, code: str) -> Any:
    """The page that follows when a person types a code."""
    page = person.open("/device")
    if page.request.path == "/login":
        page = person.sign_in(page)
    page = person.post("/device", page, user_code=code)
    return person.sign_in(page) if page.request.path == "/reauthenticate" else page


def say(person: Person, page: Any, answer: str = "allow", **more: str) -> Any:
    return person.post(page.request.path, page, answer=answer, **more)
