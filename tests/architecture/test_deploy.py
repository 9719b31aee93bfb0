"""What stands in ``deploy/`` is what the program and its hosts take."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from cxr_dash.cli.settings_table import settings_environment
from cxr_dash.settings import ROOT, Settings
from cxr_dash.web import create_app

_DEPLOY = ROOT / "deploy"
_WORST_EXPOSURE = 30  # of 100: what systemd-analyze shows as 3.0


def _manifests() -> list[dict[str, Any]]:
    text = (_DEPLOY / "kubernetes" / "cxr-dash.yaml").read_text(encoding="utf-8")
    return [document for document in yaml.safe_load_all(text) if document]


def test_the_systemd_unit_is_one_and_exposes_little() -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("no systemd-analyze on this machine")
    unit = str(_DEPLOY / "systemd" / "cxr-dash.service")
    command = ["systemd-analyze", "security", "--offline=true", f"--threshold={_WORST_EXPOSURE}", unit]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-600:] + done.stderr


@pytest.mark.parametrize("manifest", _manifests(), ids=lambda manifest: str(manifest["kind"]))
def test_kubernetes_takes_the_manifests(manifest: dict[str, Any]) -> None:
    kubernetes_validate = pytest.importorskip("kubernetes_validate")
    kubernetes_validate.validate(manifest, "1.29", strict=True)


def test_the_pod_is_probed_limited_and_writes_to_memory_alone() -> None:
    (deployment,) = [entry for entry in _manifests() if entry["kind"] == "Deployment"]
    pod = deployment["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert container["livenessProbe"]["httpGet"]["path"] == "/healthz"
    assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"
    assert {"cpu", "memory"} <= container["resources"]["limits"].keys()
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert {volume["emptyDir"]["medium"] for volume in pod["volumes"]} == {"Memory"}
    mounts = {mount["mountPath"] for mount in container["volumeMounts"]}
    (config,) = [entry["data"] for entry in _manifests() if entry["kind"] == "ConfigMap"]
    assert any(config["CXR_CACHE_DIR"].startswith(f"{mount}/") for mount in mounts)


def test_what_the_pod_is_told_are_settings_with_values_they_take() -> None:
    (config,) = [entry["data"] for entry in _manifests() if entry["kind"] == "ConfigMap"]
    given = {name.removeprefix("CXR_").lower(): value for name, value in config.items()}
    assert given.keys() <= Settings.model_fields.keys()
    assert Settings(**given).log_format == "json"


def test_the_file_of_settings_names_each_as_it_is() -> None:
    # after a setting was added: cxr-dash doctor --settings --environment > deploy/cxr-dash.env
    assert (_DEPLOY / "cxr-dash.env").read_text(encoding="utf-8").strip() == settings_environment()


def test_compose_passes_every_setting_keeps_models_outside_and_redis_behind_a_password() -> None:
    services = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))["services"]
    app, redis = services["app"], services["redis"]
    (settings,) = app["env_file"]
    assert settings["path"] == "./.env"
    assert "${CXR_MODELS:-./models}:/srv/cxr-dash/models:ro" in app["volumes"]
    assert "--aclfile" in str(redis["command"])
    assert app["read_only"] is redis["read_only"] is True
    for name in app["environment"]:
        assert name.removeprefix("CXR_").lower() in Settings.model_fields


def _expressions() -> list[str]:
    rules = yaml.safe_load((_DEPLOY / "prometheus" / "rules.yml").read_text(encoding="utf-8"))
    panels = json.loads((_DEPLOY / "grafana" / "cxr-dash.json").read_text(encoding="utf-8"))["panels"]
    return [
        *(rule["expr"] for group in rules["groups"] for rule in group["rules"]),
        *(target["expr"] for panel in panels for target in panel["targets"]),
    ]


def test_alarms_and_dashboard_ask_for_what_metrics_has(tmp_path: Path) -> None:
    app = create_app(Settings(cache_dir=tmp_path / "cache", warm_up=False))
    text = app.server.test_client().get("/metrics").text
    known = set(re.findall(r"^# TYPE (\S+)", text, flags=re.MULTILINE))
    known |= {f"{name}_{part}" for name in known for part in ("bucket", "sum", "count")}
    recorded = {
        rule["record"]
        for group in yaml.safe_load((_DEPLOY / "prometheus" / "rules.yml").read_text())["groups"]
        for rule in group["rules"]
        if "record" in rule
    }
    asked = {name for text in _expressions() for name in re.findall(r"\bcxr[_:][a-z_:0-9]+", text)}
    assert len(asked) > 20
    assert asked - known - recorded == set()


@pytest.mark.parametrize("expression", _expressions())
def test_every_bracket_of_an_expression_is_closed(expression: str) -> None:
    for opening, closing in ("()", "{}", "[]"):
        assert expression.count(opening) == expression.count(closing)


_LASTING = re.compile(r"(\d+(ms|s|m|h|d|w|y))+")
_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_FIELDS = {
    "record": {"record", "expr", "labels"},
    "alert": {"alert", "expr", "for", "keep_firing_for", "labels", "annotations"},
}


def _faults(rules: Any) -> list[str]:
    """What Prometheus does not take in a file of rules, by its documentation; expressions are not parsed."""
    found = [f"unknown {key}" for key in rules.keys() - {"groups"}]
    names = [group.get("name") for group in rules["groups"]]
    found += ["two groups of one name"] if len(set(names)) < len(names) else []
    for group in rules["groups"]:
        found += [f"unknown {key}" for key in group.keys() - {"name", "interval", "limit", "rules", "labels"}]
        found += _ill(group, "interval", _LASTING)
        for rule in group["rules"]:
            kinds = _FIELDS.keys() & rule.keys()
            if len(kinds) != 1 or not isinstance(rule.get("expr"), str) or not rule["expr"].strip():
                found.append(f"neither a record nor an alert with an expression: {rule}")
                continue
            (kind,) = kinds
            found += [f"unknown {key}" for key in rule.keys() - _FIELDS[kind]]
            found += [*_ill(rule, kind, _NAME), *_ill(rule, "for", _LASTING)]
            for part in ("labels", "annotations"):
                found += [
                    f"{part}: {name}"
                    for name, text in rule.get(part, {}).items()
                    if not (_NAME.fullmatch(name) and isinstance(text, str))
                ]
    return found


def _ill(entry: dict[str, Any], key: str, form: re.Pattern[str]) -> list[str]:
    return [] if key not in entry or form.fullmatch(str(entry[key])) else [f"{key}: {entry[key]}"]


def test_the_rules_have_the_form_that_prometheus_takes() -> None:
    rules = yaml.safe_load((_DEPLOY / "prometheus" / "rules.yml").read_text(encoding="utf-8"))
    assert _faults(rules) == []
    alarms = [rule for group in rules["groups"] for rule in group["rules"] if "alert" in rule]
    assert len(alarms) > 5
    for alarm in alarms:
        assert alarm["labels"]["severity"] in {"page", "ticket"}
        assert alarm["annotations"]["summary"].endswith(".")


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("for: 5m", "for: 5 minutes"),
        ("for: 5m", "four: 5m"),
        ("interval: 5m", "interval: five"),
        ("alert: CxrDown", "alert: Cxr-Down"),
        ("alert: CxrDown", "record: down"),
        ("expr: absent(cxr_build_info)", "expr:"),
        ("severity: page", "severity: 1"),
        ("name: cxr-alerts", "name: cxr-drift"),
    ],
)
def test_a_slip_in_the_rules_is_found(right: str, wrong: str) -> None:
    text = (_DEPLOY / "prometheus" / "rules.yml").read_text(encoding="utf-8")
    assert right in text
    assert _faults(yaml.safe_load(text.replace(right, wrong, 1))) != []


@pytest.fixture(scope="module")
def promtool() -> str:
    program = shutil.which("promtool")
    if program is None:
        pytest.skip(
            "promtool not found: install it (Debian: apt-get install prometheus) to check expressions"
        )
    return program


def _check(promtool: str, rules: Path) -> None:
    command = [promtool, "check", "rules", str(rules)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_prometheus_takes_the_rules(promtool: str) -> None:
    _check(promtool, _DEPLOY / "prometheus" / "rules.yml")


def test_prometheus_takes_what_the_dashboard_asks(promtool: str, tmp_path: Path) -> None:
    asked = [expression.replace("$__rate_interval", "5m") for expression in _expressions()]
    rules = [{"record": f"asked:{index}", "expr": expression} for index, expression in enumerate(asked)]
    written = tmp_path / "asked.yml"
    written.write_text(yaml.safe_dump({"groups": [{"name": "asked", "rules": rules}]}), encoding="utf-8")
    _check(promtool, written)
