"""What each reason of a verdict says: one sentence a code, in English here, translated where it is shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from cxr_dash.domain import N_, Reason, ReasonCode, Words
from cxr_dash.language.translator import Translator, translator

SENTENCES: Mapping[ReasonCode, str] = {
    ReasonCode.BLANK: N_("The picture is blank or drawn: it has too few grey tones for a radiograph."),
    ReasonCode.IN_COLOUR: N_(
        "The picture is in colour, like a photograph or a screenshot; a radiograph is grey."
    ),
    ReasonCode.ONE_FLAT_TONE: N_("Most of the picture is one flat tone, like a document or a screenshot."),
    ReasonCode.MOSTLY_BLACK: N_(
        "Most of the picture is black, like a CT slice or an ultrasound image; a chest film is not."
    ),
    ReasonCode.MOSTLY_WHITE: N_("Most of the picture is white and it does not look like a chest film."),
    ReasonCode.NOT_UPRIGHT: N_("The picture does not look like an upright frontal chest film."),
    ReasonCode.HARDLY_UPRIGHT: N_(
        "The picture hardly resembles an upright frontal chest film: check the view and the rotation."
    ),
    ReasonCode.INVERTED: N_(
        "Black and white were swapped in this film; they were swapped back before it was read."
    ),
    ReasonCode.VERY_DARK: N_("The film is very dark: findings may be hidden."),
    ReasonCode.VERY_BRIGHT: N_("The film is very bright: findings may be hidden."),
    ReasonCode.FEW_TONES: N_(
        "The film has few grey tones: it was stored with little contrast or compressed strongly."
    ),
    ReasonCode.LOW_RESOLUTION: N_(
        "The film has a low resolution: small findings such as nodules cannot be seen in it."
    ),
    ReasonCode.COLOURED_MARKS: N_("Parts of the picture are coloured: drawn marks may mislead the model."),
    ReasonCode.LATERAL_VIEW: N_(
        "The picture looks like a lateral chest film; only frontal films can be read."
    ),
    ReasonCode.NOT_FRONTAL_CHEST: N_("The picture does not look like a whole, upright frontal chest film."),
    ReasonCode.UNKNOWN_PICTURE: N_(
        "The picture is unlike the chest films and the other pictures that the input gate knows."
    ),
    ReasonCode.DOUBTFUL: N_("It is not certain that this is a whole, upright frontal chest film."),
    ReasonCode.TWO_FILMS: N_("The picture holds two films side by side; send each as a file of its own."),
    ReasonCode.NO_LUNGS: N_("No lungs were found in the picture."),
    ReasonCode.ONE_LUNG: N_("Only one lung was found: the other may be cut off, hidden or missing."),
    ReasonCode.LUNGS_CUT_OFF: N_("The lungs reach the edge of the film: part of them may be cut off."),
    ReasonCode.SEEMS_MIRRORED: N_(
        "The film seems mirrored, or the heart lies on the right; it was not turned."
    ),
    ReasonCode.UNLIKE_TRAINING: N_(
        "The film does not look like the frontal chest films that this model learned from."
    ),
    ReasonCode.UNUSUAL_FOR_MODEL: N_(
        "The film is unusual for this model: few of the films it learned from look like this one."
    ),
    ReasonCode.GATE_FAILED: N_("The input gate could not judge this picture, so it is refused."),
    ReasonCode.GATE_MISSING: N_(
        "No input gate is installed: it was not checked whether this is a frontal chest film."
    ),
    ReasonCode.DAMAGED: N_("The file is damaged: part of the picture is not what was sent. Send it again."),
    ReasonCode.MAYBE_DAMAGED: N_(
        "The file may be damaged: the level of the picture jumps inside a row. Compare it with the original, "
        "or send it again."
    ),
    ReasonCode.LEVELS_WRAPPED: N_(
        "The grey levels are wrapped round: the brightest parts came out black, or the darkest white. "
        "Export the film again."
    ),
    ReasonCode.ALPHA_IGNORED: N_(
        "The file's transparency would hide or dim the whole film; it was left out."
    ),
    ReasonCode.TRANSPARENT_PARTS: N_(
        "Parts of the film are transparent in the file; they were read as black."
    ),
    ReasonCode.TINTED: N_("The film has an even colour tint; it was read as grey."),
    ReasonCode.TONE_UNUSUAL: N_(
        "The tone of the film is unlike that of the films the model learned from (equalised, or a strong "
        "tone curve): probabilities may be off."
    ),
    ReasonCode.STRAIGHTENED: N_(
        "The film was tilted by {degrees:.0f} degrees; it was straightened before it was read."
    ),
    ReasonCode.TILTED: N_("The film is tilted by {degrees:.0f} degrees: findings may be misplaced."),
    ReasonCode.FOR_PROCESSING: N_(
        "The file holds raw detector levels (“for processing”), not the picture a viewer shows: the tone "
        "may be off."
    ),
    ReasonCode.TURNED_BY_TAG: N_(
        "The film was turned by {degrees} degrees clockwise, because the file says that it lies on its side "
        "or head."
    ),
    ReasonCode.MIRRORED: N_(
        "The file says that the patient's left is at the left of the picture: the film may be mirrored."
    ),
    ReasonCode.LATERAL_BY_TAG: N_(
        "The file says that this is a lateral view; only frontal films can be read."
    ),
    ReasonCode.OTHER_BODY_PART: N_(
        "The file says “{body_part}”: this is no film of the chest, and only chest films can be read."
    ),
    ReasonCode.PROJECTION_OUTSIDE: N_(
        "The file calls this view {projection}; this model was made for {made_for}."
    ),
    ReasonCode.AGE_OUTSIDE: N_(
        "The patient's age is {age}; this model was made for ages of {youngest} to {oldest} years and does "
        "not answer for any other."
    ),
    ReasonCode.AGE_UNKNOWN_CHILDREN: N_(
        "This model was made for children of {youngest} to {oldest} years. The age of this patient is not "
        "known: for an adult its answer means nothing."
    ),
    ReasonCode.SEEMS_CHILD: N_(
        "The film looks like one of a small child, and the file does not say the age; this model was made "
        "for ages of {youngest} to {oldest} years."
    ),
    ReasonCode.SEEMS_ADULT: N_(
        "The film looks like one of an adult, and the file does not say the age; this model was made for "
        "children of {youngest} to {oldest} years."
    ),
}


def words_of(reason: Reason) -> Words:
    """The sentence of a reason with its figures, not yet in anybody's language."""
    return Words(SENTENCES[reason.code], reason.values)


def say_reasons(reasons: Iterable[Reason], t: Translator | None = None) -> list[str]:
    """Reasons as whole sentences in a reader's language; in English without a translator."""
    speaker = translator() if t is None else t
    return [speaker.say(words_of(reason)) for reason in reasons]
