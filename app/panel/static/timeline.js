// The timeline of a row. Without it older entries open on a page of their own, and names are typed.
"use strict";

// Older entries, put in the place of the button that asked for them.
application.register("older", class extends Stimulus.Controller {
  static values = { url: String };
  async load(event) {
    event.preventDefault();
    if (this.asked) return;
    this.asked = true;
    const answer = await fetch(this.urlValue, { redirect: "error" });
    if (!answer.ok) { this.asked = false; return; }
    const found = new DOMParser().parseFromString(await answer.text(), "text/html");
    const first = found.body.querySelector("li");
    this.element.replaceWith(...found.body.childNodes);
    if (first) { first.tabIndex = -1; first.focus({ preventScroll: true }); }
  }
});

// Names offered while one writes @…: those who may see the row.
application.register("naming", class extends Stimulus.Controller {
  static targets = ["text", "list"];
  static values = { url: String };
  disconnect() { clearTimeout(this.waiting); }
  look() {
    clearTimeout(this.waiting);
    const written = this.written();
    if (written === null) { this.close(); return; }
    this.waiting = setTimeout(() => this.offer(written), 200);
  }
  written() {
    const before = this.textTarget.value.slice(0, this.textTarget.selectionStart);
    const found = before.match(/(?:^|[^\p{L}\p{N}_@.])@([\p{L}\p{N}_.-]+)$/u);
    return found ? found[1] : null;
  }
  async offer(written) {
    const url = new URL(this.urlValue, location.href);
    url.searchParams.set("q", written);
    const answer = await fetch(url, { headers: { Accept: "application/json" }, redirect: "error" });
    if (!answer.ok || written !== this.written()) return;
    const { options } = await answer.json();
    this.listTarget.replaceChildren(...options.map((option) => {
      const button = Object.assign(document.createElement("button"), { type: "button", className: "btn btn-sm w-100 justify-content-start" });
      button.textContent = `${option.text} @${option.value}`;
      button.addEventListener("click", () => this.choose(option.value));
      const item = document.createElement("li");
      item.append(button);
      return item;
    }));
    this.listTarget.hidden = options.length === 0;
  }
  choose(name) {
    const text = this.textTarget;
    const before = text.value.slice(0, text.selectionStart).replace(/@[^@]*$/, `@${name} `);
    const after = text.value.slice(text.selectionStart);
    text.value = before + after;
    text.focus();
    text.setSelectionRange(before.length, before.length);
    this.close();
  }
  key(event) {
    if (this.listTarget.hidden) return;
    if (event.key === "Escape") this.close();
    else if (event.key === "ArrowDown") this.listTarget.querySelector("button")?.focus();
    else return;
    event.preventDefault();
  }
  close() { this.listTarget.hidden = true; this.listTarget.replaceChildren(); }
});
