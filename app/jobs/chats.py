"""Chats: bots of the house's own groups in WeCom, DingTalk and Feishu, spoken to through apprise.

The services know no key by which they would know a message again: one whose sender dies between the answer and its
noting is said twice. Nothing but the subject is said in a group, to the reader's name.
"""

import json
import re
import threading
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from types import TracebackType
from typing import Any, Self

import requests

from app.jobs.carrying import ServerTrouble
from app.kernel.outbox import Channel
from app.kernel.tables import Notice


@dataclass(frozen=True)
class _Service:
    """A service: apprise's plugin for it, which schema its addresses have there, and how the service shows them."""

    module: str
    plugin: str
    schema: str
    shown: str


SERVICES = {
    Channel.WECOM: _Service(
        "wecombot", "NotifyWeComBot", "wecombot", r"https://qyapi\.weixin\.qq\.com/cgi-bin/webhook/send\?key=([\w-]+)"
    ),
    Channel.DINGTALK: _Service(
        "dingtalk", "NotifyDingTalk", "dingtalk", r"https://oapi\.dingtalk\.com/robot/send\?access_token=(\w+)"
    ),
    Channel.FEISHU: _Service(
        "feishu", "NotifyFeishu", "feishu", r"https://open\.feishu\.cn/open-apis/bot/v2/hook/([\w-]+)"
    ),
}
_heard = threading.local()


class _Listening:
    """The library `requests` as apprise's plugins use it, keeping the last answer of each thread.

    The services refuse with a code within an answer of 200, which not every plugin looks at: what they refuse would
    count as sent.
    """

    def __getattr__(self, name: str) -> Any:
        return getattr(requests, name)

    @staticmethod
    def post(*args: Any, **kwargs: Any) -> requests.Response:
        """As `requests.post`."""
        _heard.answer = requests.post(*args, **kwargs)
        return _heard.answer


@cache
def _plugin(service: _Service) -> Any:
    """The plugin of a service, loaded when it is first spoken to: the library is large."""
    module: Any = import_module(f"apprise.plugins.{service.module}")
    module.requests = _Listening()
    return getattr(module, service.plugin)


@dataclass(frozen=True)
class ChatCarrier:
    """A bot by its address, as the service shows it (``https://…``) or as apprise writes it (``dingtalk://…``)."""

    channel: Channel
    url: str = field(repr=False)

    def connect(self) -> "ChatConnection":
        """Understand the address. Raises `ServerTrouble`."""
        service = SERVICES[self.channel]
        plugin, url = _plugin(service), self.url.strip()
        if shown := re.fullmatch(service.shown, url):
            url = f"{service.schema}://{shown[1]}"
        try:
            if url.startswith(f"{service.schema}://") and (parts := plugin.parse_url(url)):
                return ChatConnection(plugin(**parts))
        except TypeError:  # what apprise raises for a part that is none
            pass
        raise ServerTrouble("the address of the bot is not understood; copy it as the service shows it")


@dataclass(frozen=True)
class ChatConnection:
    """A batch of messages to one group."""

    bot: Any

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        pass

    def send(self, notice: Notice, to: str) -> None:
        """Say the subject of a notice to the reader `to`. Raises `ServerTrouble`: what is wrong is wrong for all."""
        _heard.answer = None
        sent = self.bot.notify(body=f"@{to} {notice.subject}", body_format="text")
        answer: requests.Response | None = _heard.answer
        if answer is None:
            raise ServerTrouble("the chat does not answer")
        if answer.status_code != requests.codes.ok:
            raise ServerTrouble(f"the chat answers {answer.status_code}")
        code, words = _refusal(answer)
        if code or not sent:
            raise ServerTrouble(f"the chat refuses ({code}): {words}"[:300])


def _refusal(answer: requests.Response) -> tuple[str, str]:
    """The code within an answer, "" for taken, and what is said of it."""
    try:
        told = json.loads(answer.content)
        code = told.get("errcode") or told.get("code") or ""
        return str(code), str(told.get("errmsg") or told.get("msg") or "")
    except (ValueError, AttributeError):
        return "", ""
