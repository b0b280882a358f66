"""The table, from the most telling evidence to the least: the first row whose clue is found decides.

The law behind it: text and code beat the status; when in doubt, it is money, which does not come back by
waiting. `says` looks into messages, `coded` into machine words, `either` into both; a name in capitals is a
theme: the phrases, in all their languages, stand in `themes`.
"""

from state.classify.clues import code, coded, either, says, status, that, waits
from state.classify.rule import (
    KEY,
    MODEL,
    MODEL_IF_NAMED_ELSE_KEY,
    MODEL_IF_NAMED_ELSE_PROVIDER,
    MODEL_UNLESS_ACCOUNT,
    MODEL_UNLESS_SERVICE,
    PROVIDER,
    REQUEST,
    Rule,
)
from state.classify.themes import access, limits, models, money, policy, size, trouble, wire
from state.failures import Kind, Where

__all__ = ["RULES"]

served = that(lambda t: t.http is not None and 200 <= t.http < 300)
page = that(lambda t: t.page)
relayed = that(lambda t: t.relayed)
named = that(lambda t: t.model_named)
otherwise = that(lambda _: True)
caller_s_fault = status(*range(400, 408), *range(410, 424), *range(426, 429), *range(430, 499))

# fmt: off

# 1. Nothing that could be read for clues.
ANSWERS = (
    # Our own words: the caller's limit was too short for a model that thinks, and another may think less.
    Rule("all-thought",              Kind.BAD_REQUEST,  MODEL,
         served & says("its whole length went into reasoning")),
    Rule("empty-answer",             Kind.BAD_RESPONSE, REQUEST, served & that(lambda t: t.empty)),
    Rule("page-instead-of-answer",   Kind.BAD_RESPONSE, REQUEST, served & page),
)

# 2. No status, not even a printed one: about the connection, not about an answer.
unanswered = that(lambda t: t.status is None)
transport = that(lambda t: t.where is Where.TRANSPORT and t.status is None)
own_limit = (
    says(limits.MINUTE, limits.DAY, limits.RATE, limits.LIMIT, limits.QUOTA)
    | (coded("rate limit") & waits())
)
never_connected = (
    (says(wire.NO_CONNECTION_IN_TIME) | coded("connect timeout | connection timeout"))
    & ~says(wire.WHOLE_CALL_TIMED)
)
TRANSPORT = (
    # A key with a line end in it, or none behind "Bearer", never leaves.
    Rule("key-unsendable",           Kind.AUTH,         KEY,
         transport & says("illegal header value | invalid header value")),
    # Never connected is the network's doing; connected and silent is the model's, it may be thinking.
    Rule("connect-timeout",          Kind.NETWORK,      PROVIDER, transport & never_connected),
    # Clients wrap a read timeout into a "connection error": the timeout is the truth of it.
    Rule("read-timeout",             Kind.TIMEOUT,      MODEL,
         transport & either(wire.NO_ANSWER_IN_TIME, wire.GAVE_UP_WAITING)),
    Rule("not-understood",           Kind.BAD_RESPONSE, REQUEST,
         unanswered & either(wire.NOT_UNDERSTOOD)),
    # "stream disconnected before completion: Rate limit reached for ..." is a rate limit.
    Rule("connection-broken",        Kind.NETWORK,      PROVIDER,
         transport & either(wire.BROKEN_CONNECTION) & ~own_limit & ~says(money.BROKE)),
)

# 3. Refusals come under any status and mention limits, accounts and models.
POLICY = (
    Rule("content-policy-code",      Kind.CONTENT_POLICY, REQUEST,
         coded(policy.REFUSED_CODES) | code("invalid prompt | base resp 1026 | base resp 1027")),
    Rule("content-policy-words",     Kind.CONTENT_POLICY, REQUEST,
         says(policy.REFUSED) & ~says(policy.THROWN_OUT)),
)

