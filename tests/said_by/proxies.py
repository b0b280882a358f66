"""What providers say. What stands in front: Cloudflare, nginx, Envoy; and answers that were none."""

from tests.said_by import Case

__all__ = ["SAID"]

# fmt: off
SAID: tuple[Case, ...] = (
    # Cloudflare, proxies
    (429, {"errors": [{"message": "AiError: you have used up your daily free allocation of 10,000 neurons, please upgrade to Cloudflare's Workers Paid plan", "code": 4006}], "success": False, "result": {}, "messages": []}, "quota key"),
    (429, {"errors": [{"message": "AiError: Capacity temporarily exceeded, please try again.", "code": 3040}], "success": False}, "unavailable model"),
    (400, {"errors": [{"message": "AiError: No such model @cf/acme/x or task", "code": 5007}], "success": False}, "not_found model"),
    (401, {"success": False, "errors": [{"code": 10000, "message": "Authentication error"}]}, "auth key"),
    (404, {"success": False, "errors": [{"code": 7003, "message": "Could not route to /client/v4/accounts/x/ai/run, perhaps your object identifier is invalid?"}]}, "not_found provider"),
    (408, {"errors": [{"message": "AiError: Timeout: request timed out", "code": 3007}], "success": False}, "timeout model"),
    (502, "<!DOCTYPE html><html><head><title>api.example.com | 502: Bad gateway</title></head><body></body></html>", "unavailable provider"),
    (520, "<!DOCTYPE html><html><head><title>api.example.com | 520: Web server is returning an unknown error</title></head></html>", "unavailable provider"),
    (522, "<!DOCTYPE html><html><head><title>api.example.com | 522: Connection timed out</title></head></html>", "unavailable provider"),
    (524, "error code: 524", "timeout provider"),
    (502, "error code: 502", "unavailable provider"),
    (403, "<!DOCTYPE html><html><head><title>Attention Required! | Cloudflare</title></head><body><h1>Sorry, you have been blocked</h1></body></html>", "auth provider"),
    (429, "error code: 1015", "rate_limit model"),
    (504, "<html><body><h1>504 Gateway Time-out</h1>\nThe server didn't respond in time.\n</body></html>", "timeout provider"),
    (503, "<html><body><h1>503 Service Unavailable</h1>\nNo server is available to handle this request.\n</body></html>", "unavailable provider"),
    (200, "<!doctype html><html><head><title>Sign in to the hotel Wi-Fi</title></head></html>", "bad_response request"),
    (404, "<html><head><title>404 Not Found</title></head><body><center><h1>404 Not Found</h1></center><hr><center>nginx</center></body></html>", "not_found provider"),
    (404, {"detail": "Not Found"}, "not_found provider"),
    (405, {"detail": "Method Not Allowed"}, "not_found provider"),
    (413, "<html><head><title>413 Request Entity Too Large</title></head></html>", "context_length request"),
    # Answers that were none
    (200, "", "bad_response request"),
    (200, {"id": "x", "choices": []}, "bad_response request"),
    (200, {"id": "x", "choices": [{"index": 0, "message": {"role": "assistant", "content": ""}, "finish_reason": "length"}]}, "bad_response request"),
    (200, '{"id": "x", "choices": [{"index": 0, "mess', "bad_response request"),
    (200, {"id": "x", "choices": [{"message": {"role": "assistant", "content": None}, "finish_reason": "content_filter"}]}, "content_policy request"),
    (200, {"choices": [{"message": {"content": "Our rate limit is 5 per minute and the quota is exceeded; the model was not found."}, "finish_reason": None}]}, "bad_response request"),
)
# fmt: on
