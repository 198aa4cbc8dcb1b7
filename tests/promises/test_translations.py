"""The panel speaks Chinese as fully as English: every sentence it can say has its translation.

Those in traditional characters are made of the simplified ones when the assets are built (`app.setup.traditional`).

The sentences are asked of an application of its own, for the throw-away records that other tests declare are no
part of Yanxu and are never translated.
"""

import json
import os
import re
import subprocess
import sys
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from flask_babel import get_domain

from app.cli.words import TRANSLATIONS, catalogues, read, renewed, translated, write
from app.kernel.actor import acting, system_actor
from app.kernel.workflow import adopt
from app.schema.registry import registry
from app.schema.roles import Role
from app.setup.traditional import SIMPLIFIED, TRADITIONAL, derived, traditional
from app.setup.traditional import make as make_traditional
from config import HERE
from models.claims.states import ClaimState
from tests.factories import make

TEMPLATES = sorted(path for room in ("app", "views") for path in (HERE / room).rglob("*.html"))
PLACE = re.compile(r"%\(\w+\)[a-z]|\{\w+\}")
CHINESE = "\u3400-\u9fff"
LATIN_MARK = re.compile(rf"[{CHINESE}][,;:?!.](?!\w)|[,;:?!][{CHINESE}]")

THE_SAME = {
    "%": "per cent is written so in both",
    "%(problem)s": "a place and nothing else",
}
"""Sentences whose translation is the English, and why."""

ASKING = """
import json, sys
from app.factory import create_app
from app.panel.catalogue import sentences
from config import HERE
app = create_app()
with app.app_context():
    json.dump(sentences(HERE), sys.stdout)
"""


