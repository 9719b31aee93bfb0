"""What TensorFlow says of itself, kept out of a console that people read for their training."""

from __future__ import annotations

import logging

_RETRACING = "triggered tf.function retracing"


def quieten() -> None:
    """Leave out TensorFlow's advice about code that is not the reader's; everything else is still told."""
    logger = logging.getLogger("tensorflow")
    if not any(isinstance(known, _Advice) for known in logger.filters):
        logger.addFilter(_Advice())


class _Advice(logging.Filter):
    """Passes everything but the advice to trace less: each size of films and batches is traced once."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a line is told."""
        return _RETRACING not in record.getMessage()
