/* What travels between the parts of the page, once. What the server sends is written by cxr_dash/ui/facts.py. `make lint`
 * has the TypeScript compiler hold the scripts against it; no browser loads it. */

// ---- what the server says

interface Problem {
  code: string;
  message: string;
  remedy: string;
}

/** How the film was judged fit to be read. */
interface Quality {
  verdict: "ok" | "warn" | "reject";
  reasons: string[];
  reason_codes: string[];
  /** Whether its figures cannot even be asked for. */
  withheld: boolean;
  first_of_all: string[];
}

/** The scale on which a finding's maps are weak, moderate or strong; cxr_dash.domain.HeatScale. */
type HeatScale = Record<string, number>;

/** A map without its pixels. */
interface Heat {
  peak: number;
  flat: boolean;
  strength: string;
  strength_words: string;
  scale: HeatScale | null;
  /** Where it is strongest, in shares of the film's width and height; none where no place is named. */
  at: Point2[];
  no_place: string;
}

/** Verdict on how far a finding's heat may be relied on, and the same in words; by label key. */
interface TrustReport {
  trust_verdict: Record<string, string>;
  trust: Record<string, string>;
}

/** What one model says of one film. The gate may have refused the film all the same. */
interface Answer extends TrustReport {
  film: string;
  model: string;
  version: string;
  sha256: string;
  analysed_at: string;
  milliseconds: number;
  width: number;
  height: number;
  crop: Crop;
  inverted: boolean;
  file: { line: string; mirrored: boolean; pixel_spacing_mm?: Point2 | null };
  quality: Quality;
  probabilities: Record<string, number>;
  heat: Record<string, Heat>;
  measures: Record<string, { short: string; sentence: string }>;
  /** Whether the trust report has still to be asked for. */
  trust_waits: boolean;
  /** Whether it was asked for in vain. */
  trust_failed?: boolean;
  error: null;
}

/** One whose figures may be shown: the gate took the film, or they were asked for in spite of it. */
type Readable = Answer & { quality: { verdict: "ok" | "warn" } | { withheld: false } };

/** The same place, where the film could not be read: no more than the reason. */
type Unread = Pick<Answer, "film" | "model"> & { error: Problem };

/** What was heard of a film. */
type Heard = Answer | Unread;

interface Label {
  key: string;
  name: string;
  /** A class like "normal", which is no finding. */
  reassuring: boolean;
  /** One that only sums up the others. */
  summary: boolean;
}

/** Thresholds on the model's own scale, by label key. */
type Cuts = Record<string, number>;

interface OperatingPoint {
  key: string;
  name: string;
  short: string;
  thresholds: Cuts;
  flagged: string;
  joint: boolean;
  more: boolean;
}

/** Sorted probabilities of held-out films with a label and without it, by label key. */
interface Sides {
  positives: Record<string, number[]>;
  negatives: Record<string, number[]>;
}

interface HeldOut extends Sides {
  split: string;
  description: string;
  auroc: Record<string, { value: number; low: number; high: number }>;
}

/** What is known of a model. */
interface Facts {
  id: string;
  version: string;
  sha256: string;
  labels: Label[];
  operating_points: OperatingPoint[];
  /** Whether its classes exclude one another. */
  exclusive: boolean;
  default_operating_point: string;
  prevalence: Record<string, number>;
  film_score: string | null;
  calibrated_at: string;
  places: Record<string, { films: number; map: number; template: number }>;
  held_out: HeldOut[];
}

interface Settings {
  language: string;
  words: Record<string, string | string[]>;
  /** Which of the forms of a counted sentence a category of Intl.PluralRules takes. */
  plural_forms: Record<string, number>;
  max_upload_bytes: number;
  most_films: number;
  /** Differs from user to user; empty where nobody signs in. */
  reader: string;
  show_identity: boolean;
  tells_overrides: boolean;
  case_lifetime_seconds: number;
  heat_scale: { moderate_from: number; strong_from: number };
  rules: {
    full_alpha_heat: number;
    fewest_films: number;
    least_prevalence: number;
    most_named: number;
    nouns_large: boolean;
    borderline_margin: number;
    most_of_label: number;
    gate_checked: string;
    lasting_errors: string[];
  };
  /** Name -> base64 of 256 RGB triples. */
  colour_maps: Record<string, string>;
}

