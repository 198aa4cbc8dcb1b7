"""Claims in full: terms of products, coverages of contracts, lines of claims, reserves, four eyes in the database.

Revision ID: 0022
Revises: 0021
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

import app.schema.rules
import app.schema.types

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

FLAGS = (
    "replace(replace(replace(replace(replace(replace(replace(replace(flags, 'possible_duplicate|', ''), "
    "'instalment_owed|', ''), 'waiting_period|', ''), 'excluded_cause|', ''), 'repeated_loss|', ''), "
    "'not_in_force|', ''), 'early_loss|', ''), 'outlier|', '') = '|'"
)
FINITE = (
    "{0} BETWEEN -9999999999999999.99 AND 9999999999999999.99",
    "{0} BETWEEN -999999999999999999 AND 999999999999999999",
)
CLAIM_RULES = {
    "ck_claim_reserve_is_not_negative": "reserve >= 0 AND own_reserve >= 0",
    "ck_claim_reserve_is_a_finite_number": tuple(words.format("reserve") for words in FINITE),
    "ck_claim_own_reserve_is_a_finite_number": tuple(words.format("own_reserve") for words in FINITE),
    "ck_claim_flag_facts_has_at_most_20000_characters": "length(flag_facts) <= 20000",
    "ck_claim_flags_holds_known_choices": FLAGS,
}


def _methods(*allowed: str) -> None:
    """What a payout may be made by."""
    listed = ", ".join(f"'{each}'" for each in allowed)
    for table in ("claim", "payout"):
        name = f"ck_{table}_PayoutMethod_is_known"
        with op.batch_alter_table(table) as batch_op:
            batch_op.drop_constraint(batch_op.f(name), type_="check")
            batch_op.create_check_constraint(batch_op.f(name), f"method IN ({listed})")


def upgrade() -> None:
    _methods("transfer", "cash", "cheque", "offset")
    op.create_table(
        "product_version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("product_id", sa.Integer(), nullable=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column(
            "waterfall",
            sa.Enum(
                "deductible_first",
                "share_first",
                "limits_first",
                name="WaterfallOrder_is_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("fast_lane", sa.Boolean(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "draft",
                "approved",
                "on_sale",
                "withdrawn",
                name="ProductState_is_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("remark", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", app.schema.types.UtcMoment(), nullable=False),
        sa.Column("changed_at", app.schema.types.UtcMoment(), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("changed_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("edition > 0", name=op.f("ck_product_version_edition_is_above_0")),
        sa.CheckConstraint(
            "edition BETWEEN -2147483647 AND 2147483647", name=op.f("ck_product_version_edition_is_a_whole_number")
        ),
        sa.CheckConstraint("length(name) <= 200", name=op.f("ck_product_version_name_has_at_most_200_characters")),
        sa.CheckConstraint(
            "length(remark) <= 20000", name=op.f("ck_product_version_remark_has_at_most_20000_characters")
        ),
        sa.CheckConstraint(
            app.schema.rules.PerDialect("fast_lane IN (true, false)", "fast_lane IN (0, 1)"),
            name=op.f("ck_product_version_fast_lane_is_yes_or_no"),
        ),
        sa.CheckConstraint(
            app.schema.rules.PerDialect("isfinite(starts_on)", "starts_on IS date(starts_on)"),
            name=op.f("ck_product_version_starts_on_is_a_day"),
        ),
        sa.ForeignKeyConstraint(
            ["changed_by_id"], ["ab_user.id"], name=op.f("fk_product_version_changed_by_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["ab_user.id"], name=op.f("fk_product_version_created_by_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["product_id"], ["product.id"], name=op.f("fk_product_version_product_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_product_version")),
        sa.UniqueConstraint("product_id", "edition", name=op.f("uq_product_version_product_id_edition")),
    )
    with op.batch_alter_table("product_version", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_product_version_product_id"), ["product_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_product_version_state"), ["state"], unique=False)
        batch_op.create_index(batch_op.f("ix_product_version_waterfall"), ["waterfall"], unique=False)

    op.create_table(
        "coverage",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("product_version_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("deductible", app.schema.types.Exact(precision=18, scale=2), nullable=False),
        sa.Column(
            "deductible_per",
            sa.Enum(
                "claim", "term", name="DeductiblePer_is_known", native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column("share", app.schema.types.Exact(precision=9, scale=2), nullable=False),
        sa.Column("depreciation", app.schema.types.Exact(precision=9, scale=2), nullable=False),
        sa.Column("per_item", app.schema.types.Exact(precision=18, scale=2), nullable=True),
        sa.Column("per_claim", app.schema.types.Exact(precision=18, scale=2), nullable=True),
        sa.Column("aggregate", app.schema.types.Exact(precision=18, scale=2), nullable=True),
        sa.Column("waiting_days", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", app.schema.types.UtcMoment(), nullable=False),
        sa.Column("changed_at", app.schema.types.UtcMoment(), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("changed_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("deductible >= 0", name=op.f("ck_coverage_deductible_is_not_negative")),
        sa.CheckConstraint(
            app.schema.rules.PerDialect(
                "depreciation >= 0 AND depreciation <= 100", "depreciation >= 0 AND depreciation <= 10000"
            ),
            name=op.f("ck_coverage_depreciation_is_from_0_to_100"),
        ),
        sa.CheckConstraint("length(code) <= 40", name=op.f("ck_coverage_code_has_at_most_40_characters")),
        sa.CheckConstraint("length(name) <= 200", name=op.f("ck_coverage_name_has_at_most_200_characters")),
        sa.CheckConstraint(
            "per_item > 0 AND per_claim > 0 AND aggregate > 0", name=op.f("ck_coverage_limits_are_above_0")
        ),
        sa.CheckConstraint(
            app.schema.rules.PerDialect("share > 0 AND share <= 100", "share > 0 AND share <= 10000"),
            name=op.f("ck_coverage_share_is_above_0_and_at_most_100"),
        ),
        sa.CheckConstraint("waiting_days >= 0", name=op.f("ck_coverage_waiting_days_are_not_negative")),
        sa.CheckConstraint(
            "waiting_days BETWEEN -2147483647 AND 2147483647", name=op.f("ck_coverage_waiting_days_is_a_whole_number")
        ),
        sa.CheckConstraint(
            app.schema.rules.PerDialect(
                "aggregate BETWEEN -9999999999999999.99 AND 9999999999999999.99",
                "aggregate BETWEEN -999999999999999999 AND 999999999999999999",
            ),
            name=op.f("ck_coverage_aggregate_is_a_finite_number"),
        ),
        sa.CheckConstraint(
            app.schema.rules.PerDialect(
                "deductible BETWEEN -9999999999999999.99 AND 9999999999999999.99",
                "deductible BETWEEN -999999999999999999 AND 999999999999999999",
            ),
            name=op.f("ck_coverage_deductible_is_a_finite_number"),
        ),
        sa.CheckConstraint(
            app.schema.rules.PerDialect(
                "depreciation BETWEEN -9999999.99 AND 9999999.99", "depreciation BETWEEN -999999999 AND 999999999"
            ),
            name=op.f("ck_coverage_depreciation_is_a_finite_number"),
        ),
        sa.CheckConstraint(
            app.schema.rules.PerDialect(
                "per_claim BETWEEN -9999999999999999.99 AND 9999999999999999.99",
                "per_claim BETWEEN -999999999999999999 AND 999999999999999999",
            ),
            name=op.f("ck_coverage_per_claim_is_a_finite_number"),
        ),
        sa.CheckConstraint(
            app.schema.rules.PerDialect(
                "per_item BETWEEN -9999999999999999.99 AND 9999999999999999.99",
                "per_item BETWEEN -999999999999999999 AND 999999999999999999",
            ),
            name=op.f("ck_coverage_per_item_is_a_finite_number"),
        ),
        sa.CheckConstraint(
            app.schema.rules.PerDialect(
                "share BETWEEN -9999999.99 AND 9999999.99", "share BETWEEN -999999999 AND 999999999"
            ),
            name=op.f("ck_coverage_share_is_a_finite_number"),
        ),
        sa.ForeignKeyConstraint(
            ["changed_by_id"], ["ab_user.id"], name=op.f("fk_coverage_changed_by_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["ab_user.id"], name=op.f("fk_coverage_created_by_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["product_version_id"],
            ["product_version.id"],
            name=op.f("fk_coverage_product_version_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coverage")),
        sa.UniqueConstraint("product_version_id", "code", name=op.f("uq_coverage_product_version_id_code")),
    )
    with op.batch_alter_table("coverage", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_coverage_deductible_per"), ["deductible_per"], unique=False)
        batch_op.create_index(batch_op.f("ix_coverage_product_version_id"), ["product_version_id"], unique=False)

    op.create_table(
        "exclusion",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("product_version_id", sa.Integer(), nullable=False),
        sa.Column("clause", sa.String(length=40), nullable=False),
        sa.Column(
            "cause",
            sa.Enum(
                "collision",
                "theft",
                "fire",
                "water",
                "weather",
                "breakdown",
                "liability",
                "illness",
                "accident",
                "other",
                name="LossCause_is_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("wording", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", app.schema.types.UtcMoment(), nullable=False),
        sa.Column("changed_at", app.schema.types.UtcMoment(), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("changed_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("length(clause) <= 40", name=op.f("ck_exclusion_clause_has_at_most_40_characters")),
        sa.CheckConstraint("length(wording) <= 20000", name=op.f("ck_exclusion_wording_has_at_most_20000_characters")),
        sa.ForeignKeyConstraint(
            ["changed_by_id"], ["ab_user.id"], name=op.f("fk_exclusion_changed_by_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["ab_user.id"], name=op.f("fk_exclusion_created_by_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["product_version_id"],
            ["product_version.id"],
            name=op.f("fk_exclusion_product_version_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exclusion")),
        sa.UniqueConstraint("product_version_id", "clause", name=op.f("uq_exclusion_product_version_id_clause")),
    )
    with op.batch_alter_table("exclusion", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_exclusion_cause"), ["cause"], unique=False)
        batch_op.create_index(batch_op.f("ix_exclusion_product_version_id"), ["product_version_id"], unique=False)

    op.create_table(
        "contract_coverage",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("contract_id", sa.Integer(), nullable=False),
        sa.Column("coverage_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("sum_insured", app.schema.types.Exact(precision=18, scale=2), nullable=True),
        sa.Column("aggregate", app.schema.types.Exact(precision=18, scale=2), nullable=True),
        sa.Column("drawn", app.schema.types.Exact(precision=18, scale=2), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", app.schema.types.UtcMoment(), nullable=False),
        sa.Column("changed_at", app.schema.types.UtcMoment(), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("changed_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "drawn <= aggregate", name=op.f("ck_contract_coverage_no_more_is_drawn_than_the_aggregate_limit")
        ),
        sa.CheckConstraint("drawn >= 0", name=op.f("ck_contract_coverage_drawn_is_not_negative")),
        sa.CheckConstraint("length(name) <= 200", name=op.f("ck_contract_coverage_name_has_at_most_200_characters")),
        sa.CheckConstraint("sum_insured > 0 AND aggregate > 0", name=op.f("ck_contract_coverage_amounts_are_above_0")),
        sa.CheckConstraint(
            app.schema.rules.PerDialect(
                "aggregate BETWEEN -9999999999999999.99 AND 9999999999999999.99",
                "aggregate BETWEEN -999999999999999999 AND 999999999999999999",
            ),
            name=op.f("ck_contract_coverage_aggregate_is_a_finite_number"),
        ),
        sa.CheckConstraint(
            app.schema.rules.PerDialect(
                "drawn BETWEEN -9999999999999999.99 AND 9999999999999999.99",
                "drawn BETWEEN -999999999999999999 AND 999999999999999999",
            ),
            name=op.f("ck_contract_coverage_drawn_is_a_finite_number"),
        ),
        sa.CheckConstraint(
            app.schema.rules.PerDialect(
                "sum_insured BETWEEN -9999999999999999.99 AND 9999999999999999.99",
                "sum_insured BETWEEN -999999999999999999 AND 999999999999999999",
            ),
            name=op.f("ck_contract_coverage_sum_insured_is_a_finite_number"),
        ),
        sa.ForeignKeyConstraint(
            ["changed_by_id"], ["ab_user.id"], name=op.f("fk_contract_coverage_changed_by_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["contract_id"], ["contract.id"], name=op.f("fk_contract_coverage_contract_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["coverage_id"], ["coverage.id"], name=op.f("fk_contract_coverage_coverage_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["ab_user.id"], name=op.f("fk_contract_coverage_created_by_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contract_coverage")),
        sa.UniqueConstraint("contract_id", "coverage_id", name=op.f("uq_contract_coverage_contract_id_coverage_id")),
    )
    with op.batch_alter_table("contract_coverage", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_contract_coverage_contract_id"), ["contract_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_contract_coverage_coverage_id"), ["coverage_id"], unique=False)

    op.create_table(
        "instalment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("contract_id", sa.Integer(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("amount", app.schema.types.Exact(precision=18, scale=2), nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", app.schema.types.UtcMoment(), nullable=False),
        sa.Column("changed_at", app.schema.types.UtcMoment(), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("changed_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("amount > 0", name=op.f("ck_instalment_amount_is_above_0")),
        sa.CheckConstraint(
            app.schema.rules.PerDialect(
                "amount BETWEEN -9999999999999999.99 AND 9999999999999999.99",
                "amount BETWEEN -999999999999999999 AND 999999999999999999",
            ),
            name=op.f("ck_instalment_amount_is_a_finite_number"),
        ),
        sa.CheckConstraint(
            app.schema.rules.PerDialect("isfinite(due_on)", "due_on IS date(due_on)"),
            name=op.f("ck_instalment_due_on_is_a_day"),
        ),
        sa.CheckConstraint(
            app.schema.rules.PerDialect("isfinite(paid_on)", "paid_on IS date(paid_on)"),
            name=op.f("ck_instalment_paid_on_is_a_day"),
        ),
        sa.ForeignKeyConstraint(
            ["changed_by_id"], ["ab_user.id"], name=op.f("fk_instalment_changed_by_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["contract_id"], ["contract.id"], name=op.f("fk_instalment_contract_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["ab_user.id"], name=op.f("fk_instalment_created_by_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_instalment")),
        sa.UniqueConstraint("contract_id", "due_on", name=op.f("uq_instalment_contract_id_due_on")),
    )
    with op.batch_alter_table("instalment", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_instalment_contract_id"), ["contract_id"], unique=False)

    op.create_table(
        "insured_object",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("contract_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("serial_number", sa.String(length=200), nullable=True),
        sa.Column("plate", sa.String(length=20), nullable=True),
        sa.Column("vin", sa.String(length=17), nullable=True),
        sa.Column("made_on", sa.Date(), nullable=True),
        sa.Column("worth", app.schema.types.Exact(precision=18, scale=2), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", app.schema.types.UtcMoment(), nullable=False),
        sa.Column("changed_at", app.schema.types.UtcMoment(), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("changed_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("length(name) <= 200", name=op.f("ck_insured_object_name_has_at_most_200_characters")),
        sa.CheckConstraint("length(plate) BETWEEN 4 AND 20", name=op.f("ck_insured_object_plate_is_a_number_plate")),
        sa.CheckConstraint(
            "length(serial_number) <= 200", name=op.f("ck_insured_object_serial_number_has_at_most_200_characters")
        ),
        sa.CheckConstraint("worth > 0", name=op.f("ck_insured_object_worth_is_above_0")),
        sa.CheckConstraint(
            app.schema.rules.PerDialect(
                "vin ~ '^[0-9A-Z]{17,17}$'", "length(vin) BETWEEN 17 AND 17 AND vin NOT GLOB '*[^0-9A-Z]*'"
            ),
            name=op.f("ck_insured_object_vin_has_17_letters_and_digits"),
        ),
        sa.CheckConstraint(
            app.schema.rules.PerDialect("isfinite(made_on)", "made_on IS date(made_on)"),
            name=op.f("ck_insured_object_made_on_is_a_day"),
        ),
        sa.CheckConstraint(
            app.schema.rules.PerDialect(
                "worth BETWEEN -9999999999999999.99 AND 9999999999999999.99",
                "worth BETWEEN -999999999999999999 AND 999999999999999999",
            ),
            name=op.f("ck_insured_object_worth_is_a_finite_number"),
        ),
        sa.ForeignKeyConstraint(
            ["changed_by_id"], ["ab_user.id"], name=op.f("fk_insured_object_changed_by_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["contract_id"], ["contract.id"], name=op.f("fk_insured_object_contract_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["ab_user.id"], name=op.f("fk_insured_object_created_by_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_insured_object")),
    )
    with op.batch_alter_table("insured_object", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_insured_object_contract_id"), ["contract_id"], unique=False)

    op.create_table(
        "claim_line",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("claim_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("contract_coverage_id", sa.Integer(), nullable=True),
        sa.Column("insured_object_id", sa.Integer(), nullable=True),
        sa.Column("claimed", app.schema.types.Exact(precision=18, scale=2), nullable=False),
        sa.Column("depreciation", app.schema.types.Exact(precision=9, scale=2), nullable=True),
        sa.Column("salvage", app.schema.types.Exact(precision=18, scale=2), nullable=False),
        sa.Column("third_party", app.schema.types.Exact(precision=18, scale=2), nullable=False),
        sa.Column(
            "decision",
            sa.Enum(
                "open",
                "approved",
                "reduced",
                "rejected",
                name="LineDecision_is_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("accepted", app.schema.types.Exact(precision=18, scale=2), nullable=True),
        sa.Column("grounds", sa.Text(), nullable=True),
        sa.Column("deductible", app.schema.types.Exact(precision=18, scale=2), nullable=False),
        sa.Column("payable", app.schema.types.Exact(precision=18, scale=2), nullable=True),
        sa.Column("trace", sa.Text(), nullable=True),
        sa.Column("drawn", app.schema.types.Exact(precision=18, scale=2), nullable=False),
        sa.Column("paid", app.schema.types.Exact(precision=18, scale=2), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", app.schema.types.UtcMoment(), nullable=False),
        sa.Column("changed_at", app.schema.types.UtcMoment(), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("changed_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "accepted >= 0 AND accepted <= claimed", name=op.f("ck_claim_line_no_more_is_accepted_than_claimed")
        ),
        sa.CheckConstraint("claimed >= 0", name=op.f("ck_claim_line_claimed_is_not_negative")),
        sa.CheckConstraint(
            app.schema.rules.PerDialect(
                "depreciation >= 0 AND depreciation <= 100", "depreciation >= 0 AND depreciation <= 10000"
            ),
            name=op.f("ck_claim_line_depreciation_is_from_0_to_100"),
        ),
        sa.CheckConstraint("length(grounds) <= 20000", name=op.f("ck_claim_line_grounds_has_at_most_20000_characters")),
        sa.CheckConstraint("length(name) <= 200", name=op.f("ck_claim_line_name_has_at_most_200_characters")),
        sa.CheckConstraint("length(trace) <= 20000", name=op.f("ck_claim_line_trace_has_at_most_20000_characters")),
        sa.CheckConstraint(
            "paid >= 0 AND drawn >= 0", name=op.f("ck_claim_line_what_is_drawn_and_paid_is_not_negative")
        ),
        sa.CheckConstraint(
            "payable >= 0 AND payable <= claimed", name=op.f("ck_claim_line_no_more_is_payable_than_claimed")
        ),
        sa.CheckConstraint(
            "salvage >= 0 AND third_party >= 0", name=op.f("ck_claim_line_what_others_pay_is_not_negative")
        ),
        sa.CheckConstraint(
            app.schema.rules.PerDialect(
                "accepted BETWEEN -9999999999999999.99 AND 9999999999999999.99",
                "accepted BETWEEN -999999999999999999 AND 999999999999999999",
            ),
            name=op.f("ck_claim_line_accepted_is_a_finite_number"),
        ),
        sa.CheckConstraint(
            app.schema.rules.PerDialect(
                "claimed BETWEEN -9999999999999999.99 AND 9999999999999999.99",
                "claimed BETWEEN -999999999999999999 AND 999999999999999999",
            ),
            name=op.f("ck_claim_line_claimed_is_a_finite_number"),
        ),
        sa.CheckConstraint(
            app.schema.rules.PerDialect(
                "deductible BETWEEN -9999999999999999.99 AND 9999999999999999.99",
                "deductible BETWEEN -999999999999999999 AND 999999999999999999",
            ),
            name=op.f("ck_claim_line_deductible_is_a_finite_number"),
        ),
        sa.CheckConstraint(
            app.schema.rules.PerDialect(
                "depreciation BETWEEN -9999999.99 AND 9999999.99", "depreciation BETWEEN -999999999 AND 999999999"
            ),
            name=op.f("ck_claim_line_depreciation_is_a_finite_number"),
        ),
        sa.CheckConstraint(
            app.schema.rules.PerDialect(
                "drawn BETWEEN -9999999999999999.99 AND 9999999999999999.99",
                "drawn BETWEEN -999999999999999999 AND 999999999999999999",
            ),
            name=op.f("ck_claim_line_drawn_is_a_finite_number"),
        ),
        sa.CheckConstraint(
            app.schema.rules.PerDialect(
                "paid BETWEEN -9999999999999999.99 AND 9999999999999999.99",
                "paid BETWEEN -999999999999999999 AND 999999999999999999",
            ),
            name=op.f("ck_claim_line_paid_is_a_finite_number"),
        ),
        sa.CheckConstraint(
            app.schema.rules.PerDialect(
                "payable BETWEEN -9999999999999999.99 AND 9999999999999999.99",
                "payable BETWEEN -999999999999999999 AND 999999999999999999",
            ),
            name=op.f("ck_claim_line_payable_is_a_finite_number"),
        ),
        sa.CheckConstraint(
            app.schema.rules.PerDialect(
                "salvage BETWEEN -9999999999999999.99 AND 9999999999999999.99",
                "salvage BETWEEN -999999999999999999 AND 999999999999999999",
            ),
            name=op.f("ck_claim_line_salvage_is_a_finite_number"),
        ),
        sa.CheckConstraint(
            app.schema.rules.PerDialect(
                "third_party BETWEEN -9999999999999999.99 AND 9999999999999999.99",
                "third_party BETWEEN -999999999999999999 AND 999999999999999999",
            ),
            name=op.f("ck_claim_line_third_party_is_a_finite_number"),
        ),
        sa.ForeignKeyConstraint(
            ["changed_by_id"], ["ab_user.id"], name=op.f("fk_claim_line_changed_by_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("fk_claim_line_claim_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["contract_coverage_id"],
            ["contract_coverage.id"],
            name=op.f("fk_claim_line_contract_coverage_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["ab_user.id"], name=op.f("fk_claim_line_created_by_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["insured_object_id"],
            ["insured_object.id"],
            name=op.f("fk_claim_line_insured_object_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim_line")),
    )
    with op.batch_alter_table("claim_line", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_claim_line_claim_id"), ["claim_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_claim_line_contract_coverage_id"), ["contract_coverage_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_claim_line_decision"), ["decision"], unique=False)
        batch_op.create_index(batch_op.f("ix_claim_line_insured_object_id"), ["insured_object_id"], unique=False)

    op.create_table(
        "reserve_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("claim_id", sa.Integer(), nullable=False),
        sa.Column("moved_at", app.schema.types.UtcMoment(), nullable=False),
        sa.Column("previous", app.schema.types.Exact(precision=18, scale=2), nullable=False),
        sa.Column("amount", app.schema.types.Exact(precision=18, scale=2), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", app.schema.types.UtcMoment(), nullable=False),
        sa.Column("changed_at", app.schema.types.UtcMoment(), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("changed_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("previous >= 0 AND amount >= 0", name=op.f("ck_reserve_change_reserves_are_not_negative")),
        sa.CheckConstraint(
            app.schema.rules.PerDialect(
                "amount BETWEEN -9999999999999999.99 AND 9999999999999999.99",
                "amount BETWEEN -999999999999999999 AND 999999999999999999",
            ),
            name=op.f("ck_reserve_change_amount_is_a_finite_number"),
        ),
        sa.CheckConstraint(
            app.schema.rules.PerDialect("isfinite(moved_at)", "substr(moved_at, 1, 19) IS datetime(moved_at)"),
            name=op.f("ck_reserve_change_moved_at_is_a_moment"),
        ),
        sa.CheckConstraint(
            app.schema.rules.PerDialect(
                "previous BETWEEN -9999999999999999.99 AND 9999999999999999.99",
                "previous BETWEEN -999999999999999999 AND 999999999999999999",
            ),
            name=op.f("ck_reserve_change_previous_is_a_finite_number"),
        ),
        sa.ForeignKeyConstraint(
            ["changed_by_id"], ["ab_user.id"], name=op.f("fk_reserve_change_changed_by_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["claim_id"], ["claim.id"], name=op.f("fk_reserve_change_claim_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["ab_user.id"], name=op.f("fk_reserve_change_created_by_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reserve_change")),
    )
    with op.batch_alter_table("reserve_change", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_reserve_change_claim_id"), ["claim_id"], unique=False)
        batch_op.create_index("ix_reserve_change_moved_at", ["moved_at"], unique=False)

    with op.batch_alter_table("claim", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "lane",
                sa.Enum(
                    "fast",
                    "standard",
                    "named",
                    name="Lane_is_known",
                    native_enum=False,
                    create_constraint=True,
                    length=40,
                ),
                nullable=False,
                server_default="standard",
            )
        )
        batch_op.add_column(sa.Column("flags", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("flag_facts", sa.Text(), nullable=True))
        batch_op.add_column(
            sa.Column("reserve", app.schema.types.Exact(precision=18, scale=2), nullable=False, server_default="0")
        )
        batch_op.add_column(sa.Column("own_reserve", app.schema.types.Exact(precision=18, scale=2), nullable=True))
        batch_op.add_column(
            sa.Column(
                "payee_is",
                sa.Enum(
                    "insured",
                    "beneficiary",
                    "heir",
                    "repairer",
                    "representative",
                    name="Payee_is_known",
                    native_enum=False,
                    create_constraint=True,
                    length=40,
                ),
                nullable=True,
            )
        )
        batch_op.add_column(sa.Column("refusal_clause_id", sa.Integer(), nullable=True))
        batch_op.create_index(batch_op.f("ix_claim_refusal_clause_id"), ["refusal_clause_id"], unique=False)
        batch_op.create_foreign_key(
            batch_op.f("fk_claim_refusal_clause_id"), "exclusion", ["refusal_clause_id"], ["id"], ondelete="RESTRICT"
        )
        batch_op.create_index(batch_op.f("ix_claim_lane"), ["lane"], unique=False)
        batch_op.create_index(batch_op.f("ix_claim_payee_is"), ["payee_is"], unique=False)

    with op.batch_alter_table("claim") as batch_op:
        batch_op.alter_column("lane", server_default=None)
        batch_op.alter_column("reserve", server_default=None)
        for name, words in CLAIM_RULES.items():
            condition: Any = words if isinstance(words, str) else app.schema.rules.PerDialect(*words)
            batch_op.create_check_constraint(batch_op.f(name), condition)
    op.execute("UPDATE claim SET reserve = claimed WHERE state IN ('reported', 'collecting', 'reviewing')")
    op.execute("UPDATE claim SET reserve = approved WHERE state = 'approved' AND approved IS NOT NULL")

    with op.batch_alter_table("contract", schema=None) as batch_op:
        batch_op.add_column(sa.Column("product_version_id", sa.Integer(), nullable=True))
        batch_op.create_index(batch_op.f("ix_contract_product_version_id"), ["product_version_id"], unique=False)
        batch_op.create_foreign_key(
            batch_op.f("fk_contract_product_version_id"),
            "product_version",
            ["product_version_id"],
            ["id"],
            ondelete="RESTRICT",
        )

    op.create_table(
        "transfer_file",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("made_on", sa.Date(), nullable=True),
        sa.Column("payouts", sa.Integer(), nullable=False),
        sa.Column("total", app.schema.types.Exact(precision=18, scale=2), nullable=False),
        sa.Column("content", sa.String(length=400), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "open",
                "open",
                "drawn_up",
                "sent",
                "confirmed",
                name="TransferState_is_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("remark", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", app.schema.types.UtcMoment(), nullable=False),
        sa.Column("changed_at", app.schema.types.UtcMoment(), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("changed_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "length(content) BETWEEN 46 AND 400 AND substr(content, 41, 1) = ' '",
            name=op.f("ck_transfer_file_content_is_a_file"),
        ),
        sa.CheckConstraint("length(number) <= 40", name=op.f("ck_transfer_file_number_has_at_most_40_characters")),
        sa.CheckConstraint(
            "length(remark) <= 20000", name=op.f("ck_transfer_file_remark_has_at_most_20000_characters")
        ),
        sa.CheckConstraint("payouts >= 0 AND total >= 0", name=op.f("ck_transfer_file_sums_are_not_negative")),
        sa.CheckConstraint(
            "payouts BETWEEN -2147483647 AND 2147483647", name=op.f("ck_transfer_file_payouts_is_a_whole_number")
        ),
        sa.CheckConstraint(
            app.schema.rules.PerDialect("isfinite(made_on)", "made_on IS date(made_on)"),
            name=op.f("ck_transfer_file_made_on_is_a_day"),
        ),
        sa.CheckConstraint(
            app.schema.rules.PerDialect(
                "total BETWEEN -9999999999999999.99 AND 9999999999999999.99",
                "total BETWEEN -999999999999999999 AND 999999999999999999",
            ),
            name=op.f("ck_transfer_file_total_is_a_finite_number"),
        ),
        sa.ForeignKeyConstraint(
            ["changed_by_id"], ["ab_user.id"], name=op.f("fk_transfer_file_changed_by_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["ab_user.id"], name=op.f("fk_transfer_file_created_by_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transfer_file")),
        sa.UniqueConstraint("number", name=op.f("uq_transfer_file_number")),
    )
    with op.batch_alter_table("transfer_file", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_transfer_file_state"), ["state"], unique=False)

    with op.batch_alter_table("payout", schema=None) as batch_op:
        batch_op.alter_column("payee_account", existing_type=sa.String(length=34), nullable=True)
        batch_op.add_column(sa.Column("transfer_file_id", sa.Integer(), nullable=True))
        batch_op.create_index(batch_op.f("ix_payout_transfer_file_id"), ["transfer_file_id"], unique=False)
        batch_op.create_foreign_key(
            batch_op.f("fk_payout_transfer_file_id"), "transfer_file", ["transfer_file_id"], ["id"], ondelete="RESTRICT"
        )


def downgrade() -> None:
    op.execute("UPDATE payout SET payee_account = '00000000' WHERE payee_account IS NULL")
    with op.batch_alter_table("payout", schema=None) as batch_op:
        batch_op.alter_column("payee_account", existing_type=sa.String(length=34), nullable=False)
        batch_op.drop_constraint(batch_op.f("fk_payout_transfer_file_id"), type_="foreignkey")
        batch_op.drop_index(batch_op.f("ix_payout_transfer_file_id"))
        batch_op.drop_column("transfer_file_id")

    with op.batch_alter_table("transfer_file", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_transfer_file_state"))

    op.drop_table("transfer_file")
    with op.batch_alter_table("contract", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_contract_product_version_id"), type_="foreignkey")
        batch_op.drop_index(batch_op.f("ix_contract_product_version_id"))
        batch_op.drop_column("product_version_id")

    with op.batch_alter_table("claim") as batch_op:
        for name in CLAIM_RULES:
            batch_op.drop_constraint(batch_op.f(name), type_="check")
        for name in ("ck_claim_Lane_is_known", "ck_claim_Payee_is_known"):
            batch_op.drop_constraint(batch_op.f(name), type_="check")
        batch_op.drop_constraint(batch_op.f("fk_claim_refusal_clause_id"), type_="foreignkey")
        batch_op.drop_index(batch_op.f("ix_claim_refusal_clause_id"))
        batch_op.drop_column("refusal_clause_id")
        batch_op.drop_index(batch_op.f("ix_claim_payee_is"))
        batch_op.drop_index(batch_op.f("ix_claim_lane"))
        batch_op.drop_column("payee_is")
        batch_op.drop_column("own_reserve")
        batch_op.drop_column("reserve")
        batch_op.drop_column("flag_facts")
        batch_op.drop_column("flags")
        batch_op.drop_column("lane")

    with op.batch_alter_table("reserve_change", schema=None) as batch_op:
        batch_op.drop_index("ix_reserve_change_moved_at")
        batch_op.drop_index(batch_op.f("ix_reserve_change_claim_id"))

    op.drop_table("reserve_change")
    with op.batch_alter_table("claim_line", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_claim_line_insured_object_id"))
        batch_op.drop_index(batch_op.f("ix_claim_line_decision"))
        batch_op.drop_index(batch_op.f("ix_claim_line_contract_coverage_id"))
        batch_op.drop_index(batch_op.f("ix_claim_line_claim_id"))

    op.drop_table("claim_line")
    with op.batch_alter_table("insured_object", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_insured_object_contract_id"))

    op.drop_table("insured_object")
    with op.batch_alter_table("instalment", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_instalment_contract_id"))

    op.drop_table("instalment")
    with op.batch_alter_table("contract_coverage", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_contract_coverage_coverage_id"))
        batch_op.drop_index(batch_op.f("ix_contract_coverage_contract_id"))

    op.drop_table("contract_coverage")
    with op.batch_alter_table("exclusion", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_exclusion_product_version_id"))
        batch_op.drop_index(batch_op.f("ix_exclusion_cause"))

    op.drop_table("exclusion")
    with op.batch_alter_table("coverage", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_coverage_product_version_id"))
        batch_op.drop_index(batch_op.f("ix_coverage_deductible_per"))

    op.drop_table("coverage")
    with op.batch_alter_table("product_version", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_product_version_waterfall"))
        batch_op.drop_index(batch_op.f("ix_product_version_state"))
        batch_op.drop_index(batch_op.f("ix_product_version_product_id"))

    op.drop_table("product_version")
    for table in ("claim", "payout"):
        op.execute(f"UPDATE {table} SET method = 'transfer' WHERE method = 'cash'")
    _methods("transfer", "cheque", "offset")
