// The board: a card is moved by dragging it, or by its menu; either way the step of the workflow is what is taken.
"use strict";

application.register("board", class extends Stimulus.Controller {
  static targets = ["lane"];
  connect() {
    this.sortables = this.laneTargets.map((lane) => Sortable.create(lane, {
      group: { name: "board", put: (to, from, card) => to.el === from.el || this.way(card, to.el) !== null },
      sort: false,
      animation: 120,
      delay: 150,
      delayOnTouchOnly: true,
      filter: "a, summary, button",
      preventOnFilter: false,
      ghostClass: "yx-card-ghost",
      onStart: (event) => this.mark(event.item),
      onEnd: (event) => { this.mark(null); if (event.to !== event.from) this.take(event); },
    }));
  }
  disconnect() { this.sortables.forEach((each) => each.destroy()); }
  // The step that leads to a lane: a form to send, or the link to its question.
  way(card, lane) { return card.querySelector(`[data-target="${CSS.escape(lane.dataset.state)}"]`); }
  mark(card) {
    for (const lane of this.laneTargets) {
      lane.classList.toggle("yx-lane-open", card !== null && !lane.contains(card) && this.way(card, lane) !== null);
    }
  }
  // The card stands where it stood until the step is taken.
  take({ item, from, to, oldIndex }) {
    const way = this.way(item, to);
    from.insertBefore(item, from.children[oldIndex] ?? null);
    if (way instanceof HTMLFormElement) way.requestSubmit();
    else location.assign(way.href);
  }
});