# 4. Too large is not too fast, though it often comes as a limit: no wait makes it smaller.
SIZE = (
    Rule("answer-length-asked",      Kind.BAD_REQUEST,    REQUEST, says(size.ANSWER_TOO_LONG)),
    # One request larger than a whole minute's tokens.
    Rule("request-over-window",      Kind.CONTEXT_LENGTH, REQUEST,
         says("request too large | tokens must be reduced | reduce your message size")),
    Rule("context-length-code",      Kind.CONTEXT_LENGTH, REQUEST,
         coded(size.TOO_LONG_CODES) | code("request too large | tokens limit reached | payload too large")),
    Rule("context-length-words",     Kind.CONTEXT_LENGTH, REQUEST,
         says(size.TOO_LONG) & ~says(size.PER_TIME) & ~status(402)),
    Rule("tokens-exceed-something",  Kind.CONTEXT_LENGTH, REQUEST,
         says("token") & says("exceed | too many") & ~says("max tokens | rate limit") & ~says(size.PER_TIME)
         & status(400, 413, 422)),
    Rule("too-large-status",         Kind.CONTEXT_LENGTH, REQUEST, status(413, 414)),
)

# 5. Before models: "this model is not available in your country".
PLACES = (
    Rule("place-refused",            Kind.AUTH,        PROVIDER, either(access.PLACE)),
)

# 6. The model: gone, never here, not for this key, not able.
MODELS = (
    Rule("reference-missing",        Kind.BAD_REQUEST, REQUEST,
         says(models.REFERENCES) & ~says("model | file not found") & status(400, 403, 404, 422)),
    # Before "unsupported parameter", which is said of tools too: another model can have them.
    Rule("model-cannot",             Kind.BAD_REQUEST, MODEL, says(models.CANNOT)),
    # "Does not exist or you do not have access" says nothing about the key.
    Rule("model-not-for-this-key",   Kind.AUTH,        MODEL,
         (says(models.NOT_FOR_YOU) & ~says("not exist | not found | unable to access | payment"))
         | coded("model access denied | model permission blocked | model terms required | model not open")),
    Rule("unsupported-parameter",    Kind.BAD_REQUEST, REQUEST,
         coded("unsupported parameter | unsupported value | unknown parameter") | says(models.PARAMETER)),
    Rule("model-has-other-endpoint", Kind.NOT_FOUND,   MODEL, says(models.OTHER_ENDPOINT)),
    Rule("model-cannot-something",   Kind.BAD_REQUEST, MODEL,
         says("model does not support | models do not support | 模型不支持")),
    Rule("model-missing-code",       Kind.NOT_FOUND,   MODEL, coded(models.MISSING_CODES) & ~status(401)),
    Rule("model-missing-words",      Kind.NOT_FOUND,   MODEL, says(models.MISSING)),
    Rule("model-not-available",      Kind.NOT_FOUND,   MODEL,
         says(models.NOT_AVAILABLE) & ~says(models.FOR_NOW)),
    Rule("wrong-address",            Kind.NOT_FOUND,   PROVIDER,
         says(models.ELSEWHERE) & status(200, 400, 404, 405)),
)

# 7. "Provider returned error": the upstream refused the broker's key or has no money from it; ours is fine.
RELAYED = (
    Rule("upstream-refused-broker",  Kind.UNAVAILABLE, MODEL,
         relayed & (says(money.BROKE, access.UNWELCOME) | coded(money.BROKE_CODES) | status(401, 402, 403))),
)

# 8. Money comes as 400, 401, 403, 412 and 429 too, so before limits and access.
exhausted = code("resource exhausted")
MONEY = (
    # OpenRouter and Pollinations say 402 where a moment's wait is all that is needed.
    Rule("budget-in-flight",         Kind.RATE_LIMIT, KEY, either("in flight budget")),
    Rule("queue-of-this-caller",     Kind.RATE_LIMIT, KEY,
         says("queue full | requests already queued | request already queued") & status(402, 429)),
    # Gemini says "check your plan and billing" of every limit; its quota ids tell which one it was. A day's
    # counter comes back at midnight Pacific, whatever the RetryInfo of some seconds beside it says.
    Rule("gemini-day",               Kind.QUOTA,      MODEL, exhausted & coded("per day")),
    Rule("gemini-none-at-all",       Kind.QUOTA,      MODEL, exhausted & that(lambda t: t.none_at_all)),
    Rule("gemini-minute",            Kind.RATE_LIMIT, MODEL, exhausted & coded("per minute")),
    Rule("gemini-metric",            Kind.QUOTA,      MODEL,
         exhausted & says("exceeded your current quota ... quota exceeded for metric")),
    Rule("out-of-money-code",        Kind.QUOTA,      KEY, coded(money.BROKE_CODES)),
    Rule("out-of-money-words",       Kind.QUOTA,      KEY, says(money.BROKE)),
)

