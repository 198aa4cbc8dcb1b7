"""What django-import-export writes and reads, tuned as its documentation advises for many rows."""

from typing import Any

from django.contrib.admin.models import ADDITION, LogEntry
from django.contrib.auth import get_user_model
from import_export.fields import Field
from import_export.instance_loaders import CachedInstanceLoader
from import_export.resources import ModelResource
from import_export.results import Result
from import_export.widgets import CachedForeignKeyWidget

from tests.bench.django_site.models import Contract, Customer, Product
from tests.bench.plain import BATCH, COLUMNS

LISTED = ("number", "customer", "product", "premium", "starts_on", "expires_on", "state")
SHOWN = ("coverage", "channel", "billing", "instalment", "object_class", "object_size", "plate", "vin", "remark")
FACTS = (
    *("product_version_id", "predecessor", "paid_on", "claims_amount", "cancelled_on", "object_gone_on", "voided_on"),
    "declined_by_us",
)


class ContractResource(ModelResource):
    """The columns ours writes, in its order, linked rows by name."""

    customer = Field("customer__name", "customer")
    product = Field("product__name", "product")
    predecessor = Field("predecessor__number", "predecessor")

    class Meta:
        model = Contract
        fields = export_order = (*LISTED, *SHOWN, *FACTS)

    def filter_export(self, queryset: Any, **kwargs: Any) -> Any:
        return queryset.select_related("customer", "product", "predecessor")


class Linked(CachedForeignKeyWidget):
    """A link by code. The rows it leads to are read once, and only those the file names."""

    def get_queryset(self, value: Any, row: Any, *args: Any, **kwargs: Any) -> Any:
        return self.model.objects.filter(**{f"{self.field}__in": self.named})


class Loading(ModelResource):
    """A file of contracts, written in bulk; linked rows and those that stand already are looked up once."""

    customer = Field("customer", "customer", Linked(Customer, "number"))
    product = Field("product", "product", Linked(Product, "code"))

    class Meta:
        model = Contract
        fields = COLUMNS
        import_id_fields = ("number",)
        instance_loader_class = CachedInstanceLoader
        use_bulk = skip_diff = True
        batch_size = BATCH
        clean_model_instances = True
        store_instance = True

    def before_import(self, dataset: Any, **kwargs: Any) -> None:
        for name in ("customer", "product"):
            self.fields[name].widget.named = set(dataset[name])


class BareLoading(Loading):
    """The same with nothing checked but what the database refuses, and nothing kept of what was done."""

    class Meta(Loading.Meta):
        clean_model_instances = store_instance = False


def log(done: Result) -> None:
    """Enter in the admin's log what a load made, as its admin does, in one statement for all."""
    made = [row.instance for row in done.rows if row.instance is not None]
    if made:
        user = get_user_model().objects.get()
        LogEntry.objects.log_actions(user.pk, made, ADDITION, "new through import_export")


def forget() -> None:
    """Empty the admin's log. Never timed."""
    LogEntry.objects.all().delete()
