"""The chart of every workflow: nothing lies over anything else, nothing is left out, all of it is said in words too."""

import re

import pytest

from app.panel.chart import Layout, flow_of, mermaid, states_of, svg
from app.schema.registry import registry
from app.schema.workflow import Return

WITH_STEPS = [record for record in registry if record.workflow is not None]

pytestmark = pytest.mark.parametrize("record", WITH_STEPS, ids=lambda record: record.__tablename__)


@pytest.fixture
def layout(sqlite_backend, record):
    with sqlite_backend.app.test_request_context():
        return Layout(record.workflow)


def edges(node):
    return node.x - node.width / 2, node.x + node.width / 2, node.y - node.height / 2, node.y + node.height / 2


def test_no_two_boxes_or_labels_lie_over_one_another(layout):
    boxes = [edges(node) for layer in layout.layers for node in layer if node.lines]
    for number, (left, right, top, bottom) in enumerate(boxes):
        for l2, r2, t2, b2 in boxes[number + 1 :]:
            assert right <= l2 or r2 <= left or bottom <= t2 or b2 <= top


def test_no_line_crosses_a_box_or_a_label(layout):
    """Within a layer a line stands still in a gap of its own; between layers there are no boxes."""
    for line in layout.lines:
        for node in line.nodes[1:-1]:
            assert node.lines == ()
            for other in layout.layers[node.layer]:
                if other.lines:
                    left, right, _top, _bottom = edges(other)
                    assert not left < node.x < right
        layers = [node.layer for node in line.nodes]
        assert layers == list(range(layers[0], layers[-1] + 1))


def test_every_step_leads_from_its_states_to_its_targets(layout, record):
    for step in record.workflow.steps:
        labels = [node for node in layout.labels if node.step is step]
        if step.targets == step.source:
            continue
        ends = {
            n.state for line in layout.lines for n in line.nodes if {*line.nodes} & {*labels} and n.state is not None
        }
        stay = step.source - ends
        assert ends >= step.targets, step.name
        assert all(step.targets == {state} for state in stay), step.name


def test_a_return_points_upwards(layout, record):
    for step in record.workflow.steps:
        if isinstance(step, Return):
            assert layout.nodes[step.target].layer < min(layout.nodes[state].layer for state in step.source)


def test_it_marks_the_present_state_and_the_ends_and_has_a_name(sqlite_backend, record):
    with sqlite_backend.app.test_request_context():
        current = states_of(record.workflow)[-1]
        flow = flow_of(record, current)
        assert flow is not None
        drawn = str(flow.drawn)
        assert len(re.findall('class="yx-flow-state[^"]*yx-flow-now"', drawn)) == 1
        finals = sum(record.workflow.is_final(state) for state in states_of(record.workflow))
        assert drawn.count('class="yx-flow-inner"') == finals
        assert "style=" not in drawn
        assert 'role="img"' in drawn
        assert "<title" in drawn
        assert "<desc" in drawn
        assert [name for name, _from, _to in flow.steps] == [step.title for step in record.workflow.steps]
        assert "yx-flow-now" not in str(svg(record.workflow))
        assert len(mermaid(record.workflow)) > len(record.workflow.steps)
