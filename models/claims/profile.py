"""Import profile of the claims another system settled: one line is one claim, paid, refused, withdrawn or still open.

The contracts stand already; a line under a contract we do not know is refused. What the file does not say is settled
here, column by column, with `blank`: no day of notice means the day of the loss, no day of payment that of the
decision, no cause "other", no way of payment a transfer. Who paid to whom and how much is never made up.

Claims come in with the state they have, so nobody is told of them and no limit of ours is laid on what was decided
before. A handler is found by name; who is not on our staff leaves the claim to the pool, in the unit of its contract,
and his or her name to the remark, as do all columns we do not know. Years of two digits are those from 1970 to 2069:
that system began in the eighties.
"""

from datetime import UTC, date, datetime, time
from decimal import Decimal

from app.kernel.clock import house_day, house_zone
from app.schema.kinds import BadValue
from app.schema.roles import LEADERS
from app.schema.transfer import Cell, Computed, Fixed, LinkTo, Match, Parsed, Profile, Rest, Source, Target, profile
from models.claims.states import CLOSED, ClaimState, LossCause, PayoutMethod

S = ClaimState
PIVOT = 70
HANDLER = "经办人"

STATES = {
    "已结案": S.PAID,
    "已赔付": S.PAID,
    "结案": S.PAID,
    "9": S.PAID,
    "待支付": S.APPROVED,
    "核赔通过": S.APPROVED,
    "拒赔": S.REFUSED,
    "8": S.REFUSED,
    "销案": S.WITHDRAWN,
    "撤案": S.WITHDRAWN,
    "处理中": S.REVIEWING,
    "未决": S.REVIEWING,
    "1": S.REVIEWING,
}
CAUSES = {
    "01": LossCause.COLLISION,
    "碰撞": LossCause.COLLISION,
    "追尾": LossCause.COLLISION,
    "02": LossCause.THEFT,
    "盗抢": LossCause.THEFT,
    "被盗": LossCause.THEFT,
    "03": LossCause.FIRE,
    "火灾": LossCause.FIRE,
    "04": LossCause.WATER,
    "水淹": LossCause.WATER,
    "涉水": LossCause.WATER,
    "05": LossCause.WEATHER,
    "暴雨": LossCause.WEATHER,
    "冰雹": LossCause.WEATHER,
    "06": LossCause.BREAKDOWN,
    "故障": LossCause.BREAKDOWN,
    "07": LossCause.LIABILITY,
    "三者": LossCause.LIABILITY,
    "08": LossCause.ILLNESS,
    "疾病": LossCause.ILLNESS,
    "09": LossCause.ACCIDENT,
    "意外": LossCause.ACCIDENT,
    "99": LossCause.OTHER,
    "其他": LossCause.OTHER,
    "": LossCause.OTHER,
}
METHODS = {"转账": PayoutMethod.TRANSFER, "支票": PayoutMethod.CHEQUE, "抵扣": PayoutMethod.OFFSET}
METHOD = Cell("支付方式", values=METHODS, blank=Fixed(PayoutMethod.TRANSFER))


def _past(day: date) -> None:
    if day > house_day(datetime.now(UTC)):
        raise BadValue("%(day)s is still to come", day=day)


def _loss(day: date, row: Parsed) -> None:
    _past(day)
    if day < (before := row["contract"]["starts_on"]):
        raise BadValue("%(day)s lies before the contract, which starts on %(before)s", day=day, before=before)


def _notice(moment: datetime, row: Parsed) -> None:
    _past(day := house_day(moment))
    if day < (before := row["claim"]["occurred_on"]):
        raise BadValue("%(day)s lies before the loss of %(before)s", day=day, before=before)


def _decision(day: date, row: Parsed) -> None:
    _past(day)
    if row["claim"]["state"] == S.REVIEWING:
        raise BadValue("an open claim has no day of decision")
    if day < (before := house_day(row["claim"]["reported_at"])):
        raise BadValue("%(day)s lies before the notice of %(before)s", day=day, before=before)


def _payment(day: date, row: Parsed) -> None:
    _past(day)
    if day < (before := row["claim"]["decided_on"]):
        raise BadValue("%(day)s lies before the decision of %(before)s", day=day, before=before)


def _noticed_at_once(row: Parsed) -> datetime:
    return datetime.combine(row["claim"]["occurred_on"], time(), house_zone())


