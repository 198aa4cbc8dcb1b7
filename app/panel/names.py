"""What the ways of notices are called, in the language of the present person."""

from flask_babel import gettext as _


def channel_name(channel: str) -> str:
    """The name of a channel, such as "Text message"."""
    names = {
        "app": _("Bell"),
        "mail": _("Mail"),
        "letter": _("Letter"),
        "sms": _("Text message"),
        "wecom": _("WeCom"),
        "dingtalk": _("DingTalk"),
        "feishu": _("Feishu"),
        "webhook": _("Webhook"),
    }
    return names.get(channel, channel)
