"""Previews as they are drawn: by a process that can do no harm, once, and as pixels that say nothing else."""

import io
import subprocess
import sys
import threading
import time
import tracemalloc
from types import SimpleNamespace

import pytest
from PIL import Image

from app.kernel import previews, scanning
from app.kernel.store import Folder, set_store, the_store
from app.schema.errors import NotFound, Unavailable
from app.schema.kinds import File
from tests import papers
from tests.files import PDF

TOKEN = "a1" * 20


@pytest.fixture
def keep(sqlite_backend, tmp_path, monkeypatch):
    """Keep bytes as a file in a store of its own; answers the file. Drawing may take its time: the machine is busy."""
    monkeypatch.setattr(previews, "SECONDS", 60)
    before, numbers = the_store(), iter(range(1, 99))
    set_store(Folder(tmp_path / "files"))

    def kept(body, type_="application/pdf"):
        file = File(f"{next(numbers):040x}", "paper", len(body), type_)
        the_store().put(file.id, body)
        return file

    yield kept
    set_store(before)


def drawn(file, page=1, size="large"):
    """A page as Pillow reads it, and its bytes."""
    body = previews.picture_of(file, page, size)
    return Image.open(io.BytesIO(body)), body


def near(image, place, colour):
    """Whether the picture has that colour there, but for what WebP rounds."""
    return all(abs(one - other) < 12 for one, other in zip(image.getpixel(place), colour, strict=True))


def test_pictures_stand_upright_fit_the_box_and_say_nothing_of_where_they_were_taken(keep):
    for format_ in ("JPEG", "PNG", "WEBP"):
        sent = papers.photo(format_)
        assert papers.PLACE in sent
        for size, fits in (("small", (160, 240)), ("large", (400, 600))):
            image, body = drawn(keep(sent, f"image/{format_.lower()}"), size=size)
            assert (image.format, image.size, image.mode) == ("WEBP", fits, "RGB")
            assert near(image, (fits[0] - 9, 9), papers.BLUE), "the corner that was on the left is on the right"
            assert near(image, (9, 9), papers.RED)
            assert dict(image.getexif()) == {}
            assert not [each for each in (b"EXIF", b"XMP ", b"ICCP", papers.PLACE) if each in body]


def test_every_sort_of_picture_is_drawn_with_its_colours_on_white(keep):
    clear = papers.picture("RGBA", colour=(255, 0, 0, 0))
    sorts = (
        (clear, "image/png", (255, 255, 255)),
        (papers.picture("P", colour=0, transparency=0), "image/png", (255, 255, 255)),
        (papers.picture("I;16", colour=0x8000), "image/png", (128, 128, 128)),
        (papers.picture("CMYK", colour=(0, 255, 255, 0), format_="JPEG"), "image/jpeg", papers.RED),
        (papers.moving(), "image/gif", papers.RED),
    )
    for body, type_, colour in sorts:
        image, _body = drawn(keep(body, type_))
        assert near(image, (20, 20), colour), type_
    image, body = drawn(keep(papers.moving(), "image/gif"))
    assert getattr(image, "n_frames", 1) == 1
    assert b"script" not in body


def test_a_pdf_is_drawn_page_by_page_the_first_twenty_and_each_once(keep, monkeypatch):
    file = keep(papers.pdf(31))
    pages = previews.pages_of(file)
    assert (pages.count, pages.sizes) == (31, ((1400, 700),) * 20)
    for page, colour in ((1, papers.RED), (2, papers.BLUE), (20, papers.BLUE)):
        image, _body = drawn(file, page)
        assert image.size == (1400, 700)
        assert near(image, (20, 20), colour)
    for page, size in ((0, "small"), (21, "small"), (-1, "large"), (1, "huge"), (1, "")):
        with pytest.raises(NotFound):
            previews.picture_of(file, page, size)
    with monkeypatch.context() as patch:
        patch.setattr(previews, "_run", None)
        assert drawn(file, 2)[0].size == (1400, 700)
        with pytest.raises(TypeError):
            drawn(file, 3)
    for part in ("pages", "20-large"):
        the_store().remove(f"{file.id}.{part}")
    assert (previews.pages_of(file).count, drawn(file, 20)[0].size) == (31, (1400, 700)), "what is lost is drawn again"


