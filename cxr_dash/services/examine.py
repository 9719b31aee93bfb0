"""From a decoded film to answers: lungs, preparation, run, checks of the picture; then what a model says."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from cxr_dash import imaging
from cxr_dash.domain import Analysis, FilmFacts, Float32Array, HeartMeasures, LungField, Radiograph
from cxr_dash.errors import BundleNotFoundError
from cxr_dash.inference.bundle import Bundle, SegmenterBundle
from cxr_dash.inference.catalog import Catalog
from cxr_dash.inference.lungs import draw_lungs, measure_heart, plan_with_lungs
from cxr_dash.inference.runtime import RuntimePool
from cxr_dash.inference.trunks import answered_together
from cxr_dash.services.age_group import guess_age, needs_another_trunk
from cxr_dash.services.gate import check_picture, installed_gate
from cxr_dash.services.shown import Shown
from cxr_dash.services.workup import Workup, answer_of, shifted_workup, with_trust
from cxr_dash.stages import stage


@dataclass(frozen=True, slots=True)
class _Drawn:
    """Lungs and heart of the film that was looked at last, by the digests of file and segmenter."""

    of: tuple[str, str]
    lungs: LungField
    heart: HeartMeasures | None


class Examiner:
    """Works films up and asks models; keeps nothing but what was drawn last.

    Parameters
    ----------
    catalog : Catalog
    runtimes : RuntimePool
    """

    def __init__(self, catalog: Catalog, runtimes: RuntimePool) -> None:
        self._catalog = catalog
        self._runtimes = runtimes
        self._drawn: _Drawn | None = None
        self._together: dict[str, list[Bundle]] = {}
        self.observe: Callable[[Analysis], None] = lambda _analysis: None
        # of what is made later: the analysis with its trust report
        self.observe_trust: Callable[[Analysis], None] = lambda _analysis: None
        # of a model: where a film lies along its directions of tone
        self.observe_tone: Callable[[str, dict[str, float]], None] = lambda _model, _shifts: None

    def examine(
        self,
        radiograph: Radiograph,
        bundle: Bundle,
        *,
        gate: bool = True,
        decode_ms: float = 0.0,
        others: Sequence[Bundle] = (),
    ) -> tuple[Workup, Analysis]:
        """Work a film up and ask one model.

        Parameters
        ----------
        radiograph : Radiograph
        bundle : Bundle
        gate : bool
            With ``False`` no film is refused but one whose age the bundle does not answer for.
        decode_ms : float
            What decoding took.
        others : sequence of Bundle
            Whose answers the workup should hold too, as far as they share the trunk.

        Raises
        ------
        BundleError, BackendMissingError
        """
        workup, milliseconds = self.work_up(radiograph, bundle, gate=gate, others=others)
        milliseconds = {"decode": decode_ms, **milliseconds, "total": decode_ms + sum(milliseconds.values())}
        run = partial(self._embedding, radiograph, workup.lungs)
        return workup, self._answer(workup, bundle, radiograph.facts, milliseconds, run)

    def work_up(
        self, radiograph: Radiograph, bundle: Bundle, *, gate: bool = True, others: Sequence[Bundle] = ()
    ) -> tuple[Workup, dict[str, float]]:
        """The same without asking; also the milliseconds of its stages."""
        milliseconds: dict[str, float] = {}
        lungs, heart, checks = None, None, None
        if (segmenter := self._catalog.tool("lungs")) is not None:
            with stage("lungs", milliseconds):
                lungs, heart = self._lungs_and_heart(radiograph, segmenter)
        with stage("prepare", milliseconds):
            preparation = plan_with_lungs(radiograph, bundle.spec.preparation, lungs)
            model_input = imaging.apply_preparation(radiograph, preparation)
        with stage("model", milliseconds, model=bundle.id):
            answers = self._runtimes.run_together(bundle, others, model_input)
        if gate:
            with stage("gate", milliseconds):
                installed = partial(installed_gate, self._catalog, self._runtimes)
                shown = Shown(model_input, preparation)
                checks = check_picture(radiograph, installed, lungs, shown=shown, heart=heart)
        workup = Workup(
            film_sha256=radiograph.sha256,
            tools=self._tools(),
            wanted=bundle.spec.preparation,
            preparation=preparation,
            model_input=model_input,
            answers=answers,
            checks=checks,
            lungs=lungs,
            heart=heart,
        )
        return workup, milliseconds

    def serves(self, workup: Workup, bundle: Bundle) -> bool:
        """Whether a kept workup is all that a model's answer needs."""
        return (
            bundle.serving_sha256 in workup.answers
            and workup.checks is not None
            and workup.tools == self._tools()
            and workup.wanted == bundle.spec.preparation
            and not needs_another_trunk(self._catalog, bundle)
        )

    def answer(self, workup: Workup, bundle: Bundle, facts: FilmFacts) -> Analysis:
        """What a model says of a film whose workup :meth:`serves` it: nothing is decoded, no graph runs."""
        return self._answer(workup, bundle, facts, None, _no_pixels)

    def explain(
        self, analysis: Analysis, workup: Workup, bundle: Bundle, others: Sequence[Bundle] = ()
    ) -> tuple[Workup, Analysis]:
        """Make the trust report: the trunk is run twice more, once for all models on it.

        Parameters
        ----------
        analysis : Analysis
        workup : Workup
            From which it was made.
        bundle : Bundle
        others : sequence of Bundle
            As of :meth:`examine`.

        Returns
        -------
        workup : Workup
            With the answers about the shifted film.
        analysis : Analysis
            With ``trust``.
        """
        took: dict[str, float] = {}
        with stage("trust", took, model=bundle.id):
            asked = [bundle.serving_sha256 in answers for answers in workup.shifted]
            if not asked or not all(asked):
                workup = shifted_workup(workup, partial(self._runtimes.run_together, bundle, others))
            explained = with_trust(analysis, workup, bundle)
        explained = replace(explained, milliseconds=analysis.milliseconds | took)
        self.observe_trust(explained)
        return workup, explained

    def sharing(self, bundle: Bundle) -> list[Bundle]:
        """Every model that is answered with this one; looked up once, as the catalogue reads bundles once."""
        if bundle.id not in self._together:
            self._together[bundle.id] = answered_together(self._catalog, bundle)
        return self._together[bundle.id]

    def forget(self) -> None:
        """Drop what was drawn last."""
        self._drawn = None

    def _answer(
        self,
        workup: Workup,
        bundle: Bundle,
        facts: FilmFacts,
        milliseconds: dict[str, float] | None,
        run: Callable[[Bundle], Float32Array],
    ) -> Analysis:
        started = time.perf_counter()
        embedding = workup.answers[bundle.serving_sha256].embedding
        analysis = answer_of(
            workup,
            bundle,
            facts,
            milliseconds or {},
            guess=partial(guess_age, facts, bundle, embedding, catalog=self._catalog, run=run),
            tell_tone=partial(self.observe_tone, bundle.id),
        )
        if milliseconds is None:
            analysis = replace(analysis, milliseconds={"total": (time.perf_counter() - started) * 1000.0})
        self.observe(analysis)
        return analysis

    def _embedding(self, radiograph: Radiograph, lungs: LungField | None, bundle: Bundle) -> Float32Array:
        preparation = plan_with_lungs(radiograph, bundle.spec.preparation, lungs)
        model_input = imaging.apply_preparation(radiograph, preparation)
        return self._runtimes.get(bundle).run(model_input).embedding

    def _lungs_and_heart(
        self, radiograph: Radiograph, segmenter: SegmenterBundle
    ) -> tuple[LungField, HeartMeasures | None]:
        """Drawn once for a film about which several models are asked, one after the other."""
        asked = (radiograph.sha256, segmenter.serving_sha256)
        drawn = self._drawn
        if drawn is None or drawn.of != asked:
            lungs, seen = draw_lungs(radiograph, segmenter, self._runtimes)
            drawn = self._drawn = _Drawn(asked, lungs, measure_heart(lungs, seen, segmenter))
        return drawn.lungs, drawn.heart

    def _tools(self) -> tuple[str, ...]:
        tools = (self._catalog.tool("gate"), self._catalog.tool("lungs"))
        return tuple(tool.serving_sha256 if tool is not None else "" for tool in tools)


def _no_pixels(bundle: Bundle) -> Float32Array:
    raise BundleNotFoundError(
        f"{bundle.id} must be asked with the film itself; only its workup is at hand.", remedy="Ask again."
    )
