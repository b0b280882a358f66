"""What providers say. Brokers and gateways: OpenRouter, Pollinations, Together, Fireworks, LiteLLM and others."""

from tests.said_by import Case, error

__all__ = ["SAID"]

# fmt: off
SAID: tuple[Case, ...] = (
    # OpenRouter
    (400, error("acme/nope is not a valid model ID", code=400), "not_found model"),
    (404, error("No endpoints found for acme/old-model:free.", code=404), "not_found model"),
    (404, error("No endpoints found that support tool use. To learn more about provider routing, visit: https://x", code=404), "bad_request model"),
    (404, error("No endpoints found that support image input", code=404), "bad_request model"),
    (404, error("No endpoints found matching your data policy (Free model training). Configure: https://x", code=404), "not_found model"),
    (401, error("No auth credentials found", code=401), "auth key"),
    (401, error("User not found.", code=401), "auth key"),
    (402, error("This takes more credits than there are: you asked for up to 64000 tokens, but can only afford 900.", code=402), "quota key"),
    (402, error("Prompt tokens limit exceeded: 12000 > 900. To increase, visit https://x and upgrade to a paid account", code=402), "quota key"),
    (402, error("Too much is in flight for your balance", code=402, metadata={"limit_source": "openrouter_in_flight_budget", "error_type": "in_flight_budget_exhausted"}), "rate_limit key"),
    (402, error("The request is heavier than the budget", code=402, metadata={"error_type": "weight_exceeds_budget"}), "quota key"),
    (403, error("Key limit exceeded (weekly limit). Manage it using https://x", code=403), "quota key"),
    (403, error('acme/model requires moderation on Acme. Your input was flagged for "violence". No credits were charged.', code=403, metadata={"reasons": ["violence"], "flagged_input": "rate limit", "provider_name": "Acme", "model_slug": "acme/model"}), "content_policy request"),
    (429, error("Rate limit exceeded: free-models-per-min. ", code=429, metadata={"headers": {"X-RateLimit-Limit": "20", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1785000030000"}}), "rate_limit key"),
    (429, error("Provider returned error", code=429, metadata={"raw": "acme/model:free is temporarily rate-limited upstream. Please retry shortly, or add your own key to accumulate your rate limits: https://x", "provider_name": "Acme"}), "rate_limit model"),
    (502, error("Provider returned error", code=502, metadata={"raw": "Bad Gateway", "provider_name": "Acme"}), "unavailable model"),
    (503, error("There is no available model provider that meets your routing requirements", code=503), "unavailable model"),
    (408, error("Your request timed out", code=408), "timeout model"),
    (200, {"id": "gen-1", "choices": [{"finish_reason": "error", "error": {"code": 429, "message": "Rate limited by the upstream", "metadata": {"error_type": "rate_limit_exceeded"}}, "message": {"content": ""}}]}, "rate_limit model"),
    (200, 'data: {"id":"gen-2","choices":[{"delta":{"content":"Hi"}}]}\n\ndata: {"id":"gen-2","error":{"code":502,"message":"Network connection lost."},"choices":[{"delta":{"content":""},"finish_reason":"error"}]}\n\n', "unavailable provider"),
    (402, error("Provider returned error", code=402, metadata={"raw": '{"error":"insufficient balance"}', "provider_name": "Acme", "is_byok": False}), "unavailable model"),
    (401, error("Provider returned error", code=401, metadata={"raw": '{"error":"invalid api key"}', "provider_name": "Acme", "is_byok": True}), "auth key"),
    # Pollinations
    (402, {"success": False, "error": {"message": "Insufficient balance. Need 0.02 pollen.", "code": "PAYMENT_REQUIRED", "timestamp": "2026-01-01T00:00:00Z"}, "status": 402}, "quota key"),
    (402, {"error": "Queue full for IP 1.2.3.4: 1 requests already queued (max: 1)", "status": 402}, "rate_limit key"),
    (429, {"error": "Too Many Requests", "status": 429, "details": {"error": "Queue full for IP 1.2.3.4: 2 requests already queued"}}, "rate_limit key"),
    (404, {"error": "Model not found: gpt-9", "status": 404}, "not_found model"),
    (402, {"x402Version": 1, "error": "Payment required", "accepts": [{"scheme": "exact", "resource": "https://x"}]}, "quota key"),
    (500, {"success": False, "error": {"message": '{"error":"400 Bad Request","details":{"error":{"message":"The response was filtered","code":"content_filter"}}}', "code": "INTERNAL_ERROR"}, "status": 500}, "content_policy request"),
    (401, {"success": False, "error": {"message": "Authentication required", "code": "UNAUTHORIZED"}, "status": 401}, "auth key"),
    # Together, Fireworks
    (404, error("Unable to access model acme/x. Please visit https://x to view the list of supported models.", type="invalid_request_error", code="model_not_available"), "not_found model"),
    (400, error("Unable to access non-serverless model acme/x. Please visit https://x to create and start a new dedicated endpoint for the model.", code="model_not_available"), "not_found model"),
    (422, error("Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4097. Given: 5000 `inputs` tokens and 500 `max_new_tokens`"), "context_length request"),
    (403, error("The total of input tokens and max_tokens must not exceed the context length of the model"), "context_length request"),
    (429, error("You have reached the dynamic limit.", type="dynamic_token_limited"), "rate_limit model"),
    (503, error("The server is overloaded or not ready yet", type="service_unavailable", code="overloaded"), "unavailable provider"),
    (402, error("Credit limit exceeded, please add credit at https://x", type="credit_limit"), "quota key"),
    (404, error("Model not found, inaccessible, and/or not deployed", code="NOT_FOUND", type="invalid_request_error"), "not_found model"),
    (412, error("Account acme is suspended, possibly due to reaching the monthly spending limit or failure to pay past invoices.", code="PRECONDITION_FAILED"), "quota key"),
    (401, {"error": "unauthorized", "message": "The API key you provided is invalid."}, "auth key"),
    (400, error("The prompt is too long: 40000, model maximum context length: 32767", type="invalid_request_error"), "context_length request"),
    (503, error("Deployment is currently scaled to zero and is scaling up. Please retry your request in a few minutes.", code="DEPLOYMENT_SCALING_UP"), "unavailable model"),
    (429, error("Request did not generate its first token before the given deadline"), "timeout model"),
    # Gateways
    (400, error("{'error': '/chat/completions: Invalid model name passed in model=x. Call `/v1/models` to view available models for your key.'}", type="None", param="None", code="400"), "not_found model"),
    (400, error("Budget has been exceeded! Current cost: 10.01, Max budget: 10.0", type="budget_exceeded", code="400"), "quota key"),
    (401, error("Authentication Error, LiteLLM Virtual Key expected. Received=x, expected to start with 'sk-'.", type="auth_error", code="401"), "auth key"),
    (400, error("litellm.ContextWindowExceededError: litellm.BadRequestError: this is too much", code="400"), "context_length request"),
    (408, error("litellm.Timeout: AnthropicException - litellm.Timeout: Connection timed out after 600.0 seconds.", code="408"), "timeout model"),
    (429, error("litellm.RateLimitError: RateLimitError: OpenAIException - Error code: 429 - {'error': {'message': 'You exceeded your current quota', 'type': 'insufficient_quota', 'code': 'insufficient_quota'}}", code="429"), "quota key"),
    (400, error("litellm.UnsupportedParamsError: acme does not support parameters: ['tools'], for model=x"), "bad_request request"),
    (400, "Error code: 400 - {'error': {'message': \"Input tokens exceed the configured limit of 272000 tokens. Your messages resulted in 300000 tokens.\", 'type': 'invalid_request_error', 'param': 'messages', 'code': 'context_length_exceeded'}}", "context_length request"),
    (None, "Error code: 503 - {'error': {'message': 'The model is overloaded', 'type': 'server_error'}}", "unavailable model"),
    (None, "openai.AuthenticationError: Error code: 401 - {'error': {'message': 'Incorrect API key provided', 'code': 'invalid_api_key'}}", "auth key"),
    (None, "AI_APICallError: Too Many Requests\n  statusCode: 429,\n  responseBody: '{\"error\":{\"message\":\"Rate limit reached\"}}'", "rate_limit model"),
)
# fmt: on
