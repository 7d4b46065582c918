// How a program of these tests speaks with the test that runs it: one line of JSON at a time.
import { createInterface } from "node:readline";

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const say = (said) => process.stdout.write(`${JSON.stringify(said)}\n`);

// Have the person at the browser open an address; gives where that led in the end. ``typed`` is what
// they read elsewhere and type where it is asked for.
export async function visit(url, typed = {}) {
  say({ visit: url.toString(), typed });
  const { value } = await lines.next();
  return new URL(JSON.parse(value));
}

// A private key that the test made, for Web Crypto.
export const importKey = (jwk) =>
  crypto.subtle.importKey("jwk", jwk, { name: "ECDSA", namedCurve: "P-256" }, false, ["sign"]);

// What an attempt was refused with: an error code of OAuth, or the words of the library.
export async function refusal(attempt) {
  try {
    await attempt();
  } catch (error) {
    return error.error ?? error.cause?.error ?? error.message;
  }
  return null;
}

// Run what the first argument names with what the second one says, and tell what it found.
export async function run(flows) {
  const [, , name, told] = process.argv;
  try {
    say({ found: await flows[name](JSON.parse(told)) });
  } catch (error) {
    say({ failed: `${error.stack}\n${error.cause ? JSON.stringify(error.cause) : ""}` });
  }
  process.stdin.destroy();
}
