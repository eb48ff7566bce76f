// What can go wrong, in words for people.

/** A failure with a stable code: one of the server's (docs/reference/native.md), or "away", "offline" or "player". */
export class Trouble extends Error {
  constructor(code, message, { retryAfterS = null, param = null } = {}) {
    super(message);
    this.code = code;
    this.retryAfterS = retryAfterS;
    this.param = param;
  }

  /** From an error object of the native wire. */
  static from(error) {
    return new Trouble(error.code, error.message, { retryAfterS: error.retry_after_s ?? null, param: error.param });
  }
}

const KEY = new Set(["unauthorized", "key_missing", "key_expired", "key_revoked", "key_used", "session_expired"]);
const LIMIT = new Set(["overloaded", "too_many_streams", "rate_limited", "concurrency_limit", "quota_exceeded"]);
const AWAY = new Set(["away", "shutting_down"]);

/** "key", "limit", "away" or "other". */
export function kindOf(trouble) {
  if (KEY.has(trouble.code)) return "key";
  if (LIMIT.has(trouble.code)) return "limit";
  return AWAY.has(trouble.code) ? "away" : "other";
}

const TITLES = {
  away: "The server is away",
  shutting_down: "The server is shutting down",
  key_missing: "This server wants a key",
  key_expired: "This key has run out",
  key_revoked: "This key was taken back",
  key_used: "This key was for one use",
  session_expired: "This key’s time is over",
  unauthorized: "This key is not valid here",
  permission_denied: "This key may not do that",
  overloaded: "The server is at its limit",
  too_many_streams: "Too many streams at once",
  rate_limited: "Too many requests this minute",
  concurrency_limit: "This key already speaks as often as it may",
  quota_exceeded: "This month’s characters are used up",
  unknown_voice: "No such voice here",
  unknown_language: "No voice speaks that language",
  empty_text: "There is nothing to say yet",
  text_too_long: "That is too much text for one go",
  idle_timeout: "Nothing was written for a long time",
  internal_error: "The server failed",
  worker_died: "The engine stopped in the middle",
  voice_quarantined: "This voice keeps failing",
  player: "This browser cannot play it",
};

/** A short title; the sentence under it is the trouble's own message. */
export function titleOf(trouble) {
  return TITLES[trouble.code] ?? "That did not work";
}

/** What a person can do, or "". */
export function adviceFor(trouble) {
  switch (kindOf(trouble)) {
    case "away":
      return "Looking for it every few seconds; your text stays here.";
    case "key":
      return "Enter a key above; it is kept in this tab only.";
    case "limit":
      if (trouble.code === "quota_exceeded") return "";
      return trouble.retryAfterS === null
        ? "Try again in a moment."
        : `Try again in ${Math.max(1, Math.ceil(trouble.retryAfterS))} s.`;
    default:
      return "";
  }
}
