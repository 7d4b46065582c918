// oauth4webapi drives the provider: the low level, at which every step of the protocol is checked.
import * as oauth from "oauth4webapi";

import { importKey, run, visit } from "./talk.mjs";

const insecure = { [oauth.allowInsecureRequests]: true };

async function discover(told) {
  const issuer = new URL(told.issuer);
  const oidc = await oauth.discoveryRequest(issuer, insecure);
  const plain = await oauth.discoveryRequest(issuer, { ...insecure, algorithm: "oauth2" });
  const as = await oauth.processDiscoveryResponse(issuer, oidc);
  const same = await oauth.processDiscoveryResponse(issuer, plain);
  return { as, is_same: JSON.stringify(as) === JSON.stringify(same) };
}

async function proof(told) {
  if (told.method === "private_key_jwt") {
    return oauth.PrivateKeyJwt({ key: await importKey(told.key), kid: told.key.kid });
  }
  const ways = {
    client_secret_basic: () => oauth.ClientSecretBasic(told.secret),
    client_secret_post: () => oauth.ClientSecretPost(told.secret),
    none: () => oauth.None(),
  };
  return ways[told.method]();
}

async function code(told) {
  const { as, is_same } = await discover(told);
  const client = { client_id: told.client_id };
  const auth = await proof(told);
  const verifier = oauth.generateRandomCodeVerifier();
  const [nonce, state] = [oauth.generateRandomNonce(), oauth.generateRandomState()];
  const url = new URL(as.authorization_endpoint);
  url.search = new URLSearchParams({
    client_id: told.client_id,
    redirect_uri: told.redirect_uri,
    response_type: "code",
    scope: "openid email offline_access",
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    nonce,
    state,
    max_age: "3600",
  });
  const params = oauth.validateAuthResponse(as, client, await visit(url), state);
  const redeemed = await oauth.authorizationCodeGrantRequest(
    as, client, auth, params, told.redirect_uri, verifier, insecure,
  );
  const tokens = await oauth.processAuthorizationCodeResponse(as, client, redeemed, {
    expectedNonce: nonce, maxAge: 3600, requireIdToken: true,
  });
  await oauth.validateApplicationLevelSignature(as, redeemed, insecure);
  const { sub, auth_time } = oauth.getValidatedIdTokenClaims(tokens);
  const person = await oauth.processUserInfoResponse(
    as, client, sub, await oauth.userInfoRequest(as, client, tokens.access_token, insecure),
  );
  const claims = await readAccessToken(as, told, tokens.access_token);
  return { is_same, person, has_auth_time: Number.isInteger(auth_time), claims };
}

// As a resource server does that asks nobody (RFC 9068 4).
async function readAccessToken(as, told, token) {
  const request = new Request(as.issuer, { headers: { authorization: `Bearer ${token}` } });
  const claims = await oauth.validateJwtAccessToken(as, request, as.issuer, insecure);
  return { client_id: claims.client_id, scope: claims.scope };
}

async function machine(told) {
  const { as } = await discover(told);
  const client = { client_id: told.client_id };
  const auth = await proof(told);
  const answer = await oauth.clientCredentialsGrantRequest(
    as, client, auth, new URLSearchParams({ scope: told.scope }), insecure,
  );
  const tokens = await oauth.processClientCredentialsResponse(as, client, answer);
  const asked = await oauth.introspectionRequest(as, client, auth, tokens.access_token, insecure);
  const { active } = await oauth.processIntrospectionResponse(as, client, asked);
  const claims = await readAccessToken(as, told, tokens.access_token);
  return { scope: tokens.scope, active, claims };
}

await run({ code, machine });
