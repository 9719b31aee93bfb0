"""A small collection of drawn films that training can run on in seconds."""

from __future__ import annotations

import csv
from pathlib import Path

import cv2
import numpy as np
import pytest

from training.recipe import Recipe

SIDE = 96


def draw_film(seed: int, *, effusion: bool) -> np.ndarray:
    """A chest-like drawing: bright body, dark lungs; with an effusion the bases are white."""
    rng = np.random.default_rng(seed)
    film = np.full((SIDE, SIDE), 20.0)
    cv2.ellipse(film, (48, 52), (44, 46), 0, 0, 360, 190.0, -1)
    shift = int(rng.integers(-3, 4))
    for x in (29, 67):
        cv2.ellipse(film, (x + shift, 46), (14, 30), 0, 0, 360, 70.0, -1)
        if effusion:
            cv2.ellipse(film, (x + shift, 68), (15, 12), 0, 0, 360, 185.0, -1)
    return np.clip(film + rng.normal(0, 8, film.shape), 0, 255).astype(np.uint8)


@pytest.fixture(scope="session")
def films_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with ``films/manifest.csv`` (72 films, 36 patients) and ``gate/manifest.csv`` (24 non-films)."""
    root = tmp_path_factory.mktemp("films")
    (root / "films").mkdir()
    (root / "gate").mkdir()
    with (root / "films" / "manifest.csv").open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["path", "labels", "patient_id", "split", "source", "sex", "age", "view"])
        for index in range(72):
            patient, effusion = index // 2, index % 4 < 2
            split = ("train", "train", "val", "test")[(patient // 2) % 4]
            cv2.imwrite(str(root / "films" / f"{index}.png"), draw_film(index, effusion=effusion))
            labels = "Effusion" if effusion else "No Finding"
            writer.writerow(
                [f"{index}.png", labels, patient, split, "drawn", "FM"[patient % 2], 30 + patient, "PA"]
            )
    with (root / "gate" / "manifest.csv").open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["path", "labels", "split_group"])
        rng = np.random.default_rng(7)
        for index in range(24):
            noise = rng.integers(0, 256, (6, 6)).astype(np.uint8)
            cv2.imwrite(
                str(root / "gate" / f"{index}.png"),
                cv2.resize(noise, (SIDE, SIDE), interpolation=cv2.INTER_NEAREST),
            )
            writer.writerow([f"{index}.png", "squares", index])
    return root


@pytest.fixture(scope="session")
def tiny_recipe() -> Recipe:
    """A small CNN on the drawn films."""
    return Recipe.model_validate(
        {
            "id": "tiny",
            "seed": 3,
            "data": {
                "manifest": "films/manifest.csv",
                "labels": ["effusion", "mass"],
                "any_label": "finding",
                "negative_label": "no_finding",
                "min_train_films": 5,
                "min_val_films": 3,
                "gate_manifest": "gate/manifest.csv",
            },
            # the drawn films lie on an even ground, which the second preparation cuts away: too easy to learn
            "preparation": {"version": 1, "height": 48, "width": 48},
            "network": {"name": "small_cnn", "activation": "sigmoid", "dropout": 0.0},
            "fit": {
                "batch_size": 12,
                "copies": 2,
                "head_epochs": 2,
                "fine_tune_epochs": 8,
                "fine_tune_learning_rate": 0.005,
                "patience": 8,
            },
            "card": {
                "version": "0.1",
                "title": {"en": "Drawn films", "es": "Placas dibujadas"},
                "trained_on": {"en": "nobody", "es": "nadie"},
                "intended_use": ["Tests."],
                "not_for": ["Patients."],
                "warnings": ["These are drawings."],
            },
            "sources": {"drawn": {"title": "Drawings", "population": "nobody", "licence": "MIT"}},
        }
    )
