// A pad to sign on, by pen, finger or mouse, or by typing the name; what it shows is sent as a picture. Without this
// script, or for a signature that is a picture already, the plain input does.
"use strict";

const INK = "#102a56";

application.register("signature", class extends Stimulus.Controller {
  static values = { pad: String, clear: String, type: String };
  connect() {
    this.file = this.element.querySelector("input[type=file]");
    this.pad = Object.assign(document.createElement("canvas"), { className: "yx-pad", width: 900, height: 270 });
    this.pad.setAttribute("role", "img");
    this.pad.setAttribute("aria-label", this.padValue);
    this.pad.title = this.padValue;
    this.name = Object.assign(document.createElement("input"), { className: "form-control", type: "text", maxLength: 60, autocomplete: "off", placeholder: this.typeValue });
    this.name.setAttribute("aria-label", this.typeValue);
    const clear = Object.assign(document.createElement("button"), { className: "btn", type: "button", textContent: this.clearValue });
    this.tools = Object.assign(document.createElement("div"), { className: "yx-pad-tools" });
    this.tools.append(this.name, clear);
    this.element.prepend(this.pad, this.tools);
    this.pen = this.pad.getContext("2d");
    this.wipe();
    this.pad.addEventListener("pointerdown", (event) => this.begin(event));
    this.pad.addEventListener("pointermove", (event) => this.draw(event));
    for (const end of ["pointerup", "pointercancel"]) this.pad.addEventListener(end, () => this.end());
    this.name.addEventListener("input", () => this.write());
    clear.addEventListener("click", () => { this.name.value = ""; this.wipe(); });
  }
  disconnect() {
    this.pad.remove();
    this.tools.remove();
  }
  wipe() {
    this.file.value = "";
    Object.assign(this.pen, { fillStyle: "#fff", strokeStyle: INK, lineWidth: 5, lineCap: "round", lineJoin: "round" });
    this.pen.fillRect(0, 0, this.pad.width, this.pad.height);
  }
  place(event) {
    const box = this.pad.getBoundingClientRect();
    return [(event.clientX - box.left) * this.pad.width / box.width, (event.clientY - box.top) * this.pad.height / box.height];
  }
  begin(event) {
    event.preventDefault();
    this.pad.setPointerCapture(event.pointerId);
    this.drawing = true;
    this.pen.beginPath();
    this.pen.moveTo(...this.place(event));
  }
  draw(event) {
    if (!this.drawing) return;
    this.pen.lineTo(...this.place(event));
    this.pen.stroke();
  }
  end() {
    if (!this.drawing) return;
    this.drawing = false;
    this.keep();
  }
  write() {
    this.wipe();
    const name = this.name.value.trim();
    if (!name) return;
    Object.assign(this.pen, { fillStyle: INK, font: "italic 90px cursive", textBaseline: "middle" });
    this.pen.fillText(name, 40, this.pad.height / 2, this.pad.width - 80);
    this.keep();
  }
  keep() {
    // At once, for the form may be sent in the next moment.
    const bytes = Uint8Array.from(atob(this.pad.toDataURL("image/png").split(",")[1]), (letter) => letter.charCodeAt(0));
    const held = new DataTransfer();
    held.items.add(new File([bytes], "signature.png", { type: "image/png" }));
    this.file.files = held.files;
  }
});
