"""A title is found by how it sounds, in either script, in pickers and in the search box, whoever wrote the row."""

import pytest
from sqlalchemy import select

from app.kernel.actor import acting, system_actor
from app.kernel.spelling import sounds, spelling
from app.kernel.transfer.loading import load
from models.customers import Customer
from models.people import Person
from tests.gadget_sales import HEADER, SALES, line
from tests.screens import statements


@pytest.mark.parametrize(
    ("title", "key"),
    [
        ("王小明", "王小明 wangxiaoming wxm"),
        ("王曉明", "王晓明 wangxiaoming wxm"),
        ("重庆银行", "重庆银行 chongqingyinhang cqyh"),
        ("ＡＢＣ 有限公司", "abc 有限公司 abcyouxiangongsi ayxgs"),
        ("John Smith", "john smith"),
        ("", None),
        (None, None),
    ],
)
def test_a_title_is_spelt(title, key):
    assert spelling(title) == key


@pytest.mark.parametrize(
    ("written", "forms"),
    [("曉明", ["晓明"]), ("Wang Xiao", ["wangxiao"]), ("WXM", ["wxm"]), ("xi'an", ["xian"]), ("HT-1", []), ("12", [])],
)
def test_what_is_searched_for_takes_the_same_form(written, forms):
    assert list(sounds(written)) == forms


@pytest.fixture
def customers(session, people, as_system):
    """Two customers of renewal and a namesake of renewal2."""
    for owner, name in (("renewal", "王曉明"), ("renewal", "李四"), ("renewal2", "王晓明")):
        actor = people[owner]
        session.add(Customer(name=name, owner_id=actor.user_id, unit_id=actor.unit_id))
    session.commit()


@pytest.mark.parametrize("written", ["wangxiaoming", "Wang Xiao", "wxm", "xiaom", "王晓", "王曉明", "曉"])
def test_pickers_and_lists_find_it_within_ones_rows(sign_in, backend, customers, written):
    client = sign_in("renewal")
    client.get("/contract/pick/customer_id")
    with statements(backend.engine) as sent:
        found = client.get("/contract/pick/customer_id", query_string={"q": written}).json["options"]
    assert [option["text"] for option in found] == ["王曉明"]
    assert len(sent) <= 4, sent
    assert [row["name"] for row in client.get("/api/v1/customer/", query_string={"q": written}).json["result"]] == [
        "王曉明"
    ]
    assert "search_key" not in client.get("/api/v1/customer/").text


def test_a_person_is_found_as_owner_by_the_sound_of_the_name(session, people, sign_in, as_system):
    person = session.scalars(select(Person).where(Person.user_id == people["sales"].user_id)).one()
    person.name = "欧阳修"
    session.commit()
    found = sign_in("supervisor").get("/gadget/pick/owner_id", query_string={"q": "oyx"}).json["options"]
    assert [option["value"] for option in found] == [str(people["sales"].user_id)]


def test_the_key_follows_the_name_and_is_no_part_of_history(session, people, customers):
    with acting(people["renewal"]):
        row = session.scalars(select(Customer).where(Customer.name == "李四")).one()
        row.name = "赵六"
        session.commit()
        assert row.search_key == "赵六 zhaoliu zl"
    with acting(system_actor("t")):
        assert session.scalars(select(Customer).where(Customer.search_key.contains("lisi"))).all() == []


def test_imports_write_it_too(session, people, as_system, tmp_path):
    file = tmp_path / "sales.csv"
    for name, key in (("王小明", "王小明 wangxiaoming wxm"), ("李小红", "李小红 lixiaohong lxh")):
        file.write_text(f"{HEADER}\n{line(Name=name)}\n", encoding="utf-8")
        load(session, SALES, file, file.name)
        session.commit()
        session.expire_all()
        assert session.scalars(select(Person.search_key).where(Person.number == "B1")).one() == key
