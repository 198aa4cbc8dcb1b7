// Behaviour of the derived screens. Every page works without it, save that pickers need it to search.
"use strict";

const application = Stimulus.Application.start();
const idly = (task) => { if (window.requestIdleCallback) requestIdleCallback(task, { timeout: 300 }); else setTimeout(task); };

// Whether a key by itself is meant for the page, or for the dialog that is open: nobody is writing, and who sits here
// wants such keys.
function singleKey(event, dialog = null) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.repeat) return false;
  const writing = event.target.closest?.("input:not([type=radio], [type=checkbox]), textarea, select, [contenteditable]");
  return !writing && document.documentElement.dataset.keys !== "off" && document.querySelector("dialog[open]") === dialog;
}

// The colours: light or dark, kept on this machine.
application.register("theme", class extends Stimulus.Controller {
  toggle() {
    const root = document.documentElement;
    root.dataset.bsTheme = root.dataset.bsTheme === "dark" ? "light" : "dark";
    try { localStorage.setItem("theme", root.dataset.bsTheme); } catch { /* it holds for this page only */ }
  }
});

// How dense tables are: comfortable or compact, kept on this machine.
application.register("density", class extends Stimulus.Controller {
  toggle() {
    const root = document.documentElement, compact = root.dataset.density !== "compact";
    if (compact) root.dataset.density = "compact";
    else delete root.dataset.density;
    try { localStorage.setItem("density", compact ? "compact" : "comfortable"); } catch { /* it holds for this page only */ }
  }
});

// A search form leaves its empty fields out of the address.
application.register("sparse", class extends Stimulus.Controller {
  drop() {
    const empty = [...this.element.elements].filter((each) => each.name && !each.disabled && !each.value);
    empty.forEach((each) => { each.disabled = true; });
    setTimeout(() => empty.forEach((each) => { each.disabled = false; }));
  }
});

// A form is sent once, however often its button is pressed.
application.register("once", class extends Stimulus.Controller {
  connect() {
    this.release = () => { this.sent = false; };
    addEventListener("pageshow", this.release);
  }
  disconnect() { removeEventListener("pageshow", this.release); }
  hold(event) {
    if (this.sent) event.preventDefault();
    this.sent = true;
  }
});

// A form that sends itself: what takes long goes on without anybody's waiting at a button.
application.register("onward", class extends Stimulus.Controller {
  connect() { this.timer = setTimeout(() => this.element.requestSubmit(), 300); }
  disconnect() { clearTimeout(this.timer); }
});

// Rows chosen in a list: all of a page at once, and how many there are; then all that match the list, page or not.
application.register("choosing", class extends Stimulus.Controller {
  static targets = ["all", "count", "whole", "told", "every", "single"];
  connect() { this.show(); }
  all() { for (const box of this.common) box.checked = this.allTarget.checked; }
  show() {
    if (!this.hasCountTarget) return;
    const chosen = this.boxes.filter((box) => box.checked).length;
    const all = chosen > 0 && this.common.every((box) => box.checked);
    if (this.hasWholeTarget) this.offer(all);
    const every = this.hasEveryTarget && this.everyTarget.checked;
    this.countTarget.textContent = every ? this.everyTarget.dataset.count : chosen;
    this.countTarget.hidden = chosen === 0;
    if (!this.hasAllTarget) return;
    this.allTarget.checked = all;
    this.allTarget.indeterminate = chosen > 0 && !all;
  }
  // All that match are offered once all of the page are chosen; handing over takes those of a page alone.
  offer(all) {
    this.wholeTarget.hidden = !all;
    this.toldTarget.hidden = !all;
    if (!this.hasEveryTarget) return;
    if (!all) this.everyTarget.checked = false;
    if (this.hasSingleTarget) this.singleTarget.disabled = this.singleTarget.hidden = this.everyTarget.checked;
  }
  // What is chosen with all others; what stands apart is chosen by itself alone.
  get common() { return this.boxes.filter((box) => !box.disabled && !("apart" in box.dataset)); }
  get boxes() { return [...this.element.querySelectorAll("[name=row]")]; }
});

// A question before something is deleted.
application.register("confirm", class extends Stimulus.Controller {
  static values = { question: String };
  ask(event) {
    if (!confirm(this.questionValue)) event.preventDefault();
  }
});

// A list of another record, fetched when it comes into sight.
application.register("part", class extends Stimulus.Controller {
  static targets = ["here"];
  static values = { url: String };
  connect() {
    this.observer = new IntersectionObserver((entries) => {
      if (entries.some((entry) => entry.isIntersecting)) this.load();
    }, { rootMargin: "200px" });
    this.observer.observe(this.element);
  }
  disconnect() { this.observer.disconnect(); }
  async load() {
    this.observer.disconnect();
    const answer = await fetch(this.urlValue, { redirect: "error" });
    if (!answer.ok) return;
    const found = new DOMParser().parseFromString(await answer.text(), "text/html");
    this.hereTarget.replaceChildren(...found.body.childNodes);
  }
});

