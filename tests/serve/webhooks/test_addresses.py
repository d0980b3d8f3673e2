"""Where webhooks may go, by every private class of addresses, every way of writing one, and names that change."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixelflow_widgets.errors import WebhookError
from pixelflow_widgets.serve.webhooks import addresses
from pixelflow_widgets.serve.webhooks.addresses import NoAddress, addresses_of, is_public, named_hosts, read_url
from pixelflow_widgets.serve.webhooks.transport import CheckedTransport
from tests.serve.receivers import receiving, says

PRIVATE = {
    "this network": "0.0.0.0",
    "private 10": "10.1.2.3",
    "private 172": "172.31.255.1",
    "private 192": "192.168.1.1",
    "carrier-grade NAT": "100.64.0.1",
    "Alibaba's metadata": "100.100.100.200",
    "loopback": "127.0.0.1",
    "loopback elsewhere": "127.255.255.254",
    "link-local": "169.254.1.1",
    "metadata": "169.254.169.254",
    "Oracle's metadata": "192.0.0.192",
    "Azure's services": "168.63.129.16",
    "documentation": "203.0.113.9",
    "benchmarks": "198.18.0.1",
    "6to4 relays": "192.88.99.1",
    "multicast": "224.0.0.1",
    "multicast for all": "239.255.255.250",
    "reserved": "240.0.0.1",
    "broadcast": "255.255.255.255",
    "loopback 6": "::1",
    "unspecified 6": "::",
    "mapped": "::ffff:127.0.0.1",
    "mapped public": "::ffff:8.8.8.8",
    "compatible": "::127.0.0.1",
    "translated": "::ffff:0:127.0.0.1",
    "NAT64": "64:ff9b::7f00:1",
    "NAT64 of a site": "64:ff9b:1::7f00:1",
    "6to4": "2002:7f00:1::",
    "Teredo": "2001::1",
    "ISATAP": "2a00:1450:4001:81b:0:5efe:7f00:1",
    "documentation 6": "2001:db8::1",
    "documentation 6, newer": "3fff::1",
    "unique local": "fd00:ec2::254",
    "link-local 6": "fe80::1",
    "site-local": "fec0::1",
    "multicast 6": "ff02::1",
    "discard": "100::1",
    "segment routing": "5f00::1",
}


@pytest.mark.parametrize("address", PRIVATE.values(), ids=PRIVATE)
def test_no_webhook_goes_to_a_private_address(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))
    host = f"[{address}]" if ":" in address else address
    with pytest.raises(WebhookError, match="not on the public Internet"):
        read_url(f"https://{host}/hook")


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "172.32.0.1", "100.128.0.1", "2a00:1450:4001:81b::200e"])
def test_public_addresses_are_allowed(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "host", ["127.1", "0", "2130706433", "0x7f000001", "0177.0.0.1", "0x7f.1", "127。0。0。1", "127.0.0.1."]
)
def test_other_ways_of_writing_loopback_are_loopback(host: str) -> None:
    try:
        url = read_url(f"http://{host}/")
    except WebhookError:
        return
    with pytest.raises(WebhookError):  # what no reading of digits knows is known when it is resolved
        asyncio.run(addresses_of(url))


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "LOCALHOST",
        "localhost.",
        "a.localhost",
        "printer",
        "nas.local",
        "db.internal",
        "metadata.google.internal",
    ],
)
def test_names_of_machines_and_houses_are_refused_at_once(host: str) -> None:
    with pytest.raises(WebhookError, match="not on the public Internet"):
        read_url(f"https://{host}/hook")
    read_url(f"https://{host}/hook", named_hosts(host))


@pytest.mark.parametrize(
    "url",
    [
        "",
        None,
        7,
        "hooks.example",
        "ftp://hooks.example/",
        "file:///etc/passwd",
        "gopher://hooks.example/",
        "https://",
        "https:///hook",
        "https://user:password@hooks.example/",
        "https://hooks.example@127.0.0.1/",
        "https://hooks.example\\@127.0.0.1/",
        "https://hooks example/",
        "https://hooks.example/\r\nx-evil: 1",
        "https://hooks.example/" + "a" * 2_000,
        "https://hooks.example:0/",
        "https://hooks.example:99999999/",
        "https://[fe80::1%25eth0]/",
        "https://[::1/",
        "https://ex%41mple.org/",
        "https://①②⑦.⓪.⓪.①/",
    ],
)
def test_what_is_no_plain_public_url_is_refused_in_words(url: Any) -> None:
    with pytest.raises(WebhookError, match="webhook"):
        read_url(url)


def test_a_public_address_of_this_machine_is_private_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(addresses, "own_addresses", lambda: frozenset({ipaddress.ip_address("8.8.4.4")}))
    with pytest.raises(WebhookError, match="not on the public Internet"):
        read_url("https://8.8.4.4/")
    read_url("https://8.8.8.8/")


def test_own_addresses_hold_loopback() -> None:
    assert ipaddress.ip_address("127.0.0.1") in addresses.own_addresses()


def test_hosts_are_allowed_by_name_for_one_port_or_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIXELFLOW_WEBHOOK_HOSTS", "127.0.0.1:9000, Hooks.Local\n[::1]")
    hosts = named_hosts()
    for url in ("http://127.0.0.1:9000/", "http://hooks.local/", "https://HOOKS.local:8443/", "http://[::1]:70/"):
        read_url(url, hosts)
    with pytest.raises(WebhookError):
        read_url("http://127.0.0.1:9001/", hosts)
    assert named_hosts(["a.b"]) == {"a.b"}


def answers(monkeypatch: pytest.MonkeyPatch, *rounds: list[str]) -> list[str]:
    """Let every name have these addresses: each round's at one question after the other. Return who was asked for."""
    left, asked, real = list(rounds), [], socket.getaddrinfo

    def getaddrinfo(host: Any, port: Any, *rest: Any, **named: Any) -> list[Any]:
        name = host.decode() if isinstance(host, bytes) else host
        if not str(name).endswith(".test") or named.get("flags") or (len(rest) > 3 and rest[3]):
            return real(host, port, *rest, **named)
        asked.append(name)
        found = left.pop(0) if len(left) > 1 else left[0]
        if not found:
            raise socket.gaierror(socket.EAI_NONAME, "no such name")
        family = {True: socket.AF_INET6, False: socket.AF_INET}
        return [(family[":" in ip], socket.SOCK_STREAM, 6, "", (ip, port)) for ip in found]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked


