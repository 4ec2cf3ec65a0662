"""The gateway: sessions that outlive their connections, numbered events, resuming, and the ways it can break."""

import asyncio
import json
import secrets
import zlib
from collections import deque
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final

from aiohttp import WSMsgType, web

from sandbox.discord.errors import Json
from sandbox.discord.places import GUILDS_INTENT
from sandbox.discord.signals import Signal

if TYPE_CHECKING:
    from sandbox.discord.world import World

DISPATCH: Final = 0
HEARTBEAT: Final = 1
IDENTIFY: Final = 2
RESUME: Final = 6
RECONNECT: Final = 7
INVALID_SESSION: Final = 9
HELLO: Final = 10
HEARTBEAT_ACK: Final = 11
TOLERATED: Final = (3, 4, 8, 31, 43)
"""Presence, voice state, member and channel requests: accepted, and without effect here."""

PRIVILEGED_INTENTS: Final = 1 << 1 | 1 << 8 | 1 << 15
INTENT_BITS: Final = 26
MAX_PAYLOAD_BYTES: Final = 4096
KEPT_EVENTS: Final = 5000
"""Events a session can replay; one that missed more has to identify anew."""
CLOSE_TIMEOUT_SECONDS: Final = 1.0


class CloseCode:
    """Discord's gateway close codes."""

    UNKNOWN_ERROR: Final = 4000
    UNKNOWN_OPCODE: Final = 4001
    DECODE_ERROR: Final = 4002
    NOT_AUTHENTICATED: Final = 4003
    AUTHENTICATION_FAILED: Final = 4004
    ALREADY_AUTHENTICATED: Final = 4005
    INVALID_SEQUENCE: Final = 4007
    SESSION_TIMED_OUT: Final = 4009
    INVALID_SHARD: Final = 4010
    INVALID_VERSION: Final = 4012
    INVALID_INTENTS: Final = 4013
    DISALLOWED_INTENTS: Final = 4014


class _Connection:
    """One websocket: frames are written in the order they were queued, by a single task."""

    def __init__(self, request: web.Request, ws: web.WebSocketResponse) -> None:
        self.request = request
        self.ws = ws
        self.session: Session | None = None
        self.closing = False
        self._zlib = zlib.compressobj() if request.query.get("compress") == "zlib-stream" else None
        self._outbox: asyncio.Queue[tuple[float, str | int]] = asyncio.Queue()

    def send(self, text: str, *, delay: float = 0.0) -> None:
        """Queue a frame."""
        self._outbox.put_nowait((asyncio.get_running_loop().time() + delay, text))

    def close(self, code: int) -> None:
        """Close with a code once everything queued is out."""
        self.closing = True
        self._outbox.put_nowait((0.0, code))

    def abort(self) -> None:
        """Cut the connection without a word."""
        if self.request.transport is not None:
            self.request.transport.abort()

    async def write(self) -> None:
        """Write until told to close or until the client is gone."""
        loop = asyncio.get_running_loop()
        while True:
            due, item = await self._outbox.get()
            if due > loop.time():
                await asyncio.sleep(due - loop.time())
            try:
                if isinstance(item, int):
                    await self.ws.close(code=item)
                    return
                if self._zlib is None:
                    await self.ws.send_str(item)
                else:
                    frame = self._zlib.compress(item.encode()) + self._zlib.flush(zlib.Z_SYNC_FLUSH)
                    await self.ws.send_bytes(frame)
            except ConnectionError:
                return


class Session:
    """A bot's gateway session: its events are numbered, and kept so that they can be replayed."""

    def __init__(self, shard: tuple[int, int], intents: int) -> None:
        self.id = secrets.token_hex(16)
        self.shard = shard
        self.intents = intents
        self.sequence = 0
        self.connection: _Connection | None = None
        self.resumed = 0
        self._events: deque[tuple[int, str]] = deque(maxlen=KEPT_EVENTS)

    def dispatch(self, event: str, payload: str, *, delay: float = 0.0) -> None:
        """Number an event (its payload as JSON text), keep it, and send it if there is a connection."""
        self.sequence += 1
        text = f'{{"op":0,"s":{self.sequence},"t":"{event}","d":{payload}}}'
        self._events.append((self.sequence, text))
        if self.connection is not None:
            self.connection.send(text, delay=delay)

    def missed_since(self, sequence: int) -> list[str] | None:
        """The events after `sequence`, or None if some of them are no longer kept."""
        missed = [text for number, text in self._events if number > sequence]
        return missed if len(missed) == self.sequence - sequence else None


