"""What providers say. What client libraries say when there was no answer."""

from tests.said_by import WIRE, Case

__all__ = ["SAID"]

# fmt: off
SAID: tuple[Case, ...] = (
    (WIRE, "httpx.ConnectError: [Errno 111] Connection refused", "network provider"),
    (WIRE, "httpx.ConnectError: All connection attempts failed", "network provider"),
    (WIRE, "httpx.ConnectTimeout", "network provider"),
    (WIRE, "httpx.ReadTimeout", "timeout model"),
    (WIRE, "httpx.PoolTimeout", "timeout model"),
    (WIRE, "httpx.RemoteProtocolError: peer closed connection without sending complete message body (incomplete chunked read)", "network provider"),
    (WIRE, "httpx.RemoteProtocolError: Server disconnected without sending a response.", "network provider"),
    (WIRE, "httpx.ReadError: ", "network provider"),
    (WIRE, "ssl.SSLCertVerificationError: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed certificate (_ssl.c:1006)", "network provider"),
    (WIRE, "requests.exceptions.ConnectionError: HTTPSConnectionPool(host='api.x', port=443): Max retries exceeded with url: /v1 (Caused by NameResolutionError(\"Failed to resolve 'api.x' ([Errno -2] Name or service not known)\"))", "network provider"),
    (WIRE, "requests.exceptions.ConnectionError: HTTPSConnectionPool(host='api.x', port=443): Max retries exceeded with url: /v1 (Caused by ReadTimeoutError(\"HTTPSConnectionPool(host='api.x', port=443): Read timed out. (read timeout=60)\"))", "timeout model"),
    (WIRE, "requests.exceptions.ChunkedEncodingError: ('Connection broken: IncompleteRead(0 bytes read)', IncompleteRead(0 bytes read))", "network provider"),
    (WIRE, "aiohttp.client_exceptions.ServerDisconnectedError: Server disconnected", "network provider"),
    (WIRE, "aiohttp.client_exceptions.ClientPayloadError: Response payload is not completed", "network provider"),
    (WIRE, "aiohttp.client_exceptions.ClientConnectorError: Cannot connect to host api.x:443 ssl:default [Temporary failure in name resolution]", "network provider"),
    (WIRE, "asyncio.exceptions.TimeoutError", "timeout model"),
    (WIRE, "openai.APIConnectionError: Connection error while calling api.x", "network provider"),
    (WIRE, "TypeError: fetch failed\n  [cause]: Error: getaddrinfo ENOTFOUND api.x", "network provider"),
    (WIRE, "TypeError: terminated\n  [cause]: SocketError: other side closed { code: 'UND_ERR_SOCKET' }", "network provider"),
    (WIRE, "AxiosError: timeout of 60000ms exceeded { code: 'ECONNABORTED' }", "timeout model"),
    (WIRE, "Error: socket hang up { code: 'ECONNRESET' }", "network provider"),
    (WIRE, 'Post "https://api.x/v1": dial tcp: lookup api.x: no such host', "network provider"),
    (WIRE, 'Post "https://api.x/v1": net/http: request canceled (Client.Timeout exceeded while awaiting headers)', "timeout model"),
    (WIRE, 'Post "https://api.x/v1": read tcp 10.0.0.1:5->1.2.3.4:443: read: connection reset by peer', "network provider"),
    (WIRE, "java.net.SocketTimeoutException: Read timed out", "timeout model"),
    (WIRE, "java.net.UnknownHostException: api.x", "network provider"),
    (WIRE, "reqwest::Error { kind: Request, source: hyper::Error(IncompleteMessage) }: error sending request for url (https://api.x/)", "network provider"),
    (WIRE, "curl: (28) Operation timed out after 30001 milliseconds with 0 bytes received", "timeout model"),
    (WIRE, "curl: (6) Could not resolve host: api.x", "network provider"),
    (WIRE, "[WinError 10061] Установить соединение не удалось", "network provider"),
    (WIRE, "[WinError 10054] 远程主机强迫关闭了一个现有的连接", "network provider"),
    (WIRE, "json.decoder.JSONDecodeError: Expecting value: line 1 column 1 (char 0)", "bad_response request"),
    (WIRE, "TypeError: 'NoneType' object is not subscriptable", "bad_response request"),
    (WIRE, "stream ended without a finish reason", "bad_response request"),
    (WIRE, "Gemini context deadline exceeded", "timeout model"),
)
# fmt: on
