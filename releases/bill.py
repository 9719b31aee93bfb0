"""The bill of materials, in CycloneDX's JSON."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from packaging.utils import canonicalize_name

from cxr_dash import __version__
from cxr_dash.settings import ROOT
from releases.parts import Model, Native

_Json = dict[str, Any]
_ROOT_REF = "root-component"


def bill_of_materials(packages: dict[str, str], natives: list[Native], models: list[Model]) -> _Json:
    """What ``cyclonedx-py`` says of this environment, less what does not serve, with what it cannot see.

    Parameters
    ----------
    packages : dict of str to str
        Canonical names and versions of what serves.
    natives : list of Native
        Stand inside their package.
    models : list of Model
    """
    bill = _whole_environment()
    components = [one for one in bill["components"] if canonicalize_name(one["name"]) in packages]
    for component in components:
        inside = [_native(one) for one in natives if one.package == canonicalize_name(component["name"])]
        if inside:
            component["components"] = inside
    own = [_typeface(), *map(_model, models)]
    bill["components"] = components + own
    bill["metadata"]["component"]["version"] = __version__
    kept = {one["bom-ref"] for one in components}
    bill["dependencies"] = [
        _among(one, kept) for one in bill["dependencies"] if one["ref"] in kept or one["ref"] == _ROOT_REF
    ]
    (root,) = [one for one in bill["dependencies"] if one["ref"] == _ROOT_REF]
    root["dependsOn"] = root.get("dependsOn", []) + [one["bom-ref"] for one in own]
    return bill


def _whole_environment() -> _Json:
    command = [sys.executable, "-m", "cyclonedx_py", "environment", "--output-reproducible", "--of", "JSON"]
    command += ["--pyproject", str(ROOT / "pyproject.toml"), sys.executable]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    bill: _Json = json.loads(done.stdout)
    return bill


def _among(dependency: _Json, kept: set[str]) -> _Json:
    named = [ref for ref in dependency.get("dependsOn", []) if ref in kept]
    return {"ref": dependency["ref"]} | ({"dependsOn": named} if named else {})


def _native(native: Native) -> _Json:
    component: _Json = {
        "type": "library",
        "bom-ref": f"{native.package}/{native.file}",
        "name": native.file,
        "hashes": [{"alg": "SHA-256", "content": native.sha256}],
    }
    if native.licence is not None:
        component |= {"group": native.project, "licenses": [{"expression": native.licence}]}
    return component


def _typeface() -> _Json:
    return {
        "type": "file",
        "bom-ref": "typeface/inter",
        "name": "Inter",
        "description": "Typeface of page, pictures and report.",
        "licenses": [{"license": {"id": "OFL-1.1"}}],
    }


def _model(model: Model) -> _Json:
    return {
        "type": "machine-learning-model",
        "bom-ref": f"models/{model.name}",
        "name": model.name,
        "properties": [{"name": "cxr-dash:digest", "value": model.digest}],
    }