class Gateway:
    """Accepts connections and tells sessions what happens."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._sessions: dict[str, Session] = {}
        self._connections: set[_Connection] = set()
        self.url = ""
        self.shards = 1
        """What GET /gateway/bot recommends."""
        self.heartbeat_interval_ms = 41_250
        self.latency_seconds = 0.0
        """How late events arrive."""
        self.acknowledges_heartbeats = True
        self.identifies = 0
        """How many sessions were opened so far."""
        self.resumes = 0
        """How many were resumed so far."""
        self.changed = Signal()
        self.closes: list[int] = []
        """The close codes the stand-in has sent."""

    @property
    def sessions(self) -> list[Session]:
        """Sessions that are connected or could be resumed."""
        return list(self._sessions.values())

    @property
    def connected(self) -> list[Session]:
        """Sessions with a live connection."""
        return [session for session in self._sessions.values() if session.connection is not None]

    def emit(self, guild_id: int, event: str, payload: Json, intent: int) -> None:
        """Send an event to every session of the guild's shard that asked for it (intent 0: all)."""
        text: str | None = None
        for session in self._sessions.values():
            shard, count = session.shard
            if (guild_id >> 22) % count != shard or (intent and not session.intents & intent):
                continue
            text = text or json.dumps(payload, separators=(",", ":"))
            session.dispatch(event, text, delay=self.latency_seconds)

    def drop(self, *, resumable: bool = True) -> None:
        """Cut every connection; sessions that are not resumable are forgotten as well."""
        for session in self.connected:
            if not resumable:
                self._sessions.pop(session.id, None)
            assert session.connection is not None
            session.connection.abort()

    def ask_to_reconnect(self) -> None:
        """Send RECONNECT to every connection."""
        self._broadcast({"op": RECONNECT, "d": None})

    def invalidate(self, *, resumable: bool = False) -> None:
        """Send INVALID_SESSION to every connection."""
        connected = self.connected
        self._broadcast({"op": INVALID_SESSION, "d": resumable})
        for session in connected:
            if not resumable:
                self._sessions.pop(session.id, None)

    def _broadcast(self, frame: Json) -> None:
        for session in self.connected:
            assert session.connection is not None
            session.connection.send(json.dumps(frame))

    async def close(self) -> None:
        """Close every connection."""
        for connection in list(self._connections):
            connection.close(1001)
        await asyncio.sleep(0)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one connection until it ends."""
        if request.query.get("compress") not in {None, "", "zlib-stream"}:
            return web.Response(status=400, text="this stand-in speaks zlib-stream only")
        ws = web.WebSocketResponse(max_msg_size=MAX_PAYLOAD_BYTES, compress=False, timeout=CLOSE_TIMEOUT_SECONDS)
        await ws.prepare(request)
        connection = _Connection(request, ws)
        self._connections.add(connection)
        writer = asyncio.create_task(connection.write(), name="gateway writer")
        try:
            await self._converse(connection)
        finally:
            if connection.closing:
                await asyncio.wait({writer}, timeout=2 * CLOSE_TIMEOUT_SECONDS)
            writer.cancel()
            await asyncio.gather(writer, return_exceptions=True)
            self._connections.discard(connection)
            self._detach(connection)
        return ws

    async def _converse(self, connection: _Connection) -> None:
        ws = connection.ws
        if connection.request.query.get("v", "10") not in {"9", "10"}:
            self._refuse(connection, CloseCode.INVALID_VERSION)
        connection.send(json.dumps({"op": HELLO, "d": {"heartbeat_interval": self.heartbeat_interval_ms}}))
        patience = self.heartbeat_interval_ms * 1.5 / 1000
        while True:
            try:
                frame = await ws.receive(timeout=patience)
            except TimeoutError:
                # A client that stopped beating is gone for Discord, but may still resume.
                self._refuse(connection, CloseCode.SESSION_TIMED_OUT)
                return
            if frame.type not in {WSMsgType.TEXT, WSMsgType.BINARY}:
                return
            try:
                message = json.loads(frame.data)
                opcode, data = message["op"], message.get("d")
            except (ValueError, KeyError, TypeError, AttributeError):
                self._refuse(connection, CloseCode.DECODE_ERROR)
                continue
            self._receive(connection, opcode, data)

    def _refuse(self, connection: _Connection, code: int) -> None:
        self.closes.append(code)
        connection.close(code)

    def _detach(self, connection: _Connection) -> None:
        session = connection.session
        if session is not None and session.connection is connection:
            session.connection = None
            # A client that says goodbye with 1000 or 1001 ends its session; any other end leaves it resumable.
            if connection.ws.close_code in {1000, 1001}:
                self._sessions.pop(session.id, None)
        self.changed.fire()

    def _receive(self, connection: _Connection, opcode: Any, data: Any) -> None:
        if opcode == HEARTBEAT:
            if self.acknowledges_heartbeats:
                connection.send(json.dumps({"op": HEARTBEAT_ACK, "d": None}))
        elif opcode in {IDENTIFY, RESUME}:
            if connection.session is not None:
                self._refuse(connection, CloseCode.ALREADY_AUTHENTICATED)
            elif not isinstance(data, dict):
                self._refuse(connection, CloseCode.DECODE_ERROR)
            elif str(data.get("token", "")).removeprefix("Bot ") != self._world.token:
                self._refuse(connection, CloseCode.AUTHENTICATION_FAILED)
            elif opcode == IDENTIFY:
                self._identify(connection, data)
            else:
                self._resume(connection, data)
        elif connection.session is None:
            self._refuse(connection, CloseCode.NOT_AUTHENTICATED)
        elif opcode not in TOLERATED:
            self._refuse(connection, CloseCode.UNKNOWN_OPCODE)

    def _identify(self, connection: _Connection, data: Json) -> None:
        code = self._fault_of_identify(data)
        if code is not None:
            self._refuse(connection, code)
            return
        shard = tuple(data.get("shard") or (0, 1))
        session = Session((shard[0], shard[1]), data["intents"])
        for stale in [other for other in self.sessions if other.connection is None and other.shard == shard]:
            del self._sessions[stale.id]
        self._sessions[session.id] = session
        self._attach(connection, session)
        self.identifies += 1
        session.dispatch("READY", json.dumps(self._ready_payload(session)))
        if session.intents & GUILDS_INTENT:
            for guild in self._guilds_of(session):
                session.dispatch("GUILD_CREATE", json.dumps(guild.create_payload()))
        self.changed.fire()

    @staticmethod
    def _fault_of_identify(data: Json) -> int | None:
        intents, shard = data.get("intents"), data.get("shard") or [0, 1]
        if not isinstance(data.get("properties"), dict):
            return CloseCode.DECODE_ERROR
        if not isinstance(intents, int) or isinstance(intents, bool) or intents < 0 or intents >> INTENT_BITS:
            return CloseCode.INVALID_INTENTS
        if intents & PRIVILEGED_INTENTS:
            return CloseCode.DISALLOWED_INTENTS
        numbers = isinstance(shard, list) and len(shard) == 2 and all(type(number) is int for number in shard)
        if not numbers or not 0 <= shard[0] < shard[1]:
            return CloseCode.INVALID_SHARD
        return None

    def _attach(self, connection: _Connection, session: Session) -> None:
        old = session.connection
        connection.session, session.connection = session, connection
        if old is not None:
            self._refuse(old, CloseCode.UNKNOWN_ERROR)

    def _guilds_of(self, session: Session) -> Iterator[Any]:
        shard, count = session.shard
        for guild in self._world.guilds.values():
            if (guild.id >> 22) % count == shard:
                yield guild

    def _ready_payload(self, session: Session) -> Json:
        return {
            "v": 10,
            "user": {**self._world.bot.payload(), "mfa_enabled": True, "verified": True, "email": None},
            "guilds": [{"id": str(guild.id), "unavailable": True} for guild in self._guilds_of(session)],
            "session_id": session.id,
            "session_type": "normal",
            "resume_gateway_url": f"{self.url}resume",
            "shard": list(session.shard),
            "application": {"id": str(self._world.application_id), "flags": 0},
            "private_channels": [],
            "presences": [],
            "relationships": [],
            "geo_ordered_rtc_regions": [],
            "auth": {},
            "_trace": [],
        }

    def _resume(self, connection: _Connection, data: Json) -> None:
        session = self._sessions.get(str(data.get("session_id")))
        sequence = data.get("seq")
        if session is None or not isinstance(sequence, int):
            connection.send(json.dumps({"op": INVALID_SESSION, "d": False}))
            return
        if sequence > session.sequence:
            self._refuse(connection, CloseCode.INVALID_SEQUENCE)
            return
        missed = session.missed_since(sequence)
        if missed is None:
            del self._sessions[session.id]
            connection.send(json.dumps({"op": INVALID_SESSION, "d": False}))
            return
        self._attach(connection, session)
        for text in missed:
            connection.send(text)
        session.dispatch("RESUMED", '{"_trace":[]}')
        session.resumed += 1
        self.resumes += 1
        self.changed.fire()

    async def until(self, condition: Callable[[], object], timeout: float, what: str) -> None:
        """Wait until something about the sessions holds; `TimeoutError` otherwise."""
        await self.changed.until(condition, timeout, lambda: f"{what} ({len(self.connected)} connected)")
