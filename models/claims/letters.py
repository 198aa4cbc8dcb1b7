"""What customers are written about their claims: the department's own words, each a setting with ``{places}``.

``{number}`` is the claim's, ``{contract}`` the contract's, ``{customer}`` its holder's name. Besides them each text
takes the places named with it: ``{papers}`` the list of what is wanted, one a line; ``{link}`` the address papers are
sent through and ``{until}`` the day it is good until; ``{handler}`` who works the claim; ``{amount}`` with its
currency; ``{clause}`` and ``{reason}`` of a refusal.
"""

from typing import NamedTuple

from app.schema.letters import worded
from app.schema.settings import Setting, setting

ALWAYS = ("number", "contract", "customer")


class Letter(NamedTuple):
    """What is written on one occasion, known by its name."""

    name: str
    subject: Setting
    body: Setting


def _letter(name: str, label: str, places: tuple[str, ...], subject: str, english: str, chinese: str) -> Letter:
    kind = worded(*ALWAYS, *places)
    body = f"Dear {{customer}},\n\n{english}\n\n尊敬的 {{customer}}：\n\n{chinese}\n"
    return Letter(
        name,
        setting(f"claims.{name}_subject", subject, kind, f"{label}: subject"),
        setting(f"claims.{name}_text", body, kind, f"{label}: text"),
    )


PAPERS = ("papers", "link", "until")
REPORTED = _letter(
    "reported",
    "A claim is reported",
    PAPERS,
    "Your claim {number}: please send these papers · 您的理赔 {number}：请提交以下资料",
    "we have received your claim {number} under contract {contract}. To decide it we need:\n\n{papers}\n\n"
    "Send them from your phone or computer here, without signing in, until {until}:\n{link}",
    "您就合同 {contract} 报案的理赔 {number} 已受理登记。为尽快处理，请提交以下资料：\n\n{papers}\n\n"
    "您可在 {until} 之前用手机或电脑通过以下链接上传，无需登录：\n{link}",
)
SUPPLEMENT = _letter(
    "supplement",
    "Papers of a claim are missing",
    PAPERS,
    "Your claim {number}: papers are missing · 您的理赔 {number}：请补充资料",
    "for your claim {number} we still need:\n\n{papers}\n\nPlease send them here until {until}:\n{link}",
    "您的理赔 {number} 还需补充以下资料：\n\n{papers}\n\n请在 {until} 之前通过以下链接上传：\n{link}",
)
ACCEPTED = _letter(
    "accepted",
    "A claim is accepted",
    ("handler",),
    "Your claim {number} is being handled · 您的理赔 {number} 已由专人处理",
    "{handler} handles your claim {number} from now on and will keep you informed.",
    "您的理赔 {number} 现由 {handler} 负责处理，进展将及时通知您。",
)
APPROVED = _letter(
    "approved",
    "A claim is approved",
    ("amount",),
    "Your claim {number} is approved · 您的理赔 {number} 已核定",
    "your claim {number} is approved: {amount} will be paid to you.",
    "您的理赔 {number} 已核定，赔付金额为 {amount}，款项将尽快支付。",
)
REFUSED = _letter(
    "refused",
    "A claim is refused",
    ("clause", "reason"),
    "Your claim {number}: our decision · 您的理赔 {number}：处理决定",
    "we cannot pay your claim {number} under contract {contract}.\n\nClause: {clause}\nReason: {reason}\n\n"
    "If you do not agree, tell us: the decision is then looked at by somebody who did not take it.",
    "您就合同 {contract} 提出的理赔 {number}，我们无法赔付。\n\n依据条款：{clause}\n理由：{reason}\n\n"
    "如对本决定有异议，请与我们联系，我们将由未参与本案的人员复核。",
)
PAID = _letter(
    "paid",
    "A claim is paid",
    ("amount",),
    "Your claim {number} is paid · 您的理赔 {number} 已赔付",
    "we have paid {amount} for your claim {number}.",
    "您的理赔 {number} 的赔款 {amount} 已支付。",
)
