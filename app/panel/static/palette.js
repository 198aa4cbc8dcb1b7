// The search palette: Ctrl+K, ⌘K or "/" open it. Without it there are the menu and the search of each list.
"use strict";

application.register("palette", class extends Stimulus.Controller {
  static targets = ["dialog", "input", "list", "said", "shortcut", "row"];
  static values = { url: String, user: String, hint: String, failed: String };

  initialize() { this.options = []; }
  connect() {
    if (/Mac|iPhone|iPad/.test(navigator.platform)) this.shortcutTargets.forEach((each) => { each.textContent = "⌘K"; });
  }
  disconnect() { this.closed(); }

  // Rows opened last are kept on this machine, by user and as places alone: their titles are asked for anew.
  rowTargetConnected(element) {
    const others = this.kept().filter((each) => each !== element.dataset.row);
    try { localStorage.setItem(this.shelf, JSON.stringify([element.dataset.row, ...others].slice(0, 11))); } catch { /* none are kept */ }
  }
  kept() {
    try {
      const kept = JSON.parse(localStorage.getItem(this.shelf));
      return Array.isArray(kept) ? kept.filter((each) => typeof each === "string") : [];
    } catch { return []; }
  }
  recent() {
    const here = this.rowTargets.map((each) => each.dataset.row);
    return this.kept().filter((each) => !here.includes(each)).slice(0, 10);
  }
  get shelf() { return `recent-${this.userValue}`; }

  shortcut(event) {
    if (event.isComposing || event.altKey || event.shiftKey && event.key !== "/") return;
    const command = event.ctrlKey || event.metaKey;
    const called = command ? event.key.toLowerCase() === "k" : event.key === "/" && singleKey(event);
    if (!called) return;
    const open = document.querySelector("dialog[open]");
    if (open && !(command && open === this.dialogTarget)) return;
    event.preventDefault();
    if (open) this.close(); else this.open();
  }

  open() {
    if (this.dialogTarget.open) return;
    this.inputTarget.value = "";
    this.show([], this.hintValue);
    this.dialogTarget.showModal();
    this.inputTarget.focus();
    this.ask();
  }
  close() { this.dialogTarget.close(); }
  closed() {
    clearTimeout(this.timer);
    this.asking?.abort();
  }

  // While an input method is composing, its keys are its own.
  write(event) {
    if (event.isComposing) return;
    this.wanted = false;
    this.waiting = true;
    this.listTarget.setAttribute("aria-busy", "true");
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.ask(), 150);
  }
  async ask() {
    clearTimeout(this.timer);
    this.timer = 0;
    this.asking?.abort();
    const asking = this.asking = new AbortController();
    const url = new URL(this.urlValue, location.href);
    const written = this.inputTarget.value.trim();
    const recent = written ? [] : this.recent();
    if (written) url.searchParams.set("q", written);
    else if (recent.length) recent.forEach((each) => url.searchParams.append("recent", each));
    else { this.show([], this.hintValue); return; }
    try {
      const answer = await fetch(url, { redirect: "error", signal: asking.signal });
      if (!answer.ok) throw new Error(String(answer.status));
      const found = new DOMParser().parseFromString(await answer.text(), "text/html").body.firstElementChild;
      if (!asking.signal.aborted) this.show([...found.childNodes], (written && found.dataset.said) || this.hintValue);
    } catch {
      if (!asking.signal.aborted) this.show([], this.failedValue);
    }
  }
  show(nodes, said) {
    this.listTarget.replaceChildren(...nodes);
    this.options = [...this.listTarget.querySelectorAll("[role=option]")];
    this.options.forEach((each, at) => { each.id = `palette-option-${at}`; });
    this.listTarget.hidden = this.options.length === 0;
    this.listTarget.removeAttribute("aria-busy");
    this.inputTarget.setAttribute("aria-expanded", String(this.options.length > 0));
    this.saidTarget.textContent = said;
    this.waiting = false;
    this.choose(0);
    // Enter came before the answer: go where it was meant for sure.
    if (this.wanted && (this.options.length === 1 || "whole" in (this.chosen?.dataset ?? {}))) this.chosen.click();
    this.wanted = false;
  }

  choose(at) {
    this.chosen?.setAttribute("aria-selected", "false");
    this.at = at;
    this.chosen = this.options[at];
    if (!this.chosen) { this.inputTarget.removeAttribute("aria-activedescendant"); return; }
    this.chosen.setAttribute("aria-selected", "true");
    this.inputTarget.setAttribute("aria-activedescendant", this.chosen.id);
    this.chosen.scrollIntoView({ block: "nearest" });
  }
  key(event) {
    if (event.isComposing || event.keyCode === 229) return;
    const last = this.options.length - 1;
    if (event.key === "ArrowDown") this.choose(this.at < last ? this.at + 1 : 0);
    else if (event.key === "ArrowUp") this.choose(this.at > 0 ? this.at - 1 : Math.max(last, 0));
    else if (event.key === "Enter") this.enter();
    else return;
    event.preventDefault();
  }
  enter() {
    if (!this.waiting) { this.chosen?.click(); return; }
    this.wanted = true;
    if (this.timer) this.ask();
  }
  point(event) {
    const at = this.options.indexOf(event.target.closest("[role=option]"));
    if (at >= 0 && at !== this.at && (event.movementX || event.movementY)) this.choose(at);
  }
  click(event) {
    const beside = event.target === this.dialogTarget;
    const elsewhere = event.ctrlKey || event.metaKey || event.shiftKey;
    if (beside || (event.target.closest("[role=option]") && !elsewhere)) this.close();
  }
});
