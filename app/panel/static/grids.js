// Lines inside a form: add, remove and move by button or key, sums while one types. Without it the form offers a few
// empty lines, a box to remove and a number to order by.
"use strict";

application.register("grid", class extends Stimulus.Controller {
  static targets = ["body", "row", "pattern", "act", "plain", "total"];
  connect() {
    // Empty lines are for who has no script.
    this.rowTargets.filter((row) => this.isNew(row) && !this.isWritten(row)).forEach((row) => row.remove());
    this.made = 0;
    this.element.addEventListener("input", () => this.sum());
    this.number();
    this.sum();
  }
  actTargetConnected(button) { button.hidden = false; }
  plainTargetConnected(label) { label.hidden = true; }
  rowTargetConnected(row) {
    if (row.querySelector('input[name$=".remove"]:checked')) row.hidden = true;
  }
  add() {
    const fresh = this.further();
    setTimeout(() => fresh.querySelector("input:not([type=hidden]), select, textarea, .ts-control input")?.focus());
  }
  further() { return this.grow(`s${Date.now().toString(36)}${this.made++}`); }
  grow(token) {
    const fresh = this.patternTarget.content.firstElementChild.cloneNode(true);
    for (const name of ["id", "name", "for", "aria-describedby"]) {
      fresh.querySelectorAll(`[${name}]`).forEach((each) => {
        each.setAttribute(name, each.getAttribute(name).replace(".new.", `.${token}.`));
      });
    }
    this.bodyTarget.append(fresh);
    this.number();
    return fresh;
  }
  remove(event) {
    const row = event.target.closest("tr");
    const next = this.near(row, 1) ?? this.near(row, -1);
    const box = row.querySelector('input[name$=".remove"]');
    if (box) {
      box.checked = true;
      row.hidden = true;
    } else {
      row.remove();
    }
    (next?.querySelector('[data-action="grid#remove"]') ?? this.element.querySelector('[data-action="grid#add"]')).focus();
    this.number();
    this.sum();
  }
  up(event) { this.move(event.target.closest("tr"), -1, event.target.closest("button")); }
  down(event) { this.move(event.target.closest("tr"), 1, event.target.closest("button")); }
  key(event) {
    if (!event.altKey || !["ArrowUp", "ArrowDown"].includes(event.key)) return;
    if (!event.currentTarget.querySelector('[data-action="grid#up"]')) return;
    event.preventDefault();
    this.move(event.currentTarget, event.key === "ArrowUp" ? -1 : 1, document.activeElement);
  }
  move(row, step, focused) {
    const other = this.near(row, step);
    if (!other) return;
    // The neighbour goes round the row, so that what the row holds stays as it is.
    if (step < 0) row.after(other); else row.before(other);
    focused?.focus();
    this.number();
  }
  near(row, step) {
    const rows = this.rowTargets.filter((each) => !each.hidden);
    return rows[rows.indexOf(row) + step];
  }
  number() {
    this.rowTargets.filter((row) => !row.hidden).forEach((row, place) => {
      const position = row.querySelector('input[name$=".position"]');
      if (position) position.value = place + 1;
    });
  }
  sum() {
    for (const total of this.totalTargets) {
      let places = 0;
      const sum = this.rowTargets.filter((row) => !row.hidden).reduce((so, row) => {
        const written = row.querySelector(`[name$=".${total.dataset.field}"]`)?.value.replaceAll(",", "").trim() ?? "";
        if (!/^-?\d*\.?\d*$/.test(written) || !/\d/.test(written)) return so;
        places = Math.max(places, written.split(".")[1]?.length ?? 0);
        return so + Number(written);
      }, 0);
      const least = total.textContent.split(".")[1]?.length ?? 0;
      total.textContent = sum.toLocaleString("en", { minimumFractionDigits: Math.max(least, places), maximumFractionDigits: Math.max(least, places) });
    }
  }
  isNew(row) { return !row.querySelector('input[name$=".id"]'); }
  isWritten(row) {
    const pattern = this.patternTarget.content;
    return [...row.querySelectorAll("input, select, textarea")].some((each) => {
      if (!each.name || each.name.endsWith(".position")) return false;
      const field = each.name.split(".").pop();
      const first = pattern.querySelector(`[name$=".${field}"]`);
      return each.type === "checkbox" ? each.checked !== first?.hasAttribute("checked") : each.value !== (first?.value ?? "");
    }) || row.querySelector(".is-invalid, .invalid-feedback") !== null;
  }
});
