// openid-client drives the provider: https://github.com/panva/openid-client is certified.
import * as client from "openid-client";

import { importKey, refusal, run, visit } from "./talk.mjs";

const SCOPE = "openid profile email offline_access";

async function configure(told) {
  const key = told.key && { key: await importKey(told.key), kid: told.key.kid };
  const methods = {
    client_secret_basic: () => client.ClientSecretBasic(told.secret),
    client_secret_post: () => client.ClientSecretPost(told.secret),
    private_key_jwt: () => client.PrivateKeyJwt(key),
    none: () => client.None(),
  };
  const options = { execute: [client.allowInsecureRequests] };
  const config = await client.discovery(
    new URL(told.issuer), told.client_id, undefined, methods[told.method](), options,
  );
  // Whoever does not check the signatures of ID tokens finds no fault in them.
  client.enableNonRepudiationChecks(config);
  return { config, key };
}

// A request with everything, and what its answer has to fit.
async function prepare(told) {
  const verifier = client.randomPKCECodeVerifier();
  const checks = {
    pkceCodeVerifier: verifier,
    expectedState: client.randomState(),
    expectedNonce: client.randomNonce(),
    idTokenExpected: true,
  };
  const request = {
    redirect_uri: told.redirect_uri,
    scope: told.scope ?? SCOPE,
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    state: checks.expectedState,
    nonce: checks.expectedNonce,
    ...told.request,
  };
  return { request, checks };
}

// What everybody does with tokens. ``options`` is the key of DPoP, if there is one.
async function useThem(config, tokens, options) {
  const { sub, auth_time, sid } = tokens.claims();
  const person = await client.fetchUserInfo(config, tokens.access_token, sub, options);
  const second = await client.refreshTokenGrant(config, tokens.refresh_token, undefined, options);
  const later = await client.fetchUserInfo(config, second.access_token, sub, options);
  const again = second.claims();
  const is_same = again.sub === sub && again.auth_time === auth_time && again.nonce === undefined;
  return { person, later, sid, is_same, type: tokens.token_type, second };
}

async function signIn(told, { url = client.buildAuthorizationUrl, dpop = false } = {}) {
  const { config, key } = await configure(told);
  const { request, checks } = await prepare(told);
  const pair = dpop ? await client.randomDPoPKeyPair() : undefined;
  const options = pair && { DPoP: client.getDPoPHandle(config, pair) };
  const came = await visit(await url(config, request, { key, options }));
  const tokens = await client.authorizationCodeGrant(config, came, checks, undefined, options);
  return { config, tokens, options, used: await useThem(config, tokens, options) };
}

async function code(told) {
  const { config, used } = await signIn(told);
  const { second, ...found } = used;
  if (told.method !== "none") {
    found.active = (await client.tokenIntrospection(config, second.access_token)).active;
    found.kept = (await client.tokenIntrospection(config, second.refresh_token)).active;
  }
  await client.tokenRevocation(config, second.refresh_token);
  found.refused = await refusal(() => client.refreshTokenGrant(config, second.refresh_token));
  found.out = await refusal(() =>
    client.fetchUserInfo(config, second.access_token, client.skipSubjectCheck));
  return found;
}

// Two answers of the person, of which the second must not be taken for the first.
async function silent(told) {
  const { config } = await configure(told);
  const { request, checks } = await prepare(told);
  const url = client.buildAuthorizationUrl(config, { ...request, prompt: "none" });
  const came = await visit(url);
  return refusal(() => client.authorizationCodeGrant(config, came, checks));
}

async function machine(told) {
  const { config } = await configure(told);
  const tokens = await client.clientCredentialsGrant(config, { scope: told.scope });
  const { active, sub } = await client.tokenIntrospection(config, tokens.access_token);
  await client.tokenRevocation(config, tokens.access_token);
  const after = await client.tokenIntrospection(config, tokens.access_token);
  return { scope: tokens.scope, type: tokens.token_type, active, sub, after: after.active };
}

async function pushed(told) {
  const url = (config, request, { options }) =>
    client.buildAuthorizationUrlWithPAR(config, request, options);
  const { used } = await signIn(told, { url });
  return { person: used.person, is_same: used.is_same };
}

async function signed(told) {
  const url = (config, request, { key }) => client.buildAuthorizationUrlWithJAR(config, request, key);
  const { used } = await signIn(told, { url });
  return { person: used.person, is_same: used.is_same };
}

// The key is the second half of the token: without its proof the token is worth nothing.
async function dpop(told) {
  const { config, tokens, used } = await signIn(told, { dpop: true });
  const bare = await fetch(config.serverMetadata().userinfo_endpoint, {
    headers: { authorization: `Bearer ${tokens.access_token}` },
  });
  const stolen = client.getDPoPHandle(config, await client.randomDPoPKeyPair());
  const refused = await refusal(() =>
    client.fetchUserInfo(config, tokens.access_token, client.skipSubjectCheck, { DPoP: stolen }));
  const { type, is_same, person } = used;
  return { type, is_same, person, bare: bare.status, is_refused: refused !== null };
}

async function device(told) {
  const { config } = await configure(told);
  const begun = await client.initiateDeviceAuthorization(config, { scope: SCOPE });
  const early = await refusal(() => client.genericGrantRequest(
    config, "urn:ietf:params:oauth:grant-type:device_code", { device_code: begun.device_code },
  ));
  await visit(begun.verification_uri, { user_code: begun.user_code });
  const tokens = await client.pollDeviceAuthorizationGrant(config, begun);
  const { person, is_same } = await useThem(config, tokens);
  return { early, person, is_same };
}

async function logout(told) {
  const { config, tokens, used } = await signIn(told);
  const state = client.randomState();
  const url = client.buildEndSessionUrl(config, {
    id_token_hint: tokens.id_token, post_logout_redirect_uri: told.after, state,
  });
  const came = await visit(url);
  const home = `${came.origin}${came.pathname}`;
  return { home, is_state: came.searchParams.get("state") === state, sid: used.sid };
}

await run({ code, device, dpop, logout, machine, pushed, signed, silent });