// What is wider than its place is a stop of Tab, so that the arrows scroll it: there may be nothing else in it to stop at.
application.register("reach", class extends Stimulus.Controller {
  connect() {
    this.sizes = new ResizeObserver(() => {
      if (this.element.scrollWidth > this.element.clientWidth) this.element.tabIndex = 0;
      else this.element.removeAttribute("tabindex");
    });
    this.sizes.observe(this.element);
  }
  disconnect() { this.sizes.disconnect(); }
});

// A select whose options are searched for on the server while one types. What was offered for other letters is
// taken away at once, so that Enter never chooses what one has not asked for.
// The enhanced control of a picker, made at once if it was not yet; nothing for any other control.
const pickerOf = (control) => {
  if (!control.tomselect) application.getControllerForElementAndIdentifier(control, "picker")?.enhance();
  return control.tomselect;
};
application.register("picker", class extends Stimulus.Controller {
  static values = { url: String, nothing: String, hint: String };
  // One at a time, when the page has nothing better to do; a folded one when it is unfolded.
  connect() {
    const folded = this.element.closest("details:not([open])");
    if (folded) folded.addEventListener("toggle", () => this.enhance(), { once: true });
    else idly(() => this.enhance());
  }
  enhance() {
    if (this.select || !this.element.isConnected) return;
    const focused = document.activeElement === this.element;
    const label = document.querySelector(`label[for="${this.element.id}"]`);
    const say = (text) => Object.assign(document.createElement("div"), { className: "no-results", textContent: text });
    this.select = new TomSelect(this.element, {
      valueField: "value",
      labelField: "text",
      searchField: [],
      preload: "focus",
      maxOptions: 30,
      allowEmptyOption: false,
      placeholder: this.element.multiple ? this.hintValue : this.element.options[0]?.text,
      plugins: this.element.multiple ? ["remove_button"] : this.element.required ? [] : ["clear_button"],
      shouldLoad: () => true,
      load: (written, done) => this.fetch(written).then(done, () => done()),
      render: { no_results: () => say(this.waiting ? "…" : this.nothingValue) },
    });
    // At once, not when the kit has waited for the end of the typing.
    this.select.control_input.addEventListener("input", () => this.forget());
    // The enhanced control carries the name; the select behind it is for the form alone.
    this.element.setAttribute("aria-hidden", "true");
    if (label) this.select.control_input.setAttribute("aria-label", label.textContent.trim());
    if (focused) this.select.focus();
  }
  disconnect() {
    this.select?.destroy();
    this.select = null;
  }
  forget() {
    this.waiting = true;
    this.select.clearOptions((option) => this.select.items.includes(option.value));
    this.select.refreshOptions(true);
    // The kit does not ask again for letters it has just asked for, though their options are gone by now.
    clearTimeout(this.asking);
    this.asking = setTimeout(() => this.select.load(this.select.inputValue()), 200);
  }
  async fetch(written) {
    const url = new URL(this.urlValue, location.href);
    url.searchParams.set("q", written);
    const answer = await fetch(url, { headers: { Accept: "application/json" }, redirect: "error" });
    if (!answer.ok) throw new Error(String(answer.status));
    const found = (await answer.json()).options;
    if (written !== this.select.inputValue()) return [];
    this.waiting = false;
    return found;
  }
});

// How many rows wait, beside the entries of the sidebar: what was told last at once, then what holds now.
application.register("counts", class extends Stimulus.Controller {
  static values = { url: String, user: String, late: String, waiting: String };
  async connect() {
    const kept = this.kept;
    this.show(kept.counts);
    if (Date.now() - kept.at < 20000) return;
    const answer = await fetch(this.urlValue, { headers: { Accept: "application/json" }, redirect: "error" }).catch(() => null);
    if (!answer?.ok) return;
    const counts = await answer.json();
    try { sessionStorage.setItem("counts", JSON.stringify({ at: Date.now(), user: this.userValue, counts })); } catch { /* asked again on the next page */ }
    this.show(counts);
  }
  get kept() {
    let kept;
    try { kept = JSON.parse(sessionStorage.getItem("counts")); } catch { /* nothing is kept */ }
    return kept?.user === this.userValue ? kept : { at: 0, counts: {} };
  }
  show(counts) {
    for (const entry of this.element.querySelectorAll("a[data-record]")) {
      const [waiting, late] = counts[entry.dataset.record] ?? [0, 0];
      entry.querySelector(".yx-waits")?.remove();
      if (!waiting) continue;
      const badge = entry.appendChild(document.createElement("span"));
      badge.className = `badge yx-waits${late ? " yx-tone-bad" : ""}`;
      badge.title = (late ? this.lateValue : this.waitingValue).replace("%(count)s", waiting).replace("%(late)s", late);
      badge.textContent = waiting > 999 ? "999+" : waiting;
    }
  }
});

// Signing out takes what was written into forms off this machine; other windows hear of it and keep no more.
application.register("signout", class extends Stimulus.Controller {
  forget() {
    dispatchEvent(new Event("signout"));
    try {
      Object.keys(localStorage).filter((key) => key.startsWith("draft-")).forEach((key) => localStorage.removeItem(key));
      localStorage.setItem("signout", Date.now());
    } catch { /* nothing was kept */ }
  }
});
