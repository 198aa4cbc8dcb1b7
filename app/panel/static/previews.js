// Files looked at in place. Without it the small picture of a file leads to the file itself.
"use strict";

// A click on a small picture, or Enter, opens the pages of the file in a dialog; the arrows go on to the papers beside
// it, Escape closes, and the focus is on the picture of the paper shown last. A picture that is not drawn yet is asked
// for again; one that cannot be drawn leaves the way to the file.
application.register("previews", class extends Stimulus.Controller {
  connect() {
    for (const image of this.element.querySelectorAll("[data-preview] > img")) {
      if (image.complete && image.currentSrc && !image.naturalWidth) this.again(image);
    }
  }
  disconnect() { this.dialog?.remove(); }

  missing(event) {
    if (event.target.matches?.("[data-preview] > img, .yx-pages > img")) this.again(event.target);
  }
  async again(image) {
    let answer;
    for (let tried = 0; tried < 6 && !image.dataset.asked; tried += 1) {
      answer = await fetch(image.src).catch(() => null);
      if (answer?.status !== 503 || !image.isConnected) break;
      await new Promise((go) => setTimeout(go, 1000 * (answer.headers.get("Retry-After") ?? 2)));
    }
    if (answer?.ok) {
      image.dataset.asked = "yes";
      image.src = image.src;
      return;
    }
    const link = image.closest("[data-preview]");
    image.replaceWith(image.closest(".yx-pages")?.dataset.failed ?? image.alt);
    if (!link) return;
    link.removeAttribute("data-preview");
    link.removeAttribute("aria-haspopup");
    link.hidden = !link.textContent;
  }

  open(event) {
    const link = event.target.closest?.("[data-preview]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    this.dialog ??= this.made();
    this.links = [...(link.closest("dialog") ?? this.element).querySelectorAll("[data-preview]")];
    this.dialog.replaceChildren();
    this.dialog.showModal();
    this.show(link);
  }
  made() {
    const dialog = document.createElement("dialog");
    dialog.className = "yx-preview d-print-none";
    dialog.setAttribute("aria-labelledby", "preview-title");
    dialog.addEventListener("click", (event) => {
      const way = event.target.closest("[data-go]")?.dataset.go;
      if (way === "0" || event.target === dialog) dialog.close();
      else if (way) this.go(Number(way));
    });
    dialog.addEventListener("keydown", (event) => {
      const way = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (!way || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
      event.preventDefault();
      this.go(way);
    });
    dialog.addEventListener("close", () => {
      this.asking?.abort();
      this.shown.focus();
    });
    return this.element.appendChild(dialog);
  }
  go(by) {
    const link = this.links[this.links.indexOf(this.shown) + by];
    if (link) this.show(link);
  }
  async show(link) {
    this.shown = link;
    this.asking?.abort();
    const asking = this.asking = new AbortController();
    this.dialog.ariaBusy = "true";
    try {
      const answer = await fetch(link.dataset.preview, { redirect: "error", signal: asking.signal });
      if (!answer.ok) throw new Error(String(answer.status));
      this.dialog.replaceChildren(...new DOMParser().parseFromString(await answer.text(), "text/html").body.childNodes);
    } catch {
      if (asking.signal.aborted) return;
      this.dialog.close();
      location.assign(link.href);
      return;
    }
    this.dialog.ariaBusy = null;
    const at = this.links.indexOf(link);
    for (const button of this.dialog.querySelectorAll("[data-go='-1'], [data-go='1']")) {
      button.disabled = !this.links[at + Number(button.dataset.go)];
      button.hidden = this.links.length < 2;
    }
    this.dialog.querySelector(".yx-pages").focus();
  }
});
