"""The words of a page are in the language of the moment, also where it changes in the middle of a request."""

import flask_babel
import pytest

from app.panel.saying import gettext, ngettext


@pytest.mark.parametrize("language", ["en", "zh_Hans", "zh_Hant"])
def test_each_word_is_said_as_flask_babel_says_it(sqlite_backend, language):
    with sqlite_backend.app.test_request_context("/"):
        assert gettext("Not found") == "Not found"
        with flask_babel.force_locale(language):
            for msgid in ("Not found", "Busy", "no such sentence"):
                assert gettext(msgid) == flask_babel.gettext(msgid)
            assert gettext("%(field)s: %(value)s", field="a", value="b") == flask_babel.gettext(
                "%(field)s: %(value)s", field="a", value="b"
            )
            for count in (1, 2):
                said = ngettext("%(num)s row", "%(num)s rows", count)
                assert said == flask_babel.ngettext("%(num)s row", "%(num)s rows", count)
                assert str(count) in said
        assert gettext("Not found") == "Not found"
    with sqlite_backend.app.test_request_context("/"), flask_babel.force_locale("zh_Hans"):
        assert gettext("Not found") != "Not found"


def test_outside_of_any_request_it_says_what_is_written():
    assert gettext("Not found") == "Not found"
    assert ngettext("%(num)s row", "%(num)s rows", 2) == "2 rows"
