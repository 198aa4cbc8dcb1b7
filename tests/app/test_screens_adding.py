"""What is missing among the rows to choose from is added from the form: offered to who may, told when it stands."""

import re

from tests.screens import post


def offered(page):
    """The forms that a page offers to add rows with."""
    return set(re.findall(r'href="([^"]*)" target="_blank" rel="noopener" data-action="adding#open"', page))


def test_it_is_offered_to_who_may_add_one_alone(sign_in):
    assert offered(sign_in("sales").get("/gadget/add").text) == {"/gadget/add"}, "a unit is not theirs to add"
    assert offered(sign_in("admin").get("/unit/add").text) <= {"/unit/add"}
    assert offered(sign_in("sales").get("/trinket/add").text) == {"/gadget/add"}, "of links to many too"


def test_the_page_of_the_new_row_tells_the_form_that_asked_for_it(sign_in):
    client = sign_in("sales")
    refused = post(client, "/gadget/add?pick=k3y", name="No code")
    assert refused.status_code == 422
    added = post(client, "/gadget/add?pick=k3y", code="<NEW>")
    key = added.location.partition("?")[0].split("/")[-1]
    assert added.location == f"/gadget/{key}?pick=k3y"
    page = client.get(added.location).text
    assert f'data-added-channel-value="k3y" data-added-row-value="{key}" data-added-title-value="&lt;NEW&gt;"' in page
    plain = post(client, "/gadget/add", code="PLAIN").location
    assert "pick" not in plain
    assert 'data-controller="added"' not in client.get(plain).text
