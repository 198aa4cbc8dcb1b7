"""Import profile of a flat file of expiring motor policies with the outcome of their renewal.

One line is one customer with one expiring contract. What the file does not say is settled here: a term is twelve
monthly instalments; it was paid when it began, its successor on the day of expiry; a customer without a name goes by
the number. Who accepted has a successor from the day after expiry at the same price; who did not has declined, and the
contract stays in force until it lapses.
"""

from datetime import date, timedelta
from decimal import Decimal

from app.schema.kinds import DAY
from app.schema.transfer import Cell, Computed, Fixed, LinkTo, Parsed, Profile, Target, profile
from models.contracts.rules import add_months
from models.contracts.states import Billing, Channel, ContractState
from models.customers.states import CustomerKind, CustomerState, Gender
from models.products.states import LineOfBusiness, ProductState
from models.renewals.rules import cohort_of
from models.renewals.states import RenewalState

DAY_AFTER = timedelta(days=1)
INSTALMENTS = 12
CHANNELS = {
    "Agent": Channel.AGENT,
    "Branch": Channel.BRANCH,
    "Call Center": Channel.CALL_CENTRE,
    "Web": Channel.WEB,
}
EXPIRY = "Effective_To_Date"


def _term_begins(expires_on: date) -> date:
    """The first day of the year's cover that ends on that day."""
    return add_months(expires_on + DAY_AFTER, -12)


def _next_term_ends(row: Parsed) -> date:
    return add_months(row["successor"]["starts_on"], 12) - DAY_AFTER


def _year_of(instalment: Decimal) -> Decimal:
    return INSTALMENTS * instalment


# What a successor takes over from the contract it continues.
SAME = {
    name: Computed(lambda row, name=name: row["contract"][name])  # type: ignore[misc]
    for name in ("coverage", "billing", "instalment", "premium", "channel", "object_class", "object_size")
}

profile(
    Profile(
        "auto_renewals",
        "Expiring motor policies with outcome",
        (
            Target(
                "customer",
                "customer",
                "number",
                {
                    "number": Cell("Customer"),
                    "name": Cell("Customer"),
                    "kind": Fixed(CustomerKind.INDIVIDUAL),
                    "region": Cell("State"),
                    "gender": Cell("Gender", values={"F": Gender.FEMALE, "M": Gender.MALE}),
                    "income": Cell("Income"),
                    "lifetime_value": Cell("Customer_Lifetime_Value"),
                    "state": Fixed(CustomerState.CONFIRMED),
                },
                once=("name", "kind", "region", "gender"),
            ),
            Target(
                "product",
                "product",
                "code",
                {
                    "code": Cell("Policy"),
                    "name": Cell("Policy"),
                    "line": Fixed(LineOfBusiness.MOTOR),
                    "renewable": Fixed(True),
                    "state": Fixed(ProductState.ON_SALE),
                },
                shared=True,
                once=("name", "line", "renewable"),
            ),
            Target(
                "contract",
                "contract",
                "number",
                {
                    "number": Cell("Customer", then=lambda number: f"{number}-1"),
                    "customer_id": LinkTo("customer"),
                    "product_id": LinkTo("product"),
                    "coverage": Cell("Coverage"),
                    "expires_on": Cell(EXPIRY, order="mdy"),
                    "starts_on": Cell(EXPIRY, order="mdy", then=_term_begins),
                    "billing": Fixed(Billing.MONTHLY),
                    "instalment": Cell("Monthly_Premium_Auto"),
                    "premium": Cell("Monthly_Premium_Auto", then=_year_of),
                    "claims_amount": Cell("Total_Claim_Amount"),
                    "channel": Cell("Sales_Channel", values=CHANNELS),
                    "object_class": Cell("Vehicle_Class"),
                    "object_size": Cell("Vehicle_Size"),
                    "paid_on": Cell(EXPIRY, order="mdy", then=_term_begins),
                    "state": Cell("Response", values={"Yes": ContractState.RENEWED, "No": ContractState.IN_FORCE}),
                },
            ),
            Target(
                "successor",
                "contract",
                "number",
                {
                    "number": Cell("Customer", then=lambda number: f"{number}-2"),
                    "customer_id": LinkTo("customer"),
                    "product_id": LinkTo("product"),
                    "predecessor_id": LinkTo("contract"),
                    "starts_on": Computed(lambda row: row["contract"]["expires_on"] + DAY_AFTER),
                    "expires_on": Computed(_next_term_ends),
                    "paid_on": Computed(lambda row: row["contract"]["expires_on"]),
                    "state": Fixed(ContractState.IN_FORCE),
                    **SAME,
                },
                when=lambda row, cells: row["contract"]["state"] == ContractState.RENEWED,
            ),
            Target(
                "renewal",
                "renewal",
                "number",
                {
                    "number": Computed(lambda row: row["contract"]["number"]),
                    "contract_id": LinkTo("contract"),
                    "customer_id": LinkTo("customer"),
                    "expires_on": Cell(EXPIRY, order="mdy"),
                    "cohort": Cell(EXPIRY, order="mdy", kind=DAY, then=cohort_of),
                    "premium": Computed(lambda row: row["contract"]["premium"]),
                    "channel": Computed(lambda row: row["contract"]["channel"]),
                    "successor_id": LinkTo("successor"),
                    "state": Cell("Response", values={"Yes": RenewalState.RENEWED, "No": RenewalState.DECLINED}),
                },
            ),
        ),
    )
)
