/* Why a film was not sent, and what to do, by a code that outlives a change of language. */
import { pageSettings } from "../0-core/00-core.js";
import { megabytes, t } from "../0-core/10-words.js";

const unpack = () => t("Unpack it, and drop the folder.");
/** @type {Record<string, (item: Row) => [string, string]>} */
const WORDS = {
  large: (item) => [
    t("This file has {size}; at most {most} can be opened.", {
      size: megabytes(item.size ?? 0), most: megabytes(pageSettings().max_upload_bytes),
    }),
    t("Export it at a lower resolution, or as JPEG."),
  ],
  unreadable: () => [t("This file can no longer be read."), t("It may have been moved: drop it again.")],
  lost: () => [t("The server does not answer."), t("The film is still here: try again.")],
  stopped: () => [t("It was stopped before it was sent."), t("Try again sends it.")],
  unsent: () => [t("It was not sent before the page was loaded again."), t("Drop the same file once more.")],
  gone: () => [t("Its time on the server ran out."), t("Drop the same file once more.")],
  refused: () => [t("This file is larger than the server accepts."), t("Export it as JPEG.")],
  odd: (item) => [t("The server could not take this film ({status}).", { status: item.code }), t("Try again.")],
  index: () => [t("A DICOMDIR is an index of other files; it holds no film."), t("Drop the folder that it lies in.")],
  folder_locked: () => [t("This folder cannot be read."), t("Check that you may open it.")],
  zip_damaged: () => [t("It is damaged in the ZIP."), t("Copy or download the ZIP again.")],
  zip_locked: () => [t("It is locked with a password."), unpack()],
  zip_method: () => [t("It is packed in a way that this page cannot unpack."), unpack()],
  zip_large: () => [t("The ZIP is of the kind for very large contents (ZIP64), or has several parts."), unpack()],
  zip_inside: () => [t("A ZIP inside a ZIP is not opened."), unpack()],
  zip_empty: () => [t("There is no file in the ZIP."), t("Drop another one.")],
  zip_browser: () => [t("This browser cannot open a ZIP."), unpack()],
};
// trying again would change nothing; the server's own words for that come with the settings
const FINAL = ["large", "refused", "index", "folder_locked", ...Object.keys(WORDS).filter((problem) => problem.startsWith("zip_"))];

/**
 * @param {string} code
 * @returns {boolean}
 */
const isFinal = (code) => FINAL.includes(code) || pageSettings().rules.lasting_errors.includes(code);

/** The code that an error brings of a file that could not be opened; "" of any other error.
 * @param {unknown} error
 * @returns {string}
 */
const codeOf = (error) => (error instanceof Error && "problem" in error ? String(error.problem) : "");

/**
 * @param {Row} item
 * @param {string} problem
 * @returns {[string, string]}
 */
const words = (item, problem) => (WORDS[problem] || WORDS.unsent)(item);

export { words, codeOf, isFinal };
