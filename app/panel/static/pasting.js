// A block of a spreadsheet pasted into a line fills to the right and down. Without it cells are pasted one by one.
"use strict";

// The cells of a block; one with line breaks or quotes in it stands in quotes, as spreadsheets copy it.
const CELL = /(?:"((?:[^"]|"")*)"(?=[\t\n]|$)|([^\t\n]*))(\t|\n|$)/gy;
function blockOf(text) {
  const rows = [[]];
  for (const [, quoted, plain, end] of text.replace(/\r\n?/g, "\n").replace(/\n$/, "").matchAll(CELL)) {
    rows.at(-1).push(quoted?.replaceAll('""', '"') ?? plain);
    if (!end) break;
    if (end === "\n") rows.push([]);
  }
  return rows;
}

application.register("pasting", class extends Stimulus.Controller {
  static targets = ["told", "undo"];
  static values = { url: String, most: Number, reading: String, placed: String, lost: String, beyond: String, full: String, failed: String };
  connect() {
    this.listening = new AbortController();
    const { signal } = this.listening;
    this.element.addEventListener("paste", (event) => this.paste(event), { signal });
    this.element.addEventListener("keydown", (event) => this.key(event), { signal });
    // What is typed after it has its own way back, which is the browser's.
    this.element.addEventListener("input", (event) => { if (event.isTrusted) this.newest = false; }, { signal });
  }
  disconnect() { this.listening.abort(); }

  get grid() { return application.getControllerForElementAndIdentifier(this.element, "grid"); }
  get checks() { return application.getControllerForElementAndIdentifier(this.element.closest("form"), "checking"); }
  get lines() { return this.grid.rowTargets.filter((row) => !row.hidden); }

  paste(event) {
    const text = event.clipboardData?.getData("text/plain") ?? "", cell = event.target.closest("tbody td:not(.yx-acts)");
    const block = blockOf(text);
    const many = block.some((row) => row.length > 1) || (block.length > 1 && event.target.localName !== "textarea");
    if (!cell || !many || this.busy) return;
    event.preventDefault();
    this.place(block, this.lines.indexOf(cell.parentElement), cell.cellIndex);
  }
  async place(block, top, left) {
    const heads = [...this.element.querySelectorAll("thead th[data-field]")].slice(left);
    const room = this.mostValue - top, lost = [];
    block.forEach((row, at) => row.forEach((value, column) => {
      if (!value.trim()) return;
      if (at >= room) lost.push([value, this.fullValue]);
      else if (column >= heads.length) lost.push([value, this.beyondValue]);
    }));
    this.say(this.readingValue);
    this.busy = true;
    const sent = block.slice(0, room).map((row) => row.slice(0, heads.length));
    const read = await this.ask(heads.map((head) => head.dataset.field), sent);
    this.busy = false;
    if (!read) { this.say(this.failedValue, [], "alert-danger"); return; }
    const act = { before: [], added: [], named: [] };
    for (let missing = top + sent.length - this.lines.length; missing > 0; missing -= 1) act.added.push(this.grid.further());
    await new Promise((done) => setTimeout(done)); // pickers of new lines stand by then
    let count = 0;
    sent.forEach((row, at) => row.forEach((value, column) => {
      const cell = this.lines[top + at].cells[left + column], answer = read[at][column];
      if (this.put(cell, value, answer, act)) count += 1;
      else if (value.trim()) lost.push([value, heads[column].textContent.trim(), answer.problem]);
    }));
    this.last = act;
    this.newest = true;
    this.undoTarget.hidden = false;
    this.grid.sum();
    this.say(this.placedValue.replace("{count}", count), lost);
  }
  async ask(fields, rows) {
    const token = document.querySelector("meta[name=csrf-token]").content;
    const headers = { "Content-Type": "application/json", "X-CSRFToken": token };
    try {
      const answer = await fetch(this.urlValue, { method: "POST", headers, body: JSON.stringify({ fields, rows }), redirect: "error" });
      return answer.ok ? (await answer.json()).rows : null;
    } catch { return null; }
  }

  // What stands in a cell: its controls, and what they hold.
  controls(cell) { return [...cell.querySelectorAll("input:not([type=hidden], [type=file]), select, textarea")].filter((each) => each.name && !each.disabled); }
  held(control) {
    const picker = pickerOf(control);
    if (picker) return [picker.items].flat().map((value) => [value, picker.options[value]?.text ?? value]);
    return control.type === "checkbox" ? control.checked : control.value;
  }
  hold(control, value) {
    const picker = pickerOf(control);
    if (picker) {
      value.forEach(([key, text]) => picker.addOption({ value: key, text }));
      picker.setValue(value.map(([key]) => key), true);
    } else if (control.type === "checkbox") control.checked = value;
    else control.value = value;
    control.dispatchEvent(new Event(control.localName === "select" ? "change" : "input", { bubbles: true }));
  }
  // Whether the cell holds what was pasted, right or wrong; what is wrong is said beside it.
  put(cell, raw, { value, chosen, problem }, act) {
    const controls = this.controls(cell), [first] = controls;
    if (!first) return false;
    const free = first.localName === "textarea" || (first.localName === "input" && !["checkbox", "date", "datetime-local", "month"].includes(first.type));
    act.named.push(first.name);
    if (problem === undefined || free) {
      act.before.push(...controls.map((each) => [each, this.held(each)]));
      if (pickerOf(first)) this.hold(first, chosen);
      else if (first.type === "checkbox") {
        const on = value.split(",");
        controls.forEach((each) => this.hold(each, on.includes(each.value)));
      } else this.hold(first, problem === undefined ? value : raw);
    }
    this.checks?.show(first.name, problem === undefined ? "" : free ? problem : `${raw}: ${problem}`);
    return problem === undefined || free;
  }

  key(event) {
    if (!(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey || event.key.toLowerCase() !== "z" || !this.newest) return;
    event.preventDefault();
    this.takeBack();
  }
  takeBack() {
    if (!this.last) return;
    const { before, added, named } = this.last, [kept] = before.filter(([control]) => !added.some((row) => row.contains(control)));
    named.forEach((name) => this.checks?.show(name, ""));
    before.reverse().forEach(([control, value]) => { if (control.isConnected) this.hold(control, value); });
    added.forEach((row) => row.remove());
    this.last = this.newest = null;
    this.undoTarget.hidden = true;
    this.grid.number();
    this.grid.sum();
    this.say("");
    const back = kept?.[0].tomselect?.control_input ?? kept?.[0] ?? this.element.querySelector('[data-action="grid#add"]');
    back.focus();
  }
  say(text, lost = [], tone = "alert-info") {
    this.toldTarget.replaceChildren();
    if (!text) return;
    const box = Object.assign(document.createElement("div"), { className: `alert ${lost.length ? "alert-warning" : tone} d-block mt-2 mb-0`, textContent: text });
    const list = Object.assign(document.createElement("ul"), { className: "mb-0" });
    for (const [value, field, problem] of lost) {
      const said = this.lostValue.replace("{field}", () => field).replace("{value}", () => value);
      list.append(Object.assign(document.createElement("li"), { textContent: problem ? `${said}: ${problem}` : said }));
    }
    if (lost.length) box.append(list);
    this.toldTarget.append(box);
  }
});
