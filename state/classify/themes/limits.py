"""What is said of limits: how much, how fast, in which window."""

from state.classify.phrases import Phrases

__all__ = [
    "DAY",
    "LIMIT",
    "MINUTE",
    "QUOTA",
    "RATE",
    "RATE_CODES",
]

MINUTE = Phrases("""
    per min | /min | / min | a minute | perminute | byminute | by minute | each minute | minute limit
    per sec | /s | /sec | / second | a second | per 60s | per 60 s | per 10 s | rpm | tpm | ipm | qps | rps
    concurren | parallel request | simultaneous | in flight | burst | requests at once | por minuto
    por segundo | simultáne | pro minute | pro sekunde | gleichzeitig | par minute | par seconde | al minuto
    每分钟 | 每秒 | 并发 | 每分鐘 | 1分 | 毎分 | 分間 | 同時
    в минуту | в секунду | одновременн
    분당 | 초당 | 동시
""")

DAY = Phrases("""
    per day | perday | /day | / day | byday | by day | each day | a day | daily | per 86400s | 24 hour | 24h
    rpd | tpd | requests today | for today | today's | for the day | day limit | week limit | month limit
    per week | /week | / week | weekly | per month | /month | / month | monthly | this month | per hour
    /hour | / hour | hourly | 5 hour | 5h | session limit | session usage | diario | diaria | diário
    diária | por día | al día | por dia | mensual | mensal | por mes | pro tag | täglich | tageslimit
    tageskontingent | monatlich | pro monat | monatslimit | par jour | quotidien | journali | mensuel
    par mois | al giorno | giornalier | mensile
    每日 | 每天 | 今日 | 今天 | 当日 | 当天 | 每周 | 每月 | 本月 | 当月 | 每小时 | 小时的使用 | 1日 | 日次
    今月 | 月間 | 一日
    в день | в сутки | суточн | дневн | на сегодня | месячн | в месяц | в час
    일일 | 하루 | 월간 | 오늘
""")
"""A day, and everything longer than an hour."""

RATE_CODES = Phrases("""
    rate limit | ratelimit | too many requests | throttl | requests limit | rate quota | slow down
    resource exhausted | rpm | tpm | qps limit | user concurrent requests | concurrency limit
    concurrent limit | flow limit | dynamic request limited | dynamic token limited | rate exceeded
    limit exceeded | limit burst | base resp 1002 | base resp 1039
""")

RATE = Phrases("""
    rate limit | ratelimit | rate exceeded | limit rate | limiting rate | rate of requests
    too many requests | too many tokens | too many connections | too many concurrent | too many calls
    too many queries | reduce concurrency | too quickly | too fast | too frequent | throttl | slow down
    request limit | requests limit | exceed ... rate | resource exhausted | resource has been exhausted
    being limited | rate, please | limited to ... requests | limited to ... calls | 429 error
    demasiadas solicitudes | demasiadas peticiones | límite de | límite alcanzado | muitas solicitações
    muitas requisições | limite de taxa | limite de requisições | limite de solicitações | limite excedido
    limite atingido | zu viele anfragen | anfragen pro | ratenlimit | ratenbegrenzung | anfragelimit
    limit überschritten | limit erreicht | trop de requêtes | limite de débit | limite de requêtes
    limite atteinte | limite dépassée | limite de taux | troppe richieste | limite di
    限流 | 限速 | 频率 | 速率 | 请求过多 | 过于频繁 | 请求太多 | 请求次数 | 请求数过 | 达到上限 | 超过限制
    超出限制 | 超过上限 | 达到限制 | 頻率
    слишком много запросов | слишком часто | превышено ограничение | ограничение скорости | лимит
    リクエストが多すぎ | レート制限 | レートリミット | リクエスト制限 | リクエスト数 | 制限に達し
    上限に達し | 制限を超え
    요청이 너무 많 | 너무 많은 요청 | 요청 한도 | 속도 제한 | 호출 한도 | 한도를 초과 | 한도 초과
    제한을 초과
""")

LIMIT = Phrases("""
    token limit | limit exceeded | limits exceeded | exceeded limit | limit reached | limits reached
    limit has been | limit was reached | limit hit | reached the limit | reached your limit | hit the limit
    exceeded the limit | exceeded your limit | exceeds the limit | exceeding the limit | over the limit
    over limit | exceed ... limit
""")
"""Of tools, images or tokens a 400 can say the same."""

QUOTA = Phrases("""
    quota | allowance | exhausted your | cuota | cota | quote epuise
    配额 | 配額 | 限额 | 额度
    квот
    クォータ | 割り当て
    할당량 | 사용 한도 | 사용량 한도 | 쿼터
""")
