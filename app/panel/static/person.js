// What is there for the person on every page: the list of keys, and the tour for newcomers.
"use strict";

application.register("keys", class extends Stimulus.Controller {
  static targets = ["dialog"];
  static values = { url: String, page: String };
  press(event) {
    if (event.key !== "?" || !singleKey(event)) return;
    event.preventDefault();
    this.open();
  }
  // The list is asked for when it is first wanted. Who is signed out meanwhile is led to the page that says the same.
  async open(event) {
    // From the menu, which closes: what the menu hangs on gets the focus back.
    event?.currentTarget.closest(".dropdown").querySelector("[data-bs-toggle]").focus();
    if (!this.dialogTarget.hasChildNodes()) {
      const back = new URLSearchParams({ next: location.pathname + location.search });
      const answer = await fetch(`${this.urlValue}?${back}`, { redirect: "error" }).catch(() => null);
      if (!answer?.ok) { location.assign(this.pageValue); return; }
      this.dialogTarget.append(...new DOMParser().parseFromString(await answer.text(), "text/html").body.children);
    }
    if (!this.dialogTarget.open) this.dialogTarget.showModal();
  }
  close() { this.dialogTarget.close(); }
  click(event) { if (event.target === this.dialogTarget) this.close(); }
});

// The tour: a dialog that says what is where, and marks it. However it ends, it does not begin by itself again.
application.register("tour", class extends Stimulus.Controller {
  static targets = ["step", "back", "next", "end"];
  static values = { url: String };
  connect() {
    this.element.showModal();
    this.show(0);
  }
  disconnect() { this.mark(null); }
  show(at) {
    this.at = at;
    this.stepTargets.forEach((step, place) => { step.hidden = place !== at; });
    const last = at === this.stepTargets.length - 1;
    this.backTarget.hidden = at === 0;
    this.nextTarget.hidden = last;
    this.endTarget.hidden = !last;
    const step = this.stepTargets[at];
    this.element.setAttribute("aria-labelledby", step.querySelector("h2").id);
    this.mark([...document.querySelectorAll(step.dataset.marks)].find((each) => each.checkVisibility()) ?? null);
    step.querySelector("h2").focus();
  }
  next() { this.show(this.at + 1); }
  back() { this.show(this.at - 1); }
  end() { this.element.close(); }
  async over() {
    this.mark(null);
    history.replaceState(null, "", location.pathname);
    const token = document.querySelector("meta[name=csrf-token]").content;
    await fetch(this.urlValue, { method: "POST", headers: { "X-CSRFToken": token }, redirect: "error" }).catch(() => { /* it is offered once more */ });
  }
  mark(place) {
    this.marked?.classList.remove("yx-toured");
    this.marked = place;
    place?.classList.add("yx-toured");
    place?.scrollIntoView({ block: "nearest" });
  }
});
