import pytest

from actors.net.origin import Origin, Proxy, UnusableUrl, parse_origin, parse_proxy


def test_a_url_is_taken_apart_once_and_for_all():
    assert parse_origin("https://API.example.com/v1/") == Origin("https", "api.example.com", 443, "/v1")
    assert parse_origin("http://localhost:11434") == Origin("http", "localhost", 11434)
    assert parse_origin("http://[::1]:8080/x") == Origin("http", "::1", 8080, "/x")
    assert parse_origin("https://bücher.example") == Origin("https", "xn--bcher-kva.example", 443)


def test_an_origin_says_its_port_only_where_it_has_to():
    assert parse_origin("https://a.test:443/v1").authority == "a.test"
    assert parse_origin("http://a.test:443").authority == "a.test:443"
    assert parse_origin("https://[::1]").authority == "[::1]"
    assert parse_origin("https://[::1]").host_and_port == "[::1]:443"
    assert str(parse_origin("https://a.test:8443/v1/")) == "https://a.test:8443/v1"


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("ftp://a.test", "begins with https:// or http://"),
        ("a.test/v1", "begins with https:// or http://"),
        ("https://", "names no host"),
        ("https://hunter2@a.test", "holds no user"),
        ("https://user:hunter2@a.test", "holds no user"),
        ("https://a.test/v1?key=hunter2", "no \\?"),
        ("https://a.test/v1#hunter2", "no \\?"),
        ("https://a.test:hunter2", "port"),
        ("https://[::1", "brackets"),
        ("https://a b.test", "no host"),
        ("https://a.test/v1 HTTP/1.1", "plain ASCII"),
        ("https://a.test/ü", "plain ASCII"),
        ("https://" + "a" * 70 + ".test", "looked up"),
    ],
)
def test_a_url_that_cannot_be_used_is_explained_but_not_repeated(url, why):
    with pytest.raises(UnusableUrl, match=why) as raised:
        parse_origin(url)
    assert "hunter2" not in str(raised.value)


def test_a_proxy_has_its_password_ready_but_does_not_say_it():
    proxy = parse_proxy("http://user:hunter2%21@proxy.test")
    assert proxy == Proxy("proxy.test", 3128, b"Basic dXNlcjpodW50ZXIyIQ==")
    assert repr(proxy) == "<proxy proxy.test:3128>"
    assert parse_proxy("http://[::1]:8888") == Proxy("::1", 8888)
    assert parse_proxy("") is None


@pytest.mark.parametrize("url", ["https://proxy.test", "socks5://user:hunter2@proxy.test", "http://"])
def test_a_proxy_that_cannot_be_used_is_explained_but_not_repeated(url):
    with pytest.raises(UnusableUrl) as raised:
        parse_proxy(url)
    assert "hunter2" not in str(raised.value)
