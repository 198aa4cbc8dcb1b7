// Forms of rows: nothing that was typed is lost by leaving, by a closed window or by a session that ends.
"use strict";

const WEEK = 7 * 24 * 3600 * 1000;

// What is written is kept on this machine, by person and form. A form that was sent is saved when the next page says so;
// only then is its draft of no use any more.
const drafts = {
  read(key) {
    try {
      const draft = JSON.parse(localStorage.getItem(key));
      return draft && typeof draft.cells === "object" && Date.now() - draft.at < WEEK ? draft : null;
    } catch { return null; }
  },
  write(key, draft) { try { localStorage.setItem(key, JSON.stringify(draft)); } catch { /* none is kept */ } },
  drop(key) { try { localStorage.removeItem(key); } catch { /* none was kept */ } },
  // Those of whoever sat here before, and what nobody came back for.
  sweep(mine) {
    try {
      for (const key of Object.keys(localStorage).filter((each) => each.startsWith("draft-"))) {
        if (!key.startsWith(mine) || !this.read(key)) this.drop(key);
      }
    } catch { /* none is kept */ }
  },
  sent(key) { try { sessionStorage.setItem("sent", key); } catch { /* it is offered once too often */ } },
  settle() {
    try {
      const key = sessionStorage.getItem("sent");
      sessionStorage.removeItem("sent");
      if (key && document.querySelector("[data-saved]")) this.drop(key);
    } catch { /* none was kept */ }
  },
};
drafts.settle();

