// The published Soniox client for Node: speech over REST and sockets, and the calls beside them. Prints what came, as
// JSON. Run with the server's address, a key, a folder, and the folder of the client's node_modules.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [base, key, folder, project] = process.argv.slice(2);
const entry = createRequire(`${project}/`).resolve("@soniox/node");
const { SonioxNodeClient } = await import(pathToFileURL(entry).href);
const client = new SonioxNodeClient({
  api_key: key,
  base_url: base,
  tts_api_url: base,
  realtime: { tts_ws_url: `${base.replace("http", "ws")}/tts-websocket` },
});
const config = { model: "tts-rt-v2", language: "en", voice: "Maya", audio_format: "pcm_s16le", sample_rate: 24000 };
const seconds = (bytes) => bytes / 48000;

async function listen(stream) {
  let bytes = 0;
  for await (const chunk of stream) bytes += chunk.length;
  return bytes;
}

const scenes = {
  async generate() {
    const audio = await client.tts.generate({ text: "Hello there.", voice: "Maya", language: "en" });
    return { riff: Buffer.from(audio.slice(0, 4)).toString(), bytes: audio.length };
  },
  async generate_stream() {
    let chunks = 0;
    let bytes = 0;
    for await (const chunk of client.tts.generateStream({
      text: "Streaming is fast. ".repeat(10),
      voice: "Maya",
      audio_format: "mp3",
      client_reference_id: "node",
    })) {
      chunks += 1;
      bytes += chunk.length;
    }
    return { chunks, bytes };
  },
  async one_stream() {
    const stream = await client.realtime.tts({ ...config, voice: "Adrian" });
    const heard = [];
    stream.on("audioEnd", () => heard.push("audioEnd"));
    stream.on("terminated", () => heard.push("terminated"));
    stream.sendText("Hello from Node. ");
    stream.sendText("It is fast.", { end: true });
    const bytes = await listen(stream);
    stream.close();
    return { seconds: seconds(bytes), heard };
  },
  async piped_text() {
    async function* words() {
      for (const word of "one two three four five six seven".split(" ")) yield `${word} `;
    }
    const stream = await client.realtime.tts(config);
    const sending = stream.sendStream(words());
    const bytes = await listen(stream);
    await sending;
    stream.close();
    return seconds(bytes);
  },
  async many_streams() {
    const connection = await client.realtime.tts.multiStream();
    const texts = ["One.", "Number two.", "And number three.", "The fourth one.", "The fifth and last."];
    const heard = await Promise.all(
      texts.map(async (text) => {
        const stream = await connection.stream(config);
        stream.sendText(text, { end: true });
        return seconds(await listen(stream));
      }),
    );
    connection.close();
    return heard;
  },
  async timestamps() {
    const stream = await client.realtime.tts({ ...config, return_timestamps: true });
    let text = "";
    stream.on("audio", (chunk, stamps) => {
      if (stamps) text += stamps.characters.join("");
    });
    stream.sendText("Every character, in order.", { end: true });
    await new Promise((resolve) => stream.on("terminated", resolve));
    stream.close();
    return text;
  },
  async errors() {
    const said = {};
    for (const [name, change] of Object.entries({ voice: { voice: "Nobody" }, model: { model: "x" } })) {
      const stream = await client.realtime.tts({ ...config, ...change });
      stream.on("error", () => {});
      try {
        await listen(stream);
      } catch (error) {
        said[name] = [error.name, error.message];
      }
      stream.close();
    }
    try {
      await client.tts.generate({ text: "", voice: "Maya", language: "en" });
    } catch (error) {
      said.rest = [error.name, error.statusCode];
    }
    return said;
  },
  async cancel() {
    const stream = await client.realtime.tts(config);
    stream.sendText("This goes on and on. ".repeat(200));
    stream.cancel();
    await listen(stream);
    const state = stream.state;
    stream.close();
    return state;
  },
  async calls() {
    const models = await client.tts.listModels();
    const file = readFileSync(`${folder}/sample.wav`);
    const voice = await client.tts.voices.create({ name: `Me ${Math.random()}`, file, filename: "me.wav" });
    const found = {
      models: models.map((model) => model.id),
      made: voice.filename,
      ready: voice.isReady("tts-rt-v2"),
      count: (await client.tts.voices.count()).total,
      listed: (await client.tts.voices.list()).voices.length,
    };
    const audio = await client.tts.generate({ text: "Is this me?", voice: voice.id, language: "en" });
    found.mine = audio.length;
    await client.tts.voices.delete(voice.id);
    found.gone = (await client.tts.voices.get(voice.id)) === null;
    const temporary = await client.auth.createTemporaryKey({ usage_type: "tts_rt", expires_in_seconds: 60 });
    found.key = typeof temporary.api_key;
    return found;
  },
};

const found = {};
for (const [name, scene] of Object.entries(scenes)) found[name] = await scene();
console.log(JSON.stringify(found));
