"""What a page weighs on its way: the list of many rows, and the assets of every day, compressed as they are sent."""

import gzip
import re
from html import unescape
from urllib.parse import urlsplit

import pytest

from app.kernel.actor import acting, system_actor
from app.panel.listing import SIZES
from models.contracts import Contract
from models.renewals import Renewal
from tests.factories import make

PAGE, ASSETS = 60_000, 200_000
"""Bytes at most, of a page and of all it loads once."""


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
@pytest.mark.parametrize("record", [Contract, Renewal])
def test_a_long_list_is_light_and_so_is_all_it_loads(session, people, sign_in, record):
    with acting(system_actor("tests")):
        for _n in range(SIZES[-1]):
            make(session, record, people["renewal"])
        session.commit()
    client = sign_in("manager")
    url = f"/{record.__tablename__}/?psize={SIZES[-1]}"
    sent = client.get(url, headers={"Accept-Encoding": "gzip"})
    assert sent.headers["Content-Encoding"] == "gzip"
    assert len(sent.data) <= PAGE
    page = gzip.decompress(sent.data).decode()
    assert page.count('class="yx-title"') == SIZES[-1]
    assets = {unescape(found) for found in re.findall(r'(?:src|href)="(/static/[^"#]+)', page)}
    names = {urlsplit(asset).path.rsplit("/", 1)[-1] for asset in assets}
    assert {"tabler.min.css", "stimulus.umd.js", "panel.js", "icons.svg"} <= names
    assert not [name for name in names if re.search("jquery|select2|bootstrap", name)]
    weights = {asset: len(gzip.compress(client.get(asset).data, 6)) for asset in assets}
    assert sum(weights.values()) <= ASSETS, weights
