// What is done to all rows of a list goes on portion by portion. Without it the button does the same.
"use strict";

application.register("further", class extends Stimulus.Controller {
  static targets = ["said", "form"];
  static values = { failed: String };
  connect() { this.on(); }
  disconnect() { this.gone = true; }
  press(event) {
    event.preventDefault();
    this.on();
  }
  async on() {
    if (this.running) return;
    this.running = true;
    while (this.hasFormTarget && !this.gone) {
      const form = this.formTarget;
      const answer = await fetch(form.action, { method: "POST", body: new FormData(form), redirect: "error" }).catch(() => null);
      const found = answer?.ok ? new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-controller=further]") : null;
      if (!found) { this.saidTarget.append(" ", this.failedValue); break; }
      this.element.querySelector("tbody").append(...found.querySelectorAll("tbody > tr"));
      this.saidTarget.replaceChildren(...found.querySelector("[data-further-target=said]").childNodes);
      const next = found.querySelector("form");
      if (next) form.replaceWith(next);
      else form.remove();
    }
    this.running = false;
  }
});
