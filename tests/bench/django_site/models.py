"""The panel's tables as Django models that manage nothing.

Money and quantities are plain numbers here: on SQLite, where the panel keeps whole cents, cents are what is shown.
"""

from django.db import models


def _choices(*values: str) -> list[tuple[str, str]]:
    return [(value, value.replace("_", " ").capitalize()) for value in values]


class Row(models.Model):
    """What each table keeps of its rows."""

    version = models.IntegerField(default=1, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        abstract = True


class Customer(Row):
    number = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=40, choices=_choices("person", "household", "firm"))
    phone = models.CharField(max_length=40, null=True, blank=True)
    state = models.CharField(max_length=40, default="confirmed")

    class Meta:
        managed, db_table = False, "customer"

    def __str__(self) -> str:
        return self.name


class Product(Row):
    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=200)
    line = models.CharField(max_length=40)
    renewable = models.BooleanField(default=True)
    state = models.CharField(max_length=40, default="on_sale")

    class Meta:
        managed, db_table = False, "product"

    def __str__(self) -> str:
        return self.name


class Contract(Row):
    BILLING = _choices("single", "monthly", "quarterly", "annual")
    CHANNELS = _choices("agent", "branch", "call_centre", "web")
    STATES = _choices("draft", "in_force", "renewed", "lapsed", "cancelled", "object_gone", "voided")

    number = models.CharField(max_length=40, unique=True)
    customer = models.ForeignKey(Customer, models.RESTRICT)
    product = models.ForeignKey(Product, models.RESTRICT)
    product_version_id = models.IntegerField(null=True, blank=True)
    coverage = models.CharField(max_length=200, null=True, blank=True)
    starts_on = models.DateField()
    expires_on = models.DateField()
    billing = models.CharField(max_length=40, choices=BILLING, default="single")
    instalment = models.DecimalField(max_digits=18, decimal_places=2)
    premium = models.DecimalField(max_digits=18, decimal_places=2)
    claims_amount = models.DecimalField(max_digits=18, decimal_places=6, default=0)
    channel = models.CharField(max_length=40, choices=CHANNELS, null=True, blank=True)
    object_class = models.CharField(max_length=200, null=True, blank=True)
    object_size = models.CharField(max_length=200, null=True, blank=True)
    plate = models.CharField(max_length=20, null=True, blank=True)
    vin = models.CharField(max_length=17, null=True, blank=True)
    predecessor = models.ForeignKey("self", models.RESTRICT, null=True, blank=True)
    paid_on = models.DateField(null=True, blank=True)
    cancelled_on = models.DateField(null=True, blank=True)
    object_gone_on = models.DateField(null=True, blank=True)
    voided_on = models.DateField(null=True, blank=True)
    declined_by_us = models.BooleanField(default=False)
    owner_id = models.IntegerField(null=True, blank=True)
    remark = models.TextField(null=True, blank=True)
    state = models.CharField(max_length=40, choices=STATES, default="draft")

    class Meta:
        managed, db_table = False, "contract"

    def __str__(self) -> str:
        return self.number


class Coverage(Row):
    code = models.CharField(max_length=40)
    name = models.CharField(max_length=200)

    class Meta:
        managed, db_table = False, "coverage"

    def __str__(self) -> str:
        return self.name


class ContractCoverage(Row):
    contract = models.ForeignKey(Contract, models.CASCADE)
    coverage = models.ForeignKey(Coverage, models.RESTRICT)
    name = models.CharField(max_length=200)
    sum_insured = models.DecimalField(max_digits=18, decimal_places=2, null=True, blank=True)
    aggregate = models.DecimalField(max_digits=18, decimal_places=2, null=True, blank=True)
    drawn = models.DecimalField(max_digits=18, decimal_places=2, default=0, editable=False)

    class Meta:
        managed, db_table = False, "contract_coverage"
