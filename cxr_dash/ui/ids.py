"""Every id on the page, once: of components that Python builds, and of what the scripts in ``assets/js`` add.

Scripts and style sheets use the same words; a test finds others, and literals in Python.
"""

from __future__ import annotations

# What the page knows. Stores live in the page's memory only; what outlives a reload is in 32-session.js.
SETTINGS = "settings"
FACTS = "facts"
FILMS = "films"
QUESTION = "question"
ANSWER = "answer"
THRESHOLDS = "thresholds"

# Header
MODEL = "model"
POPULATION = "population"
WARNING = "warning"
LIST_FOLD = "list-fold"
LIST_COUNT = "list-count"
KEYS_BUTTON = "keys-button"
KEYS_HELP = "keys-help"
LETTER_KEYS = "letter-keys"
LANGUAGES = "languages"
READ_FIRST = "read-first"

# Model card
CARD = "card"
CARD_OPEN = "card-open"
AUDITS = "card-audits-badge"
ADDRESS = "address"
CARD_ASKED = "card-asked"
CARD_TITLE = "card-title"
CARD_NAV = "card-nav"
CARD_SCROLLS = "card-scrolls"
CARD_FAILED = "card-failed"
CARD_IN_VIEW = "card-in-view"
CARD_OF_A_LABEL = "card-of-a-label"
CARD_LABEL = "card-label"
CARD_CUT_SLIDER = "card-cut-slider"
CARD_CUT_VALUE = "card-cut-value"
CARD_CUT_BACK = "card-cut-back"
CARD_CUT_MOVED = "card-cut-moved"
CARD_SHOWN = "card-shown"
CARD_LATE = "card-late"
CARD_COUNTED = "card-counted"
CARD_COUNTS = "card-counts"
CARD_SECTIONS = (
    "audits",
    "figures",
    "cut",
    "curves",
    "subgroups",
    "places",
    "use",
    "films",
    "training",
    "text",
)

# Worklist
LIST = "list"
LIST_NOTICES = "list-notices"
DROP = "drop"
CHOOSE_FOLDER = "choose-folder"
PICKER = "picker"
INTAKE_NOTE = "intake-note"
DELETION_NOTE = "deletion-note"
WORKLIST = "worklist"
WORKLIST_NOTE = "worklist-note"
LIST_CONTROLS = "list-controls"
LIST_STATUS = "list-status"
BANNER = "banner"
SIGNED_OUT = "signed-out"
PARTS_NOTE = "parts-note"
AGREEMENT_OPEN = "agreement-open"
AGREEMENT = "agreement"

# Film
VIEWER = "viewer"
TOOLBAR = "toolbar"
FILM_SAYS = "film-says"
STAGE = "stage"
EMPTY = "empty"
CHOOSE = "choose"
PHANTOM = "phantom"
EFFUSION_PHANTOM = "effusion-phantom"
WINDOW_POPOVER = "window-popover"
FILM_SCALE = "film-scale"
COMPARE_MENU = "compare-menu"
MARKS_MENU = "marks-menu"
HEAT_NOTE = "heat-note"
LEGEND = "legend"

# Brought by scripts: inputs for files, canvases of heat, the legend's options, the grey window
FILM_INPUT = "film-input"
FOLDER_INPUT = "folder-input"
HEAT_CANVAS = "heat-canvas"
SECOND_HEAT_CANVAS = "heat-canvas-2"
HEAT_OPTIONS = "heat-options"
OPACITY = "opacity"
WINDOW_WIDTH = "window-width"
WINDOW_LEVEL = "window-level"
WINDOW_FILTERS = ("window-of-first", "window-of-second", "window-of-lens")

# Findings
PANEL = "panel"
FIRST_OF_ALL = "first-of-all"
HEADLINE = "headline"
SUMMARY = "summary"
TO_CHECK = "to-check"
QUALITY = "quality"
FIGURES = "figures"
FINDINGS = "findings"
MORE = "more"
HOW_SURE = "how-sure"

# Reading first
OWN_READING = "own-reading"
OWN_TITLE = "own-title"
COMPARED = "compared"

# What the reader makes of the findings
JUDGED = "judged"
REPORT_TEXT = "report-text"
REPORT_TEXT_TITLE = "report-text-title"
REPORT_TEXT_OPEN = "report-text-open"
REPORT_TEXT_CLOSE = "report-text-close"
REPORT_TEXT_BODY = "report-text-body"
REPORT_TEXT_NOTE = "report-text-note"
REPORT_TEXT_COPY = "report-text-copy"
REPORT_TEXT_PRINT = "report-text-print"
REPORT_TEXT_ANEW = "report-text-anew"
REPORT_WORDS = "report-words"
REPORT_PAPER = "report-paper"

# Where to cut
CUT_OPEN = "cut-open"
CUT_DRAWER = "cut-drawer"
CUT_TITLE = "cut-title"
CUT_VALUE = "cut-value"
CUT_SLIDER = "cut-slider"
CUT_RANGE = "cut-range"
CUT_ALONE = "cut-alone"
CUT_DEFAULTS = "cut-defaults"
OWN_CUT = "own-cut"
THOUSAND = "thousand"
DOTS = "dots"
PREVALENCE = "prevalence"
PREVALENCE_INPUT = "prevalence-input"
PREVALENCE_STATED = "prevalence-stated"
PREVALENCE_REFUSED = "prevalence-refused"
MEASURED_ON = "measured-on"
ROC = "roc"
ROC_TOGGLE = "roc-toggle"

# Similar cases
SIMILAR_TOGGLE = "similar-toggle"
SIMILAR_BODY = "similar-body"
CASE_TITLE = "case-title"

# Take away
DOWNLOADS = "downloads"
DOWNLOAD_MENU = "download-menu"
DOWNLOAD_MORE = "download-more"
DOWNLOAD_NOTE = "download-note"
DOWNLOAD_CANCEL = "download-cancel"
DOWNLOAD_KINDS = ("overlay", "report", "heat", "side", "map", "csv", "json", "zip", "zip-full")

# Footer
FOOTER_MODEL = "footer-model"
FOOTER_TIME = "footer-time"

# Around the frame, in the document itself: said where its scripts did not come.
AROUND = frozenset({PARTS_NOTE})
# What scripts add; all others are in the frame that Python builds.
BY_SCRIPTS = frozenset(
    {
        FILM_INPUT,
        LETTER_KEYS,
        FOLDER_INPUT,
        HEAT_CANVAS,
        SECOND_HEAT_CANVAS,
        HEAT_OPTIONS,
        OPACITY,
        WINDOW_WIDTH,
        WINDOW_LEVEL,
        OWN_TITLE,
        REPORT_WORDS,
        REPORT_PAPER,
        CUT_RANGE,
        CUT_ALONE,
        CUT_DEFAULTS,
        PREVALENCE_INPUT,
        PREVALENCE_STATED,
        PREVALENCE_REFUSED,
        CASE_TITLE,
        *WINDOW_FILTERS,
    }
)


def download(kind: str) -> str:
    """The button of a download: one of ``DOWNLOAD_KINDS``."""
    return f"download-{kind}"


def card_section(key: str) -> str:
    """A section of the page about the model: one of ``CARD_SECTIONS``."""
    return f"card-{key}"


def card_section_title(key: str) -> str:
    """The heading of such a section."""
    return f"card-{key}-title"


def card_graph(kind: str, split: str) -> str:
    """A graph of a label on a held-out split, on which its threshold is moved."""
    return f"card-{kind}-{split}"
