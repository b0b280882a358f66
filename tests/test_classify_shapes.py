"""The same error in every wrapping that providers, gateways and client libraries put around it."""

import json

import pytest

from state.classify import classify
from state.failures import Evidence, Kind, Scope, Where

NOW_MS = 1_785_000_000_000

INNER = {"error": {"message": "Insufficient balance", "type": "billing", "code": "no_money"}}
TEXT = json.dumps(INNER)

WRAPPED = {
    "as it is": TEXT,
    "pretty": json.dumps(INNER, indent=4),
    "with a byte order mark": "\ufeff" + TEXT,
    "in an array": f"[{TEXT}]",
    "without the outer object": json.dumps(INNER["error"]),
    "flat": json.dumps({"code": "no_money", "message": "Insufficient balance", "request_id": "r"}),
    "as the error itself": json.dumps({"error": "Insufficient balance"}),
    "as detail": json.dumps({"detail": "Insufficient balance"}),
    "in a list of details": json.dumps({"detail": [{"msg": "Insufficient balance", "loc": ["body"]}]}),
    "in a list of errors": json.dumps(
        {"success": False, "errors": [{"code": 1, "message": "Insufficient balance"}]}
    ),
    "as a problem": json.dumps(
        {"type": "about:blank", "title": "Oh", "status": 500, "detail": "Insufficient balance"}
    ),
    "as a JSON string": json.dumps("Insufficient balance"),
    "in a string in JSON": json.dumps({"error": {"message": TEXT}}),
    "in a string in a string in JSON": json.dumps(
        {"error": {"message": json.dumps({"error": {"message": TEXT}})}}
    ),
    "behind a prefix": f"Upstream said: {TEXT}",
    "behind a status": f"500 {TEXT}",
    "as Python prints it": f"Error code: 500 - {INNER!r}",
    "as JavaScript prints it": "{ error: { message: 'Insufficient balance', code: 'no_money' } }",
    "cut off": TEXT[:-6],
    "cut off after Python": f"Error code: 500 - {INNER!r}"[:-8],
    "as an event": f"event: error\ndata: {TEXT}\n\n",
    "as an event after others": f'data: {{"choices":[{{"delta":{{"content":"Hi"}}}}]}}\n\ndata: {TEXT}\n\n',
    "as a line after others": f'{{"response":"Hi"}}\n{TEXT}\n',
    "in a response that failed": f"data: {json.dumps({'type': 'response.failed', 'response': INNER})}\n\n",
    "raw behind a broker": json.dumps(
        {"error": {"message": "Oh", "code": 500, "metadata": {"raw": TEXT, "is_byok": True}}}
    ),
    "in a page": "<html><head><title>Oh</title><style>a{}</style></head><body>Insufficient balance</body></html>",
    "bare": "Insufficient balance",
    "shouted": "INSUFFICIENT_BALANCE",
    "hyphenated": "insufficient-balance",
    "in camel case": json.dumps({"code": "InsufficientBalance", "message": "Oh"}),
}


@pytest.mark.parametrize("name", WRAPPED)
@pytest.mark.parametrize("where", [Where.RESPONSE, Where.STREAM])
def test_a_wrapping_changes_nothing(name: str, where: Where):
    failure = classify(Evidence(where=where, status=500, body=WRAPPED[name]), NOW_MS)
    assert (failure.kind, failure.scope) == (Kind.QUOTA, Scope.KEY)


@pytest.mark.parametrize("name", [name for name in WRAPPED if name != "in a page"])
def test_an_error_inside_a_200_is_that_error(name: str):
    failure = classify(Evidence(where=Where.BODY_200, status=200, body=WRAPPED[name]), NOW_MS)
    assert (failure.kind, failure.scope) == (Kind.QUOTA, Scope.KEY)


def test_an_exception_may_hold_the_whole_answer():
    said = f"openai.APIStatusError: Error code: 500 - {INNER!r}"
    failure = classify(Evidence(where=Where.TRANSPORT, exception=said), NOW_MS)
    assert (failure.kind, failure.status) == (Kind.QUOTA, 500)


def test_words_around_a_loose_payload_are_heard_too():
    said = 'This API has not been used in project 7. [links {\n  description: "Go there"\n}] Retry after 5s.'
    failure = classify(Evidence(status=None, body=said), NOW_MS)
    assert (failure.kind, failure.wait_s) == (Kind.AUTH, 5)
    assert failure.said == "This API has not been used in project 7. [links ] Retry after 5s. Go there"


def test_what_the_request_said_is_not_the_failure():
    body = {
        "error": {
            "message": "messages.0: not a dictionary",
            "input": "rate limit exceeded, insufficient balance",
            "metadata": {"flagged_input": "invalid api key"},
        }
    }
    failure = classify(Evidence(status=400, body=json.dumps(body)), NOW_MS)
    assert failure.kind is Kind.BAD_REQUEST


def test_what_the_model_said_is_not_the_failure():
    answer = {
        "choices": [
            {"message": {"content": "Rate limit exceeded, insufficient balance"}, "finish_reason": None}
        ]
    }
    failure = classify(Evidence(where=Where.BODY_200, status=200, body=json.dumps(answer)), NOW_MS)
    assert failure.kind is Kind.BAD_RESPONSE


def test_an_address_in_the_text_is_advice():
    said = "No luck. See https://example.org/docs/rate-limits/billing?quota=exceeded#invalid-api-key"
    assert classify(Evidence(status=500, body=said), NOW_MS).kind is Kind.UNAVAILABLE


@pytest.mark.parametrize(
    ("http", "body", "counts"),
    [
        (200, {"error": {"code": 429, "message": "Oh"}}, 429),
        (200, {"error": {"code": "503", "message": "Oh"}}, 503),
        (500, {"status": 402, "message": "Oh"}, 402),
        (429, {"error": {"code": 1302, "message": "Oh"}}, 429),
        (500, {"error": {"code": 500, "metadata": {"raw": '{"code": 429}'}}}, 500),
        (None, "Request failed with status code 403", 403),
        (None, "Oh (HTTP 502)", 502),
        (None, "API Error: 529 oh", 529),
        (None, "The server returned a 504", 504),
        (None, "openai.NotFoundError: oh", 404),
        (None, "We have 500 models and 404.5 reasons", None),
        (None, "Oh", None),
    ],
)
def test_the_status_inside_beats_the_one_outside(http: int | None, body: object, counts: int | None):
    text = body if isinstance(body, str) else json.dumps(body)
    assert classify(Evidence(status=http, body=text), NOW_MS).status == counts


def test_aws_names_the_error_in_a_header():
    headers = (("X-Amzn-ErrorType", "ThrottlingException:http://internal.amazon.com/coral/"),)
    failure = classify(Evidence(status=400, headers=headers, body='{"message":null}'), NOW_MS)
    assert failure.kind is Kind.RATE_LIMIT
