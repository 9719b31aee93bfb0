"""One film on one sheet of paper: what the model said, how it was cut, and what that is worth."""

from __future__ import annotations

from cxr_dash.services.report.content import report_content
from cxr_dash.services.report.sheet_text import ReportContent
from cxr_dash.services.report.templates import ReportTemplates, report_templates
from cxr_dash.services.report.text import report_text
from cxr_dash.services.report.write import report_pdf

__all__ = [
    "ReportContent",
    "ReportTemplates",
    "report_content",
    "report_pdf",
    "report_templates",
    "report_text",
]
