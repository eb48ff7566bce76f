"""What the voice-agent frameworks do with Gradium's socket, told by their source (livekit-plugins-gradium 1.8.9,
pipecat-ai 1.14.0), on the library that LiveKit uses. Prints what came, as JSON.

Run with the address of the socket. The server has to send pings more often than every second.
"""

import asyncio
import json
import sys

import aiohttp

RECEIVE_TIMEOUT_S = 2.0


async def livekit(session, url):
    """A socket for each segment, opened long before its text. The receive task starts at once, and gives up when
    nothing arrives in time: only pings keep it waiting."""
    received = {"audio": 0, "words": [], "types": []}
    async with session.ws_connect(
        url, headers={"x-api-key": "gd_any", "x-api-source": "livekit-plugin"}
    ) as ws:
        setup = {
            "type": "setup",
            "model_name": "default",
            "output_format": "pcm",
            "voice_id": "vjFyp2BcCyTlUmYb",
        }
        await ws.send_str(json.dumps(setup))

        async def receive():
            while True:
                message = await ws.receive(timeout=RECEIVE_TIMEOUT_S)
                if message.type != aiohttp.WSMsgType.TEXT:
                    received["closed"] = [str(message.type), ws.close_code]
                    return
                data = json.loads(message.data)
                received["types"].append(data["type"])
                if data["type"] == "audio":
                    received["audio"] += len(data["audio"]) * 3 // 4
                elif data["type"] == "text":
                    received["words"].append(data["text"])
                elif data["type"] == "end_of_stream":
                    return

        receiving = asyncio.create_task(receive())
        await asyncio.sleep(RECEIVE_TIMEOUT_S + 1)
        for word in ["The", "agent", "has", "thought", "about", "it", "for", "a", "while."]:
            await ws.send_str(json.dumps({"type": "text", "text": f"{word} "}))
        await ws.send_str(json.dumps({"type": "end_of_stream"}))
        await receiving
    received["close_code"] = ws.close_code
    received["types"] = sorted(set(received["types"]))
    return received


async def main():
    async with aiohttp.ClientSession() as session:
        print(json.dumps({"livekit": await livekit(session, sys.argv[1])}))


asyncio.run(main())
