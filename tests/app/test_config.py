"""Production mode refuses unsafe settings and says which and how to mend them."""

import pytest

from app.factory import create_app
from config import Settings, UnsafeSetting

SAFE = {
    "mode": "production",
    "secret_key": "k" * 32,
    "database_url": "postgresql://yanxu@localhost/yanxu",
    "public_url": "https://yanxu.example.cn",
    "smtp_url": "smtp://localhost",
    "proxies": 1,
}


def test_safe_settings_pass(tmp_path):
    Settings(**SAFE, data_dir=tmp_path).refuse_unsafe()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("secret_key", "short"),
        ("secret_key", ""),
        ("demo", True),
        ("database_url", ""),
        ("public_url", "http://yanxu.example.cn"),
        ("smtp_url", ""),
        ("proxies", 0),
        ("files_endpoint", "http://s3.example.cn"),
    ],
)
def test_an_unsafe_setting_refuses_to_start_and_is_named(tmp_path, name, value):
    with pytest.raises(UnsafeSetting, match=f"YANXU_{name.upper()}"):
        create_app(Settings(**{**SAFE, name: value}, data_dir=tmp_path))


def test_all_unsafe_settings_are_named_at_once(tmp_path):
    with pytest.raises(UnsafeSetting) as refused:
        Settings(mode="production", data_dir=tmp_path).refuse_unsafe()
    assert all(name in str(refused.value) for name in ("SECRET_KEY", "DATABASE_URL", "PUBLIC_URL", "SMTP_URL"))


def test_the_development_secret_is_made_once_and_kept_private(tmp_path):
    first = Settings(data_dir=tmp_path / "var").secret
    assert len(first) >= 32
    assert Settings(data_dir=tmp_path / "var").secret == first
    assert (tmp_path / "var" / "secret").stat().st_mode & 0o077 == 0


def test_every_setting_is_described():
    assert all(field.description for field in Settings.model_fields.values())
