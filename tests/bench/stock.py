"""A stock Flask-AppBuilder application on the same tables: its own models, views, API and sign-in; nothing of ours.

Tuned once, as its documentation shows: only plain columns are searched, links are picked lazily (`AJAXSelectField`),
lists name the columns of linked rows so that they are joined. Beside it the view as it comes, untuned.
"""

from collections.abc import Generator
from dataclasses import replace
from datetime import timedelta
from typing import Any

from flask import Flask
from flask_appbuilder import AppBuilder, ModelRestApi, ModelView
from flask_appbuilder.fields import AJAXSelectField
from flask_appbuilder.fieldwidgets import Select2AJAXWidget
from flask_appbuilder.models.sqla.base import SQLA
from flask_appbuilder.models.sqla.filters import FilterEqualFunction
from flask_appbuilder.models.sqla.interface import SQLAInterface

from tests.bench import asked
from tests.bench.shape import Ground
from tests.bench.stock_jobs import StockJobs
from tests.bench.stock_models import Contract, Customer, Product
from tests.bench.subject import Absent, Outcome, Work, serve, task

LISTED = ["number", "customer.name", "product.name", "premium", "starts_on", "expires_on", "state"]
EDITED = [
    *("customer", "product", "coverage", "starts_on", "expires_on", "channel", "premium", "billing", "instalment"),
    *("object_class", "object_size", "plate", "vin", "remark"),
]
SEARCHED = ["number", "plate", "state", "expires_on", "starts_on", "premium"]
PASSWORD = "bench-password-42"


def _picked(field: str, endpoint: str) -> AJAXSelectField:
    widget = Select2AJAXWidget(endpoint=endpoint)
    return AJAXSelectField(field, datamodel=SQLAInterface(Contract), col_name=field, widget=widget)


class ContractView(ModelView):
    """Tuned."""

    datamodel = SQLAInterface(Contract)
    list_columns, edit_columns, search_columns = LISTED, EDITED, SEARCHED
    base_order, page_size = ("id", "desc"), asked.PAGE
    edit_form_extra_fields = {
        "customer": _picked("customer", "/api/v1/customer/"),
        "product": _picked("product", "/api/v1/product/"),
    }


class OwnContractView(ContractView):
    """Tuned, and narrowed to one's own rows."""

    datamodel = SQLAInterface(Contract)
    base_filters = [["owner_id", FilterEqualFunction, lambda: OWNER["id"]]]


class UntunedContractView(ModelView):
    """As it comes, with the same columns."""

    datamodel = SQLAInterface(Contract)
    list_columns, edit_columns = LISTED, EDITED
    base_order, page_size = ("id", "desc"), asked.PAGE


class CustomerView(ModelView):
    datamodel = SQLAInterface(Customer)


class ProductView(ModelView):
    datamodel = SQLAInterface(Product)


class ContractApi(ModelRestApi):
    resource_name = "contract"
    datamodel = SQLAInterface(Contract)
    allow_browser_login = True
    list_columns = ["id", *LISTED]
    base_order, page_size, max_page_size = ("id", "desc"), asked.REST_PAGE, asked.REST_PAGE


class CustomerApi(ModelRestApi):
    resource_name = "customer"
    datamodel = SQLAInterface(Customer)
    allow_browser_login = True
    list_columns = ["id", "name"]


OWNER: dict[str, int] = {}


def application(ground: Ground) -> tuple[Flask, Any]:
    """The application, and its database."""
    app = Flask(__name__)
    app.config.update(
        SECRET_KEY="a stock application measured, serving nobody",
        SQLALCHEMY_DATABASE_URI=ground.url,
        WTF_CSRF_ENABLED=True,
        FAB_ROLES={},
    )
    db = SQLA(app)
    with app.app_context():
        builder = AppBuilder(app, db.session)
        for view in (ContractView, OwnContractView, UntunedContractView, CustomerView, ProductView):
            builder.add_view(view, view.__name__, category="Bench")
        builder.add_api(ContractApi)
        builder.add_api(CustomerApi)
        if builder.sm.find_user("stock") is None:
            admin = builder.sm.find_role("Admin")
            assert builder.sm.add_user("stock", "Stock", "Admin", "stock@example.cn", admin, PASSWORD)
    return app, db


