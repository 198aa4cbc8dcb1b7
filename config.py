"""Settings of an installation: one frozen object, read from the environment. Every variable is documented here."""

import re
import secrets
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

HERE = Path(__file__).resolve().parent


class UnsafeSetting(Exception):
    """A setting that must not be used in production; the message names it and says the cure."""


class Settings(BaseSettings):
    """What ``YANXU_…`` variables say. An empty variable counts as absent."""

    model_config = SettingsConfigDict(env_prefix="YANXU_", frozen=True, env_ignore_empty=True, extra="ignore")

    mode: str = Field("development", pattern="^(development|production|testing)$", description="What it is run for.")
    data_dir: Path = Field(HERE / "var", description="Folder of the embedded database, uploads and generated secrets.")
    database_url: str = Field("", description="SQLAlchemy address; empty means an SQLite file in the data folder.")
    secret_key: str = Field("", description="Signs sessions; at least 32 characters. Made and kept when developing.")
    smtp_url: str = Field(
        "", description="smtp://user:password@host:port or smtps://…; empty keeps mail in the outbox."
    )
    mail_from: str = Field("Yanxu <yanxu@localhost>", description="Sender of the mails.")
    webhooks_private: bool = Field(False, description="Allow webhooks into private networks, and over plain http.")
    sms_url: str = Field("", description="Text messages are posted here, as JSON, https://…; empty offers none.")
    sms_token: str = Field("", description="Sent to it as bearer token.")
    wecom_url: str = Field("", description="Bot of the house's group in WeCom, its address as WeCom shows it; or none.")
    dingtalk_url: str = Field("", description="The same for DingTalk, or dingtalk://secret@token for a signed one.")
    feishu_url: str = Field("", description="The same for Feishu.")
    public_url: str = Field("", description="Address people reach the panel at, such as https://yanxu.example.cn.")
    timezone: str = Field("Asia/Shanghai", description="The house's clock: jobs and business days run on it.")
    language: str = Field("zh_Hans", description="Language of people who chose none: en, zh_Hans or zh_Hant.")
    host: str = Field("127.0.0.1", description="Address the built-in server listens on.")
    port: int = Field(8080, validation_alias="PORT", description="Port of the built-in server (variable PORT).")
    proxies: int = Field(
        0, ge=0, description="How many proxies stand before the panel; their X-Forwarded-… headers are believed."
    )
    insecure_cookies: bool = Field(False, description="Allow cookies over plain http in production.")
    ldap_url: str = Field("", description="Directory people sign in through, such as ldaps://ldap.example.cn; or none.")
    ldap_start_tls: bool = Field(True, description="Go over to TLS on an ldap:// connection before any password.")
    ldap_plain: bool = Field(False, description="Allow passwords over ldap:// without TLS in production.")
    ldap_ca_file: str = Field("", description="Authorities that vouch for the directory, as a file; else the system's.")
    ldap_base: str = Field("", description="Where people are searched, such as ou=people,dc=example,dc=cn.")
    ldap_filter: str = Field("(uid={name})", description="How a person is found there; {name} is what was typed.")
    ldap_bind_dn: str = Field("", description="Whom the panel searches as; empty searches as nobody in particular.")
    ldap_bind_password: str = Field("", description="The password of that entry.")
    ldap_user_dn: str = Field("", description="Instead of a search: uid={name},ou=people,dc=example,dc=cn.")
    ldap_name: str = Field("uid", description="Attribute that is the sign-in name here; sAMAccountName for others.")
    ldap_group_base: str = Field("", description="Where groups are searched; empty gives no roles.")
    ldap_group_filter: str = Field("(member={dn})", description="A person's groups; {dn} and {name} are filled in.")
    ldap_roles: dict[str, str] = Field(
        {}, description='Role by group (DN or common name), JSON: {"claims-team": "claims"}.'
    )
    oidc_issuer: str = Field("", description="OpenID Connect provider people sign in through, https://…; or none.")
    oidc_client_id: str = Field("", description="What the provider calls the panel.")
    oidc_client_secret: str = Field("", description="The secret it shares with the panel.")
    oidc_scopes: str = Field("openid profile email", description="What the provider is asked for.")
    oidc_name_claim: str = Field("preferred_username", description="Claim that is the sign-in name here.")
    oidc_roles_claim: str = Field("groups", description="Claim that lists a person's groups.")
    oidc_roles: dict[str, str] = Field({}, description='Role by group, JSON: {"claims-team": "claims"}.')
    oidc_label: str = Field("", description="What the button says, such as the name of the house that provides it.")
    files_url: str = Field(
        "", description="s3://bucket/prefix; empty keeps files in the folder files of the data folder."
    )
    files_endpoint: str = Field("", description="The service with that bucket, https://…; empty means Amazon's own.")
    files_region: str = Field("us-east-1", description="Its region.")
    files_key_id: str = Field("", description="Access key; empty uses the role of the machine (Amazon only).")
    files_secret: str = Field("", repr=False, description="The secret of the access key.")
    files_named: bool = Field(False, description="The endpoint has the bucket's name in it, as Aliyun OSS wants.")
    files_timeout: int = Field(20, ge=1, le=300, description="Seconds one request to the service may take.")
    files_plain: bool = Field(False, description="Allow files and keys over plain http in production.")
    scan: str = Field(
        "", description="Who looks for viruses: tcp://host:3310 or unix:/path of clamd, or command:…; empty is nobody."
    )
    scan_timeout: int = Field(20, ge=1, le=300, description="Seconds each word with the scanner may take.")
    scan_fail_open: bool = Field(False, description="Take files the scanner could not look at.")
    demo: bool = Field(False, description="Load demonstration data, with well-known passwords, at the first start.")

    @cached_property
    def database(self) -> str:
        """The database in use."""
        return self.database_url or f"sqlite:///{self.data_dir / 'yanxu.sqlite3'}"

    @cached_property
    def secret(self) -> str:
        """The secret in use: given, or made once and kept in the data folder (never in production)."""
        if self.secret_key:
            return self.secret_key
        kept = self.data_dir / "secret"
        if not kept.exists():
            self.data_dir.mkdir(parents=True, exist_ok=True)
            kept.touch(mode=0o600)
            kept.write_text(secrets.token_urlsafe(48))
        return kept.read_text().strip()

    def refuse_unsafe(self) -> None:
        """Raise `UnsafeSetting` for what cannot hold, and in production for what endangers the data; all at once."""
        unsafe = self._senseless() + (self._unsafe() if self.mode == "production" else [])
        if wrong := [message for holds, message in unsafe if holds]:
            raise UnsafeSetting(f"Yanxu does not start in {self.mode} mode:\n  - " + "\n  - ".join(wrong))

    def _senseless(self) -> list[tuple[bool, str]]:
        store, end = urlsplit(self.files_url), urlsplit(self.files_endpoint)
        return [
            (
                bool(self.files_url) and (store.scheme != "s3" or not store.hostname or "@" in store.netloc),
                "YANXU_FILES_URL: give s3://bucket/prefix, without keys, or nothing to keep files in the data folder",
            ),
            (
                bool(self.files_endpoint) and (end.scheme not in ("http", "https") or "@" in end.netloc),
                "YANXU_FILES_ENDPOINT: give the address of the service, such as https://s3.example.cn, without keys",
            ),
            (
                bool(self.files_key_id) != bool(self.files_secret),
                "YANXU_FILES_KEY_ID, YANXU_FILES_SECRET: give both or neither",
            ),
            (
                bool(self.files_endpoint) and not self.files_key_id,
                "YANXU_FILES_KEY_ID: a service other than Amazon's wants an access key and its secret",
            ),
            (
                bool(self.scan) and re.fullmatch(r"tcp://\S+:\d{1,5}|unix:/\S+|command:\s*\S.*", self.scan) is None,
                "YANXU_SCAN: give tcp://host:3310, unix:/path or command:…, or leave it out",
            ),
            (
                not self.files_url and bool(self.files_endpoint or self.files_key_id),
                "YANXU_FILES_URL: name the bucket the other YANXU_FILES_… settings are for, s3://bucket/prefix",
            ),
        ]

    def _unsafe(self) -> list[tuple[bool, str]]:
        return [
            (len(self.secret_key) < 32, "YANXU_SECRET_KEY: give at least 32 random characters"),
            (self.demo, "YANXU_DEMO: demonstration passwords are known to everybody; unset it"),
            (not self.database_url, "YANXU_DATABASE_URL: name the database explicitly"),
            (
                urlsplit(self.public_url).scheme != "https" and not self.insecure_cookies,
                "YANXU_PUBLIC_URL: must begin with https:// (or set YANXU_INSECURE_COOKIES=1 on a closed network)",
            ),
            (
                urlsplit(self.public_url).scheme == "https" and not self.proxies,
                "YANXU_PROXIES: say how many proxies stand before the panel (1 as a rule); without it all people share"
                " one address, and wrong passwords of one slow all",
            ),
            (
                urlsplit(self.ldap_url).scheme == "ldap" and not (self.ldap_start_tls or self.ldap_plain),
                "YANXU_LDAP_START_TLS: passwords would go over ldap:// in the clear; use ldaps:// or StartTLS"
                " (or set YANXU_LDAP_PLAIN=1 on a closed network)",
            ),
            (
                bool(self.oidc_issuer) and urlsplit(self.oidc_issuer).scheme != "https",
                "YANXU_OIDC_ISSUER: must begin with https://, or anybody on the way says who signs in",
            ),
            (
                bool(self.sms_url) and urlsplit(self.sms_url).scheme != "https",
                "YANXU_SMS_URL: must begin with https://, or telephone numbers and the token go in the clear",
            ),
            (not self.smtp_url, "YANXU_SMTP_URL: reminders need a mail server"),
            (
                urlsplit(self.files_endpoint).scheme == "http" and not self.files_plain,
                "YANXU_FILES_ENDPOINT: must begin with https://, or customers' papers pass over the network in the"
                " clear (or set YANXU_FILES_PLAIN=1 on a closed network)",
            ),
        ]
