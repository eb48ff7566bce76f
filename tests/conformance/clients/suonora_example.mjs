// The example for Node.js of Suonora's streaming page, as it stands there (docs of v1.3.0, read 2026-11-21).
import fetch from "node-fetch";
import { createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";

async function streamTTS() {
  const response = await fetch("https://api.suonora.com/v1/audio/stream", {
    method: "POST",
    headers: {
      Authorization: "Bearer YOUR_API_KEY",
      "Content-Type": "application/json",
    },
    body: JSON.stringify({
      input: "Hello, this is Suonora streaming in real time!",
      model: "legacy-v2.5",
      voice: "axel",
    }),
  });

  if (!response.ok) throw new Error(`HTTP ${response.status}`);

  // Pipe the readable stream straight to a file (or Speaker / prism-media)
  await pipeline(response.body, createWriteStream("realtime.mp3"));
  console.log("Saved realtime.mp3");
}

streamTTS().catch(console.error);