def test_a_name_with_one_private_address_among_public_ones_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    answers(monkeypatch, ["8.8.8.8", "64:ff9b::a00:1"])
    with pytest.raises(WebhookError, match=r"hooks\.test"):
        asyncio.run(addresses_of(read_url("https://hooks.test/")))


def test_a_name_without_an_address_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    answers(monkeypatch, [])
    with pytest.raises(NoAddress, match="no address"):
        asyncio.run(addresses_of(read_url("https://hooks.test/")))


def post(url: str, hosts: frozenset[str], **options: Any) -> httpx.Response:
    async def send() -> httpx.Response:
        async with CheckedTransport(hosts, **options) as transport:
            response = await transport.handle_async_request(httpx.Request("POST", url, content=b"{}"))
            await response.aread()
            return response

    return asyncio.run(send())


def test_a_name_is_resolved_once_and_connected_to_as_it_was_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    reached: list[str] = []
    with receiving() as receiver:
        asked = answers(monkeypatch, ["8.8.8.8"], ["127.0.0.1"])  # what rebinding does

        async def connect(self: Any, request: httpx.Request) -> httpx.Response:
            reached.append(f"{request.url} {request.headers['host']} {request.extensions['sni_hostname']}")
            return httpx.Response(204)

        monkeypatch.setattr(httpx.AsyncHTTPTransport, "handle_async_request", connect)
        assert post(f"http://hooks.test:{receiver.port}/hook", frozenset()).status_code == 204
        assert asked == ["hooks.test"]
        assert reached == [f"http://8.8.8.8:{receiver.port}/hook hooks.test:{receiver.port} hooks.test"]
        assert receiver.came == []


def test_the_next_address_is_tried_where_one_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    with receiving() as receiver:
        answers(monkeypatch, ["127.0.0.9", "127.0.0.1"])  # nobody listens at the first
        assert post(f"http://hooks.test:{receiver.port}/hook", frozenset({"hooks.test"})).status_code == 204
        assert receiver.came[0].headers["host"] == f"hooks.test:{receiver.port}"


def test_a_proxy_of_the_environment_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    with receiving() as receiver, receiving() as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://{proxy.host}")
        post(receiver.url, frozenset({receiver.host}))
        assert len(receiver.came) == 1
        assert proxy.came == []


def test_the_certificate_must_carry_the_name_of_the_url(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    words = f"openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=hooks.test -keyout {key} -out {certificate}"
    made = subprocess.run(
        [*words.split(), "-addext", "subjectAltName=DNS:hooks.test"], capture_output=True, check=False
    )
    if made.returncode:
        pytest.skip("no openssl")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    trust = ssl.create_default_context(cafile=str(certificate))
    answers(monkeypatch, ["127.0.0.1"])
    hosts = frozenset({"hooks.test", "other.test"})
    with receiving(says(200), context=context) as receiver:
        assert post(f"https://hooks.test:{receiver.port}/", hosts, verify=trust).status_code == 200
        with pytest.raises(httpx.ConnectError):
            post(f"https://other.test:{receiver.port}/", hosts, verify=trust)
        assert len(receiver.came) == 1


INSIDE = {
    "mapped": lambda v4: (0xFFFF << 32) | v4,
    "compatible": lambda v4: v4,
    "translated": lambda v4: (0xFFFF << 48) | v4,
    "NAT64": lambda v4: (0x64FF9B << 96) | v4,
    "NAT64 of a site": lambda v4: (0x64FF9B0001 << 80) | v4,
    "6to4": lambda v4: (0x2002 << 112) | (v4 << 80) | 1,
    "Teredo": lambda v4: (0x20010000 << 96) | (v4 ^ 0xFFFFFFFF),
    "ISATAP": lambda v4: (0x2A00145040010000 << 64) | (0x00005EFE << 32) | v4,
}


@given(st.sampled_from(sorted(INSIDE)), st.ip_addresses(v=4))
def test_no_address_with_another_one_inside_is_public(form: str, inside: ipaddress.IPv4Address) -> None:
    assert not is_public(ipaddress.ip_address(INSIDE[form](int(inside)).to_bytes(16, "big")))


@given(st.ip_addresses())
def test_what_is_public_is_global_and_nothing_else(address: addresses.Address) -> None:
    if is_public(address):
        assert address.is_global
        assert not (address.is_private or address.is_multicast or address.is_reserved or address.is_link_local)
