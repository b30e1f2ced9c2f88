"""Opening a connection: resolve, check, connect, tunnel, shake hands, judge. Each step may fail,
has its own time limit and code, and leaves what it found on the exchange."""

from __future__ import annotations

import asyncio
import errno
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeVar

from crawler.wire.addresses import (
    Resolver,
    is_address,
    network_is_up,
    permitted,
    resolve,
    system_resolver,
)
from crawler.wire.connection import Connection
from crawler.wire.egress import Egress, TlsPolicy
from crawler.wire.exchange import Answer, Exchange, WireError
from crawler.wire.limits import Limits
from crawler.wire.proxy import tunnel
from crawler.wire.request import Target
from crawler.wire.tls import VALID, Trust, client_context, failure_code

T = TypeVar("T")
UNREACHABLE = frozenset({errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN})


@dataclass(slots=True)
class Opener:
    """Makes connections. `is_up` tells a dead network of ours from a dead server of theirs."""

    trust: Trust
    limits: Limits = field(default_factory=Limits)
    resolver: Resolver = system_resolver
    is_up: Callable[[], bool] = network_is_up
    _contexts: dict[TlsPolicy, ssl.SSLContext] = field(default_factory=dict)
    _opened: int = 0

    async def open(
        self, to: Target, egress: Egress, exchange: Exchange, on_lost: Callable[[Connection], None]
    ) -> Connection:
        """Raises `WireError`; nothing of the request has been sent then."""
        self._opened += 1
        connection = Connection(self._opened, on_lost)
        try:
            await self._connect(connection, to, egress, exchange)
            connection.dns = exchange.dns
            if to.scheme == "https":
                await self._secure(connection, to, egress, exchange)
        except BaseException:
            connection.close()
            raise
        return connection

    async def _connect(
        self, connection: Connection, to: Target, egress: Egress, exchange: Exchange
    ) -> None:
        proxy = egress.proxy
        if proxy is None:
            addresses = await self._timed(exchange, "dns", self._resolved(to, egress, exchange))
            await self._timed(
                exchange, "connect", self._reach(connection, addresses, to.port, egress)
            )
            return
        if not egress.allow_private and (is_address(to.host) or to.host.endswith("localhost")):
            permitted((to.host if is_address(to.host) else "127.0.0.1",))
        try:
            addresses = await resolve(proxy.host, self.resolver, self.limits.dns)
            await self._timed(
                exchange, "connect", self._reach(connection, addresses, proxy.port, egress)
            )
        except WireError as error:
            if error.failure.code == "our-network-down":
                raise
            raise WireError("proxy-unreachable", str(error)) from error
        connection.ip = connection.port = None  # they are the proxy's own
        if to.scheme == "https":
            await tunnel(connection, to, proxy, self.limits)

    async def _resolved(self, to: Target, egress: Egress, exchange: Exchange) -> tuple[str, ...]:
        try:
            found = await resolve(to.host, self.resolver, self.limits.dns)
        except WireError as error:
            self._blame_ourselves(error)
            raise
        if not is_address(to.host):
            exchange.dns = Answer(to.host, found)
        return found if egress.allow_private else permitted(found)

    async def _reach(
        self, connection: Connection, addresses: tuple[str, ...], port: int, egress: Egress
    ) -> None:
        """Try the addresses one after another; the last one's failure stands for all."""
        share = self.limits.connect / len(addresses)
        failed: WireError | None = None
        for address in addresses:
            try:
                await self._dial(connection, address, port, egress, share)
            except WireError as error:
                failed = error
            else:
                connection.ip, connection.port = address, port
                return
        assert failed is not None  # a resolver that answers gives one address at least
        self._blame_ourselves(failed)
        raise failed

    async def _dial(
        self, connection: Connection, address: str, port: int, egress: Egress, limit: float
    ) -> None:
        local = (egress.bind, 0) if egress.bind else None
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(limit):
                await loop.create_connection(lambda: connection, address, port, local_addr=local)
        except TimeoutError:
            raise WireError("connect-timeout", f"{address}: nothing within {limit:g} s") from None
        except OSError as error:
            raise WireError(
                _connect_code(error), f"{address}: {error.strerror or error}"
            ) from error
        assert connection.transport is not None
        connection.local = str(connection.transport.get_extra_info("sockname")[0])

    async def _secure(
        self, connection: Connection, to: Target, egress: Egress, exchange: Exchange
    ) -> None:
        await self._timed(exchange, "tls", self._shake_hands(connection, to, egress.tls))
        assert connection.transport is not None
        session = connection.transport.get_extra_info("ssl_object")
        exchange.tls = connection.tls = self.trust.facts(session, to.host)
        if egress.tls == "require" and connection.tls.verdict != VALID:
            codes = ", ".join(connection.tls.verdict)
            raise WireError(
                f"tls-{connection.tls.verdict[0]}", f"the certificate is not valid: {codes}"
            )

    async def _shake_hands(self, connection: Connection, to: Target, policy: TlsPolicy) -> None:
        if policy not in self._contexts:
            self._contexts[policy] = client_context(policy)
        assert connection.transport is not None
        try:
            async with asyncio.timeout(self.limits.tls):
                connection.transport = await asyncio.get_running_loop().start_tls(
                    connection.transport,
                    connection,
                    self._contexts[policy],
                    server_hostname=to.host,
                )
        except TimeoutError:
            raise WireError("timeout-tls", f"no handshake within {self.limits.tls:g} s") from None
        except ssl.SSLError as error:
            raise WireError(failure_code(error), str(error)) from error
        except (OSError, ValueError) as error:
            raise WireError("tls-handshake", str(error) or "the server hung up") from error

    def _blame_ourselves(self, error: WireError) -> None:
        """No answer and no way out of this machine: that says nothing of the server."""
        ours = (
            "dns-servfail",
            "dns-failure",
            "dns-timeout",
            "connect-unreachable",
            "connect-timeout",
        )
        if error.failure.code in ours and not self.is_up():
            raise WireError("our-network-down", str(error)) from error

    async def _timed(self, exchange: Exchange, step: str, work: Awaitable[T]) -> T:
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            return await work
        finally:
            exchange.timings[step] = round((loop.time() - began) * 1000, 3)


def _connect_code(error: OSError) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "connect-refused"
    if isinstance(error, ConnectionResetError):
        return "connect-reset"
    if error.errno == errno.EADDRNOTAVAIL:
        return "our-network-down"  # the address to come from is not ours at present
    if error.errno == errno.ETIMEDOUT:
        return "connect-timeout"
    return "connect-unreachable" if error.errno in UNREACHABLE else "connect-failed"
