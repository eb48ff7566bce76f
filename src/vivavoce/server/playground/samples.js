// From bytes as they come to 16-bit samples, and from samples to a WAV file.

const HEADER_BYTES = 44; // what the server's wav header always has

/** Formats whose bytes become samples without a codec: name → bytes a sample and the reading of one. */
const READINGS = {
  pcm_s16le: { width: 2, read: (view, at) => view.getInt16(at, true) },
  wav: { width: 2, skip: HEADER_BYTES, read: (view, at) => view.getInt16(at, true) },
  pcm_f32le: { width: 4, read: (view, at) => clip(view.getFloat32(at, true) * 32768) },
  mulaw: { width: 1, read: (view, at) => mulaw(view.getUint8(at)) },
  alaw: { width: 1, read: (view, at) => alaw(view.getUint8(at)) },
};

export function isPlain(format) {
  return format in READINGS;
}

export function bytesASample(format) {
  return READINGS[format].width;
}

/** A function from the next bytes of a stream to its next samples; pieces may end within a sample. */
export function reader(format) {
  const { width, read, skip = 0 } = READINGS[format];
  let left = new Uint8Array(0);
  let toSkip = skip;
  return (bytes) => {
    let whole = bytes;
    if (left.length) {
      whole = new Uint8Array(left.length + bytes.length);
      whole.set(left);
      whole.set(bytes, left.length);
    }
    const skipped = Math.min(toSkip, whole.length);
    toSkip -= skipped;
    const count = Math.floor((whole.length - skipped) / width);
    const view = new DataView(whole.buffer, whole.byteOffset + skipped, count * width);
    const samples = new Int16Array(count);
    for (let at = 0; at < count; at += 1) samples[at] = read(view, at * width);
    left = whole.slice(skipped + count * width);
    return samples;
  };
}

function clip(value) {
  return Math.max(-32768, Math.min(32767, Math.round(value)));
}

// ITU-T G.711, by its own arithmetic.
function mulaw(code) {
  const bits = ~code & 0xff;
  const size = (((bits & 0x0f) << 3) + 0x84) << ((bits & 0x70) >> 4);
  return bits & 0x80 ? 0x84 - size : size - 0x84;
}

function alaw(code) {
  const bits = code ^ 0x55;
  const segment = (bits & 0x70) >> 4;
  let size = ((bits & 0x0f) << 4) + 8;
  if (segment) size = (size + 0x100) << (segment - 1);
  return bits & 0x80 ? size : -size;
}

/** A mono WAV file of the first ``length`` samples of ``pieces``. */
export function wavFile(pieces, length, rateHz) {
  const header = new DataView(new ArrayBuffer(HEADER_BYTES));
  const words = (at, text) => [...text].forEach((letter, i) => header.setUint8(at + i, letter.charCodeAt(0)));
  words(0, "RIFF");
  header.setUint32(4, 36 + length * 2, true);
  words(8, "WAVEfmt ");
  header.setUint32(16, 16, true);
  header.setUint16(20, 1, true);
  header.setUint16(22, 1, true);
  header.setUint32(24, rateHz, true);
  header.setUint32(28, rateHz * 2, true);
  header.setUint16(32, 2, true);
  header.setUint16(34, 16, true);
  words(36, "data");
  header.setUint32(40, length * 2, true);
  const kept = [];
  let missing = length;
  for (const piece of pieces) {
    if (missing <= 0) break;
    kept.push(piece.subarray(0, missing));
    missing -= piece.length;
  }
  return new Blob([header, ...kept], { type: "audio/wav" });
}
