// Editing where a value stands in a list. Without it a row is edited on its own page.
"use strict";

// Each cell that may be edited has a pencil, seen where the pointer or the focus is. Together they are one stop of the
// tab key; arrows go from one to the next, Enter opens the editor, Enter saves, Escape leaves. What may be edited is
// marked once, at the heads of the columns and at the rows; the server is asked for each cell.
application.register("cells", class extends Stimulus.Controller {
  static targets = ["pencil", "told"];
  static values = { url: String, edit: String, saved: String, failed: String };
  connect() {
    this.table = this.element.querySelector("table");
    this.heads = [...this.table.querySelectorAll("thead th")].map((head) => ({ name: head.dataset.edit, label: head.textContent.trim() }));
    this.before = new WeakMap();
    for (const row of this.rows) this.dress(row);
    this.stop(this.element.querySelector("td > .yx-pencil"));
  }
  get rows() { return [...this.table.tBodies[0].rows]; }

  dress(row) {
    const title = row.querySelector(".yx-title")?.textContent.trim() ?? "";
    for (const cell of [...row.cells].filter((each) => this.editable(each))) {
      const pencil = this.pencilTarget.content.firstElementChild.cloneNode(true);
      pencil.setAttribute("aria-label", `${this.editValue.replace("…", this.heads[cell.cellIndex].label)}, ${title}`);
      cell.append(pencil);
    }
  }
  editable(cell) { return Boolean(cell.parentElement.dataset.row && this.heads[cell.cellIndex].name !== undefined); }
  stop(pencil) {
    if (this.here) this.here.tabIndex = -1;
    this.here = pencil;
    if (pencil) pencil.tabIndex = 0;
  }
  go(cell) {
    const pencil = cell?.querySelector(".yx-pencil");
    if (!pencil) return;
    this.stop(pencil);
    pencil.focus();
  }

  focused(event) { if (event.target.matches(".yx-pencil")) this.stop(event.target); }
  move(event) {
    if (!event.target.matches(".yx-pencil") || event.altKey || event.ctrlKey || event.metaKey) return;
    const cell = event.target.closest("td"), row = cell.parentElement, at = cell.cellIndex;
    const open = (cells) => cells.find((each) => each?.querySelector(".yx-pencil"));
    const before = (list, one) => list.slice(0, list.indexOf(one)).reverse();
    const after = (list, one) => list.slice(list.indexOf(one) + 1);
    const cells = [...row.cells];
    const to = {
      ArrowRight: () => open(after(cells, cell)),
      ArrowLeft: () => open(before(cells, cell)),
      ArrowDown: () => open(after(this.rows, row).map((each) => each.cells[at])),
      ArrowUp: () => open(before(this.rows, row).map((each) => each.cells[at])),
      Home: () => open(cells),
      End: () => open(cells.reverse()),
    }[event.key];
    if (!to && event.key !== "F2") return;
    event.preventDefault();
    if (to) this.go(to());
    else this.ask(cell);
  }

  open(event) { this.ask(event.target.closest("td")); }
  openTwice(event) {
    const cell = event.target.closest("tbody td");
    if (cell && this.editable(cell) && !event.target.closest("a, button, input, form")) this.ask(cell);
  }
  async ask(cell) {
    const row = cell.parentElement, other = row.querySelector("form.yx-cell");
    this.element.querySelectorAll(".yx-cell-refused").forEach((each) => { if (!each.closest("form")) each.remove(); });
    if (other && (other.closest("td") === cell || this.written(other))) { this.enter(other); return; }
    if (other) this.close(other.closest("td"));
    if (cell.ariaBusy === "true") return;
    cell.ariaBusy = "true";
    const url = `${this.urlValue}${row.dataset.row}/cell/${this.heads[cell.cellIndex].name}${location.search}`;
    const [, found] = await this.fetched(url);
    cell.ariaBusy = null;
    const form = found?.querySelector("form.yx-cell");
    if (!form) { this.refuse(cell, found); return; }
    this.before.set(cell, [...cell.childNodes]);
    cell.replaceChildren(form);
    cell.classList.add("yx-editing");
    form.dataset.first = this.content(form);
    this.enter(form);
  }
  async fetched(url, sent = {}) {
    try {
      const answer = await fetch(url, { redirect: "error", ...sent });
      return [answer.ok, new DOMParser().parseFromString(await answer.text(), "text/html")];
    } catch { return [false, null]; }
  }
  refuse(cell, found) {
    const said = found?.querySelector(".yx-cell-refused") ?? document.createElement("p");
    if (!said.textContent) Object.assign(said, { className: "yx-cell-refused", role: "alert", textContent: this.failedValue });
    cell.querySelector(".yx-cell-refused")?.remove();
    cell.append(said);
  }
  enter(form) {
    // A picker shows its own input as soon as it is connected.
    requestAnimationFrame(() => {
      const into = form.querySelector(".ts-control input, :is(input, select, textarea):not([type=hidden], .tomselected)");
      into?.focus();
      if (into?.matches("input:not([type=checkbox], [type=radio]), textarea")) into.select();
    });
  }
  content(form) { return new URLSearchParams(new FormData(form)).toString(); }
  written(form) { return this.content(form) !== form.dataset.first; }

  key(event) {
    event.stopPropagation();
    if (event.defaultPrevented || event.isComposing) return;
    const into = event.target;
    if (event.key === "Escape") { event.preventDefault(); this.leave(event); }
    if (event.key !== "Enter" || into.tagName === "BUTTON" || (into.tagName === "TEXTAREA" && !event.ctrlKey)) return;
    event.preventDefault();
    into.form?.requestSubmit();
  }
  leave(event) {
    const cell = event.target.closest("td");
    this.close(cell);
    this.go(cell);
  }
  close(cell) {
    cell.replaceChildren(...(this.before.get(cell) ?? []));
    cell.classList.remove("yx-editing");
  }
  async save(event) {
    event.preventDefault();
    const form = event.target, cell = form.closest("td");
    if (form.ariaBusy === "true") return;
    form.ariaBusy = "true";
    const [ok, found] = await this.fetched(form.action, { method: "POST", body: new FormData(form) });
    form.ariaBusy = null;
    const again = found?.querySelector("form.yx-cell");
    if (ok) this.replace(cell, found.querySelector("tbody tr"));
    else if (again) {
      again.dataset.first = form.dataset.first;
      form.replaceWith(again);
      this.enter(again);
    } else this.refuse(cell, found);
  }
  replace(cell, fresh) {
    const row = cell.parentElement, at = cell.cellIndex, chosen = row.querySelector("[name=row]")?.checked;
    this.toldTarget.textContent = this.savedValue;
    if (!fresh) { row.remove(); return; }
    row.replaceWith(fresh);
    const box = fresh.querySelector("[name=row]");
    if (box) box.checked = chosen;
    this.dress(fresh);
    this.go(fresh.cells[at]);
  }
});
