"""What kinds of labels there are, for sentences about them."""

from __future__ import annotations

# Labels whose presence is good news; they are never announced as "worth a look".
REASSURING_LABELS = frozenset({"normal", "no_finding"})
# Labels that only sum up the others; named in a headline when they stand alone.
SUMMARY_LABELS = frozenset({"finding"})
# Labels about the heart: their heat belongs there, and the cardiothoracic ratio stands beside them.
HEART_LABELS = frozenset({"cardiomegaly"})
