// The claim desk: each line is decided by a key or a button, and what follows is redrawn from the server's answer. What
// is being written meanwhile stays. Without it, each button sends its line by itself.
"use strict";

const DECISIONS = { a: "approved", r: "reduced", x: "rejected" };

application.register("claim-desk", class extends Stimulus.Controller {
  static targets = ["line"];
  static values = { lost: String };

  connect() {
    this.last = Promise.resolve();
    this.waiting = new Set();
    this.mark(this.lineTargets.find((line) => line.dataset.open) ?? this.lineTargets[0]);
    const [asked] = this.element.querySelectorAll("[data-ask]:not([hidden]) .is-invalid");
    asked?.focus();
  }
  get form() { return document.getElementById("decision"); }
  askOf(line) { return line.querySelector("[data-ask]"); }

  // One line is at hand: the keys go for it.
  mark(line, focused = false) {
    if (!line) return;
    for (const each of this.lineTargets) {
      each.classList.toggle("yx-claim-now", each === line);
      if (each === line) each.setAttribute("aria-current", "true"); else each.removeAttribute("aria-current");
    }
    this.now = line;
    if (!focused) return;
    line.focus({ preventScroll: true });
    line.scrollIntoView({ block: "nearest" });
  }
  move(by) {
    const at = this.lineTargets.indexOf(this.now) + by;
    if (this.lineTargets[at]) this.mark(this.lineTargets[at], true);
  }
  // The next line nobody has decided on; after the last one the decision on the claim.
  goOn(line) {
    const at = this.lineTargets.indexOf(line);
    const left = [...this.lineTargets.slice(at + 1), ...this.lineTargets.slice(0, at)].find((each) => each.dataset.open && !this.waiting.has(each));
    if (left) this.mark(left, true);
    else this.finished = true;
  }

  key(event) {
    if (!singleKey(event) || event.shiftKey) return;
    const beside = event.target.closest?.("[data-claim-desk-target=line]");
    const steps = beside ? { j: 1, k: -1, ArrowDown: 1, ArrowUp: -1 } : { j: 1, k: -1 };
    const wanted = DECISIONS[event.key];
    if (event.key in steps) { if (beside) this.mark(beside); this.move(steps[event.key]); }
    else if (wanted && this.now?.querySelector(`[value=${wanted}]`)) this.decide(beside ?? this.now, wanted);
    else if (/^[1-9]$/.test(event.key)) this.choose(event.key);
    else return;
    event.preventDefault();
  }
  choose(key) {
    const box = this.form.querySelectorAll("[name=outcome]")[key - 1];
    if (!box) return;
    box.checked = true;
    box.dispatchEvent(new Event("change", { bubbles: true }));
    box.focus();
  }
  press(event) {
    event.preventDefault();
    const line = event.target.closest("[data-claim-desk-target=line]");
    this.decide(line, event.target.closest("button").value);
  }

  decide(line, decision) {
    this.mark(line);
    const ask = this.askOf(line);
    if (decision === "approved") { this.send(line, decision); return; }
    ask.dataset.ask = decision;
    ask.hidden = false;
    const amount = ask.querySelector("[data-for=accepted]");
    amount.hidden = decision !== "reduced";
    ask.elements.namedItem(amount.hidden ? "grounds" : "accepted").focus();
  }
  save(event) {
    event.preventDefault();
    const line = event.target.closest("[data-claim-desk-target=line]");
    this.send(line, event.target.dataset.ask);
  }
  // Enter saves the line and Escape closes its questions; a new line of the grounds is Shift and Enter.
  written(event) {
    if (event.isComposing || event.target.localName === "button") return;
    if (event.key === "Escape") this.close(event);
    if (event.key !== "Enter" || event.shiftKey || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    if (!event.repeat) event.currentTarget.requestSubmit();
  }
  close(event) {
    const line = event.target.closest("[data-claim-desk-target=line]");
    this.askOf(line).hidden = true;
    this.mark(line, true);
  }

  // One after the other: what a line comes to follows from those before it, and so does its version.
  send(line, decision) {
    if (this.waiting.has(line)) return;
    this.waiting.add(line);
    const ask = new FormData(this.askOf(line));
    this.goOn(line);
    this.last = this.last.then(() => this.post(line, decision, ask)).finally(() => this.waiting.delete(line)).then(() => this.settle());
  }
  async post(line, decision, ask) {
    const body = new URLSearchParams([...ask]);
    body.set("decision", decision);
    body.set("version", line.dataset.version);
    let answer, found;
    try {
      answer = await fetch(`${line.dataset.url}?part=1`, { method: "POST", body, redirect: "error" });
      found = new DOMParser().parseFromString(await answer.text(), "text/html");
    } catch { /* told below */ }
    const mine = found?.getElementById(line.id);
    if (!mine) this.say(line, { line: this.lostValue });
    else {
      this.draw(found);
      const problems = [...mine.querySelectorAll("[data-problem]")].map((each) => [each.dataset.problem, each.textContent.trim()]);
      this.say(line, Object.fromEntries(problems));
    }
    const done = Boolean(mine && answer.ok), box = this.askOf(line);
    if (done) { this.kept(box); return; }
    this.finished = false;
    if (decision === "approved") { this.mark(line, true); return; }
    this.decide(line, decision);
    box.querySelector(".is-invalid")?.focus();
  }
  // What was sent is nothing that is still being written.
  kept(box) {
    for (const control of box.elements) if (control.name) control.defaultValue = control.value;
    box.hidden = true;
  }
  settle() {
    if (!this.finished || this.waiting.size) return;
    this.finished = false;
    const place = this.form.querySelector("[name=outcome]:checked") ?? this.form.querySelector("[name=outcome]");
    (place ?? this.form.querySelector(".yx-actions button")).focus();
  }
  say(line, problems) {
    for (const place of line.querySelectorAll("[data-problem]")) {
      const problem = problems[place.dataset.problem] ?? "";
      place.textContent = problem;
      line.querySelector(`[data-ask] [name=${place.dataset.problem}]`)?.classList.toggle("is-invalid", Boolean(problem));
    }
  }

  // What the server says now takes the place of what stood there; what somebody writes or has chosen stays.
  draw(found) {
    // Read apart from a page, it holds what is meant for a page without script.
    for (const each of found.querySelectorAll("noscript")) each.remove();
    const unsaved = application.getControllerForElementAndIdentifier(this.form, "unsaved");
    unsaved.renew(() => {
      const before = this.form.querySelector("[data-chosen]").dataset.chosen;
      const chosen = this.form.querySelector("[name=outcome]:checked")?.value ?? "";
      for (const fresh of found.querySelectorAll("[data-fresh]")) {
        this.element.querySelector(`[data-fresh="${fresh.dataset.fresh}"]`)?.replaceWith(document.importNode(fresh, true));
      }
      for (const line of this.lineTargets) {
        const fresh = found.getElementById(line.id);
        if (fresh) for (const name of ["version", "open"]) line.dataset[name] = fresh.dataset[name];
      }
      const decision = found.getElementById("decision");
      for (const name of ["version", "approved"]) this.renew(this.form.elements.namedItem(name), decision.elements.namedItem(name));
      const box = chosen !== before && this.form.querySelector(`[name=outcome][value="${chosen}"]`);
      if (box) box.checked = true;
      this.form.querySelector("[name=outcome]")?.dispatchEvent(new Event("change", { bubbles: true }));
    });
  }
  renew(control, fresh) {
    if (!control || !fresh) return;
    if (control.type === "hidden" || control.value === control.defaultValue) control.value = fresh.value;
    control.defaultValue = fresh.defaultValue;
  }

  // A line whose questions are open and answered in part is not saved yet.
  warn(event) {
    const written = (control) => control.name && control.type !== "hidden" && control.value !== control.defaultValue;
    const open = [...this.element.querySelectorAll("[data-ask]:not([hidden])")];
    if (open.some((ask) => [...ask.elements].some(written)) || this.waiting.size) event.preventDefault();
  }
});
