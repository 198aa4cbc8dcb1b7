"""What stands fixed in a compiled template is that of the language and of the place the panel is mounted at."""

import re

from tests.department import enter


def page(app, root, language):
    client = app.test_client()
    enter(client, "manager")
    with client.session_transaction() as session:
        session["locale"] = language
    return client.get("/customer/", environ_overrides={"SCRIPT_NAME": root}).text


def test_words_icons_and_static_files_are_those_of_the_language_and_the_place(app):
    wanted = {("", "en"): "Sign out", ("/panel", "zh_Hans"): "退出登录", ("/panel", "en"): "Sign out"}
    pages = {each: page(app, *each) for each in (*wanted, *reversed(wanted))}
    for (root, language), said in wanted.items():
        found = pages[root, language]
        assert f"{said}</button>" in found
        static = re.findall(r'(?:src|href)="([^"]*/static/[^"]*)"', found)
        assert len(static) > 20
        assert all(each.startswith(f"{root}/static/") for each in static), (root, static)
        assert f'<use href="{root}/static/vendor/icons.svg' in found


def test_what_has_places_to_fill_in_is_said_anew_each_time(app):
    with app.test_request_context("/"):
        template = app.jinja_env.from_string('{{ _("Help: %(record)s", record=name) }}')
        assert [template.render(name=each) for each in ("a", "b")] == ["Help: a", "Help: b"]
