// A peer of the provider: node oidc-provider with all that it has in memory, as its authors ship it.
// It writes the tokens that it is asked with to the file that FILE names.
import { generateKeyPairSync } from "node:crypto";
import { writeFileSync } from "node:fs";

import { Provider } from "oidc-provider";

const { PORT, FILE, SECRET, COUNT } = process.env;
const MINUTES = 60;
const SCOPE = "openid profile email offline_access";
const key = (kind, options) => generateKeyPairSync(kind, options).privateKey.export({ format: "jwk" });
const person = { name: "Kim Example", email: "kim@bench.test", email_verified: true };

const provider = new Provider(`http://127.0.0.1:${PORT}`, {
  clients: [{
    client_id: "bench",
    client_secret: SECRET,
    grant_types: ["client_credentials", "authorization_code", "refresh_token"],
    redirect_uris: ["https://app.example.com/callback"],
    scope: `${SCOPE} api:read`,
  }],
  scopes: ["openid", "profile", "email", "offline_access", "api:read"],
  claims: { openid: ["sub"], profile: ["name"], email: ["email", "email_verified"] },
  jwks: { keys: [{ ...key("rsa", { modulusLength: 2048 }), use: "sig", alg: "RS256" }] },
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, ...person }) }),
  rotateRefreshToken: false,
  ttl: { AccessToken: 600 * MINUTES, RefreshToken: 600 * MINUTES, Grant: 600 * MINUTES, IdToken: 3600 },
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    introspection: { enabled: true, allowedPolicy: () => true },
    userinfo: { enabled: true },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: () => ({
        scope: "api:read", accessTokenFormat: "jwt", jwt: { sign: { alg: "RS256" } },
      }),
    },
  },
});

const client = await provider.Client.find("bench");
const found = { access: [], refresh: [] };
const about = (grantId) => ({
  accountId: "kim", client, clientId: "bench", grantId, gty: "authorization_code", scope: SCOPE,
  authTime: Math.floor(Date.now() / 1000), claims: {},
});
const grant = new provider.Grant({ accountId: "kim", clientId: "bench" });
grant.addOIDCScope(SCOPE);
const grantId = await grant.save();
for (let made = 0; made < Number(COUNT); made += 1) {
  found.access.push(await new provider.AccessToken(about(grantId)).save());
  found.refresh.push(await new provider.RefreshToken(about(grantId)).save());
}
writeFileSync(FILE, JSON.stringify(found));
provider.on("server_error", (_, error) => console.error(error));
provider.listen(Number(PORT), "127.0.0.1");