def test_odd_pages_of_a_pdf_fit_their_box_and_letters_without_a_font_are_drawn(keep):
    assert drawn(keep(papers.pdf(1, (10**6, 10**6))))[0].size == (1400, 1400)
    assert drawn(keep(papers.pdf(1, (2, 10**6))))[0].size == (1, 5600)
    for size in ((595.276, 841.89), (841.89, 595.276), (612, 792), (209.7, 296.9)):
        file = keep(papers.pdf(1, size))
        assert drawn(file)[0].size == previews.pages_of(file).sizes[0], size
    image, _body = drawn(keep(papers.chinese()))
    assert image.convert("L").getextrema()[0] < 60, "the page is not empty"


def test_what_cannot_be_drawn_has_no_preview_and_is_tried_once(keep, monkeypatch):
    photo = papers.photo()
    bad = [
        keep(papers.locked()),
        keep(PDF),
        keep(papers.swelling()),
        keep(papers.photo()),
        keep(photo[: len(photo) // 2], "image/jpeg"),
        keep(papers.bomb(), "image/png"),
        keep(papers.picture(format_="TIFF"), "image/png"),
        keep(papers.photo("WEBP"), "image/gif"),
    ]
    for file in bad:
        with pytest.raises(NotFound):
            previews.pages_of(file)
    monkeypatch.setattr(previews, "_run", None)
    for file in bad:
        for size in previews.SIZES:
            with pytest.raises(NotFound):
                previews.picture_of(file, 1, size)
    assert not previews.has_preview(File(TOKEN, "a.heic", 9, "image/heic"))
    with pytest.raises(NotFound):
        previews.pages_of(keep(b"words", "text/plain"))
    with pytest.raises(NotFound, match="no preview"):
        previews.pages_of(File(TOKEN, "gone.pdf", 9, "application/pdf"))


def test_what_never_ends_is_ended_by_the_processor_or_by_the_clock(keep, monkeypatch):
    file = keep(papers.endless())
    monkeypatch.setattr(previews, "SECONDS", 0.3)
    with pytest.raises(Unavailable):
        previews.pages_of(file)
    monkeypatch.setattr(previews, "SECONDS", 60)
    monkeypatch.setattr(previews, "BUSY", 1)
    with pytest.raises(NotFound):
        previews.pages_of(file)


def test_the_process_has_nothing_of_ours_and_cannot_have_more_than_its_share(tmp_path, monkeypatch):
    monkeypatch.setenv("YANXU_SECRET_KEY", "hush")
    told = tmp_path / "told.py"
    told.write_text(
        "import json, os, sys; json.dump([dict(os.environ), os.getcwd(), os.listdir('/proc/self/fd')], sys.stdout)"
    )
    monkeypatch.setattr(previews, "PROGRAM", told)
    with open(tmp_path / "in", "w+b") as source, open(tmp_path / "out", "w+b") as answer:
        previews._run(File(TOKEN, "a.pdf", 9, "application/pdf"), 1, "small", source, answer)
        answer.seek(0)
        said = answer.read().decode()
    assert "hush" not in said
    assert "YANXU" not in said
    assert '"/", ["0", "1", "2", "3"]' in said, "no file of ours is open in it"
    confined = "import runpy, resource, sys; runpy.run_path(sys.argv[1])['confine'](200, 5)\n"
    for act, ends in (
        ("bytearray(300 << 20)", b"MemoryError"),
        ("[open('/dev/null') for _ in range(20)]", b"Too many"),
    ):
        command = [
            sys.executable,
            "-I",
            "-c",
            confined + act,
            str(previews.Path(previews.__file__).with_name("drawing.py")),
        ]
        ended = subprocess.run(command, capture_output=True, check=False)
        assert ends in ended.stderr, act


@pytest.mark.parametrize(
    ("program", "raised"),
    [
        ("import os; os.abort()", NotFound),
        ("print('<html><script>')", NotFound),
        ("print('[1, [[9, 9]]]'); print('<html><script>')", NotFound),
        ("import sys; sys.stdout.buffer.write(b'[1, [[9, 9]]]\\n' + open(sys.argv[-1], 'rb').read())", NotFound),
        ("raise ImportError('no Pillow here')", Unavailable),
        ("import os, signal; os.kill(os.getpid(), signal.SIGTERM)", Unavailable),
    ],
)
def test_what_the_process_answers_is_believed_no_more_than_the_file(keep, monkeypatch, tmp_path, program, raised):
    """One that was taken over hands out nothing but a picture that fits. What is no fault of the file is not kept."""
    wide = tmp_path / "wide.webp"
    Image.new("RGB", (300, 10)).save(wide)
    script = tmp_path / "program.py"
    script.write_text(program.replace("sys.argv[-1]", repr(str(wide))))
    file = keep(papers.pdf())
    with monkeypatch.context() as patch:
        patch.setattr(previews, "PROGRAM", script)
        with pytest.raises(raised):
            previews.pages_of(file)
    if raised is Unavailable:
        assert previews.pages_of(file).count == 1
    else:
        with pytest.raises(NotFound):
            previews.pages_of(file)


def test_a_large_file_takes_little_memory_of_ours(keep):
    file = keep(papers.pdf(1, more=(b"<</Length 20000000>>stream\n" + bytes(20_000_000) + b"\nendstream",)))
    tracemalloc.start()
    try:
        assert drawn(file)[0].size == (1400, 700)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 12_000_000, "it is handed on piece by piece"


def test_few_are_drawn_at_a_time_each_once_and_nobody_waits_in_a_long_line(keep, monkeypatch):
    running, most, begun, go_on = [], [], [], threading.Event()

    def slow(file, page, size, source, answer):
        running.append(file.id)
        begun.append(file.id)
        most.append(list(running))
        go_on.wait(10)
        body = io.BytesIO()
        Image.new("RGB", (9, 9)).save(body, "WEBP")
        answer.write(b"[1, [[9, 9]]]\n" + body.getvalue())
        running.remove(file.id)

    monkeypatch.setattr(previews, "_run", slow)
    monkeypatch.setattr(previews, "WAIT", 30)
    one, two, three = (keep(papers.pdf()) for _ in range(3))
    answers = []

    def ask(file):
        try:
            answers.append(previews.picture_of(file, 1, "small")[:4])
        except Unavailable:
            answers.append("later")

    asking = [threading.Thread(target=ask, args=(file,)) for file in (one, two, one, two, three, one, two, three, one)]
    for each in asking:
        each.start()
    until = time.monotonic() + 10
    while (answers.count("later"), len(running)) != (3, 2) and time.monotonic() < until:
        time.sleep(0.01)
    go_on.set()
    for each in asking:
        each.join(20)
    assert sorted(map(str, answers)) == ["b'RIFF'"] * 6 + ["later"] * 3
    assert max(map(len, most)) == previews.AT_ONCE
    assert [each for each in most if len(set(each)) < len(each)] == []
    assert len(begun) == len(set(begun)), "each was drawn once"


@pytest.fixture
def scanned_by(sqlite_backend):
    """Set who looks for viruses, for the length of a test."""
    yield scanning.set_scanner
    scanning.set_scanner(None)


def test_what_is_infected_or_was_not_looked_at_has_no_preview(keep, scanned_by):
    def away(body):
        raise OSError("nobody there")

    unseen, bad, good = keep(papers.pdf()), keep(papers.pdf(2)), keep(papers.pdf(3))
    scanned_by(SimpleNamespace(scan=away), fail_open=True)
    with pytest.raises(Unavailable):
        previews.pages_of(unseen)
    scanned_by(SimpleNamespace(scan=lambda body: "" if b"/Count 3" in body or b"/Count 1" in body else "a worm"))
    assert (previews.pages_of(good).count, previews.pages_of(unseen).count) == (3, 1)
    with pytest.raises(NotFound):
        previews.pages_of(bad)
    assert drawn(good, 3)[0].size == (1400, 700)