// ---- the list

/** One row of the list. */
interface Row {
  id: string;
  number: number;
  status: "waiting" | "sending" | "kept" | "failed" | "same";
  /** The film's key on the server, once it is kept there. */
  film?: string | null;
  sha?: string | null;
  size?: number;
  width?: number;
  height?: number;
  /** Whether it has more than 8 bits, and so levels of its own. */
  levels?: boolean;
  /** Which drawn chest it is, if it is one. */
  phantom?: "" | "plain" | "effusion";
  addedAt?: number;
  keptAt?: number;
  read?: boolean;
  /** The row whose film it is. */
  sameAs?: string;
  /** The same for films of one patient, where their files say so; and when they were taken. */
  patient?: string;
  taken?: number; // seconds; of a day alone, its beginning
  day_only?: boolean;
  message?: string | null;
  remedy?: string | null;
  problem?: string | null;
  code?: string | number;
  final?: boolean;
  lost?: boolean;
  /** While it is on its way. */
  progress?: number;
  tries?: number;
  attempt?: number;
  late?: boolean;
  among?: boolean;
  anyway?: boolean;
  drop?: { pointed?: boolean };
  /** What its reader calls it. */
  rowLabel?: string;
}

/** One whose film the server keeps. */
interface Kept extends Row {
  film: string;
  width: number;
  height: number;
}

/** Which rows are shown, and in what order. */
type Showing = "all" | "above" | "unread" | "problems";
type Ordering = "added" | "above" | "score" | "finding" | "label" | "name";

/** What one row of the list says; `share` and `cut` are probabilities, or `share` how far a film has come. */
interface RowSays {
  state: "busy" | "error" | "same" | "held" | "reject" | "above" | "clear";
  note: string;
  reason?: string;
  action?: "retry" | "anyway" | null;
  share?: number;
  cut?: number;
  margin?: number;
  /** Names of the findings above their thresholds, how many are to check, and the first of them. */
  above?: string[];
  check?: number;
  finding?: string;
  filmScore?: number;
}

/** The same of a film that was read. */
type Judged = RowSays & Required<Pick<RowSays, "share" | "cut" | "margin" | "above" | "check">>;

/** What a tab keeps over a reload; 32-session.js. */
interface KeptSession {
  version: number;
  reader?: string;
  films: Row[];
  rows?: number;
  selected: string | null;
  model: string;
  chosenLabels: [string, string][];
  showRejected: string[];
  parts: Record<string, any>;
}

// ---- files in the reader's hand

/** A file in a ZIP, with why it cannot be opened or the way to its bytes. */
interface Member {
  path: string;
  name: string;
  size: number;
  lastModified: number;
  problem?: string;
  open?: () => Promise<Blob>;
}

/** What a row's film is read from; null for the phantom. `lastModified` and `open` are missing of a file that was not found. */
type Held = File | { name: string; size: number; lastModified?: number; open?: () => Promise<Blob> } | null;

/** A file by itself, or (`among`) one of a chosen folder. */
interface Chosen {
  file: File;
  path?: string;
  among?: boolean;
}

/** One below a dropped folder, or what of it may not be opened. */
type Lying = { path: string; among: true; load: () => Promise<File> } | { path: string; among: true; problem: string };

/** What a reader drops or chooses. */
type Source = Chosen | { entry: FileSystemDirectoryEntry };

/** What the server said of a film that was sent to it; nothing where it said nothing. */
interface Reply {
  film?: string;
  sha256?: string;
  width?: number;
  height?: number;
  levels?: boolean;
  patient?: string;
  taken?: number;
  day_only?: boolean;
  error?: Problem;
  problem?: string;
  code?: number;
}

/** A file on its way to a row: `path` where it lies in a folder or a ZIP, `among` where its reader did not choose it by
 * itself; none stands for a phantom, and `drawn` says which. */
