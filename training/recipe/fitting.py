"""The recipe's entries about training and augmentation, with their ranges."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Fraction = Annotated[float, Field(ge=0.0, le=1.0)]
Optimizer = Literal["adam", "adamw", "adamax", "sgd", "rmsprop"]
Loss = Literal["categorical_cross_entropy", "binary_cross_entropy", "mse", "focal"]
Schedule = Literal["constant", "cosine", "exponential", "step", "inverse_time"]
Monitor = Literal["val_macro_auroc", "val_loss", "val_accuracy"]
Precision = Literal["float32", "mixed_bfloat16"]


class Frozen(BaseModel):
    """A section: cannot be changed, and an entry it does not know is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class FitRecipe(Frozen):
    """The two phases. Phase one trains the head on pooled features; phase two the layers above the cut."""

    batch_size: int = Field(32, ge=1)
    copies: int = Field(4, ge=1, description="Augmented copies of every training film in the feature cache.")
    head_epochs: int = Field(30, ge=0)
    head_learning_rate: float = Field(1e-3, gt=0)
    fine_tune_epochs: int = Field(20, ge=0)
    stop_after: int | None = Field(
        None, ge=1, description="Phase two ends after so many epochs, whatever its schedule was laid out for."
    )
    fine_tune_learning_rate: float = Field(1e-4, gt=0)

    head_optimizer: Optimizer = "adam"
    fine_tune_optimizer: Optimizer = "adamw"
    weight_decay: float = Field(1e-4, ge=0, description="adamw only.")
    momentum: float = Field(0.9, ge=0, lt=1, description="sgd only.")
    nesterov: bool = Field(False, description="sgd only; needs momentum.")
    clip_norm: float = Field(
        1.0, ge=0, description="Largest norm of a weight's gradient in phase two; 0: any."
    )
    ema_momentum: Fraction = Field(
        0.0, description="Above 0: keep a running mean of the weights in phase two, and use that."
    )

    loss: Loss | None = Field(None, description="Cross-entropy that fits the activation when left out.")
    focal_gamma: float = Field(2.0, ge=0, le=10, description="focal only; 0 is cross-entropy.")
    focal_alpha: Fraction | None = Field(
        None, description="focal with sigmoid only: share of the weight that positive answers have."
    )
    label_smoothing: float = Field(0.0, ge=0, lt=1)
    max_positive_weight: float = Field(
        5.0,
        ge=1,
        description="sigmoid only: a rare label's positive answers weigh up to this; 1 turns it off.",
    )
    mixup: float = Field(
        0.0,
        ge=0,
        le=1,
        description="Above 0: films of a batch are blended in pairs, shares from Beta(mixup, mixup).",
    )
    map_loss_weight: float = Field(
        0.0,
        ge=0,
        description="Above 0: class maps of phase two should lie inside the boxes of data.boxes.",
    )
    balance_classes: bool = Field(True, description="softmax only: every class weighs alike.")
    balance_sources: bool = Field(
        False,
        description="softmax, or sigmoid with one label: weigh films so that each source counts alike in its "
        "label.",
    )

    schedule: Schedule = Field("constant", description="Of the learning rate, in both phases.")
    warmup_epochs: float = Field(
        0.0, ge=0, description="Epochs over which the learning rate rises from 0 first."
    )
    decay_rate: float = Field(
        0.5, gt=0, description="exponential, step: factor; inverse_time: rate / (1 + decay_rate * time)."
    )
    decay_epochs: float = Field(1.0, gt=0, description="Epochs that one decay_rate stands for.")
    final_learning_rate: Fraction = Field(
        0.0, description="cosine: share of the learning rate that is left after the last epoch."
    )

    precision: Precision = Field(
        "float32",
        description="What layers compute in while they are trained; the model that is kept is float32.",
    )

    monitor: Monitor = Field("val_macro_auroc", description="What makes an epoch of phase two the best.")
    head_monitor: Monitor = Field("val_loss", description="The same in phase one.")
    min_delta: float = Field(0.0, ge=0, description="Smaller gains do not make training go on.")
    patience: int = Field(5, ge=1, description="Epochs without a gain before training stops.")
    restore_best: bool = Field(True, description="Keep the best epoch, not the last.")
    plateau: bool | None = Field(
        None,
        description="Slow down without a gain, in both phases; when left out in phase two alone, if the "
        "learning rate is constant.",
    )
    plateau_patience: int = Field(2, ge=1)
    plateau_factor: float = Field(0.3, gt=0, lt=1)
    plateau_min_learning_rate: float = Field(0.0, ge=0)

    @property
    def scheduled(self) -> bool:
        """Whether the learning rate follows a plan of its own."""
        return self.schedule != "constant" or self.warmup_epochs > 0

    @property
    def slows_on_plateau(self) -> bool:
        """Whether phase two lowers the learning rate when it no longer gains."""
        return not self.scheduled if self.plateau is None else self.plateau

    @model_validator(mode="after")
    def _consistent(self) -> FitRecipe:
        if self.plateau and self.scheduled:
            raise ValueError(
                "`fit.plateau` must be off or left out with a schedule or warm-up: both would set the "
                f"learning rate; schedule is {self.schedule!r}, warmup_epochs {self.warmup_epochs:g}"
            )
        if self.map_loss_weight and self.mixup:
            raise ValueError("`fit.mixup` must be 0 with map_loss_weight: a blend of films has no one place")
        if self.nesterov and not self.momentum:
            raise ValueError("`fit.momentum` must be above 0 with nesterov; received 0")
        if self.schedule in ("exponential", "step") and self.decay_rate >= 1:
            raise ValueError(
                f"`fit.decay_rate` must be below 1 for the schedule {self.schedule!r}; "
                f"received {self.decay_rate:g}"
            )
        return self


