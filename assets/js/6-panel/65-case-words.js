/* What is said of a case of the library, and where its picture is. */
"use strict";

cxr.caseWords = (() => {
  const { t, N_, decimal } = cxr.words;
  const LIKENESS = { very: N_("very alike"), alike: N_("alike"), loosely: N_("only loosely alike") };

  /* "Any finding" is no label that a site gives: it is there where one of the others is. */
  const labelled = (one, label) => one.labels.some(({ key }) => key === label || (key && isSummary(label) && !isReassuring(key)));
  const isSummary = (label) => cxr.labels().some((one) => one.key === label && one.summary);
  const isReassuring = (label) => cxr.labels().some((one) => one.key === label && one.reassuring);

  /* The chosen finding's name first: a tile has room for two. */
  function namesOf(one, label) {
    const order = [...one.labels].sort((a, b) => (b.key === label) - (a.key === label));
    return order.map(({ name }) => name).join(", ") || t("no label given");
  }

  /* "alike · 0.83": the word is measured on the library's own films, the figure is a cosine. */
  function likeness(one) {
    const figure = decimal(one.similarity, 2);
    return one.likeness ? t("{word} · {figure}", { word: t(LIKENESS[one.likeness]), figure }) : figure;
  }

  const caveat = () => t("Alike to the model, in projection as much as in disease. It says nothing about this patient.");

  const picturePath = (answer, model, one) =>
    cxr.url(`/library/${model}/${one.number}/picture.jpg?build=${answer.build}`);

  return { caveat, isSummary, labelled, likeness, namesOf, picturePath };
})();
