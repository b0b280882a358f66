"""What providers in trouble say, and what they say of requests that are wrong."""

from state.classify.phrases import Phrases

__all__ = [
    "AT_FAULT",
    "BROKEN",
    "BROKEN_CODES",
    "BUSY",
    "BUSY_CODES",
    "FAILED_OUTPUT",
    "GATEWAY_TIMEOUT",
    "RUNNER",
    "VAGUE",
]

BUSY_CODES = Phrases("""
    overload | capacity exhausted | insufficient model capacity | over capacity | capacity exceeded
    no capacity | queue exceeded | server busy | model not ready | system busy | deployment scaling up
    model loading
""")

BUSY = Phrases("""
    overload | over capacity | at capacity | at full capacity | at max capacity | maximum capacity
    capacity exceeded | no capacity | not enough capacity | insufficient capacity | capacity temporarily
    capacity limit | capacity constraints | out of capacity | capacity issue | limited capacity
    lack of capacity | too busy | is busy | are busy | server busy | busy, please | currently busy
    system busy | model busy | high demand | high traffic | heavy load | heavy traffic | high load
    under load | peak load | high volume | backend resources | queue is full | queue full
    maximum pending requests | total request limit reached | no slot | no available model provider
    no instances available | no available worker | no workers | scaling up | scaled to zero | warming up
    cold start | loading model | model is loading | being loaded | still loading | currently loading
    loading the model | not ready | no resources available | insufficient resources | sobrecarg | saturado
    ocupado | überlast | ausgelastet | surcharg | sovraccaric
    负载 | 繁忙 | 过载 | 拥挤 | 拥堵 | 访问量 | 算力不足 | 资源不足 | 过热 | 排队 | 混雑 | 過負荷
    перегруж | занят | высокая нагрузка
    混み合
    과부하 | 혼잡
""")

RUNNER = Phrases("""
    out of memory | outofmemory | more system memory | not enough memory | insufficient memory
    insufficient system resources | cuda | vram | process has terminated | process exited | runner process
    model runner | llama runner | exit status | exit code | signal: killed | signal: abort | signal: segm
    has crashed | crashed without | unexpectedly stopped | error loading model | failed to load model
    unable to load model | model unloaded | model failed to load | degraded function
    inference connection error | enginecore | engine process | enginedead | compute error | kv cache
    channel error | while running the model | post predict | do embedding | failed to generate embedding
""")
"""The process that runs one model, on this machine or another, is gone or never came up."""

BROKEN_CODES = Phrases("""
    internal error | internal failure | internal service error | internal service failure | server error
    unavailable | api error | bad gateway | upstream error | model error | model stream error
    unreachable backend | unknown error | unexpected error | backend error | engine error
    do request failed
""")

BROKEN = Phrases("""
    internal error | internal service error | internal failure | server error | server had an error
    error on the server | server experienced an error | error occurred while processing | error on our end
    service unavailable | service is unavailable | temporarily unavailable | currently unavailable
    temporarily unable | unable to process your request | bad gateway | gateway error
    origin is unreachable | web server is down | web server returned an unknown error | upstream
    no healthy | do request failed | code = unavailable | code = internal | error interno
    error del servidor | servicio no disponible | no disponible temporalmente | temporalmente no disponible
    erro interno | indisponível | interner fehler | serverfehler | dienst nicht verfügbar | dienst ist
    erreur interne | erreur du serveur | erreur serveur | indisponible | errore interno
    servizio non disponibile
    服务器错误 | 服务器内部 | 内部错误 | 服务不可用 | 服务暂时 | 服务器异常 | 系统错误 | 系统异常 | 服务异常
    暂时不可用
    внутренняя ошибка | ошибка сервера | сервис недоступен | сервер недоступен | сервис временно
    временно недоступ
    内部エラー | サーバーエラー | サービスを利用できません | 内部サーバー
    내부 오류 | 서버 오류 | 서비스를 사용할 수 없
""")

VAGUE = Phrases("""
    unexpected error | unknown error | something went wrong | maintenance | an error occurred while
    an error occurred during | an error has occurred | error occurred, please | unable to complete
    could not be processed | failed to generate | is unavailable | was unavailable | try again later
    temporary error | temporary failure | transient | unexpected condition | unhandled exception | traceback
    inténtelo más tarde | tente novamente mais tarde | später erneut | nicht verfügbar | plus tard
    稍后再试 | 稍后重试 | 维护 | 未知错误
    неизвестная ошибка | попробуйте позже
    利用できません | しばらくして
    일시적 | 나중에 다시
""")
"""Said by servers that broke; a 400 says it too, out of politeness."""

GATEWAY_TIMEOUT = Phrases("""
    gateway time out | gateway timeout | gateway timed out | upstream request timeout
    endpoint request timed out
""")
"""Said by what stands in front of an API: all its models are behind it."""

FAILED_OUTPUT = Phrases("""
    failed to call a function | tool use failed | json validate failed | failed to generate json
    output parse error | malformed function call | could not parse tool call | invalid tool call generated
""")
"""What the model wrote was no valid call or no JSON: the same request often works at once elsewhere."""

AT_FAULT = Phrases("""
    invalid request | bad request | invalid argument | invalid parameter | invalid params | invalid value
    invalid type | invalid json | invalid payload | invalid prompt | invalid image | invalid base64
    invalid input | validation error | validation exception | unprocessable | missing required
    required property | field required | is required | malformed | could not parse the json body
    failed to deserialize the json body | unknown name | not a valid | must be | must not | must have
    must contain | must alternate | improperly formed | expected last role | solicitud incorrecta
    solicitud no válida | solicitud inválida | ungültige anfrage | requête invalide | requête incorrecte
    requisição inválida | richiesta non valida
    参数错误 | 参数有误 | 参数非法 | 参数不 | 缺少参数 | 请求格式
    неверный запрос | некорректн | неверный параметр
    不正なリクエスト | 無効なリクエスト
    잘못된 요청 | 잘못된 매개변수
""")
