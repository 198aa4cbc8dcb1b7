// Passkeys: what the server asks is put to the browser's keys, and what they answer is sent back.
"use strict";

const bytesOf = (text) => {
  const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
};
const textOf = (buffer) => {
  const plain = Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join("");
  return btoa(plain).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
};
const keysOf = (list) => (list || []).map((each) => ({ ...each, id: bytesOf(each.id) }));

application.register("passkey", class extends Stimulus.Controller {
  static targets = ["problem", "name"];
  static values = { options: String, answer: String, failed: String };
  connect() { this.element.hidden = !window.PublicKeyCredential; }

  add() {
    return this.attempt(async (asked) => {
      const user = { ...asked.user, id: bytesOf(asked.user.id) };
      const excludeCredentials = keysOf(asked.excludeCredentials);
      const made = await navigator.credentials.create({
        publicKey: { ...asked, user, excludeCredentials, challenge: bytesOf(asked.challenge) },
      });
      return { attestationObject: textOf(made.response.attestationObject), made };
    });
  }

  use() {
    return this.attempt(async (asked) => {
      const allowCredentials = keysOf(asked.allowCredentials);
      const made = await navigator.credentials.get({
        publicKey: { ...asked, allowCredentials, challenge: bytesOf(asked.challenge) },
      });
      const { authenticatorData, signature, userHandle } = made.response;
      const handle = userHandle ? { userHandle: textOf(userHandle) } : {};
      return { authenticatorData: textOf(authenticatorData), signature: textOf(signature), ...handle, made };
    });
  }

  async attempt(ask) {
    this.tell("");
    try {
      const { made, ...parts } = await ask(await this.send(this.optionsValue));
      const response = { clientDataJSON: textOf(made.response.clientDataJSON), ...parts };
      const url = new URL(this.answerValue, location.href);
      if (this.hasNameTarget) url.searchParams.set("name", this.nameTarget.value);
      const told = await this.send(url, { id: made.id, rawId: textOf(made.rawId), type: made.type, response });
      if (told.next) location.assign(told.next); else this.tell(told.problem || this.failedValue);
    } catch { this.tell(this.failedValue); }
  }

  async send(url, body = {}) {
    const token = document.querySelector("meta[name=csrf-token]").content;
    const headers = { "Content-Type": "application/json", "X-CSRFToken": token };
    const answer = await fetch(url, { method: "POST", headers, body: JSON.stringify(body), redirect: "error" });
    return answer.json();
  }

  tell(text) {
    this.problemTarget.textContent = text;
    this.problemTarget.hidden = !text;
  }
});
