// Passkeys on our pages: the form before this script is filled with what the browser's own
// dialogue gives, and sent. It stays hidden where that cannot be, and the other ways remain.
"use strict";

(() => {
  const form = document.currentScript.previousElementSibling;
  const native = window.PublicKeyCredential;
  const canDo = native
    && typeof native.parseRequestOptionsFromJSON === "function"
    && typeof native.parseCreationOptionsFromJSON === "function"
    && typeof native.prototype.toJSON === "function";
  if (!canDo) return;

  const FRESH = 240000; // milliseconds: a challenge is good for five minutes, and once
  const [says, saysKnown] = form.querySelectorAll("[role=alert]");
  const box = document.getElementById("remember_me");
  let since = Date.now();
  let asking = new AbortController();
  let again;

  const renew = async () => {
    const answer = await fetch(form.dataset.page);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const same = page.querySelector("form.passkey");
    if (same?.getAttribute("action") !== form.getAttribute("action")) throw new Error("elsewhere");
    Object.assign(form.dataset, same.dataset);
    since = Date.now();
  };

  const dialogue = (signal, mediation) => {
    const { create, get } = form.dataset;
    if (create) {
      const publicKey = native.parseCreationOptionsFromJSON(JSON.parse(create));
      return navigator.credentials.create({ publicKey, signal });
    }
    const publicKey = native.parseRequestOptionsFromJSON(JSON.parse(get));
    return navigator.credentials.get({ publicKey, signal, mediation });
  };

  const send = (credential) => {
    const add = ({ formData }) => {
      formData.set("passkey", JSON.stringify(credential));
      if (box?.checked) formData.set(box.name, box.value);
    };
    form.addEventListener("formdata", add, { once: true });
    form.submit();
  };

  // One question at a time. What was wrong; nothing, if it was taken back for another one.
  const ask = async (mediation) => {
    clearTimeout(again);
    asking.abort();
    asking = new AbortController();
    const { signal } = asking;
    try {
      if (Date.now() - since >= FRESH) await renew();
      const credential = await dialogue(signal, mediation);
      since = 0;
      send(credential);
    } catch (error) {
      if (!signal.aborted) return error;
    }
    return null;
  };

  // Among what the browser proposes in a field: nobody is disturbed who wants another way.
  const offer = async () => {
    if (!("offered" in form.dataset) || !await native.isConditionalMediationAvailable?.()) return;
    ask("conditional");
    again = setTimeout(offer, FRESH);
  };

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    says.hidden = true;
    if (saysKnown) saysKnown.hidden = true;
    const error = await ask();
    if (!error) return;
    // One that makes a second passkey for an account (WebAuthn 5.1.3).
    const isKnown = saysKnown && error.name === "InvalidStateError";
    (isKnown ? saysKnown : says).hidden = false;
    offer();
  });
  form.hidden = false;
  offer();
})();
