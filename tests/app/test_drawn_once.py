"""Parts of pages that are drawn once: for each language, mount and wording by itself, and not while they are in use."""

from flask_babel import force_locale
from markupsafe import Markup

from app.panel import face
from app.schema import tailored


def test_a_part_is_drawn_once_for_each_language_mount_and_wording(app):
    drawn = []

    def part():
        drawn.append(Markup("part"))
        return drawn[-1]

    def see(place="/", locale="en", looks=("filter", "state")):
        with app.test_request_context("/", base_url=f"http://localhost{place}"), force_locale(locale):
            assert face.drawn_once(looks, part) == "part"
        return len(drawn)

    assert [see(), see()] == [1, 1]
    assert see(locale="zh_Hans") == 2
    assert see(place="/panel") == 3
    assert see(looks=("filter", "plate")) == 4
    assert [see(looks=None), see(looks=None)] == [5, 6], "what is in use is drawn each time"
    tailored.put_in_force(tailored.Tailored(version=("here", 7)))
    assert [see(), see()] == [7, 7]


def test_a_filter_in_use_shows_what_is_asked_and_another_persons_does_not(sign_in):
    used = sign_in("manager").get("/contract/?state=in_force").text
    assert '<option value="in_force" selected>' in used
    assert '<option value="in_force" selected>' not in sign_in("supervisor").get("/contract/").text