interface Entry {
  file: Held;
  path?: string;
  among?: boolean;
  drawn?: "plain" | "effusion";
  problem?: string;
}

// ---- how findings stand

/** A label with its probability and threshold as they are shown, and how far it lies above or below. */
interface Finding extends Label {
  probability: number;
  cut: number;
  above: boolean;
  margin: number;
  settledMargin: number;
}

type Interval = [number, number];

/** What became of films at a threshold. */
interface Counts {
  found: number;
  missed: number;
  alarms: number;
  cleared: number;
}

/** What became of the held-out films with the scores nearest to one: how many had the finding, and between which scores. */
interface Near {
  found: number;
  total: number;
  share: number;
  interval: Interval;
  span: [number, number];
}

/** The same carried to the prevalence in force, and whether that is another one. */
interface Carried extends Near {
  other: boolean;
  prevalence: number;
}

/** A share with its 95 % interval; `value` is NaN where there is none. */
interface Figure {
  value: number;
  interval: Interval | null;
}

/** A score below or above those of all held-out films. */
interface Beyond {
  beyond: "below" | "above";
  edge: number;
}

/** What is said of a film: one sentence and what follows. */
interface Conclusion {
  headline: string;
  summary: string;
  tone: "idle" | "busy" | "error" | "reject" | "shown" | "above" | "clear";
  names?: string;
  placed?: boolean;
}

/** The same, with what follows still in sentences. */
type Sentences = Omit<Conclusion, "summary"> & { summary: string[] };

/** What a reader says of a film: keys of what was ticked. */
interface Reading {
  normal: boolean;
  labels: string[];
  unsure: boolean;
  at: string;
}

/** A reading that came before the model's, and the later one, where it was changed. */
interface Opinion extends Reading {
  model: string;
  offered: string[];
  seenBefore: boolean;
  after: Reading | null;
}

interface Draft {
  normal: boolean;
  labels: Set<string>;
  unsure: boolean;
}

/** The same in its form: `normal` is null until one of the two is ticked. */
type Ticked = Omit<Draft, "normal"> & { normal: boolean | null };

/** Cohen's kappa, or why there is none, or no interval of it. */
interface Kappa {
  value: number | null;
  interval: Interval | null;
  why: "few" | "constant" | "degenerate" | null;
}

/** How far two readings agree: counts of films, and their share. */
interface Agreement {
  films: number;
  agreed: number;
  bothYes: number;
  bothNo: number;
  firstOnly: number;
  secondOnly: number;
  share: number | null;
  interval: Interval | null;
  kappa: Kappa;
}

type Verdict = "accepted" | "rejected";

/** A case of the site's library beside a film. */
interface LibraryCase {
  number: number;
  labels: { key: string | null; name: string }[];
  similarity: number;
  likeness: "very" | "alike" | "loosely" | null;
  width: number;
  height: number;
  probabilities: Record<string, number>;
  flat: Record<string, boolean>;
  peaks: Record<string, number>;
  crop: Record<"left" | "top" | "width" | "height", number>;
  note: string;
}

interface SimilarCases {
  cases: LibraryCase[];
  counts: Record<string, number>;
  size: number;
  build: string;
  itself: boolean;
  /** A picture was refused: it is asked for anew when the section is opened again. */
  stale?: boolean;
  problem?: Problem;
}

// ---- films on their stage

type Point2 = [number, number];
type Matrix = [number, number, number, number, number, number];

interface XY {
  x: number;
  y: number;
}

interface Size {
  width: number;
  height: number;
}

interface Crop extends XY, Size {}

/** A grey window in shown levels: 0 and 255 are black and white of the film's first picture. */
interface GreyWindow {
  width: number;
  level: number;
  curve?: string;
  table?: number;
}

interface Tone {
  window: GreyWindow;
  invert: boolean;
}

/** Screen pixels per film pixel, and the point of the film in the middle of the room, in shares. */
interface Place extends XY {
  scale: number | "fit";
}

interface Way {
  turn: number;
  flip: boolean;
}

