"""The settings table."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from cxr_dash.cli.console import read_settings
from cxr_dash.cores import default_workers
from cxr_dash.errors import RequestError
from cxr_dash.settings import ROOT, Settings, unknown_names


def test_every_setting_can_be_given_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {
        "CXR_HOST": "192.0.2.1",
        "CXR_PORT": "9000",
        "CXR_WARM_UP": "false",
        "CXR_MODELS_DIR": "/srv/models",
        "CXR_MAX_ASPECT_RATIO": "3.5",
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    settings = Settings()
    assert (settings.host, settings.port, settings.warm_up) == ("192.0.2.1", 9000, False)
    assert settings.models_dir == Path("/srv/models")
    assert settings.max_aspect_ratio == 3.5


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CXR_PORT", "0"),
        ("CXR_PORT", "http"),
        ("CXR_WORKERS", "-1"),
        ("CXR_LOG_LEVEL", "loud"),
        ("CXR_CACHE_TYPE", "disk"),
        ("CXR_MAX_ASPECT_RATIO", "1"),
        ("CXR_CASE_LIFETIME_SECONDS", "1"),
    ],
)
def test_a_value_that_makes_no_sense_is_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError, match=name.removeprefix("CXR_").lower()):
        Settings()


def test_settings_cannot_be_changed_after_they_are_read() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Settings().port = 1


def test_an_env_file_in_the_working_folder_is_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("CXR_PORT=8123\nOTHER=ignored\n")
    monkeypatch.delenv("CXR_PORT", raising=False)
    monkeypatch.chdir(tmp_path)
    assert Settings().port == 8123


def test_the_decoder_is_given_the_limits_of_the_settings() -> None:
    limits = Settings(
        max_upload_bytes=2048,
        max_pixels=20_000,
        min_side=9,
        max_aspect_ratio=2.0,
        max_decoded_bytes=2**21,
        max_decoding_bytes=2**22,
        decoder_memory_bytes=2**27,
        decoder_seconds=3.0,
    ).decode_limits
    assert (limits.max_bytes, limits.max_pixels, limits.min_side, limits.max_aspect_ratio) == (
        2048,
        20_000,
        9,
        2.0,
    )
    assert (limits.max_decoded_bytes, limits.max_decoding_bytes) == (2**21, 2**22)
    assert (limits.decoder_memory_bytes, limits.decoder_seconds) == (2**27, 3.0)


def test_the_shipped_folders_lie_beside_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CXR_MODELS_DIR", raising=False)
    assert Settings().models_dir == ROOT / "models"
    assert Settings().assets_dir.is_dir()


@pytest.mark.parametrize(
    "url",
    [
        "redis://127.0.0.1:6379/0",
        "redis://:@redis:6379/0",
        "rediss://reader:p%40ss@[::1]:6380",
        "redis://redis?protocol=3",
        "unix:///run/redis/redis.sock?db=1",
    ],
)
def test_an_address_that_redis_takes_is_taken(url: str) -> None:
    assert Settings(cache_redis_url=url).cache_redis_url == url


@pytest.mark.parametrize("url", ["redis:6379", "http://redis:6379", "redis://redis:port/0", "redis://", ""])
def test_an_address_that_redis_would_not_take_keeps_the_server_from_starting(url: str) -> None:
    with pytest.raises(ValidationError, match="cache_redis_url"):
        Settings(cache_redis_url=url)


def test_a_slip_in_an_address_does_not_show_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CXR_CACHE_REDIS_URL", "redis://reader:sesame@redis:port")
    with pytest.raises(RequestError, match="CXR_CACHE_REDIS_URL") as caught:
        read_settings()
    assert "sesame" not in str(caught.value)


def test_a_server_has_a_worker_a_core_within_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    for cores, workers in ((1, 2), (2, 2), (5, 5), (64, 8)):
        monkeypatch.setattr("cxr_dash.cores.usable_cores", lambda cores=cores: cores)
        assert default_workers() == workers


def test_a_name_with_our_prefix_that_is_no_setting_is_told() -> None:
    assert unknown_names({"CXR_WORKRES": "4", "CXR_WORKERS": "4", "PATH": "x"}) == ["CXR_WORKRES"]
