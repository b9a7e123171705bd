"""The baseline: a bare websocket relay around the `ollama` client, as one would first write it.

One client a request, one frame a token, nothing stored, nothing replayed. Run by `processes`
with uvicorn: `uvicorn benchmarks.relay.baseline:app`.
"""

import os

import ollama
from fastapi import FastAPI, WebSocket

app = FastAPI()


@app.get("/health/")
def health() -> str:
    """Tell that the server is up."""
    return "ok"


@app.websocket("/ws")
async def relay(websocket: WebSocket) -> None:
    """Answer each prompt with its tokens, one text frame each, then an empty frame."""
    await websocket.accept()
    prompt = await websocket.receive_text()
    client = ollama.AsyncClient(os.environ["OLLAMA_HOST"])
    messages = [{"role": "user", "content": prompt}]
    async for part in await client.chat("bench", messages, stream=True):
        await websocket.send_text(part.message.content or "")
    await websocket.close()