interface Room extends Size {
  margin: { left: number; right: number; top: number; bottom: number };
  beside?: boolean;
}

/** What a film lies in, and how. */
interface Setting {
  room: Room;
  film: Size;
  way: Way;
}

/** A film's own levels; cxr_dash/web/levels.py. */
interface Levels {
  width: number;
  height: number;
  slope: number;
  intercept: number;
  unit: string;
  black: number;
  white: number;
  lowest: number;
  highest: number;
  padding: number | null;
  inclusive: boolean;
  windows: (GreyWindow & { name?: string })[];
  tables: Uint8Array[];
  /** The film, and each next one half as wide and high. */
  sizes: (Size & { codes: Uint16Array })[];
}

/** The pixels of a map: 255 is its peak. */
interface HeatLayer extends Size {
  grey: Uint8Array;
}

/** A part of a film, in its pixels. */
interface Area {
  left: number;
  right: number;
  top: number;
  low: number;
}

/** A canvas for a film's own levels, and what is drawn on it. */
interface LevelsLayer {
  canvas: HTMLCanvasElement;
  context: CanvasRenderingContext2D | null;
  image: ImageData | null;
  levels: Levels | null;
  drawn: string;
  area: Area | null;
  /** Pixels in a millisecond. */
  pace: number;
  lost: boolean;
}

/** What a pane shows of a film. */
interface Pane {
  item: Kept;
  label: string | null;
  answer: Answer | null;
  heat: boolean;
  name: string;
  cut: number;
  /** The model, as it is named over the pane. */
  model: string;
  other?: boolean;
  prior?: boolean;
  problem?: string;
}

/** One film in one box. */
interface Sheet {
  index: number;
  pane: Pane | null;
  room: Room | null;
  at: { m: Matrix; room: Room; shown: number } | null;
  /** Where the map lies on the film, and how many of the film's pixels one of its own covers. */
  crop: (XY & { across: number; down: number }) | null;
  /** Keys of the film whose picture stands there, and of the one that was asked for. */
  shown: string | null;
  wanted: string | null;
  job: string;
  failed: string;
  toned: string;
  filter: string;
  channels: SVGElement[];
  layer: LevelsLayer;
  picture: HTMLImageElement;
  canvas: HTMLCanvasElement;
  lines: SVGElement;
  group: SVGElement;
  node: HTMLElement;
  view: HTMLElement;
  head: HTMLElement;
  caption: HTMLElement;
  frame: HTMLElement;
  warm: HTMLElement;
  tone: HTMLElement;
  note: HTMLElement;
}

/** One with a film on it, and one that has been measured besides. */
interface Filled extends Sheet {
  pane: Pane;
}

interface Ready extends Filled {
  room: Room;
}

/** What draws on a film where it is dragged. */
interface Marker {
  active(): boolean;
  down(sheet: Sheet, point: XY): void;
  move(sheet: Sheet, point: XY): void;
  up(sheet: Sheet): void;
}

interface Mark {
  kind: "ruler" | "arrow" | "L" | "R";
  from: XY;
  to: XY;
}

/** What is known of another model than the one in force. */
interface OtherFacts {
  version: string;
  labels: Pick<Label, "key" | "name">[];
  thresholds: Cuts;
}

/** How another film stands to one: `same`, where their files give one patient; `seconds` from the one to the other. */
interface Relation {
  kind: "earlier" | "day" | "undated" | "later" | "unknown" | "different";
  same: boolean;
  seconds?: number;
  words: string;
}

/** What is compared, and whether heat was on before. */
interface Comparison {
  kind: "heat" | "finding" | "model" | "film";
  heatBefore: boolean;
  label?: string;
  model?: string | null;
  otherLabel?: string | null;
  /** Row of the film that was chosen, and of the one that it was chosen for. */
  film?: string;
  of?: string;
}

interface Look extends Tone {
  opacity: number;
  colourMap: string | null;
  heat: boolean;
  contour: boolean;
  onlyAbove: boolean;
  outlines: boolean;
  lens: boolean;
  compare: Comparison | null;
}

