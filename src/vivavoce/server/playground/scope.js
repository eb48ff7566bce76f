// The picture of the sound. As a wave it shows time: what was heard left of the needle, what has come but is not yet
// heard right of it, so that one sees the speech arrive. As a spectrum it shows pitch.

const COLUMN_S = 0.04;
const COLUMN_PX = 4;
const NEEDLE = 0.38; // of the width
const CALM_MS = 250;
const MAX_HZ = 8000;
const NEWEST = 512;

export class Scope {
  constructor(canvas) {
    this.canvas = canvas;
    this.pen = canvas.getContext("2d");
    this.mode = "wave";
    this.calm = matchMedia("(prefers-reduced-motion: reduce)");
    this.painted = 0;
    this.time = new Float32Array(2048);
    this.bins = new Uint8Array(1024);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#colours());
    this.#colours();
    this.begin(24000);
  }

  begin(rateHz) {
    this.columns = [];
    this.perColumn = Math.round(rateHz * COLUMN_S);
    this.filled = 0;
    this.peak = 0;
    this.known = false;
  }

  /** Samples that have come; without them the wave shows only what was heard. */
  add(samples) {
    this.known = true;
    for (const sample of samples) {
      const size = sample < 0 ? -sample : sample;
      if (size > this.peak) this.peak = size;
      if ((this.filled += 1) === this.perColumn) {
        this.columns.push(this.peak / 32768);
        this.filled = this.peak = 0;
      }
    }
  }

  /** Root mean square of the newest 512 samples that the loudspeaker got, 0 to 1. */
  rms(analyser) {
    if (!analyser) return 0;
    analyser.getFloatTimeDomainData(this.time);
    let sum = 0;
    for (const value of this.time.subarray(-NEWEST)) sum += value * value;
    return Math.sqrt(sum / NEWEST);
  }

  /** Draws; ``now`` in milliseconds, Infinity for a picture that must be drawn whatever was drawn before. */
  paint(now, heardS, analyser, sounding) {
    if (this.calm.matches && now - this.painted < CALM_MS) return;
    if (Number.isFinite(now)) this.painted = now;
    const { clientWidth: width, clientHeight: height } = this.canvas;
    const scale = devicePixelRatio || 1;
    if (this.canvas.width !== Math.round(width * scale) || this.canvas.height !== Math.round(height * scale)) {
      this.canvas.width = Math.round(width * scale);
      this.canvas.height = Math.round(height * scale);
    }
    this.pen.setTransform(scale, 0, 0, scale, 0, 0);
    this.pen.clearRect(0, 0, width, height);
    if (this.mode === "wave") this.#wave(width, height, heardS, analyser, sounding);
    else this.#spectrum(width, height, analyser, sounding);
  }

  #wave(width, height, heardS, analyser, sounding) {
    const now = heardS / COLUMN_S;
    if (!this.known && sounding) this.columns[Math.floor(now)] = Math.min(1, this.rms(analyser) * 2.5);
    const needle = Math.round(width * NEEDLE);
    const first = Math.floor(now - needle / COLUMN_PX);
    const last = Math.ceil(now + (width - needle) / COLUMN_PX);
    for (let at = first; at <= last; at += 1) {
      const loud = this.columns[at];
      const size = loud === undefined ? 1 : Math.max(2, Math.sqrt(loud) * height * 0.86);
      const x = needle + (at - now) * COLUMN_PX;
      this.pen.fillStyle = loud === undefined ? this.line : at < now ? this.accent : this.ahead;
      this.pen.fillRect(x, (height - size) / 2, COLUMN_PX - 1.5, size);
    }
    this.pen.fillStyle = this.ink;
    this.pen.fillRect(needle - 1, height * 0.06, 1.5, height * 0.88);
  }

  #spectrum(width, height, analyser, sounding) {
    const count = Math.max(12, Math.floor(width / 9));
    if (analyser) analyser.getByteFrequencyData(this.bins);
    const nyquist = (analyser?.context.sampleRate ?? 48000) / 2;
    const top = Math.min(MAX_HZ, nyquist);
    for (let at = 0; at < count; at += 1) {
      // Equal steps of pitch, as the ear has them, from 60 Hz.
      const low = 60 * (top / 60) ** (at / count);
      const high = 60 * (top / 60) ** ((at + 1) / count);
      const from = Math.floor((low / nyquist) * 1024);
      const to = Math.max(from + 1, Math.ceil((high / nyquist) * 1024));
      let loud = 0;
      if (sounding) for (let bin = from; bin < to; bin += 1) loud = Math.max(loud, this.bins[bin] ?? 0);
      const size = Math.max(1, (loud / 255) * height * 0.92);
      this.pen.fillStyle = loud ? this.accent : this.line;
      this.pen.fillRect((at * width) / count, height - size, width / count - 2, size);
    }
  }

  #colours() {
    const style = getComputedStyle(this.canvas);
    for (const name of ["ink", "accent", "ahead", "line"]) this[name] = style.getPropertyValue(`--${name}`).trim();
  }
}
