"""Films and their truths: reading layouts, splitting by patient, checking, preparing once."""
