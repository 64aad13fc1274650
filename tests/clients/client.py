"""A merchant's client, written from docs/protocol.md: python client.py HOST:PORT FILE.

Opens an account with a shop, writes the shop's id into FILE, waits for a customer, and chats: answers each of the
customer's words with one of its own, dropping its line in the middle and coming back with `resume`.
"""

import asyncio
import json
import os
import re
import sys
import urllib.parse
import urllib.request
import uuid

import websockets

NODE, FILE = sys.argv[1:3]
ROUNDS = 50


def rest(method, path, body=None, token=None):
    headers = {"Content-Type": "application/json", "Idempotency-Key": str(uuid.uuid4())}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"http://{NODE}/api/v1{path}", data, headers, method=method)
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.load(answer)


def register(phone):
    asked = rest("POST", "/codes", {"account": "merchant", "phone": phone, "purpose": "register"})
    sent = rest("GET", "/dev/outbox?" + urllib.parse.urlencode({"phone": phone}))
    code = re.search(r"\d{6}", sent["messages"][0]["text"]).group()
    return rest("POST", "/registrations/merchant", {
        "phone": phone, "proof": {"request_id": asked["request_id"], "code": code}, "password": "g00d-Enough!",
        "shop_name": "Tea house", "name": "Bob", "device_id": "python-client", "device_kind": "script",
    })


def check(name, so):
    print("ok" if so else "not ok", "python:", name, flush=True)
    if not so:
        sys.exit(1)


class Line:
    """A socket; what it was pushed goes into a log that outlives it."""

    def __init__(self, token, log):
        self.token, self.log, self.last, self.waiting = token, log, 0, {}

    async def open(self):
        self.socket = await websockets.connect(f"ws://{NODE}/socket", subprotocols=["souk.v1.json"], proxy=None)
        self.reader = asyncio.create_task(self.read())
        return (await self.ask("authenticate", token=self.token))["authenticated"]

    async def read(self):
        async for text in self.socket:
            frame = json.loads(text)
            if "reply" in frame:
                self.waiting.pop(frame["reply"]["id"]).set_result(frame["reply"])
            else:
                self.log.push(frame["push"])

    async def ask(self, request, **fields):
        self.last += 1
        answer = self.waiting[self.last] = asyncio.get_running_loop().create_future()
        await self.socket.send(json.dumps({"id": self.last, request: fields}))
        return await asyncio.wait_for(answer, 20)

    async def drop(self):
        self.socket.transport.abort()
        await asyncio.gather(self.reader, return_exceptions=True)


class Log:
    """The one conversation, by the rules of the page: dense numbers, whatever way they came."""

    def __init__(self):
        self.conversation, self.messages, self.early, self.moved = None, [], {}, asyncio.Event()

    def push(self, push):
        if "message_posted" in push:
            self.take(push["message_posted"]["message"])

    def take(self, message):
        self.conversation = self.conversation or message["conversation_id"]
        self.early.setdefault(message["number"], message)
        while (message := self.early.pop(len(self.messages) + 1, None)) is not None:
            self.messages.append(message)
        self.early = {number: one for number, one in self.early.items() if number > len(self.messages)}
        self.moved.set()

    def cursor(self):
        return {"conversation_id": self.conversation, "number": len(self.messages), "revision": 0}

    async def until(self, count, line):
        while len(self.messages) < count:
            self.moved.clear()
            if self.early:
                await resume(line, self)
            else:
                await asyncio.wait_for(self.moved.wait(), 20)


async def resume(line, log):
    more = True
    while more:
        answer = (await line.ask("resume", cursors=[log.cursor()], limit=7))["resumed"]
        for message in answer["conversations"][0]["messages"]:
            log.take(message)
        more = answer["more"]


async def say(line, log, number):
    answer = await line.ask("send_message", conversation_id=log.conversation, client_message_id=f"python-{number}", text=f"python {number}")
    return answer["message_accepted"]


async def main():
    merchant = register("13900000001")
    log = Log()
    line = Line(merchant["session"]["access_token"], log)
    welcome = await line.open()
    check("works for the shop", welcome["posts"][0]["shop_id"] == merchant["shop_id"])
    with open(FILE + ".part", "w") as file:
        file.write(merchant["shop_id"])
    os.rename(FILE + ".part", FILE)

    await log.until(1, line)
    check("hears that a customer has come", log.messages[0]["notice"]["kind"] == "conversation_opened")
    for number in range(ROUNDS // 2):
        accepted = await say(line, log, number)
    await line.drop()
    line = Line(line.token, log)
    await line.open()
    again = await say(line, log, ROUNDS // 2 - 1)
    check("the same words again get the first answer", again == accepted)
    await resume(line, log)
    for number in range(ROUNDS // 2, ROUNDS):
        await say(line, log, number)
    await log.until(1 + 2 * ROUNDS, line)

    check("numbers are dense", [one["number"] for one in log.messages] == list(range(1, 2 + 2 * ROUNDS)))
    for who in ("python", "javascript"):
        said = [one["text"] for one in log.messages if one["text"].startswith(who)]
        check(f"{who} is heard once each, in order", said == [f"{who} {number}" for number in range(ROUNDS)])
    page = (await line.ask("list_messages", conversation_id=log.conversation, after=0, limit=200))["message_page"]
    check("the log is what was shown", page["messages"] == log.messages)
    refused = (await line.ask("list_messages", conversation_id=str(uuid.uuid4())))["refused"]
    check("what does not exist is not found", refused["code"] == "not_found")
    await line.socket.close()


asyncio.run(asyncio.wait_for(main(), 120))