# 9. "High demand" beside a limit of the caller is a polite rate limit; alone it is nobody's but theirs.
CAPACITY = (
    Rule("workers-full",             Kind.UNAVAILABLE, MODEL_UNLESS_SERVICE,
         says("worker ... limit reached | total request limit reached | maximum pending requests")),
    Rule("no-capacity-code",         Kind.UNAVAILABLE, MODEL_UNLESS_SERVICE, coded(trouble.BUSY_CODES)),
    Rule("no-capacity-words",        Kind.UNAVAILABLE, MODEL_UNLESS_SERVICE, says(trouble.BUSY) & ~own_limit),
)

# 10. Limits of this caller.   stated wait:   none    seconds   minutes   hours
#                            a minute named   rate    rate      rate      quota
#                            a day named      quota   rate      quota     quota   (a rolling day lets the
#                            nothing named    rate    rate      rate      quota    next in within seconds)
minute, day = either(limits.MINUTE), either(limits.DAY)
limited = says(limits.RATE, limits.LIMIT, limits.QUOTA) | coded(limits.RATE_CODES, limits.QUOTA) | status(429)
LIMITS = (
    Rule("limit-for-hours",          Kind.QUOTA,      MODEL_UNLESS_ACCOUNT, limited & waits(least_s=3600)),
    Rule("limit-of-a-minute",        Kind.RATE_LIMIT, MODEL_UNLESS_ACCOUNT, limited & minute & ~day),
    Rule("limit-of-a-rolling-day",   Kind.RATE_LIMIT, MODEL_UNLESS_ACCOUNT,
         limited & day & waits(below_s=60)),
    Rule("limit-of-a-day",           Kind.QUOTA,      MODEL_IF_NAMED_ELSE_KEY, limited & day),
    Rule("quota-code",               Kind.QUOTA,      MODEL_IF_NAMED_ELSE_KEY,
         code("quota exhausted | quota exceeded")),
    Rule("limit-or-money",           Kind.QUOTA,      KEY, says(money.SALES) & ~either(limits.RATE)),
    Rule("rate-limit-code",          Kind.RATE_LIMIT, MODEL_UNLESS_ACCOUNT, coded(limits.RATE_CODES)),
    Rule("rate-limit-words",         Kind.RATE_LIMIT, MODEL_UNLESS_ACCOUNT,
         says(limits.RATE) | (says(limits.LIMIT) & ~status(400, 404, 422))),
    Rule("payment-required-status",  Kind.QUOTA,      KEY, status(402)),
    Rule("quota-words",              Kind.QUOTA,      MODEL_IF_NAMED_ELSE_KEY,
         either(limits.QUOTA) & ~says("quota project")),
)

# 11. Not with this key, or not from here.
ACCESS = (
    Rule("page-instead-of-entry",    Kind.AUTH, PROVIDER, status(403) & page),
    Rule("address-blocked",          Kind.AUTH, PROVIDER, says(access.ADDRESS) & ~served),
    # Anthropic's bare "Request not allowed" is what blocked regions and addresses get to hear.
    Rule("request-not-allowed",      Kind.AUTH, PROVIDER, code("forbidden") & says("request not allowed")),
    Rule("key-refused-code",         Kind.AUTH, KEY, coded(access.UNWELCOME_CODES)),
    Rule("key-refused-words",        Kind.AUTH, KEY,
         says(access.UNWELCOME) | (says(access.UNWELCOME_UNLESS_400) & ~status(400))),
    Rule("place-refused-status",     Kind.AUTH, PROVIDER, status(451)),
    Rule("key-refused-status",       Kind.AUTH, KEY, status(401, 403)),
)

