"""Documents: printed as the reader may read the row, the same as long as the row is, verified by strangers."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pypdfium2
import pytest
import segno

from app.kernel import documents, files, outside
from app.kernel.actor import acting
from app.kernel.documents import IssuedDocument, Stamp
from app.kernel.store import the_store
from app.kernel.workflow import adopt
from app.panel import printing
from app.schema import check
from app.schema.panel import Group
from app.schema.registry import registry
from models.appraisal.states import AppraisalState
from models.claims.states import ClaimState
from models.contracts.states import ContractState
from tests.dossier import Dossier, DossierNote, DossierState
from tests.factories import make
from tests.files import SYSTEM, all_of, history
from tests.screens import plain, post

ONE = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
MARKUP = '#panic("x") *bold* $x$ [ // `raw` \\ <b>'


def said_by(body: bytes) -> str:
    """The words of a PDF, however they are broken into lines."""
    pages = pypdfium2.PdfDocument(body)
    return " ".join(" ".join(page.get_textpage().get_text_bounded() for page in pages).split())


@pytest.fixture
def dossier(session, people):
    with acting(SYSTEM):
        row = make(
            session, Dossier, people["sales"], code=MARKUP, finding="a secret finding", account="6222020200112233"
        )
        make(session, DossierNote, dossier_id=row.id, text="a plain note", grade="a secret grade")
        session.commit()
        return row.id


def printed(client, url, language="en"):
    """The answer with the PDF a form leads to."""
    answer = post(client, url, language=language)
    assert answer.status_code == 303, answer.text
    return client.get(answer.location)


def test_the_same_row_gives_the_same_bytes_and_a_changed_one_replaces_them(session, people, sign_in, dossier):
    client, url = sign_in("sales"), f"/documents/dossier/{dossier}/extract"
    assert "Nothing can be printed" not in client.get(f"/documents/dossier/{dossier}").text
    first, again = printed(client, url), printed(client, url)
    assert first.data == again.data
    assert first.data.startswith(b"%PDF-")
    assert first.headers["Content-Disposition"].startswith("attachment")
    assert printed(client, url, "zh_Hans").data != first.data
    assert [(d.running, d.replaced_at) for d in all_of(session, IssuedDocument)] == [(1, None), (2, None)]
    with acting(SYSTEM):
        session.get(Dossier, dossier).stake = 250
        session.commit()
    changed = printed(client, url)
    assert "250" in said_by(changed.data)
    one, two, three = all_of(session, IssuedDocument)
    assert one.replaced_at == two.replaced_at == three.issued_at
    assert three.replaced_at is None
    assert client.get(f"/documents/{one.code}.pdf").data == first.data, "what was issued stays as it was"
    assert [e.verb for e in history(session) if e.record == "dossier"].count("print") == 3
    assert f"{MARKUP}-03" in plain(client.get(f"/dossier/{dossier}").text).replace("&#34;", '"').replace(
        "&lt;", "<"
    ).replace("&gt;", ">")


@ONE
def test_no_word_of_a_row_becomes_markup(sign_in, dossier):
    said = said_by(printed(sign_in("sales"), f"/documents/dossier/{dossier}/extract").data)
    assert MARKUP in said


@ONE
def test_a_document_obeys_what_its_reader_may_read(session, people, sign_in, dossier):
    """And who may read less is not given the one printed by who may read more."""
    little = printed(sign_in("sales"), f"/documents/dossier/{dossier}/extract").data
    much = printed(sign_in("supervisor"), f"/documents/dossier/{dossier}/extract").data
    for secret in ("secret finding", "secret grade"):
        assert secret not in said_by(little)
        assert secret in said_by(much)
    for said in (said_by(little), said_by(much)):
        assert "plain note" in said
        assert "2233" in said
        assert "6222020200112233" not in said
    mine, theirs = all_of(session, IssuedDocument)
    assert sign_in("sales").get(f"/documents/{theirs.code}.pdf").status_code == 404
    assert sign_in("supervisor").get(f"/documents/{mine.code}.pdf").status_code == 200


@ONE
def test_who_may_not_print_is_told_so_and_who_does_not_see_the_row_nothing(session, sign_in, dossier):
    url = f"/documents/dossier/{dossier}/extract"
    printed(sign_in("sales"), url)
    code = all_of(session, IssuedDocument)[0].code
    stranger, reader = sign_in("renewal3"), sign_in("inspector")
    for address in (f"/documents/dossier/{dossier}", f"/documents/{code}.pdf", f"/documents/claim/{dossier}"):
        assert stranger.get(address).status_code == 404
    assert post(stranger, url, language="en").status_code == 404
    assert post(reader, url, language="en").status_code == 403
    assert reader.get(f"/documents/{code}.pdf").status_code == 404
    assert url.rpartition("/")[0] in sign_in("sales").get(f"/dossier/{dossier}").text
    assert url.rpartition("/")[0] not in reader.get(f"/dossier/{dossier}").text
    for wrong in (url + "x", "/documents/gadget/1/extract"):
        assert post(sign_in("sales"), wrong, language="en").status_code == 404
    assert post(sign_in("sales"), url, language="../en").status_code == 404
    with acting(SYSTEM):
        adopt(session, session.get(Dossier, dossier), DossierState.SETTLED)
        session.commit()
    assert post(sign_in("sales"), url, language="en").status_code == 409


def test_a_stranger_is_told_whether_it_stands_and_no_more(session, app, sign_in, dossier):
    printed(sign_in("sales"), f"/documents/dossier/{dossier}/extract")
    code = all_of(session, IssuedDocument)[0].code
    client = app.test_client()
    page = client.get(f"/verify/?code={code[:4].upper()}-{code[4:]}", follow_redirects=True)
    assert (page.status_code, "is ours and stands" in page.text, "L** W**" in page.text) == (200, True, True)
    assert not [word for word in ("Li Wei", "finding", "2233", f"/dossier/{dossier}") if word in page.text]
    with acting(SYSTEM):
        adopt(session, session.get(Dossier, dossier), DossierState.SETTLED)
        session.commit()
    assert "stands no longer" in client.get(f"/verify/{code}").text
    answers = [client.get("/verify/nonesuch").status_code for _ in range(40)]
    assert answers[0] == 404
    assert answers[-1] == 429
    assert client.get(f"/verify/{code}").status_code == 429, "or the limit would tell right from wrong"


@ONE
def test_a_document_outlives_the_sweep_and_its_row_takes_its_standing_along(session, app, sign_in, dossier):
    client = sign_in("sales")
    printed(client, f"/documents/dossier/{dossier}/extract")
    kept = all_of(session, IssuedDocument)[0]
    with acting(SYSTEM):
        files.sweep(session, datetime(2999, 1, 1, tzinfo=UTC))
        session.commit()
    assert kept.token in [token for token, _at in the_store().tokens()]
    with acting(SYSTEM):
        session.delete(session.get(Dossier, dossier))
        session.commit()
    assert client.get(f"/documents/{kept.code}.pdf").status_code == 404
    assert "stands no longer" in app.test_client().get(f"/verify/{kept.code}").text


@ONE
def test_the_departments_documents_in_three_languages(session, people, sign_in, app):
    """Policy, receipt, letter of refusal, appraisal sheet: each is drawn, with its own words."""
    with acting(SYSTEM):
        customer = make(session, registry["customer"], people["sales"], name="王小明")
        contract = make(session, registry["contract"], people["sales"], customer_id=customer.id)
        adopt(session, contract, ContractState.IN_FORCE)
        claim = make(
            session, registry["claim"], people["claims"], contract_id=contract.id, refusal_reason="浸水不在承保范围"
        )
        adopt(session, claim, ClaimState.REFUSED)
        payout = make(session, registry["payout"], people["claims"], payee="王小明", paid_on=date(2026, 3, 1))
        appraisal = make(session, registry["appraisal"], people["sales"])
        adopt(session, appraisal, AppraisalState.APPROVED)
        session.commit()
        stamp = Stamp("N-01", "abcdefgh23456789", datetime(2026, 3, 2, tzinfo=UTC))
        wanted = {
            (contract, "policy"): ("Policy", "保单", "保單"),
            (payout, "receipt"): ("Receipt of payment", "赔款支付凭证", "賠款支付憑證"),
            (claim, "refusal"): ("Letter of refusal", "拒赔通知书", "拒賠通知書"),
            (appraisal, "sheet"): ("Appraisal sheet", "绩效考核表", "績效考核表"),
        }
        with app.test_request_context():
            for (row, name), titles in wanted.items():
                declared = documents.document_of(type(row), name)
                for language, title in zip(("en", "zh_Hans", "zh_Hant"), titles, strict=True):
                    gathered = printing.gather(row, declared, language)
                    body = printing.drawn(gathered, declared, stamp)
                    assert body == printing.drawn(gathered, declared, stamp)
                    said = said_by(body)
                    assert title in said
                    assert "abcd-efgh-2345-6789" in said
                    assert row.number in said
                if name != "sheet":
                    assert "王小明" in said
    assert documents.masked("王小明") == "王**"


@ONE
def test_the_square_leads_to_the_page_that_verifies(session, sign_in, dossier):
    """The picture is read back module by module."""
    body = printed(sign_in("sales"), f"/documents/dossier/{dossier}/extract").data
    code = all_of(session, IssuedDocument)[0].code
    assert f"/verify/{code}" in said_by(body)
    picture = pypdfium2.PdfDocument(body)[0].render(scale=8).to_pil().convert("L")
    wide = round(20 / 210 * picture.width)
    square = picture.crop((wide, round(picture.height * 0.882), 2 * wide, picture.height)).point(
        lambda p: 255 * (p < 128)
    )
    square = square.crop(square.getbbox())
    matrix = segno.make(outside.house_address(f"/verify/{code}"), error="m").matrix
    size = square.width / len(matrix)
    read = [
        [square.getpixel((int((x + 0.5) * size), int((y + 0.5) * size))) > 0 for x in range(len(matrix))]
        for y in range(len(matrix))
    ]
    assert read == [[bool(module) for module in row] for row in matrix]


def test_a_declaration_that_cannot_hold_is_refused_with_the_cure(monkeypatch):
    good = Dossier.documents[0]
    wrong = {
        "no field of it": replace(good, groups=(Group("", "colour"),)),
        "no part of it": replace(good, lines={"paper": ("name",)}),
        "which is none": replace(good, right="print"),
        "says nothing": replace(good, groups=()),
        "not in app/panel/documents": replace(good, template="nonesuch"),
    }
    for cure, document in wrong.items():
        monkeypatch.setattr(Dossier, "documents", (document,))
        assert any(cure in fault for fault in check.faults_of(Dossier, registry)), cure
    monkeypatch.setattr(Dossier, "documents", (good, good))
    assert any("twice" in fault for fault in check.faults_of(Dossier, registry))
