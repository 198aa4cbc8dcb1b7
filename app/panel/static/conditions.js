// What a form shows and needs under conditions, as the server decides it: mirrored here while one types.
"use strict";

const conditions = {
  is: (value, field, ...wanted) => wanted.includes(value(field)),
  given: (value, field) => value(field) !== "",
  not: (value, part) => !holds(part, value),
  all: (value, ...parts) => parts.every((part) => holds(part, value)),
  any: (value, ...parts) => parts.some((part) => holds(part, value)),
};

function holds([how, ...rest], value) {
  return conditions[how](value, ...rest);
}

application.register("conditions", class extends Stimulus.Controller {
  static values = { known: Object };
  connect() {
    this.form = this.element.form ?? this.element.closest("form");
    this.mirror = () => this.show();
    this.form.addEventListener("input", this.mirror);
    this.form.addEventListener("change", this.mirror);
    this.show();
  }
  disconnect() {
    this.form.removeEventListener("input", this.mirror);
    this.form.removeEventListener("change", this.mirror);
  }
  value(field) {
    const control = this.form.elements.namedItem(field);
    if (control === null) return this.knownValue[field] ?? "";
    if (control.closest?.("[hidden]")) return "";
    const [chosen] = this.form.elements.namedItem(`file-${field}`)?.files ?? [];
    if (chosen) return chosen.name;
    if (this.form.elements.namedItem(`drop-${field}`)?.checked) return "";
    if (control.type === "checkbox") return control.checked ? "yes" : "no";
    return control.value.trim();
  }
  show() {
    const value = (field) => this.value(field);
    for (const box of this.form.querySelectorAll("[data-shown-if]")) {
      box.hidden = !holds(JSON.parse(box.dataset.shownIf), value);
    }
    for (const box of this.form.querySelectorAll("[data-required-if]")) {
      const needed = holds(JSON.parse(box.dataset.requiredIf), value);
      box.querySelector("label")?.classList.toggle("required", needed);
      const kept = box.querySelector("[name^='drop-']");
      for (const control of box.querySelectorAll("[name]")) control.required = needed && control !== kept;
      if (kept) box.querySelector("[name^='file-']").required = needed && kept.checked;
    }
  }
});
