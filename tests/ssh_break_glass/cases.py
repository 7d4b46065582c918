"""An organization whose owner seals a certificate for emergencies, over the API."""

from typing import Any

from tests.ssh_certificates.offices import Office

PASSPHRASE = "correct horse battery staple"


class Case(Office):
    @property
    def place(self) -> str:
        return f"/api/v1/organizations/{self.org.id}/ssh/break-glass"

    def ask_to_seal(self, headers: Any = None, **said: Any) -> Any:
        body = {"passphrase": PASSPHRASE, "days": 365, **said}
        return self.http.post(f"{self.place}/seal", json=body, headers=headers or self.as_owner)

    def sealed(self, **said: Any) -> Any:
        reply = self.ask_to_seal(**said)
        assert reply.status_code == 200, reply.text
        return reply.json["data"]

    def state(self, headers: Any = None) -> Any:
        reply = self.http.get(self.place, headers=headers or self.as_admin)
        assert reply.status_code == 200, reply.text
        return reply.json["data"]["break_glass"]

    def end(self, headers: Any = None, **said: Any) -> Any:
        body = {"reason": "found on a desk", **said}
        return self.http.post(f"{self.place}/revoke", json=body, headers=headers or self.as_owner)

    def bundle(self) -> list[str]:
        reply = self.http.get(f"/api/v1/ssh/orgs/{self.org.slug}/user-ca.pub")
        return [line for line in reply.text.splitlines() if not line.startswith("#")]
