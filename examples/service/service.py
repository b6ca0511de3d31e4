"""A recipe as a service: its progress and answer as JSON lines, and one budget for all who ask."""

import asyncio
import json
import os
from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

import rlmlang

RECIPE = Path(__file__).with_name("find.rlm")
SHARED = rlmlang.SharedBudget(usd=5.00, calls=int(os.environ.get("CALLS", "1000")))
app, running = FastAPI(), set()


class Ask(BaseModel):
    question: str
    book: str


@app.post("/find")
async def find(ask: Ask):
    return StreamingResponse(answer(ask), media_type="application/x-ndjson")


async def answer(ask):
    events = asyncio.Queue()
    call = rlmlang.arun(RECIPE, values=dict(ask), within=SHARED, listener=events.put_nowait)
    running.add(task := asyncio.create_task(call))
    task.add_done_callback(lambda _: (running.discard(task), events.put_nowait(None)))
    try:
        while (event := await events.get()) is not None:
            yield json.dumps({"event": event.name, "step": event.step}) + "\n"
        outcome = task.result()
        yield json.dumps({"result": outcome.result, "problem": str(outcome.problem or "")}) + "\n"
    except rlmlang.CodedError as problem:
        yield json.dumps({"result": None, "problem": str(problem)}) + "\n"
    finally:
        task.cancel()  # the client went away: nothing new is sent, what was answered is kept


@app.get("/spent")
async def spent():
    return {"calls": SHARED.spent.calls, "usd": float(SHARED.spent.usd), "running": len(running)}
