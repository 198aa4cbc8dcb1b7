"""Webhooks after the Standard Webhooks scheme: who is told over HTTP of what happens to rows, and how it is signed.

`tables` keeps the subscriptions; what is owed lies in the outbox beside the notices.
"""