@pytest.fixture(scope="module")
def said(tmp_path_factory):
    """Every sentence of the application, with its plural where it counts something."""
    home = {**os.environ, "YANXU_DATA_DIR": str(tmp_path_factory.mktemp("words"))}
    asked = subprocess.run(
        [sys.executable, "-c", ASKING],
        cwd=HERE,
        env=home,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert asked.returncode == 0, asked.stderr
    return json.loads(asked.stdout)


@pytest.fixture(scope="module")
def chinese():
    """What is said in Simplified Chinese: message by msgid."""
    catalogue = read(TRANSLATIONS / "zh_Hans" / "LC_MESSAGES" / "messages.po")
    return {forms(message.id)[0]: message for message in catalogue if message.id}


def forms(text):
    """A text in its forms: one, or one per plural."""
    return (text,) if isinstance(text, str) else tuple(text)


def places(text):
    """What is filled in, and how often."""
    return Counter(PLACE.findall(text))


def pairs(catalogue):
    """Each translation beside the English it stands for: of a counted sentence the plural, for that tells the count."""
    return [(forms(message.id)[-1], text) for message in catalogue.values() for text in forms(message.string)]


def test_there_is_a_catalogue_for_every_language_but_english(sqlite_backend):
    kept = {file.parent.parent.name for file in catalogues()}
    assert kept | {"en", TRADITIONAL.parent.parent.name} == set(sqlite_backend.app.config["LANGUAGES"])


@pytest.fixture(scope="module")
def hant(said):
    """What is said in traditional characters: the forms of each sentence, by msgid."""
    catalogue = derived(read(SIMPLIFIED))
    return {forms(message.id)[0]: forms(message.string) for message in catalogue if message.id}


def test_every_sentence_is_said_in_traditional_characters(said, hant):
    """Big5 holds the characters of Taiwan and Hong Kong, and none that is only simplified."""
    assert [one for one in said if not all(hant.get(one, [""]))] == []
    left = {text: letters for texts in hant.values() for text in texts if (letters := simplified_in(text))}
    assert left == {}


def simplified_in(text):
    """The characters that are no traditional ones, but for the names of languages in themselves."""
    text = text.replace("简体中文", "")
    return [letter for letter in text if not letter.encode("cp950", "ignore")]


def test_the_check_of_characters_finds_what_is_simplified():
    assert simplified_in("续保 續保") == ["续"]


def test_traditional_characters_speak_as_the_documents_do(hant):
    """The roles as the domain notes name them, and words the bare conversion would write otherwise."""
    roles = "銷售 客服 理賠 運營支持 續保專員 核保 財務 服務監督 主管 部門經理 系統管理員"
    assert " ".join(hant[role.value][0] for role in Role) == roles
    assert traditional("续保咨询：在平台发布“保单”，登录后下周查看台账") == (
        "續保咨詢：在平台發布「保單」，登入後下週查看台帳"
    )
    assert traditional("%(count)d 个失败") == "%(count)d 個失敗"


def test_every_sentence_has_a_translation(said, chinese):
    lacking = [one for one in said if one not in chinese or not translated(chinese[one].string)]
    assert lacking == [], "run: flask --app run words, and translate what it names"


def test_the_catalogue_is_as_the_command_writes_it(said, tmp_path):
    """No stale entry, sorted, without names or dates."""
    for file in catalogues():
        fresh = tmp_path / "messages.po"
        write(fresh, renewed(read(file), said))
        assert fresh.read_text(encoding="utf-8") == file.read_text(encoding="utf-8"), "run: flask --app run words"


def test_a_translation_has_the_places_of_its_sentence(chinese):
    assert [text for english, text in pairs(chinese) if places(text) != places(english)] == []


def test_a_translation_is_not_the_english(chinese):
    assert {english for english, text in pairs(chinese) if text == english} == set(THE_SAME)


def test_a_translation_has_the_marks_of_its_language(chinese):
    """A sentence ends as one, and no Latin comma, colon or full stop stands at a Chinese character."""
    assert [text for _english, text in pairs(chinese) if LATIN_MARK.search(text)] == []
    assert [text for english, text in pairs(chinese) if english.endswith(".") != text.endswith("。")] == []


def test_what_is_counted_has_the_plural_forms_of_the_language(said, chinese):
    counted = {one for one, many in said.items() if many is not None}
    assert counted
    for one in counted:
        assert forms(chinese[one].id) == (one, said[one])
        assert isinstance(chinese[one].string, tuple)
        assert len(chinese[one].string) == 1, "Chinese has one form for every count"


def test_the_command_keeps_adds_and_drops():
    old = Catalog(locale="zh_Hans")
    old.add("Kept", "留")
    old.add("Stale", "旧")
    old.add(("%(num)s day", "%(num)s days"), ("%(num)s 天",))
    old.add("Became counted", "数")
    said = {"Kept": None, "New": None, "%(num)s day": "%(num)s days", "Became counted": "Many"}
    fresh = renewed(old, said)
    assert {message.id: message.string for message in fresh if message.id} == {
        "Kept": "留",
        "New": "",
        ("%(num)s day", "%(num)s days"): ("%(num)s 天",),
        ("Became counted", "Many"): ("数",),
    }
    assert [translated(text) for text in ("", "留", (), ("",), ("数",))] == [False, True, False, False, True]


class Texts(HTMLParser):
    """The texts of a page that a person reads or hears: of elements, and of attributes such as ``aria-label``."""

    SPOKEN = ("aria-label", "title", "placeholder", "alt", "data-label", "data-confirm-question-value")

    def __init__(self, page):
        super().__init__()
        self.found: list[str] = []
        self.unspoken = False
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.unspoken = tag in ("script", "style")
        self.found += [value for name, value in attrs if name in self.SPOKEN and value]

    def handle_endtag(self, tag):
        self.unspoken = False

    def handle_data(self, data):
        if not self.unspoken and data.strip():
            self.found.append(" ".join(data.split()))


@pytest.fixture(scope="module")
def compiled():
    """The catalogues compiled as ``make assets`` does it, where a run without make finds them missing or older."""
    for file in catalogues():
        target = file.with_suffix(".mo")
        if not target.exists() or target.stat().st_mtime < file.stat().st_mtime:
            fresh = target.with_suffix(f".{os.getpid()}")
            with fresh.open("wb") as handle:
                write_mo(handle, read(file))
            fresh.replace(target)
    make_traditional()


@pytest.fixture
def in_chinese(compiled, app):
    """Let a client read Chinese; translations read earlier in this run are forgotten."""
    with app.app_context():
        get_domain().cache.clear()

    def choose(client, locale="zh_Hans"):
        with client.session_transaction() as kept:
            kept["locale"] = locale
        return client

    return choose


def english_of(page, said):
    """The sentences of the catalogue that stand on a page as they are, though they have a translation."""
    return sorted(set(Texts(page).found) & set(said) - set(THE_SAME))


def test_english_on_a_page_is_found():
    page = '<h1>Add</h1><p>Add more</p><a title="Edit">编辑</a><script>Save</script><td data-label="Name"> Show </td>'
    assert english_of(page, ["Add", "Edit", "Save", "Name", "Show", "%"]) == ["Add", "Edit", "Name", "Show"]


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("locale", "word"), [("zh_Hans", "登录"), ("zh_Hant", "登入")])
def test_the_sign_in_page_is_chinese(app, in_chinese, said, locale, word):
    page = in_chinese(app.test_client(), locale).get("/login/").text
    assert f'lang="{locale.replace("_", "-")}"' in page
    assert word in Texts(page).found
    assert english_of(page, said) == []


