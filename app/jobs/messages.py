"""The ways out of the house besides mail, of those that are set."""

from typing import Protocol

from app.jobs.carrying import Carrier
from app.jobs.chats import ChatCarrier
from app.jobs.sms import HttpGateway, SmsCarrier
from app.kernel.outbox import Channel


class Addresses(Protocol):
    """What an installation is told of them; empty for a way it has not."""

    @property
    def sms_url(self) -> str: ...
    @property
    def sms_token(self) -> str: ...
    @property
    def wecom_url(self) -> str: ...
    @property
    def dingtalk_url(self) -> str: ...
    @property
    def feishu_url(self) -> str: ...


def message_carriers(told: Addresses) -> dict[Channel, Carrier]:
    """By channel who carries its notices."""
    chats = {Channel.WECOM: told.wecom_url, Channel.DINGTALK: told.dingtalk_url, Channel.FEISHU: told.feishu_url}
    found: dict[Channel, Carrier] = {}
    if told.sms_url:
        found[Channel.SMS] = SmsCarrier(HttpGateway(told.sms_url, told.sms_token))
    return found | {channel: ChatCarrier(channel, url) for channel, url in chats.items() if url}