class AugmentRecipe(Frozen):
    """Plausible changes of a frontal film. ``flip_probability`` is 0: a flip puts the heart on the right."""

    rotation_degrees: float = Field(7.0, ge=0, le=45)
    shift: Fraction = 0.05
    zoom: float = Field(0.1, ge=0, lt=1, description="In and out: 0.1 draws from 0.9 to 1.1.")
    zoom_in: float = Field(0.0, ge=0, le=1, description="In only, besides: 0.2 enlarges by 1 to 1.2.")
    aspect: float = Field(0.0, ge=0, lt=1, description="Independent change of width and height.")
    flip_probability: Fraction = Field(
        0.0, description="Left and right swapped; situs becomes situs inversus."
    )
    brightness: float = Field(20.0, ge=0, le=255, description="Added or taken away, grey levels.")
    exposure: float = Field(0.0, ge=0, le=1, description="Multiplied: 0.25 draws from 1 / 1.25 to 1.25.")
    contrast: float = Field(0.15, ge=0, lt=1)
    gamma: float = Field(0.2, ge=0, lt=1)
    noise: float = Field(4.0, ge=0, le=255, description="Largest standard deviation, grey levels.")
    blur_probability: Fraction = 0.2
    sharpness: float = Field(
        0.0, ge=0, le=2, description="Fine detail is multiplied by 1 minus to 1 plus this."
    )
    cutout_probability: Fraction = Field(0.0, description="How often a square is hidden.")
    cutout_size: Fraction = Field(0.3, description="Its side at most, of the film's.")
    supersampling: int = Field(
        0,
        ge=0,
        le=9,
        description="Odd: films are moved on a grid this much finer, as moving blurs small films.",
    )
    border_probability: Fraction = Field(0.0, description="How often a black frame hides the border.")
    border_width: Fraction = Field(0.12, description="Widest frame, and reach of the darkening.")
    border_darkening: Fraction = Field(
        0.0, description="Light that the outermost pixels lose at most, fading out towards the middle."
    )
    marker_erasing_probability: Fraction = Field(
        0.0, description="How often small bright things near the border are painted over."
    )
    marker_size: Fraction = Field(0.14, description="Side of what is painted over at most, of the film's.")

    @model_validator(mode="after")
    def _middle_of_grid(self) -> AugmentRecipe:
        if self.supersampling and self.supersampling % 2 == 0:
            raise ValueError(
                "`augment.supersampling` must be odd, so that a pixel has one in its middle; "
                f"received {self.supersampling}"
            )
        return self