# 12. The provider broke, or the request is wrong, and what was said does not tell more.
gateway = page | status(524) | says(trouble.GATEWAY_TIMEOUT)
TROUBLE = (
    Rule("output-failed",            Kind.BAD_RESPONSE, REQUEST, either(trouble.FAILED_OUTPUT)),
    Rule("gateway-timeout",          Kind.TIMEOUT,      PROVIDER, status(408, 504, 524) & gateway),
    Rule("timeout-status",           Kind.TIMEOUT,      MODEL, status(408, 499, 504, 598, 599)),
    Rule("runner-gone",              Kind.UNAVAILABLE,  MODEL, says(trouble.RUNNER)),
    Rule("timeout-code",             Kind.TIMEOUT,      MODEL, coded(wire.NO_ANSWER_IN_TIME)),
    # Envoy's "reset reason: connection timeout" is a 503 all the same.
    Rule("timeout-words",            Kind.TIMEOUT,      MODEL,
         says(wire.NO_ANSWER_IN_TIME) & ~status(400, 422, 502, 503, *range(520, 524))),
    Rule("broken-status",            Kind.UNAVAILABLE,  MODEL_IF_NAMED_ELSE_PROVIDER,
         status(409, 424, 425, *range(500, 600))),
    # Ollama and one-api call everything `api_error` or `upstream_error`: under a 4xx that says nothing.
    Rule("broken-code",              Kind.UNAVAILABLE,  MODEL_IF_NAMED_ELSE_PROVIDER,
         coded(trouble.BROKEN_CODES) & ~caller_s_fault),
    Rule("request-wrong-code",       Kind.BAD_REQUEST,  REQUEST, coded(trouble.AT_FAULT) & status(400, 422)),
    Rule("broken-words",             Kind.UNAVAILABLE,  MODEL_IF_NAMED_ELSE_PROVIDER,
         says(trouble.BROKEN) | (says(trouble.VAGUE) & ~caller_s_fault & ~status(429))),
    Rule("broken-off",               Kind.NETWORK,      PROVIDER,
         either(wire.BROKEN_CONNECTION) & ~caller_s_fault),
    Rule("answer-malformed",         Kind.BAD_RESPONSE, REQUEST,
         either(wire.NOT_UNDERSTOOD) & ~caller_s_fault),
    Rule("request-wrong-words",      Kind.BAD_REQUEST,  REQUEST, either(trouble.AT_FAULT)),
)

# 13. Only the status is left to tell.
BY_STATUS = (
    Rule("too-many-status",          Kind.RATE_LIMIT,   MODEL_UNLESS_ACCOUNT, status(429)),
    # Anthropic answers with the bare name: `not_found_error`, "model: claude-9".
    Rule("model-missing-status",     Kind.NOT_FOUND,    MODEL, status(404) & named),
    Rule("model-gone-status",        Kind.NOT_FOUND,    MODEL, status(410)),
    Rule("wrong-address-status",     Kind.NOT_FOUND,    PROVIDER, status(404, 405, *range(301, 309))),
    Rule("bad-request-status",       Kind.BAD_REQUEST,  REQUEST, status(*range(400, 500))),
    Rule("upstream-failed",          Kind.UNAVAILABLE,  MODEL, says("provider returned error")),
    Rule("no-answer-in-200",         Kind.BAD_RESPONSE, REQUEST,
         served | that(lambda t: t.where is Where.BODY_200)),
    Rule("no-answer-at-all",         Kind.NETWORK,      PROVIDER, that(lambda t: t.where is Where.TRANSPORT)),
    Rule("not-recognised",           Kind.UNAVAILABLE,  PROVIDER, otherwise),
)

# fmt: on

RULES: tuple[Rule, ...] = (
    *ANSWERS,
    *TRANSPORT,
    *POLICY,
    *SIZE,
    *PLACES,
    *MODELS,
    *RELAYED,
    *MONEY,
    *CAPACITY,
    *LIMITS,
    *ACCESS,
    *TROUBLE,
    *BY_STATUS,
)
