// A row beside its list. Without it a row opens on its own page, as it does on a phone.
"use strict";

// One button goes with the pointer and the focus from row to row; the space bar on a row's link does the same. What is
// shown is a part of the row's page, in a dialog: Escape closes it, and the focus is on the link of the row shown last.
application.register("beside", class extends Stimulus.Controller {
  static targets = ["button", "dialog", "body", "told"];
  static values = { failed: String };
  connect() {
    this.button = this.buttonTarget.content.firstElementChild.cloneNode(true);
    this.narrow = matchMedia("(max-width: 767.98px)");
  }
  disconnect() {
    this.button.remove();
    if (this.dialogTarget.open) this.dialogTarget.close();
  }
  get links() { return [...this.element.querySelectorAll(".yx-table tbody .yx-title")]; }

  near(event) {
    const row = event.target.closest?.(".yx-table tbody tr"), link = row?.querySelector(".yx-title");
    if (!link || link === this.link || this.narrow.matches || this.dialogTarget.open) return;
    if (event.type === "pointerover" && this.button === document.activeElement) return;
    this.link = link;
    link.after(this.button);
  }
  key(event) {
    if (event.key !== " " || !event.target.matches?.(".yx-title") || this.narrow.matches) return;
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    event.preventDefault();
    this.link = event.target;
    this.open();
  }
  open() {
    this.told = false;
    this.toldTarget.textContent = "";
    this.bodyTarget.replaceChildren();
    this.dialogTarget.showModal();
    this.show(this.link);
  }
  async show(link) {
    this.shown = link;
    this.asking?.abort();
    const asking = this.asking = new AbortController(), url = new URL(link.href);
    url.pathname += "/beside";
    this.bodyTarget.ariaBusy = "true";
    let nodes;
    try {
      const answer = await fetch(url, { redirect: "error", signal: asking.signal });
      if (!answer.ok) throw new Error(String(answer.status));
      nodes = [...new DOMParser().parseFromString(await answer.text(), "text/html").body.childNodes];
    } catch {
      nodes = [Object.assign(document.createElement("p"), { id: "beside-title", tabIndex: -1, className: "text-danger", textContent: this.failedValue })];
    }
    if (asking.signal.aborted) return;
    // What has the focus stays under the finger, or else it is the title; the title is said in either case.
    const kept = document.activeElement.closest(".yx-beside-head") && this.told;
    this.bodyTarget.replaceChildren(...nodes);
    const title = document.getElementById("beside-title");
    if (kept) this.toldTarget.textContent = title.textContent.trim();
    else title.focus();
    this.told = true;
    this.bodyTarget.scrollTop = 0;
    this.bodyTarget.ariaBusy = null;
  }

  step(event) {
    if (!singleKey(event, this.dialogTarget)) return;
    if (event.key === "j") this.after();
    if (event.key === "k") this.before();
  }
  before() { this.go(-1); }
  after() { this.go(1); }
  go(by) {
    const links = this.links, link = links[links.indexOf(this.shown) + by];
    if (link && links.includes(this.shown)) this.show(link);
  }
  outside(event) { if (event.target === this.dialogTarget) this.close(); }
  close() { this.dialogTarget.close(); }
  closed() {
    this.asking?.abort();
    this.shown.focus();
  }
});