class Stock(StockJobs):
    """Flask-AppBuilder as an administrator sees it."""

    def __init__(self, ground: Ground) -> None:
        super().__init__(ground)
        OWNER["id"] = ground.shape.specialist
        self.app, self.db = application(ground)
        self.client = self.app.test_client()
        token = asked.fields(self.client.get("/login/").data)
        answer = self.client.post("/login/", data={**token, "username": "stock", "password": PASSWORD})
        assert answer.status_code == 302, answer.text

    def _get(self, address: str) -> Generator[Work, Any, Outcome]:
        answer = yield lambda: self.client.get(address)
        assert answer.status_code == 200, f"{address}: {answer.status_code}"
        return Outcome(len(answer.data), found=asked.named(answer.data))

    def _edit(self, view: str) -> str:
        return f"/{view}/edit/{asked.edited(self.ground.shape)}"

    @task("list")
    def first_page(self) -> Generator[Work, Any, Outcome]:
        """The newest contracts."""
        return (yield from self._get("/contractview/list/"))

    @task("list untuned")
    def untuned_list(self) -> Generator[Work, Any, Outcome]:
        """The same from the view as it comes."""
        return (yield from self._get("/untunedcontractview/list/"))

    @task("sorted")
    def sorted_page(self) -> Generator[Work, Any, Outcome]:
        """Those that expire last; it breaks no ties, so the rows are not compared."""
        done = yield from self._get("/contractview/list/?_oc_ContractView=expires_on&_od_ContractView=desc")
        return replace(done, found=())

    @task("deep")
    def deep_page(self) -> Generator[Work, Any, Outcome]:
        """A page far down, by offset."""
        return (yield from self._get(f"/contractview/list/?page_ContractView={asked.deep(self.ground.shape)}"))

    @task("last")
    def last_page(self) -> Generator[Work, Any, Outcome]:
        """The oldest contracts, by offset."""
        page = (self.ground.shape.rows - 1) // asked.PAGE
        return (yield from self._get(f"/contractview/list/?page_ContractView={page}"))

    @task("filter")
    def filtered(self) -> Generator[Work, Any, Outcome]:
        """Those in force that expire within 30 days; its filters say "greater" and "smaller"."""
        first, last = asked.SOON
        span = f"_flt_1_expires_on={first - timedelta(days=1)}&_flt_2_expires_on={last + timedelta(days=1)}"
        return (yield from self._get(f"/contractview/list/?_flt_0_state=in_force&{span}"))

    @task("own")
    def own_rows(self) -> Generator[Work, Any, Outcome]:
        """Those of one specialist."""
        return (yield from self._get("/owncontractview/list/"))

    @task("number")
    def search_number(self) -> Generator[Work, Any, Outcome]:
        """Those whose number holds some digits."""
        return (yield from self._get(f"/contractview/list/?_flt_2_number={asked.searched_number(self.ground.shape)}"))

    @task("name")
    def search_name(self) -> Generator[Work, Any, Outcome]:
        """Its lists cannot search the text of a linked row."""
        raise Absent("impossible")
        yield

    @task("picker")
    def picker(self) -> Generator[Work, Any, Outcome]:
        """Customers to choose from, by the REST list its lazy select would be pointed at."""
        word = asked.picked(self.ground.shape)
        order = "order_column:id,order_direction:desc"
        query = f"(filters:!((col:name,opr:ct,value:'{word}')),{order},page_size:{asked.PICKED})"
        return (yield from self._get(f"/api/v1/customer/?q={query}"))

    @task("form")
    def edit_form(self) -> Generator[Work, Any, Outcome]:
        """The form of a contract, links picked lazily."""
        return (yield from self._get(self._edit("contractview")))

    @task("form untuned")
    def untuned_form(self) -> Generator[Work, Any, Outcome]:
        """The form as it comes: every customer in a select box."""
        return (yield from self._get(self._edit("untunedcontractview")))

    @task("save")
    def save(self) -> Generator[Work, Any, Outcome]:
        """The form sent with another remark."""
        url = self._edit("contractview")
        sent = asked.fields(self.client.get(url).data)
        sent["remark"] = "again" if sent["remark"] != "again" else "and again"
        # It writes empty fields as empty texts, which the database refuses where they are no vehicle number.
        sent["vin"] = sent["vin"] or "1M8GDM9AXKP042788"
        answer = yield lambda: self.client.post(url, data=sent)
        assert asked.fields(self.client.get(url).data)["remark"] == sent["remark"], answer.text
        return Outcome(len(answer.data), rows=1)

    @task("rest")
    def rest(self) -> Generator[Work, Any, Outcome]:
        """A hundred contracts as JSON."""
        return (yield from self._get(f"/api/v1/contract/?q=(page_size:{asked.REST_PAGE})"))


if __name__ == "__main__":
    serve(Stock)