ROLES = (
    "/people/roles/",
    "/people/roles/1",
    "/people/roles/compare?record=claim",
    "/people/why/1?record=claim&verb=edit&row=9",
)


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_the_pages_of_work_are_chinese(session, people, sign_in, in_chinese, said):
    with acting(system_actor("tests")):
        renewal = make(session, registry["renewal"], people["renewal"])
        contract = make(session, registry["contract"], people["renewal"])
        claim = make(session, registry["claim"], people["claims"])
        make(session, registry["claim_line"], people["claims"], claim_id=claim.id, contract_coverage_id=None)
        adopt(session, claim, ClaimState.REVIEWING)
        session.commit()
        work, cover, decided = renewal.id, contract.id, claim.id
    pages = {
        "renewal": (
            "/",
            "/renewal/",
            f"/renewal/{work}",
            f"/contract/{cover}",
            "/customer/add",
            f"/desk/{work}",
        ),
        "claims": (f"/claims/desk/{decided}", "/claims/desk/"),
        "manager": ("/appraisal_template/add", "/reports/", "/imports/", "/target/", "/inbox/"),
        "admin": ("/settings/", "/jobs/", "/people/new", *ROLES),
    }
    answers = {
        address: client.get(address)
        for username, addresses in pages.items()
        for client in [in_chinese(sign_in(username))]
        for address in addresses
    }
    assert {address: answer.status_code for address, answer in answers.items() if answer.status_code != 200} == {}
    assert [address for address, answer in answers.items() if 'lang="zh-Hans"' not in answer.text] == []
    english = {address: english_of(answer.text, said) for address, answer in answers.items()}
    assert {address: found for address, found in english.items() if found} == {}


BARE = {
    "延續": "the name of the house, the same in every language",
    "Yanxu": "the name of the house",
    "% ·": "a figure's unit and a dot",
    "API": "what programs call, everywhere by these letters",
    "API:": "the same before a name",
    "OpenAPI 3.1": "the name of a standard",
    "/api/v1/": "an address",
    "/api/v1/openapi.json": "an address",
    "https://": "how an address begins",
    "Ctrl K": "keys, as they are written on the keyboard",
    "Esc": "a key, as it is written on the keyboard",
}
"""Texts of templates that need no translation, and why."""

JINJA = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)
ATTRIBUTES = re.compile(r"\{% set \w+ %\}(\w+=[^<>]*?)\{% endset %\}")


def bare(template):
    """The texts of a template that stand outside ``_()`` and hold a letter."""
    template = ATTRIBUTES.sub(r"<input \1>", template)
    texts = Texts(JINJA.sub(" \x00 ", template)).found
    pieces = {piece.strip() for text in texts for piece in text.split("\x00")}
    return sorted(piece for piece in pieces if re.search(r"[^\W\d_]", piece) and piece not in BARE)


def test_bare_text_is_found():
    page = """{# Note #}<h1 title="Bare {{ x }}">{{ _("Said") }} rows</h1>{% if a > b %}— 1 · {% endif %}"""
    assert bare(page) == ["Bare", "rows"]
    assert bare('{% set both %}id="{{ id }}" title="Bare"{% endset %}{% set more %}Bald{% endset %}') == [
        "Bald",
        "Bare",
    ]
    assert bare('<h1>{{ _("Said") }} 延續</h1><script src="{{ url }}">go()</script>') == []


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: Path(path).relative_to(HERE).as_posix())
def test_a_template_says_nothing_in_english_alone(template):
    assert bare(template.read_text(encoding="utf-8")) == []
