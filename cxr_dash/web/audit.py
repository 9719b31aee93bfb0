"""What of a request is written into the audit trail; nothing where the settings ask for none."""

from __future__ import annotations

from flask import Blueprint
from flask.typing import ResponseReturnValue

from cxr_dash.domain import Analysis, Verdict
from cxr_dash.errors import CaseNotFoundError
from cxr_dash.services import AnalysisService
from cxr_dash.services.audit import Action, Trail
from cxr_dash.services.cases import StoredFilm
from cxr_dash.web.headers import keep_off_disk
from cxr_dash.web.same_site import refuse_other_sites
from cxr_dash.web.sign_in.gate import request_user_name


class Audit:
    """Writes entries in the name of whoever asks now.

    Each is written before its answer goes out: where it cannot be, there is no answer.

    Parameters
    ----------
    trail : Trail, optional
    """

    def __init__(self, trail: Trail | None) -> None:
        self._trail = trail

    def visited(self, action: Action, name: str) -> None:
        """Somebody signed in, or out, or tried to."""
        if self._trail:
            self._trail.write(user=name, action=action)

    def added(self, film: StoredFilm) -> None:
        """A film was added."""
        if self._trail:
            self._trail.write(user=request_user_name(), action="film_added", film_sha256=film.sha256)

    def analysed(self, analysis: Analysis) -> None:
        """A model was asked about a film."""
        self._of("film_analysed", analysis, " ".join(analysis.quality.codes))

    def deleted(self, service: AnalysisService, key: str) -> None:
        """A film is about to be deleted; one that is not kept is not written down."""
        if not self._trail:
            return
        try:
            film = service.cases.film(key)
        except CaseNotFoundError:
            return
        self._trail.write(user=request_user_name(), action="film_deleted", film_sha256=film.sha256)

    def taken(self, analysis: Analysis, what: str, *, anyway: bool) -> None:
        """A picture or a map is about to go out as a file."""
        self._of("film_exported", analysis, what, override=anyway and _is_refused(analysis))

    def listed(self, service: AnalysisService, key: str, model: str, what: str, *, anyway: bool) -> None:
        """A film of a list is about to go out; one that is not kept, or cannot be read, does not."""
        if not self._trail:
            return
        try:
            analysis = service.analyse(key, model)
        except CaseNotFoundError:
            return
        self.taken(analysis, what, anyway=anyway)

    def overridden(self, analysis: Analysis) -> None:
        """A reader wants to see what the model says of a film that the gate refused."""
        if _is_refused(analysis):
            self._of("refusal_overridden", analysis, " ".join(analysis.quality.codes), override=True)

    def _of(self, action: Action, analysis: Analysis, detail: str, *, override: bool = False) -> None:
        if self._trail:
            self._trail.write(
                user=request_user_name(),
                action=action,
                film_sha256=analysis.film_sha256,
                model=analysis.model_id,
                model_sha256=analysis.model_sha256,
                verdict=str(analysis.quality.verdict),
                detail=detail,
                override=override,
            )


def _is_refused(analysis: Analysis) -> bool:
    return analysis.quality.verdict is Verdict.REJECT


def audit_blueprint(service: AnalysisService, audit: Audit) -> Blueprint:
    """``POST /films/<film>/<model>/override``: a reader looks at figures in spite of the gate."""
    routes = Blueprint("audit", __name__, url_prefix="/films")
    routes.before_request(refuse_other_sites)
    routes.after_request(keep_off_disk)

    @routes.post("/<film>/<model>/override")
    def override(film: str, model: str) -> ResponseReturnValue:
        audit.overridden(service.analyse(film, model))
        return "", 204

    return routes
