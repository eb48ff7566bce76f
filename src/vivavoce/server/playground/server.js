// The server as the page knows it: plain questions over HTTP, and speech over the native WebSocket.
// The wire is written down in docs/reference/native.md.

import { Trouble } from "./trouble.js";

const KEY_SLOT = "vivavoce.key";
const MAX_PIECE = 60_000; // characters of one text message; at most a quarter of what the server takes
const CONNECT_MS = 8000;

export const key = {
  get: () => sessionStorage.getItem(KEY_SLOT) ?? "",
  set: (value) => (value ? sessionStorage.setItem(KEY_SLOT, value) : sessionStorage.removeItem(KEY_SLOT)),
};

/** The JSON answer to a request, or null for an empty one. Throws Trouble. */
export async function ask(path, { method = "GET", body } = {}) {
  const headers = {};
  if (key.get()) headers.authorization = `Bearer ${key.get()}`;
  if (body !== undefined) headers["content-type"] = "application/json";
  let answer;
  try {
    answer = await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw away();
  }
  const text = await answer.text();
  const found = text && answer.headers.get("content-type")?.includes("json") ? JSON.parse(text) : null;
  if (answer.ok) return found;
  if (found?.error?.code) throw Trouble.from(found.error);
  throw answer.status === 404
    ? new Trouble("not_found", `there is no ${path}`)
    : new Trouble("away", `The server answered ${answer.status} ${answer.statusText}`);
}

function away() {
  return new Trouble("away", `Nothing answers at ${location.host}.`);
}

/** One socket, kept open between utterances. A listener has opened, audio, mark, flushed, ended and failed. */
export class Wire {
  constructor(onPresence) {
    this.onPresence = onPresence;
    this.socket = null;
    this.connecting = null;
    this.listeners = new Map();
    this.next = 1;
  }

  get isOpen() {
    return this.socket?.readyState === WebSocket.OPEN;
  }

  /** Resolves when the socket is open. Throws Trouble. */
  connect() {
    if (this.isOpen) return Promise.resolve();
    this.connecting ??= this.#dial().finally(() => {
      this.connecting = null;
    });
    return this.connecting;
  }

  /** Forgets the socket, for instance because the key has changed. */
  hangUp() {
    this.socket?.close(1000);
    this.socket = null;
  }

  /** Starts a stream, and gives its number. Throws Trouble when there is no connection. */
  async open(fields, listener) {
    await this.connect();
    const stream = this.next;
    this.next += 1;
    this.listeners.set(stream, listener);
    this.#send({ type: "open", stream, ...fields });
    return stream;
  }

  text(stream, text) {
    for (let at = 0; at < text.length; ) {
      let stop = Math.min(text.length, at + MAX_PIECE);
      if (stop < text.length && isHighSurrogate(text.charCodeAt(stop - 1))) stop -= 1;
      this.#send({ type: "text", stream, text: text.slice(at, stop).replace(/\p{Surrogate}/gu, "\ufffd") });
      at = stop;
    }
  }

  flush(stream) {
    this.#send({ type: "flush", stream });
  }

  end(stream) {
    this.#send({ type: "end", stream });
  }

  credit(stream, bytes) {
    if (this.listeners.has(stream)) this.#send({ type: "credit", stream, bytes });
  }

  /** Nothing is heard of the stream any more. */
  cancel(stream) {
    if (this.listeners.delete(stream)) this.#send({ type: "cancel", stream });
  }

  #send(message) {
    if (this.isOpen) this.socket.send(JSON.stringify(message));
  }

  async #dial() {
    const url = new URL("/v1/speech/stream", location.href);
    url.protocol = url.protocol.replace("http", "ws");
    const protocols = ["vivavoce.v1"];
    if (key.get()) protocols.push(`vivavoce.key.${key.get()}`);
    let socket;
    try {
      socket = new WebSocket(url, protocols);
    } catch {
      throw new Trouble("unauthorized", "The key holds characters that no key has.");
    }
    socket.binaryType = "arraybuffer";
    const opened = await new Promise((resolve) => {
      const patience = setTimeout(() => resolve(false), CONNECT_MS);
      socket.onopen = () => (clearTimeout(patience), resolve(true));
      socket.onclose = () => (clearTimeout(patience), resolve(false));
    });
    if (!opened) {
      socket.close();
      throw await diagnosis();
    }
    this.socket = socket;
    socket.onmessage = (event) => this.#hear(event.data);
    socket.onclose = (event) => this.#lost(socket, event);
    this.onPresence(true);
  }

  #hear(data) {
    if (data instanceof ArrayBuffer) {
      const stream = new DataView(data).getUint32(0, true);
      this.listeners.get(stream)?.audio(new Uint8Array(data, 8));
      return;
    }
    const message = JSON.parse(data);
    const listener = this.listeners.get(message.stream);
    if (message.type === "error") {
      if (message.stream === undefined) this.lastWords = message.final ? Trouble.from(message) : null;
      else if (message.final) this.listeners.delete(message.stream);
      listener?.failed(Trouble.from(message), message.final);
      return;
    }
    if (message.type === "ended") this.listeners.delete(message.stream);
    listener?.[message.type]?.(message);
  }

  #lost(socket, event) {
    if (this.socket === socket) this.socket = null;
    const streams = [...this.listeners.values()];
    this.listeners.clear();
    // An idle socket is closed by the server after a while (1001); the next utterance opens another.
    if (event.code !== 1000 && event.code !== 1001) this.onPresence(false);
    const why = this.lastWords ?? reasonOf(event);
    this.lastWords = null;
    for (const listener of streams) listener.failed(why, true);
  }
}

/** A browser is not told why a handshake was refused, so the same question is put over HTTP. */
async function diagnosis() {
  try {
    await ask("/v1/speech/formats");
    const health = await ask("/v1/speech/health");
    if (health.status !== "ok") return new Trouble("shutting_down", "It takes no new work at the moment.");
  } catch (trouble) {
    if (trouble instanceof Trouble) return trouble;
    throw trouble;
  }
  return new Trouble("away", "It answers, but takes no WebSocket; does a proxy stand between?");
}

function reasonOf({ code }) {
  return code === 1011
    ? new Trouble("internal_error", "A defect ended the connection; the server’s log says more.")
    : new Trouble("away", `The connection was lost (${code}).`);
}

function isHighSurrogate(unit) {
  return unit >= 0xd800 && unit <= 0xdbff;
}
