"""The database keeps the rules of the kinds; a person may have a clock of his or her own.

Revision ID: 0013
Revises: 0012
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from app.schema.rules import PerDialect

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

RULES: dict[str, dict[str, Any]] = {
    "absence": {
        "ck_absence_ends_on_is_a_day": ("isfinite(ends_on)", "ends_on IS date(ends_on)"),
        "ck_absence_remark_has_at_most_20000_characters": "length(remark) <= 20000",
        "ck_absence_starts_on_is_a_day": ("isfinite(starts_on)", "starts_on IS date(starts_on)"),
    },
    "application": {
        "ck_application_checked_on_is_a_day": ("isfinite(checked_on)", "checked_on IS date(checked_on)"),
        "ck_application_cover_from_is_a_day": ("isfinite(cover_from)", "cover_from IS date(cover_from)"),
        "ck_application_defects_has_at_most_20000_characters": "length(defects) <= 20000",
        "ck_application_form_signed_is_yes_or_no": ("form_signed IN (true, false)", "form_signed IN (0, 1)"),
        "ck_application_identity_checked_is_yes_or_no": (
            "identity_checked IN (true, false)",
            "identity_checked IN (0, 1)",
        ),
        "ck_application_insured_object_has_at_most_200_characters": "length(insured_object) <= 200",
        "ck_application_number_has_at_most_40_characters": "length(number) <= 40",
        "ck_application_premium_is_a_finite_number": (
            "premium BETWEEN -9999999999999999.99 AND 9999999999999999.99",
            "premium BETWEEN -999999999999999999 AND 999999999999999999",
        ),
        "ck_application_remark_has_at_most_20000_characters": "length(remark) <= 20000",
        "ck_application_terms_explained_is_yes_or_no": (
            "terms_explained IN (true, false)",
            "terms_explained IN (0, 1)",
        ),
    },
    "appraisal": {
        "ck_appraisal_approved_on_is_a_day": ("isfinite(approved_on)", "approved_on IS date(approved_on)"),
        "ck_appraisal_manager_comment_has_at_most_20000_characters": "length(manager_comment) <= 20000",
        "ck_appraisal_measured_share_is_a_finite_number": (
            "measured_share BETWEEN -9999999.99 AND 9999999.99",
            "measured_share BETWEEN -999999999 AND 999999999",
        ),
        "ck_appraisal_number_has_at_most_200_characters": "length(number) <= 200",
        "ck_appraisal_period_has_at_most_40_characters": "length(period) <= 40",
        "ck_appraisal_rescaled_is_yes_or_no": ("rescaled IN (true, false)", "rescaled IN (0, 1)"),
        "ck_appraisal_result_is_a_finite_number": (
            "result BETWEEN -9999999.99 AND 9999999.99",
            "result BETWEEN -999999999 AND 999999999",
        ),
        "ck_appraisal_score_is_a_finite_number": (
            "score BETWEEN -9999999.99 AND 9999999.99",
            "score BETWEEN -999999999 AND 999999999",
        ),
        "ck_appraisal_self_comment_has_at_most_20000_characters": "length(self_comment) <= 20000",
        "ck_appraisal_self_rating_is_a_finite_number": (
            "self_rating BETWEEN -9999999.99 AND 9999999.99",
            "self_rating BETWEEN -999999999 AND 999999999",
        ),
        "ck_appraisal_self_share_is_a_finite_number": (
            "self_share BETWEEN -9999999.99 AND 9999999.99",
            "self_share BETWEEN -999999999 AND 999999999",
        ),
        "ck_appraisal_supervisor_comment_has_at_most_20000_characters": "length(supervisor_comment) <= 20000",
        "ck_appraisal_supervisor_rating_is_a_finite_number": (
            "supervisor_rating BETWEEN -9999999.99 AND 9999999.99",
            "supervisor_rating BETWEEN -999999999 AND 999999999",
        ),
        "ck_appraisal_supervisor_share_is_a_finite_number": (
            "supervisor_share BETWEEN -9999999.99 AND 9999999.99",
            "supervisor_share BETWEEN -999999999 AND 999999999",
        ),
    },
    "appraisal_line": {
        "ck_appraisal_line_actual_is_a_finite_number": (
            "actual BETWEEN -999999999999.999999 AND 999999999999.999999",
            "actual BETWEEN -999999999999999999 AND 999999999999999999",
        ),
        "ck_appraisal_line_denominator_is_a_finite_number": (
            "denominator BETWEEN -999999999999.999999 AND 999999999999.999999",
            "denominator BETWEEN -999999999999999999 AND 999999999999999999",
        ),
        "ck_appraisal_line_left_out_is_yes_or_no": ("left_out IN (true, false)", "left_out IN (0, 1)"),
        "ck_appraisal_line_measure_has_at_most_80_characters": "length(measure) <= 80",
        "ck_appraisal_line_numerator_is_a_finite_number": (
            "numerator BETWEEN -999999999999.999999 AND 999999999999.999999",
            "numerator BETWEEN -999999999999999999 AND 999999999999999999",
        ),
        "ck_appraisal_line_score_is_a_finite_number": (
            "score BETWEEN -9999999.99 AND 9999999.99",
            "score BETWEEN -999999999 AND 999999999",
        ),
        "ck_appraisal_line_self_rating_is_a_finite_number": (
            "self_rating BETWEEN -9999999.99 AND 9999999.99",
            "self_rating BETWEEN -999999999 AND 999999999",
        ),
        "ck_appraisal_line_supervisor_rating_is_a_finite_number": (
            "supervisor_rating BETWEEN -9999999.99 AND 9999999.99",
            "supervisor_rating BETWEEN -999999999 AND 999999999",
        ),
        "ck_appraisal_line_target_is_a_finite_number": (
            "target BETWEEN -999999999999.999999 AND 999999999999.999999",
            "target BETWEEN -999999999999999999 AND 999999999999999999",
        ),
        "ck_appraisal_line_trace_has_at_most_200_characters": "length(trace) <= 200",
        "ck_appraisal_line_weight_is_a_finite_number": (
            "weight BETWEEN -9999999.99 AND 9999999.99",
            "weight BETWEEN -999999999 AND 999999999",
        ),
    },
    "appraisal_template": {
        "ck_appraisal_template_code_has_at_most_40_characters": "length(code) <= 40",
        "ck_appraisal_template_measured_share_is_a_finite_number": (
            "measured_share BETWEEN -9999999.99 AND 9999999.99",
            "measured_share BETWEEN -999999999 AND 999999999",
        ),
        "ck_appraisal_template_name_has_at_most_200_characters": "length(name) <= 200",
        "ck_appraisal_template_post_has_at_most_200_characters": "length(post) <= 200",
        "ck_appraisal_template_remark_has_at_most_20000_characters": "length(remark) <= 20000",
        "ck_appraisal_template_role_has_at_most_40_characters": "length(role) <= 40",
        "ck_appraisal_template_self_share_is_a_finite_number": (
            "self_share BETWEEN -9999999.99 AND 9999999.99",
            "self_share BETWEEN -999999999 AND 999999999",
        ),
        "ck_appraisal_template_supervisor_share_is_a_finite_number": (
            "supervisor_share BETWEEN -9999999.99 AND 9999999.99",
            "supervisor_share BETWEEN -999999999 AND 999999999",
        ),
    },
    "callback": {
        "ck_callback_content_is_yes_or_no": ("content IN (true, false)", "content IN (0, 1)"),
        "ck_callback_due_on_is_a_day": ("isfinite(due_on)", "due_on IS date(due_on)"),
        "ck_callback_issue_has_at_most_200_characters": "length(issue) <= 200",
        "ck_callback_number_has_at_most_40_characters": "length(number) <= 40",
        "ck_callback_said_has_at_most_20000_characters": "length(said) <= 20000",
        "ck_callback_tried_on_is_a_day": ("isfinite(tried_on)", "tried_on IS date(tried_on)"),
        "ck_callback_tries_is_a_whole_number": "tries BETWEEN -2147483647 AND 2147483647",
    },
    "claim": {
        "ck_claim_approved_is_a_finite_number": (
            "approved BETWEEN -9999999999999999.99 AND 9999999999999999.99",
            "approved BETWEEN -999999999999999999 AND 999999999999999999",
        ),
        "ck_claim_assessed_is_a_finite_number": (
            "assessed BETWEEN -9999999999999999.99 AND 9999999999999999.99",
            "assessed BETWEEN -999999999999999999 AND 999999999999999999",
        ),
        "ck_claim_claimed_is_a_finite_number": (
            "claimed BETWEEN -9999999999999999.99 AND 9999999999999999.99",
            "claimed BETWEEN -999999999999999999 AND 999999999999999999",
        ),
        "ck_claim_decide_by_is_a_day": ("isfinite(decide_by)", "decide_by IS date(decide_by)"),
        "ck_claim_decided_on_is_a_day": ("isfinite(decided_on)", "decided_on IS date(decided_on)"),
        "ck_claim_findings_has_at_most_20000_characters": "length(findings) <= 20000",
        "ck_claim_loss_has_at_most_20000_characters": "length(loss) <= 20000",
        "ck_claim_number_has_at_most_40_characters": "length(number) <= 40",
        "ck_claim_occurred_on_is_a_day": ("isfinite(occurred_on)", "occurred_on IS date(occurred_on)"),
        "ck_claim_pay_by_is_a_day": ("isfinite(pay_by)", "pay_by IS date(pay_by)"),
        "ck_claim_payee_account_has_8_to_34_letters_and_digits": (
            "payee_account ~ '^[0-9A-Z]{8,34}$'",
            "length(payee_account) BETWEEN 8 AND 34 AND payee_account NOT GLOB '*[^0-9A-Z]*'",
        ),
        "ck_claim_payee_has_at_most_200_characters": "length(payee) <= 200",
        "ck_claim_place_has_at_most_200_characters": "length(place) <= 200",
        "ck_claim_refusal_told_on_is_a_day": ("isfinite(refusal_told_on)", "refusal_told_on IS date(refusal_told_on)"),
        "ck_claim_remark_has_at_most_20000_characters": "length(remark) <= 20000",
        "ck_claim_reported_at_is_a_moment": (
            "isfinite(reported_at)",
            "substr(reported_at, 1, 19) IS datetime(reported_at)",
        ),
        "ck_claim_round_is_a_whole_number": "round BETWEEN -2147483647 AND 2147483647",
    },
    "complaint": {
        "ck_complaint_account_has_at_most_20000_characters": "length(account) <= 20000",
        "ck_complaint_answer_has_at_most_20000_characters": "length(answer) <= 20000",
        "ck_complaint_answered_on_is_a_day": ("isfinite(answered_on)", "answered_on IS date(answered_on)"),
        "ck_complaint_complex_is_yes_or_no": ("complex IN (true, false)", "complex IN (0, 1)"),
        "ck_complaint_due_on_is_a_day": ("isfinite(due_on)", "due_on IS date(due_on)"),
        "ck_complaint_extended_is_yes_or_no": ("extended IN (true, false)", "extended IN (0, 1)"),
        "ck_complaint_findings_has_at_most_20000_characters": "length(findings) <= 20000",
        "ck_complaint_number_has_at_most_40_characters": "length(number) <= 40",
        "ck_complaint_promised_at_is_a_moment": (
            "isfinite(promised_at)",
            "substr(promised_at, 1, 19) IS datetime(promised_at)",
        ),
        "ck_complaint_received_at_is_a_moment": (
            "isfinite(received_at)",
            "substr(received_at, 1, 19) IS datetime(received_at)",
        ),
        "ck_complaint_wish_has_at_most_200_characters": "length(wish) <= 200",
    },
    "consultation": {
        "ck_consultation_answer_has_at_most_20000_characters": "length(answer) <= 20000",
        "ck_consultation_asked_by_has_at_most_200_characters": "length(asked_by) <= 200",
        "ck_consultation_number_has_at_most_40_characters": "length(number) <= 40",
        "ck_consultation_phone_is_a_phone_number": (
            "phone ~ '^[+]?[0-9]{5,20}$'",
            "length(phone) BETWEEN 5 AND 21 AND ltrim(phone, '+') NOT GLOB '*[^0-9]*'",
        ),
        "ck_consultation_promised_at_is_a_moment": (
            "isfinite(promised_at)",
            "substr(promised_at, 1, 19) IS datetime(promised_at)",
        ),
        "ck_consultation_question_has_at_most_20000_characters": "length(question) <= 20000",
        "ck_consultation_rounds_is_a_whole_number": "rounds BETWEEN -2147483647 AND 2147483647",
    },
    "contact": {
        "ck_contact_at_is_a_moment": ("isfinite(at)", "substr(at, 1, 19) IS datetime(at)"),
        "ck_contact_contacted_on_is_a_day": ("isfinite(contacted_on)", "contacted_on IS date(contacted_on)"),
        "ck_contact_feedback_has_at_most_20000_characters": "length(feedback) <= 20000",
        "ck_contact_next_on_is_a_day": ("isfinite(next_on)", "next_on IS date(next_on)"),
    },
    "contact_person": {
        "ck_contact_person_email_is_an_email_address": "email LIKE '_%@_%' AND length(email) <= 320",
        "ck_contact_person_name_has_at_most_200_characters": "length(name) <= 200",
        "ck_contact_person_phone_is_a_phone_number": (
            "phone ~ '^[+]?[0-9]{5,20}$'",
            "length(phone) BETWEEN 5 AND 21 AND ltrim(phone, '+') NOT GLOB '*[^0-9]*'",
        ),
        "ck_contact_person_preferred_is_yes_or_no": ("preferred IN (true, false)", "preferred IN (0, 1)"),
        "ck_contact_person_relation_has_at_most_200_characters": "length(relation) <= 200",
    },
    "contract": {
        "ck_contract_cancelled_on_is_a_day": ("isfinite(cancelled_on)", "cancelled_on IS date(cancelled_on)"),
        "ck_contract_claims_amount_is_a_finite_number": (
            "claims_amount BETWEEN -999999999999.999999 AND 999999999999.999999",
            "claims_amount BETWEEN -999999999999999999 AND 999999999999999999",
        ),
        "ck_contract_coverage_has_at_most_200_characters": "length(coverage) <= 200",
        "ck_contract_declined_by_us_is_yes_or_no": ("declined_by_us IN (true, false)", "declined_by_us IN (0, 1)"),
        "ck_contract_expires_on_is_a_day": ("isfinite(expires_on)", "expires_on IS date(expires_on)"),
        "ck_contract_instalment_is_a_finite_number": (
            "instalment BETWEEN -9999999999999999.99 AND 9999999999999999.99",
            "instalment BETWEEN -999999999999999999 AND 999999999999999999",
        ),
        "ck_contract_number_has_at_most_40_characters": "length(number) <= 40",
        "ck_contract_object_class_has_at_most_200_characters": "length(object_class) <= 200",
        "ck_contract_object_gone_on_is_a_day": ("isfinite(object_gone_on)", "object_gone_on IS date(object_gone_on)"),
        "ck_contract_object_size_has_at_most_200_characters": "length(object_size) <= 200",
        "ck_contract_paid_on_is_a_day": ("isfinite(paid_on)", "paid_on IS date(paid_on)"),
        "ck_contract_plate_is_a_number_plate": "length(plate) BETWEEN 4 AND 20",
        "ck_contract_premium_is_a_finite_number": (
            "premium BETWEEN -9999999999999999.99 AND 9999999999999999.99",
            "premium BETWEEN -999999999999999999 AND 999999999999999999",
        ),
        "ck_contract_remark_has_at_most_20000_characters": "length(remark) <= 20000",
        "ck_contract_starts_on_is_a_day": ("isfinite(starts_on)", "starts_on IS date(starts_on)"),
        "ck_contract_vin_has_17_letters_and_digits": (
            "vin ~ '^[0-9A-Z]{17,17}$'",
            "length(vin) BETWEEN 17 AND 17 AND vin NOT GLOB '*[^0-9A-Z]*'",
        ),
        "ck_contract_voided_on_is_a_day": ("isfinite(voided_on)", "voided_on IS date(voided_on)"),
    },
    "customer": {
        "ck_customer_address_has_at_most_400_characters": "length(address) <= 400",
        "ck_customer_birth_on_is_a_day": ("isfinite(birth_on)", "birth_on IS date(birth_on)"),
        "ck_customer_email_is_an_email_address": "email LIKE '_%@_%' AND length(email) <= 320",
        "ck_customer_id_number_has_5_to_30_letters_and_digits": (
            "id_number ~ '^[0-9A-Z]{5,30}$'",
            "length(id_number) BETWEEN 5 AND 30 AND id_number NOT GLOB '*[^0-9A-Z]*'",
        ),
        "ck_customer_income_is_a_finite_number": (
            "income BETWEEN -9999999999999999.99 AND 9999999999999999.99",
            "income BETWEEN -999999999999999999 AND 999999999999999999",
        ),
        "ck_customer_lifetime_value_is_a_finite_number": (
            "lifetime_value BETWEEN -999999999999.999999 AND 999999999999.999999",
            "lifetime_value BETWEEN -999999999999999999 AND 999999999999999999",
        ),
        "ck_customer_name_has_at_most_200_characters": "length(name) <= 200",
        "ck_customer_number_has_at_most_40_characters": "length(number) <= 40",
        "ck_customer_phone_is_a_phone_number": (
            "phone ~ '^[+]?[0-9]{5,20}$'",
            "length(phone) BETWEEN 5 AND 21 AND ltrim(phone, '+') NOT GLOB '*[^0-9]*'",
        ),
        "ck_customer_region_has_at_most_200_characters": "length(region) <= 200",
        "ck_customer_remark_has_at_most_20000_characters": "length(remark) <= 20000",
        "ck_customer_reviewed_on_is_a_day": ("isfinite(reviewed_on)", "reviewed_on IS date(reviewed_on)"),
    },
    "document": {
        "ck_document_code_has_at_most_40_characters": "length(code) <= 40",
        "ck_document_edition_has_at_most_40_characters": "length(edition) <= 40",
        "ck_document_location_has_at_most_200_characters": "length(location) <= 200",
        "ck_document_name_has_at_most_200_characters": "length(name) <= 200",
        "ck_document_remark_has_at_most_20000_characters": "length(remark) <= 20000",
        "ck_document_text_has_at_most_20000_characters": "length(text) <= 20000",
        "ck_document_valid_until_is_a_day": ("isfinite(valid_until)", "valid_until IS date(valid_until)"),
    },
    "lead": {
        "ck_lead_expected_premium_is_a_finite_number": (
            "expected_premium BETWEEN -9999999999999999.99 AND 9999999999999999.99",
            "expected_premium BETWEEN -999999999999999999 AND 999999999999999999",
        ),
        "ck_lead_name_has_at_most_200_characters": "length(name) <= 200",
        "ck_lead_needs_has_at_most_20000_characters": "length(needs) <= 20000",
        "ck_lead_next_contact_on_is_a_day": ("isfinite(next_contact_on)", "next_contact_on IS date(next_contact_on)"),
        "ck_lead_number_has_at_most_40_characters": "length(number) <= 40",
        "ck_lead_phone_is_a_phone_number": (
            "phone ~ '^[+]?[0-9]{5,20}$'",
            "length(phone) BETWEEN 5 AND 21 AND ltrim(phone, '+') NOT GLOB '*[^0-9]*'",
        ),
        "ck_lead_plan_has_at_most_20000_characters": "length(plan) <= 20000",
        "ck_lead_remark_has_at_most_20000_characters": "length(remark) <= 20000",
    },
    "paper": {
        "ck_paper_authentic_is_yes_or_no": ("authentic IN (true, false)", "authentic IN (0, 1)"),
        "ck_paper_complete_is_yes_or_no": ("complete IN (true, false)", "complete IN (0, 1)"),
        "ck_paper_name_has_at_most_200_characters": "length(name) <= 200",
        "ck_paper_received_on_is_a_day": ("isfinite(received_on)", "received_on IS date(received_on)"),
        "ck_paper_relevant_is_yes_or_no": ("relevant IN (true, false)", "relevant IN (0, 1)"),
        "ck_paper_required_is_yes_or_no": ("required IN (true, false)", "required IN (0, 1)"),
    },
    "payout": {
        "ck_payout_amount_is_a_finite_number": (
            "amount BETWEEN -9999999999999999.99 AND 9999999999999999.99",
            "amount BETWEEN -999999999999999999 AND 999999999999999999",
        ),
        "ck_payout_number_has_at_most_40_characters": "length(number) <= 40",
        "ck_payout_paid_on_is_a_day": ("isfinite(paid_on)", "paid_on IS date(paid_on)"),
        "ck_payout_payee_account_has_8_to_34_letters_and_digits": (
            "payee_account ~ '^[0-9A-Z]{8,34}$'",
            "length(payee_account) BETWEEN 8 AND 34 AND payee_account NOT GLOB '*[^0-9A-Z]*'",
        ),
        "ck_payout_payee_has_at_most_200_characters": "length(payee) <= 200",
        "ck_payout_round_is_a_whole_number": "round BETWEEN -2147483647 AND 2147483647",
    },
    "person": {
        "ck_person_daily_hours_is_a_whole_number": "daily_hours BETWEEN -2147483647 AND 2147483647",
        "ck_person_email_is_an_email_address": "email LIKE '_%@_%' AND length(email) <= 320",
        "ck_person_examined_is_yes_or_no": ("examined IN (true, false)", "examined IN (0, 1)"),
        "ck_person_joined_on_is_a_day": ("isfinite(joined_on)", "joined_on IS date(joined_on)"),
        "ck_person_licence_has_at_most_40_characters": "length(licence) <= 40",
        "ck_person_licence_until_is_a_day": ("isfinite(licence_until)", "licence_until IS date(licence_until)"),
        "ck_person_name_has_at_most_200_characters": "length(name) <= 200",
        "ck_person_number_has_at_most_40_characters": "length(number) <= 40",
        "ck_person_phone_is_a_phone_number": (
            "phone ~ '^[+]?[0-9]{5,20}$'",
            "length(phone) BETWEEN 5 AND 21 AND ltrim(phone, '+') NOT GLOB '*[^0-9]*'",
        ),
        "ck_person_post_has_at_most_200_characters": "length(post) <= 200",
        "ck_person_present_is_yes_or_no": ("present IN (true, false)", "present IN (0, 1)"),
        "ck_person_remark_has_at_most_20000_characters": "length(remark) <= 20000",
        "ck_person_skill_is_a_finite_number": (
            "skill BETWEEN -9999999.99 AND 9999999.99",
            "skill BETWEEN -999999999 AND 999999999",
        ),
        "ck_person_time_zone_is_a_time_zone": "length(time_zone) BETWEEN 1 AND 60",
    },
    "product": {
        "ck_product_code_has_at_most_40_characters": "length(code) <= 40",
        "ck_product_name_has_at_most_200_characters": "length(name) <= 200",
        "ck_product_remark_has_at_most_20000_characters": "length(remark) <= 20000",
        "ck_product_renewable_is_yes_or_no": ("renewable IN (true, false)", "renewable IN (0, 1)"),
    },
    "quote": {
        "ck_quote_agreed_with_has_at_most_200_characters": "length(agreed_with) <= 200",
        "ck_quote_discount_is_a_finite_number": (
            "discount BETWEEN -9999999.99 AND 9999999.99",
            "discount BETWEEN -999999999 AND 999999999",
        ),
        "ck_quote_minimum_is_a_finite_number": (
            "minimum BETWEEN -9999999999999999.99 AND 9999999999999999.99",
            "minimum BETWEEN -999999999999999999 AND 999999999999999999",
        ),
        "ck_quote_number_has_at_most_40_characters": "length(number) <= 40",
        "ck_quote_premium_is_a_finite_number": (
            "premium BETWEEN -9999999999999999.99 AND 9999999999999999.99",
            "premium BETWEEN -999999999999999999 AND 999999999999999999",
        ),
        "ck_quote_rate_is_a_finite_number": (
            "rate BETWEEN -999999999999.999999 AND 999999999999.999999",
            "rate BETWEEN -999999999999999999 AND 999999999999999999",
        ),
        "ck_quote_remark_has_at_most_20000_characters": "length(remark) <= 20000",
        "ck_quote_sum_insured_is_a_finite_number": (
            "sum_insured BETWEEN -9999999999999999.99 AND 9999999999999999.99",
            "sum_insured BETWEEN -999999999999999999 AND 999999999999999999",
        ),
        "ck_quote_trace_has_at_most_20000_characters": "length(trace) <= 20000",
        "ck_quote_valid_until_is_a_day": ("isfinite(valid_until)", "valid_until IS date(valid_until)"),
    },
    "renewal": {
        "ck_renewal_allocated_on_is_a_day": ("isfinite(allocated_on)", "allocated_on IS date(allocated_on)"),
        "ck_renewal_cohort_is_a_month": (
            "cohort ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'",
            "cohort GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]' AND substr(cohort, 6) BETWEEN '01' AND '12'",
        ),
        "ck_renewal_contact_by_is_a_day": ("isfinite(contact_by)", "contact_by IS date(contact_by)"),
        "ck_renewal_difficulty_is_a_whole_number": "difficulty BETWEEN -2147483647 AND 2147483647",
        "ck_renewal_expires_on_is_a_day": ("isfinite(expires_on)", "expires_on IS date(expires_on)"),
        "ck_renewal_feedback_has_at_most_20000_characters": "length(feedback) <= 20000",
        "ck_renewal_first_contact_on_is_a_day": (
            "isfinite(first_contact_on)",
            "first_contact_on IS date(first_contact_on)",
        ),
        "ck_renewal_next_contact_on_is_a_day": (
            "isfinite(next_contact_on)",
            "next_contact_on IS date(next_contact_on)",
        ),
        "ck_renewal_number_has_at_most_40_characters": "length(number) <= 40",
        "ck_renewal_offered_premium_is_a_finite_number": (
            "offered_premium BETWEEN -9999999999999999.99 AND 9999999999999999.99",
            "offered_premium BETWEEN -999999999999999999 AND 999999999999999999",
        ),
        "ck_renewal_paid_on_is_a_day": ("isfinite(paid_on)", "paid_on IS date(paid_on)"),
        "ck_renewal_premium_is_a_finite_number": (
            "premium BETWEEN -9999999999999999.99 AND 9999999999999999.99",
            "premium BETWEEN -999999999999999999 AND 999999999999999999",
        ),
        "ck_renewal_remark_has_at_most_20000_characters": "length(remark) <= 20000",
        "ck_renewal_remedy_has_at_most_200_characters": "length(remedy) <= 200",
    },
    "required_paper": {
        "ck_required_paper_archived_at_is_a_moment": (
            "isfinite(archived_at)",
            "substr(archived_at, 1, 19) IS datetime(archived_at)",
        ),
        "ck_required_paper_code_has_at_most_40_characters": "length(code) <= 40",
        "ck_required_paper_name_has_at_most_200_characters": "length(name) <= 200",
    },
    "script": {
        "ck_script_audited_on_is_a_day": ("isfinite(audited_on)", "audited_on IS date(audited_on)"),
        "ck_script_code_has_at_most_40_characters": "length(code) <= 40",
        "ck_script_deviates_is_yes_or_no": ("deviates IN (true, false)", "deviates IN (0, 1)"),
        "ck_script_finding_has_at_most_20000_characters": "length(finding) <= 20000",
        "ck_script_name_has_at_most_200_characters": "length(name) <= 200",
        "ck_script_text_has_at_most_20000_characters": "length(text) <= 20000",
    },
    "survey": {
        "ck_survey_assessed_is_a_finite_number": (
            "assessed BETWEEN -9999999999999999.99 AND 9999999999999999.99",
            "assessed BETWEEN -999999999999999999 AND 999999999999999999",
        ),
        "ck_survey_findings_has_at_most_20000_characters": "length(findings) <= 20000",
        "ck_survey_number_has_at_most_40_characters": "length(number) <= 40",
        "ck_survey_place_has_at_most_200_characters": "length(place) <= 200",
        "ck_survey_purpose_has_at_most_200_characters": "length(purpose) <= 200",
        "ck_survey_visited_on_is_a_day": ("isfinite(visited_on)", "visited_on IS date(visited_on)"),
    },
    "system_fault": {
        "ck_system_fault_cause_has_at_most_20000_characters": "length(cause) <= 20000",
        "ck_system_fault_course_has_at_most_20000_characters": "length(course) <= 20000",
        "ck_system_fault_name_has_at_most_200_characters": "length(name) <= 200",
        "ck_system_fault_number_has_at_most_40_characters": "length(number) <= 40",
        "ck_system_fault_place_has_at_most_200_characters": "length(place) <= 200",
        "ck_system_fault_remedy_has_at_most_20000_characters": "length(remedy) <= 20000",
    },
    "target": {
        "ck_target_amount_is_a_finite_number": (
            "amount BETWEEN -9999999999999999.99 AND 9999999999999999.99",
            "amount BETWEEN -999999999999999999 AND 999999999999999999",
        ),
        "ck_target_month_is_a_month": (
            "month ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'",
            "month GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]' AND substr(month, 6) BETWEEN '01' AND '12'",
        ),
        "ck_target_remark_has_at_most_20000_characters": "length(remark) <= 20000",
    },
    "template_line": {
        "ck_template_line_measure_has_at_most_80_characters": "length(measure) <= 80",
        "ck_template_line_target_is_a_finite_number": (
            "target BETWEEN -999999999999.999999 AND 999999999999.999999",
            "target BETWEEN -999999999999999999 AND 999999999999999999",
        ),
        "ck_template_line_weight_is_a_finite_number": (
            "weight BETWEEN -9999999.99 AND 9999999.99",
            "weight BETWEEN -999999999 AND 999999999",
        ),
    },
    "unit": {
        "ck_unit_archived_at_is_a_moment": (
            "isfinite(archived_at)",
            "substr(archived_at, 1, 19) IS datetime(archived_at)",
        ),
        "ck_unit_code_has_at_most_40_characters": "length(code) <= 40",
        "ck_unit_duty_has_at_most_200_characters": "length(duty) <= 200",
        "ck_unit_headcount_is_a_whole_number": "headcount BETWEEN -2147483647 AND 2147483647",
        "ck_unit_name_has_at_most_200_characters": "length(name) <= 200",
    },
    "working_day": {
        "ck_working_day_day_is_a_day": ("isfinite(day)", "day IS date(day)"),
        "ck_working_day_remark_has_at_most_20000_characters": "length(remark) <= 20000",
    },
}
"""By table: the name of each constraint and its condition; two where SQLite says it in other words."""


def upgrade() -> None:
    with op.batch_alter_table("person") as batch_op:
        batch_op.add_column(sa.Column("time_zone", sa.String(length=60), nullable=True))
    for table, rules in RULES.items():
        with op.batch_alter_table(table) as batch_op:
            for name, words in rules.items():
                condition: Any = words if isinstance(words, str) else PerDialect(*words)
                batch_op.create_check_constraint(batch_op.f(name), condition)


def downgrade() -> None:
    for table, rules in RULES.items():
        with op.batch_alter_table(table) as batch_op:
            for name in rules:
                batch_op.drop_constraint(batch_op.f(name), type_="check")
    with op.batch_alter_table("person") as batch_op:
        batch_op.drop_column("time_zone")
