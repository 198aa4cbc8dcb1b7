// The renewal desk: an outcome by its key, a price or a day by one press. Without it all of them are chosen and typed.
"use strict";

// What is filled in for somebody is told like what is typed: drafts and conditions listen.
const tell = (control, kind) => control.dispatchEvent(new Event(kind, { bubbles: true }));

application.register("desk", class extends Stimulus.Controller {
  static targets = ["outcome", "act"];
  actTargetConnected(button) { button.hidden = false; }
  key(event) {
    if (!singleKey(event) || event.shiftKey || !/^[1-9]$/.test(event.key)) return;
    const box = this.outcomeTargets[event.key - 1];
    if (!box) return;
    event.preventDefault();
    this.choose(box);
    box.focus();
  }
  choose(box) {
    box.checked = true;
    tell(box, "change");
  }
  fill(name, value) {
    const control = this.element.elements.namedItem(name);
    control.value = value;
    tell(control, "input");
    control.focus();
  }
  day({ currentTarget }) { this.fill("next_contact_on", currentTarget.dataset.day); }
  agree(premium) {
    this.choose(this.outcomeTargets.find((each) => each.value === "agree"));
    this.fill("offered_premium", premium);
  }
});

// The price of a plan, taken over into the form; nothing typed there is lost by it.
application.register("desk-offer", class extends Stimulus.Controller {
  take(event) {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    application.getControllerForElementAndIdentifier(document.getElementById("outcome"), "desk").agree(this.element.dataset.premium);
  }
});
