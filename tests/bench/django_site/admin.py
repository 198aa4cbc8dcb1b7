"""The admin, tuned as its documentation shows: linked rows are joined, picked lazily and never counted twice."""

from django.contrib import admin
from import_export.admin import ImportExportMixin
from import_export.formats.base_formats import CSV

from tests.bench import asked
from tests.bench.django_site.models import Contract, ContractCoverage, Coverage, Customer, Product
from tests.bench.django_site.resources import ContractResource


@admin.register(Customer)
class CustomerAdmin(admin.ModelAdmin):
    search_fields = ("number__contains", "name__contains")
    ordering = ("-id",)
    show_full_result_count = False


@admin.register(Product)
class ProductAdmin(admin.ModelAdmin):
    search_fields = ("code", "name")


@admin.register(Coverage)
class CoverageAdmin(admin.ModelAdmin):
    search_fields = ("code", "name")


class Lines(admin.TabularInline):
    model = ContractCoverage
    fields = ("coverage", "name", "sum_insured", "aggregate")
    autocomplete_fields = ("coverage",)


@admin.register(Contract)
class ContractAdmin(ImportExportMixin, admin.ModelAdmin):
    list_display = ("number", "customer", "product", "premium", "starts_on", "expires_on", "state")
    list_select_related = ("customer", "product")
    list_filter = ("state", "expires_on")
    list_per_page = asked.PAGE
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    ordering = ("-id",)
    # As they stand in the table, not folded to capitals: so the trigram indexes of the columns can serve.
    search_fields = ("number__contains", "customer__name__contains", "plate__contains")
    autocomplete_fields = ("customer", "product")
    fieldsets = (
        (None, {"fields": ("customer", "product", "coverage", "starts_on", "expires_on", "channel")}),
        ("Price", {"fields": ("premium", "billing", "instalment")}),
        ("Insured object", {"fields": ("object_class", "object_size", "plate", "vin", "remark")}),
    )
    inlines = (Lines,)
    resource_classes = (ContractResource,)
    export_formats = (CSV,)
    skip_export_form = True
