"""The line that deliveries take: to checked addresses, each on a connection of its own."""

from __future__ import annotations

from typing import Any

import httpx

from .addresses import addresses_of, host_of


class CheckedTransport(httpx.AsyncHTTPTransport):
    """Sends requests to checked addresses only, each on a connection of its own.

    The Host header and the name that the certificate must carry stay those of the URL. No connection is kept, for one
    that was made for a host would serve another host at the same address; and no proxy of the environment is asked,
    because it would resolve the name again.

    Args:
        hosts: Those allowed by name.
    """

    def __init__(self, hosts: frozenset[str] = frozenset(), **options: Any) -> None:
        super().__init__(limits=httpx.Limits(max_keepalive_connections=0), retries=0, trust_env=False, **options)
        self._hosts = hosts

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Connect to the first address that answers, and send there."""
        name = request.url
        found = await addresses_of(name, self._hosts)
        request.extensions = {**request.extensions, "sni_hostname": host_of(name)}
        try:
            for address in found[:-1]:
                request.url = name.copy_with(host=str(address))
                try:
                    return await super().handle_async_request(request)
                except (httpx.ConnectError, httpx.ConnectTimeout):
                    continue
            request.url = name.copy_with(host=str(found[-1]))
            return await super().handle_async_request(request)
        finally:
            request.url = name
