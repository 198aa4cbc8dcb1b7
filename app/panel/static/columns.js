// The columns of a list. Without it they are chosen, but not put into another order.
"use strict";

// Each column moves up and down; the address has them together, in their order.
application.register("columns", class extends Stimulus.Controller {
  static targets = ["list", "lead"];
  static values = { up: String, down: String };
  connect() { this.element.addEventListener("toggle", () => this.enhance(), { once: true }); }
  enhance() {
    for (const item of this.listTarget.children) {
      const label = item.textContent.trim();
      item.append(this.button("↑", this.upValue.replace("…", label), -1), this.button("↓", this.downValue.replace("…", label), 1));
    }
  }
  button(sign, label, by) {
    const made = Object.assign(document.createElement("button"), { type: "button", className: "btn btn-sm btn-icon", textContent: sign, ariaLabel: label });
    made.addEventListener("click", () => this.move(made, by));
    return made;
  }
  move(button, by) {
    const item = button.closest("li"), other = by < 0 ? item.previousElementSibling : item.nextElementSibling;
    if (!other) return;
    other[by < 0 ? "before" : "after"](item);
    button.focus();
  }
  join(event) {
    const form = event.target, boxes = [...this.listTarget.querySelectorAll("[name=columns]")];
    const joined = Object.assign(document.createElement("input"), { type: "hidden", name: "columns" });
    joined.value = boxes.filter((box) => box.checked).map((box) => box.value).join(",");
    const open = boxes.filter((box) => !box.disabled);
    open.forEach((box) => { box.disabled = true; });
    form.append(joined);
    setTimeout(() => { open.forEach((box) => { box.disabled = false; }); joined.remove(); });
  }
});
