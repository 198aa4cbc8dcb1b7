// The page of a row. Without it time limits stand as they were when the page was made, and the bar of sections is links.
"use strict";

// Time limits that run, told anew as the minutes pass.
// The words and the moment "now" are the server's, so that a clock of this machine that goes wrong changes nothing.
// Nothing is announced: who listens to a page is not to be interrupted each minute.
application.register("limits", class extends Stimulus.Controller {
  static targets = ["left", "tone", "word"];
  static values = { words: Object, now: String };
  connect() {
    this.ahead = Date.parse(this.nowValue) - Date.now();
    this.timer = setInterval(() => this.tell(), 15000);
  }
  disconnect() { clearInterval(this.timer); }
  tell() {
    if (document.hidden) return;
    for (const place of this.leftTargets) {
      const gap = Date.parse(place.dateTime) - Date.now() - this.ahead;
      const said = this.said(gap, "days" in place.dataset);
      if (place.textContent !== said) place.textContent = said;
      if (gap <= 0) this.pass(place.closest("li"));
    }
  }
  said(gap, byDays) {
    const day = 86400000, size = Math.abs(gap), words = this.wordsValue;
    const fill = (form, places) => words[form].replace(/%\((\w+)\)s/g, (_, name) => places[name]);
    let span;
    if (byDays || size >= 2 * day) {
      const days = byDays && gap <= 0 ? Math.max(Math.ceil(size / day), 1) : Math.floor(size / day);
      if (days === 0) return words.today;
      span = fill("days", { days });
    } else {
      const all = Math.max(Math.floor(size / 60000), 1), hours = Math.floor(all / 60), minutes = all % 60;
      span = fill(hours === 0 ? "minutes" : minutes ? "both" : "hours", { hours, minutes });
    }
    return fill(gap <= 0 ? "late" : "ahead", { span });
  }
  // What passes while one looks at it turns late in colour and in word.
  pass(item) {
    for (const badge of this.toneTargets.filter((each) => item.contains(each) && !each.classList.contains("yx-tone-bad"))) {
      badge.classList.remove("yx-tone-open", "yx-tone-new");
      badge.classList.add("yx-tone-bad");
      if (this.wordTargets.includes(badge)) badge.textContent = this.wordsValue.word;
    }
  }
});

// The bar of a long page marks the section one is in. What stands beside the others is never marked by scrolling.
application.register("sections", class extends Stimulus.Controller {
  static targets = ["link"];
  connect() {
    this.soon = () => {
      cancelAnimationFrame(this.frame);
      this.frame = requestAnimationFrame(() => this.mark());
    };
    for (const what of ["scroll", "resize"]) addEventListener(what, this.soon, { passive: true });
    this.mark();
  }
  disconnect() {
    for (const what of ["scroll", "resize"]) removeEventListener(what, this.soon);
    cancelAnimationFrame(this.frame);
  }
  mark() {
    const places = this.linkTargets.map((link) => [link, document.getElementById(link.hash.slice(1))?.getBoundingClientRect()]);
    const edge = this.element.getBoundingClientRect().bottom + innerHeight / 4, left = places[0][1].left + 20;
    const below = places.filter(([, place]) => place && place.left < left);
    const end = scrollY > 0 && innerHeight + scrollY >= document.documentElement.scrollHeight - 2;
    const [here] = end ? below.at(-1) : below.filter(([, place]) => place.top <= edge).at(-1) ?? below[0];
    if (here === this.here) return;
    this.here?.removeAttribute("aria-current");
    this.here = here;
    here.setAttribute("aria-current", "true");
    this.element.scrollLeft = here.offsetLeft - (this.element.clientWidth - here.offsetWidth) / 2;
  }
});

// Who else has the row open. The page says that it is open while it is seen and used, and that it is left.
application.register("looking", class extends Stimulus.Controller {
  static targets = ["line", "said"];
  static values = { url: String, act: String };
  connect() {
    this.used = Date.now();
    this.use = () => { this.used = Date.now(); };
    this.turn = () => { if (!document.hidden) { this.use(); this.beat(); } };
    this.left = () => navigator.sendBeacon(this.urlValue, this.form("leave"));
    for (const what of ["pointermove", "keydown", "scroll"]) addEventListener(what, this.use, { passive: true });
    document.addEventListener("visibilitychange", this.turn);
    addEventListener("pagehide", this.left);
    this.timer = setInterval(() => this.beat(), 20000);
    this.first = setTimeout(() => this.beat(), 300);
  }
  disconnect() {
    for (const what of ["pointermove", "keydown", "scroll"]) removeEventListener(what, this.use);
    document.removeEventListener("visibilitychange", this.turn);
    removeEventListener("pagehide", this.left);
    clearInterval(this.timer);
    clearTimeout(this.first);
  }
  form(act) {
    const form = new FormData();
    form.append("csrf_token", document.querySelector("meta[name=csrf-token]").content);
    if (act) form.append("act", act);
    return form;
  }
  // A page nobody has touched for five minutes is open, but nobody looks at it.
  async beat() {
    if (document.hidden || Date.now() - this.used > 300000) return;
    const sent = { method: "POST", body: this.form(this.actValue), redirect: "error" };
    const answer = await fetch(this.urlValue, sent).catch(() => null);
    if (!answer?.ok) return;
    const { said } = await answer.json();
    this.lineTarget.hidden = said === "";
    if (this.saidTarget.textContent !== said) this.saidTarget.textContent = said;
  }
});
