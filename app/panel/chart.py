"""The chart of a workflow, drawn from its declaration: states as boxes, steps as labelled arrows, as SVG or Mermaid.

States stand in layers, each below those it is reached from. Between two layers stand the labels of the steps, each in
a place of its own, so that no two ever overlap; a step from several states is one label that several lines lead to.
A line that passes a layer has its own gap in it and crosses no box. Nothing is coloured here: the classes are
(``yx-flow-…``), so the chart follows light and dark; outside the panel it is drawn in the colour of the text.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any
from unicodedata import east_asian_width

from flask_babel import get_locale
from flask_babel import gettext as _
from markupsafe import Markup

from app.panel.labels import choice_label, record_label, step_label, translated
from app.schema.clocks import Phase
from app.schema.record import Record
from app.schema.workflow import Return, Step, Workflow

LETTER, LINE = 7.2, 16
"""Width of a Latin letter and height of a line, in units of the drawing; a Chinese character is two letters wide."""
STATE_HEIGHT, LABEL_HEIGHT = 34, 22
GAP, LEVEL = 18, 30
"""The least space between two things of a layer, and between two layers."""
SWEEPS = 12
RUNNING = (Phase.BEGIN, Phase.RUN)
"""What a clock calls the states it runs in."""


@dataclass(eq=False)
class Node:
    """A thing in a layer: a state, the label of a step, or (without text) the place where a line passes."""

    layer: int
    lines: tuple[str, ...] = ()
    state: Any = None
    step: Step | None = None
    x: float = 0.0
    y: float = 0.0
    passed: float = 0.0
    above: list["Node"] = field(default_factory=list)
    below: list["Node"] = field(default_factory=list)

    @property
    def width(self) -> float:
        """How much room it takes."""
        if not self.lines:
            return 4.0
        return max(map(_length, self.lines)) * LETTER + (28 if self.state is not None else 14)

    @property
    def height(self) -> float:
        """How high it is; a line passes the whole of its layer straight down."""
        if self.state is not None:
            return STATE_HEIGHT + LINE * (len(self.lines) - 1)
        return LABEL_HEIGHT if self.lines else self.passed


@dataclass
class Line:
    """A drawn line through `nodes`, downwards; `arrow` says at which end it has its head: 1 below, -1 above, 0 none."""

    nodes: list[Node]
    arrow: int
    back: bool
    ends: tuple[float | None, float | None] = (None, None)

    @property
    def places(self) -> list[float]:
        """Where it passes each of its nodes, across."""
        first, last = self.ends
        inner = [node.x for node in self.nodes]
        return [first if first is not None else inner[0], *inner[1:-1], last if last is not None else inner[-1]]


def _length(text: str) -> int:
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in text)


def states_of(workflow: Workflow) -> list[Any]:
    """The states of a workflow, as they are declared; the first is where rows begin."""
    kind: Any = type(next(iter(workflow.steps)).target)
    return list(kind)


class Layout:
    """Where everything stands."""

    def __init__(self, workflow: Workflow) -> None:
        self.workflow = workflow
        self.states = states_of(workflow)
        self.nodes: dict[Any, Node] = {}
        self.labels: list[Node] = []
        self.lines: list[Line] = []
        self.layers: list[list[Node]] = []
        ranks = self._ranks()
        for state in self.states:
            self.nodes[state] = self._add(Node(2 * ranks[state], self._words(state), state=state))
        for step in workflow.steps:
            self._place(step, ranks)
        self._order()
        self._spread()

    def _words(self, state: Any) -> tuple[str, ...]:
        """What stands in the box of a state: its name, what clocks run in it, steps that stay in it."""
        clocks = [clock for clock in self.workflow.clocks if clock.phase(state) in RUNNING]
        stays = [step for step in self.workflow.open_from(state) if step.targets == {state}]
        marks = [f"◷ {translated(clock.title)}" for clock in clocks]
        return (choice_label(state), *marks, *(f"↻ {step_label(step)}" for step in stays))

    def _ranks(self) -> dict[Any, int]:
        """The layer of each state: below the states it is reached from, steps back left out."""
        ahead: dict[Any, set[Any]] = {state: set() for state in self.states}
        for step in self.workflow.steps:
            if not isinstance(step, Return):
                for state in step.source:
                    ahead[state] |= step.targets - {state}
        forward: dict[Any, set[Any]] = {state: set() for state in self.states}
        done: set[Any] = set()
        open_: list[Any] = []

        def walk(state: Any) -> None:
            open_.append(state)
            for following in sorted(ahead[state], key=self.states.index):
                if following in open_:
                    continue  # a step back that is not declared as one
                forward[state].add(following)
                if following not in done:
                    walk(following)
            open_.pop()
            done.add(state)

        for state in self.states:
            if state not in done:
                walk(state)
        ranks = dict.fromkeys(self.states, 0)
        for _again in self.states:
            for state in self.states:
                for following in forward[state]:
                    ranks[following] = max(ranks[following], ranks[state] + 1)
        return ranks

    def _place(self, step: Step, ranks: dict[Any, int]) -> None:
        """A label for a step, with lines from its sources and to its targets."""
        sources = [state for state in self.states if state in step.source and step.targets != {state}]
        targets = [state for state in self.states if state in step.targets]
        if not sources:
            return
        down = [state for state in sources if ranks[state] < ranks[step.target]]
        text = (step_label(step),)
        for group, back in ((down, False), ([state for state in sources if state not in down], True)):
            if not group:
                continue
            over = max(ranks[state] for state in group) if not back else ranks[step.target]
            label = self._add(Node(2 * (ranks[step.target] if not back else over + 1) - 1, text, step=step))
            self.labels.append(label)
            for state in group:
                self._join(self.nodes[state], label, 0, back)
            for target in targets:
                self._join(label, self.nodes[target], 1, back)

    def _add(self, node: Node) -> Node:
        while len(self.layers) <= node.layer:
            self.layers.append([])
        self.layers[node.layer].append(node)
        return node

    def _join(self, start: Node, end: Node, arrow: int, back: bool) -> None:
        """A line from one node to another, with a place in each layer between; drawn downwards either way."""
        upper, lower = (start, end) if start.layer < end.layer else (end, start)
        chain = [upper]
        for layer in range(upper.layer + 1, lower.layer):
            chain.append(self._add(Node(layer)))
        chain.append(lower)
        for one, other in pairwise(chain):
            one.below.append(other)
            other.above.append(one)
        self.lines.append(Line(chain, arrow * (1 if end is lower else -1), back))

    def _order(self) -> None:
        """Put each layer in the order in which its lines cross least: by the middle of what each is joined to."""

        def sweep(layers: Iterable[list[Node]], joined: Callable[[Node], list[Node]]) -> None:
            for layer in layers:
                place = {id(node): n for each in self.layers for n, node in enumerate(each)}
                middles = {
                    id(node): sum(place[id(other)] for other in joined(node)) / len(joined(node))
                    if joined(node)
                    else float(place[id(node)])
                    for node in layer
                }
                layer.sort(key=lambda node: middles[id(node)])

        best, fewest = [list(layer) for layer in self.layers], self._crossings()
        for _again in range(SWEEPS):
            sweep(self.layers[1:], lambda node: node.above)
            sweep(reversed(self.layers[:-1]), lambda node: node.below)
            if (crossings := self._crossings()) < fewest:
                best, fewest = [list(layer) for layer in self.layers], crossings
        self.layers = best

    def _crossings(self) -> int:
        found = 0
        for layer, following in pairwise(self.layers):
            place = {id(node): n for n, node in enumerate(following)}
            ends = [place[id(other)] for node in layer for other in sorted(node.below, key=lambda o: place[id(o)])]
            found += sum(ends[i] > ends[j] for i in range(len(ends)) for j in range(i + 1, len(ends)))
        return found

    def _spread(self) -> None:
        """Give everything its coordinates: lines as straight as the room allows, nothing over anything else."""
        y = 0.0
        for layer in self.layers:
            x, height = 0.0, max((node.height for node in layer), default=0.0)
            for node in layer:
                node.x, node.y, node.passed = x + node.width / 2, y + height / 2, height
                x += node.width + GAP
            y += height + LEVEL
        for again in range(SWEEPS * 2):
            for layer in self.layers if again % 2 == 0 else reversed(self.layers):
                wanted = []
                for node in layer:
                    pulls = [(other.x, _pull(node, other)) for other in node.above + node.below]
                    whole = sum(pull for _x, pull in pulls)
                    wanted.append(sum(x * pull for x, pull in pulls) / whole if whole else node.x)
                _settle(layer, wanted)
        left = min(node.x - node.width / 2 for layer in self.layers for node in layer)
        for layer in self.layers:
            for node in layer:
                node.x -= left
        self.width = max(node.x + node.width / 2 for layer in self.layers for node in layer)
        self.height = y - LEVEL
        self._ports()

    def _ports(self) -> None:
        """Lines end side by side on the edge of a state, in the order of where they come from."""
        for node in self.nodes.values():
            for side, first in ((0, True), (-1, False)):
                ending = [line for line in self.lines if line.nodes[side] is node]
                ending.sort(key=lambda line: line.nodes[1 if first else -2].x)
                step = min(16.0, (node.width - 16) / max(len(ending), 1))
                for number, line in enumerate(ending):
                    x = node.x + (number - (len(ending) - 1) / 2) * step
                    line.ends = (x, line.ends[1]) if first else (line.ends[0], x)


def _pull(one: Node, other: Node) -> int:
    """How much two joined nodes want to stand straight below one another; the passing of a long line wants it most."""
    passing = (not one.lines) + (not other.lines)
    return (1, 3, 12)[passing]


def _settle(layer: list[Node], wanted: list[float]) -> None:
    """Move the nodes of a layer towards where they want to be, in order and apart: blocks that touch move as one."""
    blocks: list[tuple[float, list[Node]]] = []  # where the first of the block stands, and its nodes
    for node, want in zip(layer, wanted, strict=True):
        place, members = want, [node]
        while blocks and blocks[-1][0] + _reach(blocks[-1][1]) + _half(blocks[-1][1][-1], members[0]) > place:
            before, earlier = blocks.pop()
            offset = _reach(earlier) + _half(earlier[-1], members[0])
            place = (before * len(earlier) + (place - offset) * len(members)) / (len(earlier) + len(members))
            members = earlier + members
        blocks.append((place, members))
    for place, members in blocks:
        for number, node in enumerate(members):
            node.x = place if number == 0 else members[number - 1].x + _half(members[number - 1], node)


def _half(one: Node, other: Node) -> float:
    """The least distance of the middles of two neighbours."""
    return one.width / 2 + GAP + other.width / 2


def _reach(members: list[Node]) -> float:
    """From the middle of the first of a block to that of its last."""
    return sum(_half(one, other) for one, other in pairwise(members))


def svg(workflow: Workflow, current: Any = None, *, title: str = "", description: str = "") -> Markup:
    """The chart as one ``<svg>`` element. The box of the state `current` is marked, and so are final states."""
    found = Layout(workflow)
    parts = [_drawn(line) for line in found.lines]
    for layer in found.layers:
        parts += [_box(node, workflow, node.state == current) for node in layer if node.lines]
    size = f"-6 -16 {found.width + 12:.0f} {found.height + 28:.0f}"
    name = "yx-flow-title"
    return Markup(
        '<svg class="yx-flow" viewBox="{}" width="{}" height="{}" role="img" aria-labelledby="{} {}-d" '
        'font-family="inherit" font-size="13" xmlns="http://www.w3.org/2000/svg">'
        '<title id="{}">{}</title><desc id="{}-d">{}</desc>{}</svg>'
    ).format(
        size,
        f"{found.width + 12:.0f}",
        f"{found.height + 28:.0f}",
        name,
        name,
        name,
        title,
        name,
        description,
        Markup("").join(parts),
    )


def _drawn(line: Line) -> Markup:
    """A smooth line from the lower edge of its first node to the upper edge of its last."""
    nodes, places = line.nodes, line.places
    x, y = places[0], nodes[0].y + nodes[0].height / 2
    path = [f"M{x:.1f} {y:.1f}"]
    for number, (node, across) in enumerate(zip(nodes[1:], places[1:], strict=True), 1):
        top = node.y - node.height / 2
        end = top - (6 if line.arrow == 1 and number == len(nodes) - 1 else 0)
        middle = (y + end) / 2
        path.append(f"C{x:.1f} {middle:.1f} {across:.1f} {middle:.1f} {across:.1f} {end:.1f}")
        x, y = across, node.y + node.height / 2
        if node.height and number < len(nodes) - 1:
            path.append(f"L{x:.1f} {y:.1f}")
    head = ""
    if line.arrow == 1:
        x, y = places[-1], nodes[-1].y - nodes[-1].height / 2
        head = f"M{x - 4:.1f} {y - 7:.1f}L{x:.1f} {y:.1f}L{x + 4:.1f} {y - 7:.1f}Z"
    elif line.arrow == -1:
        x, y = places[0], nodes[0].y + nodes[0].height / 2
        head = f"M{x - 4:.1f} {y + 7:.1f}L{x:.1f} {y:.1f}L{x + 4:.1f} {y + 7:.1f}Z"
    kind = "yx-flow-back" if line.back else "yx-flow-line"
    drawn = Markup('<path class="{}" fill="none" stroke="currentColor" d="{}"/>').format(kind, "".join(path))
    return drawn + (Markup('<path class="yx-flow-head" fill="currentColor" d="{}"/>').format(head) if head else "")


def _box(node: Node, workflow: Workflow, now: bool) -> Markup:
    if node.state is None:
        danger = node.step is not None and node.step.tone == "danger"
        kind = "yx-flow-label yx-flow-danger" if danger else "yx-flow-label"
        return _text(node, kind)
    left, top = node.x - node.width / 2, node.y - node.height / 2
    final = workflow.is_final(node.state)
    kind = "yx-flow-state" + (" yx-flow-final" if final else "") + (" yx-flow-now" if now else "")
    shape = Markup('<rect class="{}" x="{}" y="{}" width="{}" height="{}" rx="6" fill="none" stroke="currentColor"/>')
    boxes = shape.format(kind, f"{left:.1f}", f"{top:.1f}", f"{node.width:.1f}", f"{node.height:.1f}")
    if final:
        inner = (left + 3, top + 3, node.width - 6, node.height - 6)
        boxes += shape.format("yx-flow-inner", *(f"{value:.1f}" for value in inner))
    if node.state == states_of(workflow)[0]:
        boxes += Markup('<circle class="yx-flow-head" cx="{}" cy="{}" r="4" fill="currentColor"/>').format(
            f"{node.x:.1f}", f"{top - 10:.1f}"
        )
    return boxes + _text(node, "yx-flow-name")


def _text(node: Node, kind: str) -> Markup:
    first = node.y - LINE * (len(node.lines) - 1) / 2 + 4.5
    lines = [
        Markup('<tspan x="{}" y="{}">{}</tspan>').format(f"{node.x:.1f}", f"{first + LINE * n:.1f}", line)
        for n, line in enumerate(node.lines)
    ]
    return Markup('<text class="{}" text-anchor="middle" fill="currentColor">{}</text>').format(
        kind, Markup("").join(lines)
    )


def mermaid(workflow: Workflow) -> list[str]:
    """The same in English as the lines of a Mermaid state diagram, for pages of documentation."""
    states = states_of(workflow)
    lines = ["stateDiagram-v2", *(f'    state "{state.label}" as {state.name.lower()}' for state in states)]
    lines.append(f"    [*] --> {states[0].name.lower()}")
    for step in workflow.steps:
        for state in (each for each in states if each in step.source):
            for target in (each for each in states if each in step.targets):
                lines.append(f"    {state.name.lower()} --> {target.name.lower()}: {step.title}")
    return lines + [f"    {state.name.lower()} --> [*]" for state in states if workflow.is_final(state)]


@dataclass(frozen=True)
class Flow:
    """The chart of a record for its page, and the same in words: of each step its name, from where, to where."""

    drawn: Markup
    steps: list[tuple[str, str, str]]


_kept: dict[tuple[str, Any, str], Flow] = {}


def flow_of(record: type[Record], current: Any) -> Flow | None:
    """The chart of a record in the language of the present person; drawn once for each state and language."""
    workflow = record.workflow
    if workflow is None:
        return None
    key = (str(record.__tablename__), current, str(get_locale()))
    found = _kept.get(key)
    if found is None:
        states = states_of(workflow)

        def names(wanted: Iterable[Any]) -> str:
            chosen = set(wanted)
            return ", ".join(choice_label(state) for state in states if state in chosen)

        steps = [(step_label(step), names(step.source), names(step.targets)) for step in workflow.steps]
        title = _("Workflow: %(record)s", record=record_label(record))
        now = _("Now: %(state)s", state=choice_label(current))
        found = _kept[key] = Flow(svg(workflow, current, title=title, description=now), steps)
    return found
