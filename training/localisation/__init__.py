"""Where the heat lies: maps measured against the boxes that radiologists drew."""
