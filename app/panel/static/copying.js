// A text is copied by a button; where the browser does not let us, it is chosen, so that a key copies it.
"use strict";

application.register("copying", class extends Stimulus.Controller {
  static targets = ["text", "told"];
  static values = { done: String };
  async copy() {
    this.textTarget.select();
    try { await navigator.clipboard.writeText(this.textTarget.value); } catch { return; }
    this.toldTarget.textContent = this.doneValue;
  }
});
