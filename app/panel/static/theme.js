// Runs before anything is painted: the colours the person chose, else those of the system; and how dense tables are.
(() => {
  const system = window.matchMedia("(prefers-color-scheme: dark)"), root = document.documentElement;
  const kept = (name) => {
    try { return localStorage.getItem(name); } catch { return null; /* storage may be closed; the system's choice holds */ }
  };
  const apply = () => { root.dataset.bsTheme = kept("theme") || (system.matches ? "dark" : "light"); };
  apply();
  system.addEventListener("change", apply);
  if (kept("density") === "compact") root.dataset.density = "compact";
})();
