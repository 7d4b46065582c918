// Passkeys on our pages: a form is filled with what the browser's own dialogue gives, and sent.
// Forms that need this stay hidden where it does not run, and the other ways remain.
"use strict";

(() => {
  const native = window.PublicKeyCredential;
  const canDo = native
    && typeof native.parseRequestOptionsFromJSON === "function"
    && typeof native.parseCreationOptionsFromJSON === "function"
    && typeof native.prototype.toJSON === "function";
  if (!canDo) return;

  const FRESH = 270000; // milliseconds: a challenge is good for five minutes
  let asking = null;

  const ask = (form, mediation) => {
    asking?.abort();
    asking = new AbortController();
    const { create, get } = form.dataset;
    const publicKey = create
      ? native.parseCreationOptionsFromJSON(JSON.parse(create))
      : native.parseRequestOptionsFromJSON(JSON.parse(get));
    const wanted = { publicKey, signal: asking.signal, ...(mediation && { mediation }) };
    return create ? navigator.credentials.create(wanted) : navigator.credentials.get(wanted);
  };

  const send = (form, credential) => {
    const field = document.createElement("input");
    Object.assign(field, { type: "hidden", name: "passkey", value: JSON.stringify(credential) });
    form.append(field);
    form.submit();
  };

  const offer = async (form) => {
    if (!await native.isConditionalMediationAvailable?.()) return;
    try {
      send(form, await ask(form, "conditional"));
    } catch {
      // The offer was withdrawn, or nothing was chosen: the page is as it was.
    }
  };

  const press = async (form, event) => {
    event.preventDefault();
    const says = form.querySelector("[role=alert]");
    says.hidden = true;
    try {
      send(form, await ask(form));
    } catch {
      says.hidden = false;
      if ("offered" in form.dataset) offer(form);
    }
  };

  // What was not touched is asked for again before its challenge runs out.
  const refresh = () => {
    const typed = [...document.querySelectorAll("input:not([type=hidden])")];
    if (typed.every((field) => field.value === field.defaultValue)) location.reload();
  };

  for (const form of document.querySelectorAll("form.passkey")) {
    form.hidden = false;
    form.addEventListener("submit", (event) => press(form, event));
    if ("offered" in form.dataset) {
      offer(form);
      setTimeout(refresh, FRESH);
    }
  }
})();
