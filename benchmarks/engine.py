"""Subject: one graph, one prepared film, one library that runs it.

``python -m benchmarks.engine BUNDLE FILM ENGINE THREADS GRAPH CACHE``: the film is a prepared one (``.npy``),
GRAPH what the engine reads, CACHE where XNNPACK keeps its packed weights, or nothing.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

import numpy as np
import psutil
from numpy.typing import NDArray

from benchmarks.protocol import announce, answer_commands, memory_mib
from cxr_dash.inference.runtime.litert import SIGNATURE, LiteRtRuntime

Film = NDArray[np.float32]
# logits (C,) and maps (C, h, w) of a film (H, W, 1)
Run = Callable[[Film], tuple[Film, Film]]


@dataclass(frozen=True)
class Engine:
    """What runs a graph, and on what.

    Attributes
    ----------
    title : str
        What a reader sees.
    load : callable
        From graph, threads and the path of a weight cache ("" for none) to what runs a film.
    packages : tuple of str
        Without these it is left out.
    graph : {"bundle", "sealed", "onnx"}
        The bundle's file, its verified bytes in sealed memory, or the same graph as ONNX.
    cache : {"", "file", "sealed"}
        Where packed weights lie, if they are not each process's own.
    """

    title: str
    load: Callable[[Path, int, str], Run]
    packages: tuple[str, ...] = ("ai-edge-litert",)
    graph: Literal["bundle", "sealed", "onnx"] = "bundle"
    cache: Literal["", "file", "sealed"] = ""

    @property
    def sealed(self) -> bool:
        """Whether it takes memory that can be sealed."""
        return "sealed" in (self.graph, self.cache)


def _as_the_app(graph: Path, threads: int, _cache: str) -> Run:
    runtime = LiteRtRuntime(graph, threads, features=True)

    def run(film: Film) -> tuple[Film, Film]:
        answer = runtime.run(film)
        return answer.logits, answer.cams

    return run


def _interpreter(graph: Path, threads: int, _cache: str) -> Run:
    from ai_edge_litert.interpreter import Interpreter  # noqa: PLC0415  (an engine's import is timed)

    runner = Interpreter(model_path=str(graph), num_threads=threads).get_signature_runner(SIGNATURE)
    (name,) = runner.get_input_details()

    def run(film: Film) -> tuple[Film, Film]:
        outputs = runner(**{name: film[np.newaxis]})
        return np.array(outputs["logits"][0]), np.array(outputs["cams"][0])

    return run


def _compiled_model(graph: Path, threads: int, cache: str) -> Run:
    from ai_edge_litert.compiled_model import CompiledModel, CpuOptions, Options  # noqa: PLC0415

    options = Options(cpu_options=CpuOptions(num_threads=threads, xnnpack_weight_cache_path=cache))
    model = CompiledModel.from_file(str(graph), options=options)
    names = model.get_signature_list()[SIGNATURE]
    inputs = {name: model.create_input_buffer_by_name(SIGNATURE, name) for name in names["inputs"]}
    outputs = {name: model.create_output_buffer_by_name(SIGNATURE, name) for name in names["outputs"]}
    shapes = {name: facts["shape"] for name, facts in model.get_output_tensor_details(SIGNATURE).items()}
    (film_buffer,) = inputs.values()

    def run(film: Film) -> tuple[Film, Film]:
        film_buffer.write(film[np.newaxis])
        model.run_by_name(SIGNATURE, inputs, outputs)
        found = {
            name: outputs[name].read(int(np.prod(shapes[name])), np.float32).reshape(shapes[name])
            for name in ("logits", "cams", "embedding")
        }
        return found["logits"][0], found["cams"][0]

    return run


def _onnx_runtime(graph: Path, threads: int, _cache: str) -> Run:
    onnxruntime = import_module("onnxruntime")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])
    (asked,) = session.get_inputs()
    return lambda film: _by_shape(session.run(None, {asked.name: film[np.newaxis]}))


def _openvino(graph: Path, threads: int, _cache: str) -> Run:
    openvino = import_module("openvino")
    # float32 as in the graph: where the processor has shorter ones they would be taken
    options = {"INFERENCE_NUM_THREADS": threads, "INFERENCE_PRECISION_HINT": "f32"}
    request = openvino.Core().compile_model(str(graph), "CPU", options).create_infer_request()
    return lambda film: _by_shape([np.array(one) for one in request.infer([film[np.newaxis]]).values()])


def _by_shape(outputs: list[Film]) -> tuple[Film, Film]:
    """Logits and maps of a graph whose outputs have lost their names."""
    (maps,) = (one[0] for one in outputs if one.ndim == 4)
    (logits,) = (one[0] for one in outputs if one.shape == (1, len(maps)))
    return logits, maps


APP = "interpreter"
BUILDS_CACHE = "compiled_cache"
ENGINES = {
    APP: Engine("LiteRT `Interpreter`, as the app has it", _as_the_app),
    "interpreter_sealed": Engine(
        "LiteRT `Interpreter`, its graph in sealed memory", _interpreter, graph="sealed"
    ),
    "compiled": Engine("LiteRT `CompiledModel`", _compiled_model),
    BUILDS_CACHE: Engine("LiteRT `CompiledModel`, weight cache in a file", _compiled_model, cache="file"),
    "compiled_sealed": Engine(
        "LiteRT `CompiledModel`, graph and weight cache in sealed memory",
        _compiled_model,
        graph="sealed",
        cache="sealed",
    ),
    "onnxruntime": Engine("ONNX Runtime", _onnx_runtime, ("onnxruntime", "tf2onnx"), graph="onnx"),
    "openvino": Engine("OpenVINO, float32", _openvino, ("openvino",)),
}


def main(film_path: Path, key: str, threads: int, graph: Path, cache: str) -> None:
    film = np.load(film_path)
    before = memory_mib([psutil.Process()])["uss"]
    started = time.perf_counter()
    run = ENGINES[key].load(graph, threads, cache)
    logits, maps = run(film)
    announce(
        "loaded",
        seconds=time.perf_counter() - started,
        before_mib=before,
        logits=logits.tolist(),
        maps=maps.tolist(),
    )

    def once() -> dict[str, Any]:
        run(film)
        return {}

    answer_commands({"run": once})


if __name__ == "__main__":
    _, _, _film, _key, _threads, _graph, _cache = sys.argv
    main(Path(_film), _key, int(_threads), Path(_graph), _cache)