// ---- what all may read; each field has one writer, which added it

interface State {
  readonly settings: Settings | null;
  readonly built: boolean;
  readonly facts: Facts | null;
  readonly lateModel: boolean;
  readonly films: readonly Row[];
  /** The id of the row in view. */
  readonly selected: string | null;
  readonly thresholds: Record<string, Cuts>;
  readonly settled: Record<string, Cuts>;
  readonly answers: ReadonlyMap<string, Heard>;
  readonly showRejected: ReadonlySet<string>;
  readonly serverSlow: boolean;
  readonly serverLost: boolean;
  readonly prevalences: Record<string, number>;
  readonly chosenLabels: ReadonlyMap<string, string>;
  readonly splits: Record<string, number>;
  readonly filmGone: boolean;
  readonly listOpen: boolean | null;
  readonly verdicts: Record<string, { labels: Record<string, Verdict>; at: string }>;
  readonly view: Look;
  readonly marks: Record<string, Mark[]>;
  readonly cutOpen: boolean | null;
  readonly letterKeys: boolean;
}

/** What parts tell each other, by event; most say all by their name. */
interface Events {
  selected: [];
  cuts: [];
  "server-back": [];
  removed: [];
  lay: [];
  "other-reader": [];
  /** A row whose film has come a little further. */
  progress: [item: Row];
  /** One that the server keeps no more. */
  "film-gone": [film: string];
  /** One that is no film, and why. */
  "set-aside": [file: { path: string; message: string }];
  /** The row to bring into view. */
  reveal: [row: string];
}

/** What Dash is told, by store; no name of a file is among it. */
interface Stores {
  question: { film: string; model: string; serial: number };
  films: (Pick<Row, "id" | "number" | "status"> & Record<"film" | "message" | "remedy", string | null>)[];
  thresholds: Record<string, Cuts>;
  label: string | null;
  "card-asked": { model: string; section: string; label: string | null };
  "card-cut-moved": { model: string; label: string; cut: number };
}

interface Shortcut {
  group: "film" | "list" | "findings" | "page";
  help: string;
  action: () => void;
  shown: string;
}

// ---- what the browser and Dash have

interface Window {
  dash_clientside: { set_props(id: string, props: object): void; cxr?: Record<string, Function> } & Record<string, any>;
  beginPage: (begin: () => void) => Promise<void>;
  /** Of dcc.Graph, once a graph was drawn. */
  Plotly: { restyle(node: HTMLElement, change: object, traces: number[]): void };
}

/** A limit in milliseconds beside what the browser's own takes. */
interface RequestInit {
  limit?: number;
}

/** Fields of the page by their ids; whatever else has an id is an element. */
interface Ids {
  "_dash-config": HTMLScriptElement;
  model: HTMLSelectElement;
  "film-input": HTMLInputElement;
  "report-words": HTMLTextAreaElement;
  "report-text-copy": HTMLButtonElement;
  "report-text-print": HTMLButtonElement;
}

type ById<K extends string> = K extends keyof Ids ? Ids[K] : HTMLElement;

/** What stands on an element that a script makes: attributes, `text`, and what hears of events, as `onclick`. */
interface Attributes {
  onclick?: (event: MouseEvent) => unknown;
  onpointerdown?: (event: PointerEvent) => unknown;
  onkeydown?: (event: KeyboardEvent) => unknown;
  oninput?: (event: Event) => unknown;
  onchange?: (event: Event) => unknown;
  onsubmit?: (event: SubmitEvent) => unknown;
  onblur?: (event: FocusEvent) => unknown;
  [name: string]: string | number | boolean | null | undefined | ((event: any) => unknown);
}

// every element that the page looks for by a selector is one of HTML
interface ParentNode {
  querySelector<E extends HTMLElement = HTMLElement>(selectors: string): E | null;
  querySelectorAll<E extends HTMLElement = HTMLElement>(selectors: string): NodeListOf<E>;
}

interface Element {
  closest<E extends HTMLElement = HTMLElement>(selectors: string): E | null;
}