def _undecided(row: Parsed) -> None:
    if row["claim"]["state"] in CLOSED | S.APPROVED:
        raise BadValue("a decided claim needs the day of its decision")


def _from_0(amount: Decimal, row: Parsed) -> None:
    if amount < 0:
        raise BadValue("write an amount from 0 up")


def _paid(amount: Decimal, row: Parsed) -> None:
    _from_0(amount, row)
    if row["claim"]["state"] != S.PAID:
        raise BadValue("the state says it is not paid; correct the amount or the state")


def _unpaid(row: Parsed) -> Decimal | None:
    """What is approved where nothing is paid."""
    claim = row["claim"]
    if claim["state"] == S.PAID:
        raise BadValue("a paid claim needs the amount paid")
    if claim["state"] != S.APPROVED:
        return None
    if not claim["assessed"]:
        raise BadValue("an approved claim needs the amount assessed")
    assessed: Decimal = claim["assessed"]
    return assessed


def _told(row: Parsed) -> date | None:
    """Whoever was refused has long been told."""
    day: date = row["claim"]["decided_on"]
    return day if row["claim"]["state"] == S.REFUSED else None


def _of_claim(name: str) -> Computed:
    return Computed(lambda row: row["claim"][name])


CLAIM: dict[str, Source] = {
    "number": Cell("赔案号"),
    "contract_id": LinkTo("contract"),
    "occurred_on": Cell("出险日期", pivot=PIVOT, check=_loss),
    "reported_at": Cell("报案日期", pivot=PIVOT, blank=Computed(_noticed_at_once), check=_notice),
    "cause": Cell("出险原因", values=CAUSES),
    "place": Cell("出险地点"),
    "claimed": Cell("索赔金额", check=_from_0),
    "assessed": Cell("核定金额", check=_from_0),
    "state": Cell("状态", values=STATES),
    "decided_on": Cell("结案日期", pivot=PIVOT, blank=Computed(_undecided), check=_decision),
    "approved": Cell("赔付金额", then=lambda amount: amount or None, blank=Computed(_unpaid), check=_paid),
    "payee": Cell("领款人"),
    "method": METHOD,
    "refusal_told_on": Computed(_told),
    "owner_id": Cell(HANDLER, match=Match("person", "name", "user_id", strict=False)),
    "unit_id": Cell(
        HANDLER,
        match=Match("person", "name", "unit_id", strict=False),
        blank=Computed(lambda row: row["contract"]["unit_id"]),
    ),
    "remark": Rest("备注", also=(HANDLER,)),
}
PAYOUT: dict[str, Source] = {
    "number": Computed(lambda row: f"{row['claim']['number']}-1"),
    "claim_id": LinkTo("claim"),
    "round": Fixed(1),
    "amount": _of_claim("approved"),
    "payee": Cell("领款人"),
    "method": METHOD,
    "paid_on": Cell("支付日期", pivot=PIVOT, blank=_of_claim("decided_on"), check=_payment),
    "owner_id": _of_claim("owner_id"),
    "unit_id": _of_claim("unit_id"),
}
WORKED_ON = (
    "assessed",
    "decided_on",
    "approved",
    "payee",
    "method",
    "refusal_told_on",
    "owner_id",
    "unit_id",
    "remark",
)

profile(
    Profile(
        "claims_history",
        "Claims of another system",
        (
            Target("contract", "contract", "number", {"number": Cell("保单号")}, found=("starts_on", "unit_id")),
            Target("claim", "claim", "number", CLAIM, once=WORKED_ON),
            Target(
                "payout",
                "payout",
                "number",
                PAYOUT,
                when=lambda row, cells: row["claim"]["state"] == S.PAID,
                once=tuple(name for name in PAYOUT if name != "number"),
            ),
        ),
        by=LEADERS,
        aliases={
            "Contract": "保单号",
            "Claim": "赔案号",
            "Loss date": "出险日期",
            "Notice date": "报案日期",
            "Decision date": "结案日期",
            "Payment date": "支付日期",
            "Cause": "出险原因",
            "Place": "出险地点",
            "Claimed": "索赔金额",
            "Assessed": "核定金额",
            "Paid": "赔付金额",
            "Payee": "领款人",
            "Method": "支付方式",
            "Status": "状态",
            "Handler": HANDLER,
            "Remark": "备注",
        },
        ignored=("序号", "身份证号", "联系电话"),
    )
)
