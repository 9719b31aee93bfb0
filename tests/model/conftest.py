"""Networks that were saved, reloaded and compiled once for all tests here."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from compiled_networks import Compiled, compiled_network
from networks import NETWORKS


@pytest.fixture(scope="session", autouse=True)
def quiet_tensorflow() -> None:
    """TensorFlow's C++ start-up messages do not belong in a test report."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")


@pytest.fixture(scope="session")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the session's models lie."""
    return tmp_path_factory.mktemp("models")


@pytest.fixture(params=NETWORKS)
def compiled(request: pytest.FixtureRequest, model_folder: Path) -> Compiled:
    """Each network in turn."""
    return compiled_network(request.param, model_folder)


@pytest.fixture
def small(model_folder: Path) -> Compiled:
    """The small convolutional network with global average pooling."""
    return compiled_network("small_sequential", model_folder)


@pytest.fixture
def small_traced(model_folder: Path) -> Compiled:
    """The small convolutional network with flatten + dense."""
    return compiled_network("small_flatten", model_folder)


@pytest.fixture
def mobilenet_flat(model_folder: Path) -> Compiled:
    """MobileNetV2 whose layers are the model's own."""
    return compiled_network("mobilenet_flat", model_folder)
