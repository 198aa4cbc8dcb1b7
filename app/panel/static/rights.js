// The matrix of a role: only the records and rights somebody looks for. Without it all of them stand there.
"use strict";

application.register("rights", class extends Stimulus.Controller {
  static targets = ["wanted", "held", "area", "row", "none"];

  find() {
    const wanted = this.wantedTarget.value.trim().toLowerCase(), held = this.heldTarget.checked;
    let found = 0;
    for (const row of this.rowTargets) {
      const said = row.dataset.words.toLowerCase().includes(wanted);
      row.hidden = !said || (held && !row.querySelector("[name=grant]:checked"));
      found += !row.hidden;
    }
    for (const area of this.areaTargets) {
      area.hidden = !area.querySelector("[data-rights-target=row]:not([hidden])");
      if (wanted) area.open = true;
    }
    this.noneTarget.hidden = found > 0;
  }
});

// A question in two parts: the second is asked anew when the first is answered otherwise.
application.register("asking", class extends Stimulus.Controller {
  static targets = ["second"];

  again() {
    this.secondTargets.forEach((each) => { each.disabled = true; });
    this.element.requestSubmit();
  }
});
