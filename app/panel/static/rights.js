// The matrix of a role: only the records and rights somebody looks for. Without it all of them stand there.
"use strict";

application.register("rights", class extends Stimulus.Controller {
  static targets = ["wanted", "held", "area", "row", "none"];

  connect() { this.find(); }
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
  static targets = ["first", "second"];

  // Whoever was faster than this script, or came back to what the browser kept, has answered otherwise already.
  connect() {
    const { options, selectedIndex } = this.firstTarget, asked = [...options].findIndex((each) => each.defaultSelected);
    if (selectedIndex !== Math.max(asked, 0)) this.again();
  }
  again() {
    this.secondTargets.forEach((each) => { each.disabled = true; });
    this.element.requestSubmit();
  }
});
