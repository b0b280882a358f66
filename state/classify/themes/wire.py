"""What transports report: nothing came back, or not all of it, in the words of a dozen libraries."""

from state.classify.phrases import Phrases

__all__ = [
    "BROKEN_CONNECTION",
    "GAVE_UP_WAITING",
    "NOT_UNDERSTOOD",
    "NO_ANSWER_IN_TIME",
    "NO_CONNECTION_IN_TIME",
    "WHOLE_CALL_TIMED",
]

NO_CONNECTION_IN_TIME = Phrases("""
    connect timeout | connecttimeout | connection timeout | etimedout | connect timed out
    connection timed out | connection to ... timed out | timed out trying to connect
    dial tcp ... i/o timeout | tls handshake timeout | handshake operation timed out | handshake timed out
    winerror 10060 | errno 110] | errno 60]
""")

WHOLE_CALL_TIMED = Phrases("""
    litellm.timeout | apitimeouterror | timeout passed
""")
"""Libraries that say "connection timed out" when the whole call did, after ten minutes of silence."""

NO_ANSWER_IN_TIME = Phrases("""
    timed out | timeout | time out | timedout | deadline exceeded | deadline expired | exceeded the deadline
    before the given deadline | took too long | tiempo de espera | tempo limite | tempo esgotado
    tempo scaduto | zeitüberschreitung | zeitlimit | délai d'attente | délai ... dépassé
    超时 | 逾時
    время ожидания | таймаут | тайм аут
    タイムアウト | 時間切れ
    시간 초과 | 시간이 초과 | 타임아웃
""")

GAVE_UP_WAITING = Phrases("""
    operation was aborted | request was aborted | request aborted | aborterror | no first token
    first token within | stalled | no data received for | idle for | user aborted | context canceled
    context cancelled | task was canceled
""")

BROKEN_CONNECTION = Phrases("""
    connection refused | econnrefused | actively refused | connection reset | econnreset | econnaborted
    connection aborted | connection was aborted | connection closed | connection was closed
    connection lost | connection broken | connection failed | connection error | connectionerror
    connecterror | connection terminated | connection was forcibly closed | closed the connection
    closed connection | connection attempts failed | connection could not be established
    connection unexpectedly closed | could not connect | cannot connect | failed to connect
    failed to establish | unable to connect | error connecting | failed to open connection
    error trying to connect | broken pipe | epipe | socket hang up | other side closed | socket closed
    err socket | typeerror: terminated | enotfound | eai again | getaddrinfo | name or service not known
    nodename nor servname | name resolution | no address associated | failed to resolve
    could not resolve host | cannot resolve host | dns error | dns lookup | dns resolution | no such host
    unknownhost | failed to lookup address | certificate | ssl error | sslerror | [ssl | ssl: | tls error
    handshake | wrong version number | violation of protocol | unexpected eof | eof while reading
    server disconnected | without sending a response | without sending complete message body
    without response | remoteprotocolerror | remotedisconnected | incomplete chunked read | incompleteread
    response ended prematurely | payload is not completed | not enough data for satisfy | premature close
    premature end | stream ended before | stream ended unexpectedly | stream disconnected | stream closed
    stream was reset | stream reset | stream error | goaway | error reading a body
    error decoding response body | error sending request | fetch failed | failed to fetch | load failed
    networkerror | network error | network is unreachable | network unreachable | network request failed
    host unreachable | ehostunreach | enetunreach | no route to host | net::err | proxyerror | proxy error
    max retries exceeded with url | winerror 100 | winerror 110 | transport error | channel closed
    prematurely closed | while sending the request | empty reply from server | incomplete read
    connect error | remote disconnected | read error | write error | client payload error
    chunked encoding error | protocol error | socket error | broken resource | error de red
    error de conexión | no se pudo conectar | no se puede establecer una conexión | erro de rede
    erro de conexão | falha na conexão | netzwerkfehler | verbindungsfehler | verbindung ... abgelehnt
    keine verbindung | erreur réseau | erreur de connexion | aucune connexion | errore di rete
    errore di connessione
    连接失败 | 连接被 | 无法连接 | 网络错误 | 网络异常 | 网络连接 | 目标计算机积极拒绝 | 强迫关闭 | 連線失敗
    подключени | соединени | ошибка сети | сетевая ошибка
    ネットワークエラー | 接続できません | 接続が | 接続エラー
    네트워크 오류 | 연결하지 못 | 연결을 거부 | 연결 오류
""")

NOT_UNDERSTOOD = Phrases("""
    jsondecodeerror | json decode error | expecting value: line | unexpected token | unexpected end of json
    unexpected end of data | unterminated string in json | is not valid json | not a valid json response
    looking for beginning of value | invalid json response | invalid json in response | failed to parse json
    failed to parse response | could not parse response | failed to decode json | json parse error
    error parsing json | malformed json | error decoding response body: expected
    error decoding response body: missing field | error decoding response body: eof while parsing
    invalid character ... in string | type validation failed | typevalidationerror | response validation
    validation error for chatcompletion | validation errors for chatcompletion | is not subscriptable
    is not iterable | has no attribute | cannot read properties of | cannot read property | undefined is not
    no choices | choices is empty | empty choices | empty response | response was empty | response is empty
    returned an empty | returned empty | with empty content | empty completion | no content in response
    no content in the response | no content generated | no output generated | no generations found
    nocontentgenerated | nooutputgenerated | no response text | no text in response | no message in response
    did not return any | no candidates | no finish reason | without a finish reason | without finish reason
    missing finish reason | decoding error | cannot be decompressed | incorrect header check
    malformed response | malformed function call | invalid response object | unexpected response format
    unexpected mimetype | expected content type | invalid content type received | respuesta vacía
    leere antwort | réponse vide
    无法解析 | 解析失败 | 响应为空 | 返回为空 | 返回内容为空
    пустой ответ
    空の応答
    빈 응답
""")
"""Something came back, and it was no answer."""
