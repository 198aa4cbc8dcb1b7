// How far the load of a file is: asked once a second, until there is something new to show.
"use strict";

application.register("progress", class extends Stimulus.Controller {
  static targets = ["bar", "words"];
  static values = { url: String };
  connect() { this.timer = setInterval(() => this.ask(), 1000); }
  disconnect() { clearInterval(this.timer); }
  async ask() {
    if (this.asking) return;
    this.asking = true;
    try {
      const answer = await fetch(this.urlValue, { redirect: "error" });
      if (!answer.ok) return;
      const told = await answer.json();
      if (!told.busy) { this.disconnect(); location.reload(); return; }
      this.barTarget.max = told.total;
      this.barTarget.value = told.done;
      if (this.wordsTarget.textContent !== told.words) this.wordsTarget.textContent = told.words;
      this.wordsTarget.classList.toggle("text-red", told.stuck);
    } catch { /* the server is away for a moment: ask again */ } finally { this.asking = false; }
  }
});
