// Behaviour of the derived screens. Every page works without it; it makes them quicker to use.
"use strict";

const application = Stimulus.Application.start();

// The colours: light or dark, kept on this machine.
application.register("theme", class extends Stimulus.Controller {
  toggle() {
    const root = document.documentElement;
    root.dataset.bsTheme = root.dataset.bsTheme === "dark" ? "light" : "dark";
    try { localStorage.setItem("theme", root.dataset.bsTheme); } catch { /* it holds for this page only */ }
  }
});