application.register("unsaved", class extends Stimulus.Controller {
  static targets = ["offer", "said", "save"];
  static values = { person: String };

  connect() {
    const mine = `draft-${this.personValue}-`;
    const address = new URL(this.element.action, location.href);
    for (const name of ["from", "pick"]) address.searchParams.delete(name);
    this.key = this.personValue && `${mine}${address.pathname}${address.search}`;
    if (this.key) drafts.sweep(mine);
    this.typed = "typed" in this.offerTarget.dataset;
    this.listening = new AbortController();
    const { signal } = this.listening;
    const on = (target, kind, how) => target.addEventListener(kind, (event) => this[how](event), { signal });
    for (const kind of ["input", "change"]) on(this.element, kind, "write");
    on(this.element, "submit", "send");
    on(document, "click", "away");
    const heard = { keydown: "press", beforeunload: "warn", pagehide: "keep", pageshow: "back", storage: "others", signout: "forget" };
    for (const [kind, how] of Object.entries(heard)) on(window, kind, how);
    // When pickers and lines stand as they will stand.
    this.ready = setTimeout(() => this.begin());
  }
  disconnect() {
    clearTimeout(this.ready);
    clearTimeout(this.timer);
    this.listening.abort();
  }
  begin() {
    this.first = this.state();
    if (this.typed) { this.focusFault(); return; }
    const draft = this.key && drafts.read(this.key);
    if (!draft) return;
    this.draft = draft;
    const at = new Date(draft.at), tag = document.documentElement.lang;
    const today = at.toDateString() === new Date().toDateString();
    const time = at.toLocaleString(tag, { ...(today ? {} : { month: "short", day: "numeric" }), hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
    this.saidTarget.textContent = this.saidTarget.textContent.replace("{time}", time);
    this.offerTarget.hidden = false;
  }

  // What stands in the form by name: values, and the words of what was chosen.
  state(wanted = () => true) {
    const found = {};
    for (const control of this.element.elements) {
      if (!control.name || control.name === "csrf_token" || control.disabled || !wanted(control)) continue;
      const cell = found[control.name] ??= [];
      if (control.type === "file") cell.push(...[...control.files].map((file) => [`${file.name} ${file.size}`]));
      else if (control.type === "checkbox" || control.type === "radio") { if (control.checked) cell.push([control.value]); }
      else if (control.localName === "select") cell.push(...[...control.selectedOptions].filter((each) => each.value).map((each) => [each.value, each.text]));
      else if (control.value) cell.push([control.value]);
    }
    return found;
  }
  // Only what the page says may be kept, and how lines stand.
  keeps(control) {
    if (["hidden", "file", "password"].includes(control.type)) return /\.position$/.test(control.name);
    return Boolean(control.closest("[data-draft]")) || /\.(remove|position)$/.test(control.name);
  }
  changes(now) {
    const before = this.typed ? {} : this.first;
    const same = (name) => JSON.stringify(now[name] ?? []) === JSON.stringify(before[name] ?? []);
    const changed = Object.keys({ ...before, ...now }).filter((name) => !same(name));
    // A choice that only says which questions stand there is nothing written by itself.
    if (changed.every((name) => this.element.querySelector(`[data-aside] [name="${CSS.escape(name)}"]`))) return {};
    return Object.fromEntries(changed.map((name) => [name, now[name] ?? []]));
  }
  // What the page itself renews in the form is nothing anybody wrote.
  renew(change) {
    const written = this.first ? this.changes(this.state()) : {};
    change();
    for (const [name, cell] of Object.entries(this.first ? this.state() : {})) if (!(name in written)) this.first[name] = cell;
  }
  get dirty() {
    return Boolean(this.first) && !this.sending && (this.typed || Object.keys(this.changes(this.state())).length > 0);
  }

  write() {
    if (!this.first || !this.key) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.keep(), 400);
  }
  keep() {
    if (!this.timer || !this.key) return;
    clearTimeout(this.timer);
    this.timer = 0;
    const kept = this.state((control) => this.keeps(control));
    const cells = Object.fromEntries(Object.entries(this.changes(this.state())).filter(([name]) => name in kept).map(([name]) => [name, kept[name]]));
    if (Object.keys(cells).length === 0) { drafts.drop(this.key); return; }
    const marks = {};
    for (const control of this.element.elements) {
      const [line, token] = control.name.split(".");
      const touched = Object.keys(cells).some((name) => name.startsWith(`${line}.${token}.`));
      if (/^(version|seen)$/.test(control.name) || (touched && /\.version$/.test(control.name))) marks[control.name] = control.value;
    }
    drafts.write(this.key, { at: Date.now(), cells, marks });
  }

  // A row saved by somebody else meanwhile is told from what was written by the version it was written on.
  restore() {
    const { cells, marks } = this.draft;
    for (const name of Object.keys(cells)) this.makeRoom(name);
    setTimeout(() => {
      for (const [name, value] of Object.entries(marks ?? {})) {
        const control = this.element.elements.namedItem(name);
        if (control?.type === "hidden") control.value = value;
      }
      const touched = Object.entries(cells).flatMap(([name, cell]) => this.put(name, cell));
      touched.forEach((control) => control.dispatchEvent(new Event(control.localName === "select" ? "change" : "input", { bubbles: true })));
      const [first] = touched.filter((control) => !control.closest("[hidden]"));
      (first && pickerOf(first) ? this.saveTarget : first)?.focus();
    });
    this.offerTarget.hidden = true;
  }
  makeRoom(name) {
    const [line, token, cell] = name.split(".");
    if (!cell || /^\d+$/.test(token) || this.element.querySelector(`[name^="${CSS.escape(`${line}.${token}.`)}"]`)) return;
    const grid = document.getElementById(line);
    if (grid) application.getControllerForElementAndIdentifier(grid, "grid")?.grow(token);
  }
  put(name, cell) {
    const values = cell.map(([value]) => value);
    const controls = [...this.element.elements].filter((each) => each.name === name && this.keeps(each));
    for (const control of controls) {
      const picker = pickerOf(control);
      if (picker) {
        cell.forEach(([value, text]) => picker.addOption({ value, text }));
        picker.setValue(control.multiple ? values : values[0] ?? "", true);
      } else if (control.type === "checkbox" || control.type === "radio") control.checked = values.includes(control.value);
      else control.value = values[0] ?? "";
    }
    return controls;
  }
  drop() {
    drafts.drop(this.key);
    this.offerTarget.hidden = true;
    this.element.querySelector("[data-draft] :is(input, select, textarea)")?.focus();
  }
  others(event) { if (event.key === "signout") this.forget(); }
  forget() {
    clearTimeout(this.timer);
    this.key = this.timer = 0;
    this.offerTarget.hidden = true;
  }

  warn(event) {
    this.keep();
    if (!this.leaving && this.dirty) event.preventDefault();
  }
  away(event) {
    const link = event.target.closest?.("a[href]");
    if (!link || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey || link.target) return;
    if (link.hash && link.href.split("#")[0] === location.href.split("#")[0]) return;
    this.keep();
    if (!this.dirty) return;
    if (!confirm(this.offerTarget.dataset.question)) { event.preventDefault(); return; }
    this.leaving = true;
    setTimeout(() => { this.leaving = false; }, 3000);
  }
  send(event) {
    if (event.defaultPrevented) return;
    this.keep();
    this.sending = true;
    if (this.key) drafts.sent(this.key);
  }
  back() { this.sending = false; }

  // Ctrl+S anywhere, save in another form; Ctrl+Enter within the form alone.
  press(event) {
    if (!(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey || event.isComposing) return;
    const form = event.target.closest?.("form");
    const called = event.key.toLowerCase() === "s" ? !form || form === this.element : event.key === "Enter" && form === this.element;
    if (!called || document.querySelector("dialog[open]")) return;
    event.preventDefault();
    this.element.requestSubmit(this.saveTarget);
  }

  focusFault() {
    const fault = this.element.querySelector('[aria-invalid="true"], .is-invalid:not(.ts-wrapper)');
    const picker = fault && pickerOf(fault);
    if (!picker) { fault?.focus(); return; }
    picker.settings.openOnFocus = false;
    picker.focus();
    setTimeout(() => { picker.settings.openOnFocus = true; });
  }
});

// What is wrong with a field, said as it is left: by the server, as it would say it when the form is sent.
application.register("checking", class extends Stimulus.Controller {
  static values = { url: String };
  connect() {
    this.touched = new Set();
    this.due = new Set();
    this.listening = new AbortController();
    const { signal } = this.listening;
    for (const kind of ["input", "change"]) this.element.addEventListener(kind, (event) => { if (event.target.name) this.touched.add(event.target.name); }, { signal });
    this.element.addEventListener("focusout", (event) => this.left(event), { signal });
    this.element.addEventListener("submit", () => this.asking?.abort(), { signal });
  }
  disconnect() {
    this.listening.abort();
    this.asking?.abort();
  }
  left(event) {
    const control = event.target.closest(".ts-wrapper")?.parentElement.querySelector("select.tomselected") ?? event.target;
    // Another window has the focus, or what comes next is to send the form or to leave it.
    if (document.activeElement === event.target || event.relatedTarget?.closest(".yx-actions")) return;
    if (!control.name || control.type === "file" || !this.touched.delete(control.name)) return;
    if (!control.value && !this.problemOf(control.name)) return;
    this.due.add(control.name);
    this.ask();
  }
  async ask() {
    this.asking?.abort();
    const { signal } = this.asking = new AbortController();
    const url = new URL(this.urlValue, location.href), names = [...this.due];
    for (const name of names) url.searchParams.append("of", name);
    const body = new URLSearchParams([...new FormData(this.element)].filter(([, value]) => typeof value === "string"));
    try {
      const answer = await fetch(url, { method: "POST", body, signal, redirect: "error" });
      if (!answer.ok) return;
      const { problems } = await answer.json();
      for (const name of names) {
        this.due.delete(name);
        if (name in problems) this.show(name, problems[name]);
      }
    } catch { /* sending the form tells */ }
  }
  problemOf(name) { return document.getElementById(`i-${name}-problem`); }
  show(name, problem) {
    const controls = [...this.element.elements].filter((each) => each.name === name && each.type !== "hidden");
    const box = controls[0]?.closest(".mb-3"), id = `i-${name}-problem`;
    if (!box) return;
    let said = this.problemOf(name);
    if (problem && !said) {
      said = Object.assign(document.createElement("div"), { className: "invalid-feedback d-block", id, role: "status" });
      box.append(said);
    }
    if (said && said.textContent !== problem) said.textContent = problem;
    if (!problem) said?.remove();
    for (const control of controls) {
      const heard = pickerOf(control)?.control_input ?? control;
      control.classList.toggle("is-invalid", Boolean(problem));
      pickerOf(control)?.wrapper.classList.toggle("is-invalid", Boolean(problem));
      const others = (heard.getAttribute("aria-describedby") ?? "").split(" ").filter((each) => each && each !== id);
      const described = problem ? [...others, id] : others;
      if (described.length) heard.setAttribute("aria-describedby", described.join(" ")); else heard.removeAttribute("aria-describedby");
      if (problem) heard.setAttribute("aria-invalid", "true"); else heard.removeAttribute("aria-invalid");
    }
  }
});

// From row to row of the list a page was opened from: j and k, where nobody is writing.
application.register("neighbours", class extends Stimulus.Controller {
  press(event) {
    if (!singleKey(event) || event.shiftKey) return;
    const link = { k: "prev", j: "next" }[event.key];
    if (link) this.element.querySelector(`a[rel=${link}]`)?.click();
  }
});

// What is missing among the rows to choose from is added in a window of its own, which tells here what it has added.
application.register("adding", class extends Stimulus.Controller {
  disconnect() { this.channel?.close(); }
  open(event) {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    const token = [...crypto.getRandomValues(new Uint32Array(4))].map((each) => each.toString(36)).join("");
    const url = new URL(event.currentTarget.href);
    url.searchParams.set("pick", token);
    const tab = window.open(url, "_blank");
    if (!tab) return;
    event.preventDefault();
    this.channel?.close();
    this.channel = new BroadcastChannel(`pick-${token}`);
    this.channel.onmessage = ({ data: { value, text } }) => {
      this.channel.close();
      const picker = pickerOf(this.element.querySelector("select"));
      picker.addOption({ value, text });
      picker.addItem(value);
      tab.close();
      window.focus();
      this.element.querySelector("a").focus();
    };
  }
});
application.register("added", class extends Stimulus.Controller {
  static values = { channel: String, row: String, title: String };
  connect() {
    const channel = new BroadcastChannel(`pick-${this.channelValue}`);
    channel.postMessage({ value: this.rowValue, text: this.titleValue });
    channel.close();
  }
});
