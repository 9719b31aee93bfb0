/* The files in a ZIP, each unpacked only when its turn comes: the archive is read where it lies, a piece at a time,
 * and neither it nor its names are sent anywhere. Format: PKWARE's APPNOTE.TXT. */
const LOCAL = 0x04034b50; // before a file's packed bytes
const CENTRAL = 0x02014b50; // a file's entry in the directory
const END = 0x06054b50; // after the directory
const END_BYTES = 22;
const MOST_COMMENT = 0xffff;
const MOST_DIRECTORY = 32 * 2 ** 20; // of some 300,000 files
const [STORED, DEFLATED] = [0, 8];
const [ENCRYPTED, NAMES_ARE_UTF8] = [0x1, 0x800];
// office documents, books and programs are ZIPs too, and no reader means to open their parts
const DOCUMENTS = ["[Content_Types].xml", "mimetype", "META-INF/MANIFEST.MF"];

/* Why a ZIP, or a file in it, cannot be opened: `problem` is one of 31-problems.js. */
class ZipProblem extends Error {
  /** @param {string} problem */
  constructor(problem) {
    super(problem);
    this.problem = problem;
  }
}

/** @type {(blob: Blob, from: number, to: number) => Promise<DataView<ArrayBuffer>>} */
const view = async (blob, from, to) => new DataView(await blob.slice(from, to).arrayBuffer());

/** By content: what a file is called plays no part.
 * @param {Blob} file
 */
async function isZip(file) {
  if (file.size < END_BYTES) return false;
  const start = (await view(file, 0, 4)).getUint32(0, true);
  return start === LOCAL || start === END;
}

/** The files in an archive, as {name, path, size, lastModified, open} or, where one cannot be opened, with its
 * `problem`; null for a document. Throws a ZipProblem where the whole archive is at fault.
 * @param {File} archive
 * @returns {Promise<Member[] | null>}
 */
async function list(archive) {
  if (!window.DecompressionStream) throw new ZipProblem("zip_browser");
  const { directory, files, base } = await readDirectory(archive);
  const entries = [];
  let at = 0;
  for (let number = 0; number < files; number++) {
    if (at + 46 > directory.byteLength || directory.getUint32(at, true) !== CENTRAL) throw new ZipProblem("zip_damaged");
    const entry = readEntry(directory, at);
    at += entry.bytes;
    if (DOCUMENTS.includes(entry.path)) return null;
    if (!entry.path.endsWith("/")) entries.push(member(archive, base, entry));
  }
  return entries;
}

/** @param {Blob} archive */
async function readDirectory(archive) {
  const from = Math.max(0, archive.size - END_BYTES - MOST_COMMENT);
  const tail = await view(archive, from, archive.size);
  let at = tail.byteLength - END_BYTES;
  while (at >= 0 && !(tail.getUint32(at, true) === END && at + END_BYTES + tail.getUint16(at + 20, true) <= tail.byteLength)) at--;
  if (at < 0) throw new ZipProblem("zip_damaged");
  const [disk, files, size, offset] = [
    tail.getUint16(at + 4, true), tail.getUint16(at + 10, true), tail.getUint32(at + 12, true), tail.getUint32(at + 16, true),
  ];
  if (disk || files === 0xffff || size === 0xffffffff || offset === 0xffffffff || size > MOST_DIRECTORY) {
    throw new ZipProblem("zip_large");
  }
  const start = from + at - size; // where it lies, whatever stands before the archive in the file
  if (start < offset) throw new ZipProblem("zip_damaged");
  return { directory: await view(archive, start, start + size), files, base: start - offset };
}

