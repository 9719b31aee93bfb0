"""Every component id, once. The browser scripts in ``assets/js`` use the same words."""

from __future__ import annotations

# What the page knows. Stores live in the page's memory only; what outlives a reload is in 32-session.js.
SETTINGS = "settings"
FACTS = "facts"
FILMS = "films"
QUESTION = "question"
ANSWER = "answer"
LABEL = "label"
THRESHOLDS = "thresholds"

# Header
MODEL = "model"
POPULATION = "population"
WARNING = "warning"
KEYS_BUTTON = "keys-button"
KEYS_HELP = "keys-help"
LANGUAGES = "languages"
READ_FIRST = "read-first"

# Model card
CARD = "card"
CARD_OPEN = "card-open"
AUDITS = "card-audits-badge"
CARD_TITLE = "card-title"
CARD_BODY = "card-body"
CARD_LABEL = "card-label"
CARD_NAV = "card-nav"
CARD_CURVES = "card-label-curves"
CARD_CURVES_ASKED = "card-curves-asked"
CARD_CUT = "card-counts"
CARD_GROUPS = "card-groups"
CARD_GROUPS_ASKED = "card-groups-asked"
CARD_REST = "card-rest"

# Worklist
DROP = "drop"
CHOOSE_FOLDER = "choose-folder"
PICKER = "picker"
INTAKE_NOTE = "intake-note"
WORKLIST = "worklist"
WORKLIST_NOTE = "worklist-note"
LIST_CONTROLS = "list-controls"
LIST_STATUS = "list-status"
BANNER = "banner"
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
WINDOW_POPOVER = "window-popover"
FILM_SCALE = "film-scale"
COMPARE_MENU = "compare-menu"
HEAT_NOTE = "heat-note"
LEGEND = "legend"

# Findings
PANEL = "panel"

# Footer
FOOTER_MODEL = "footer-model"