/** @typedef {ReturnType<typeof readEntry>} Packed what the directory says of a file */
/** @type {(directory: DataView<ArrayBuffer>, at: number) => { flags: number, bytes: number, method: number, crc: number, packed: number, size: number, offset: number, path: string }} */
function readEntry(directory, at) {
  const flags = directory.getUint16(at + 8, true);
  const nameBytes = directory.getUint16(at + 28, true);
  const bytes = 46 + nameBytes + directory.getUint16(at + 30, true) + directory.getUint16(at + 32, true);
  if (at + bytes > directory.byteLength) throw new ZipProblem("zip_damaged");
  return {
    flags,
    bytes,
    method: directory.getUint16(at + 10, true),
    crc: directory.getUint32(at + 16, true),
    packed: directory.getUint32(at + 20, true),
    size: directory.getUint32(at + 24, true),
    offset: directory.getUint32(at + 42, true),
    path: readName(new Uint8Array(directory.buffer, directory.byteOffset + at + 46, nameBytes), flags),
  };
}

/** A label and nothing else, so a name in an old code page may come out with a wrong letter.
 * @type {(bytes: Uint8Array, flags: number) => string} */
function readName(bytes, flags) {
  let text;
  try {
    text = new TextDecoder("utf-8", { fatal: !(flags & NAMES_ARE_UTF8) }).decode(bytes);
  } catch {
    text = new TextDecoder("windows-1252").decode(bytes);
  }
  return text.replaceAll("\\", "/");
}

/** @type {(archive: File, base: number, entry: Packed) => Member} */
function member(archive, base, entry) {
  const { path, size, flags, method } = entry;
  const made = { path, name: path.slice(path.lastIndexOf("/") + 1), size, lastModified: archive.lastModified };
  if (flags & ENCRYPTED) return { ...made, problem: "zip_locked" };
  if (![STORED, DEFLATED].includes(method)) return { ...made, problem: "zip_method" };
  if ([size, entry.packed, entry.offset].includes(0xffffffff)) return { ...made, problem: "zip_large" };
  return { ...made, open: () => open(archive, base, entry) };
}

/** The bytes of one file, as a Blob. Never more than its entry says, whatever its packed bytes would grow to.
 * @type {(archive: Blob, base: number, entry: Packed) => Promise<Blob>} */
async function open(archive, base, entry) {
  const head = await view(archive, base + entry.offset, base + entry.offset + 30);
  if (head.byteLength < 30 || head.getUint32(0, true) !== LOCAL) throw new ZipProblem("zip_damaged");
  const start = base + entry.offset + 30 + head.getUint16(26, true) + head.getUint16(28, true);
  const packed = archive.slice(start, start + entry.packed);
  const bytes = entry.method === STORED ? new Uint8Array(await packed.arrayBuffer()) : await inflate(packed, entry.size);
  if (bytes.length !== entry.size || crc32(bytes) !== entry.crc) throw new ZipProblem("zip_damaged");
  if (/\.zip$/i.test(entry.path) && bytes[0] === 0x50 && bytes[1] === 0x4b) throw new ZipProblem("zip_inside");
  return new Blob([bytes]);
}

/** @type {(packed: Blob, size: number) => Promise<Uint8Array<ArrayBuffer>>} */
async function inflate(packed, size) {
  const bytes = new Uint8Array(size);
  const reader = packed.stream().pipeThrough(new DecompressionStream("deflate-raw")).getReader();
  let at = 0;
  for (;;) {
    const { done, value } = await reader.read().catch((error) => {
      // the browser names what cannot be unpacked so; a file that was moved is named otherwise
      throw error instanceof TypeError ? new ZipProblem("zip_damaged") : error;
    });
    if (done) return bytes.subarray(0, at);
    if (at + value.length > size) {
      reader.cancel().catch(() => {});
      throw new ZipProblem("zip_damaged");
    }
    bytes.set(value, at);
    at += value.length;
  }
}

let table = /** @type {Uint32Array | null} */ (null);

/** @param {Uint8Array} bytes */
function crc32(bytes) {
  table ||= Uint32Array.from({ length: 256 }, (_, byte) => {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
    return crc;
  });
  let crc = 0xffffffff;
  for (const byte of bytes) crc = table[(crc ^ byte) & 0xff] ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

export { isZip, list };
