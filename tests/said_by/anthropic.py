"""What providers say. Anthropic, and Bedrock and Kiro where AWS speaks for it."""

from tests.said_by import Case, error, event

__all__ = ["SAID"]

# fmt: off
SAID: tuple[Case, ...] = (
    # Anthropic
    (401, event("authentication_error", "invalid x-api-key"), "auth key"),
    (401, event("authentication_error", "OAuth token has expired. Please obtain a new token or refresh your existing token."), "auth key"),
    (403, event("permission_error", "Your API key does not have permission to use the specified resource."), "auth key"),
    (403, error("Request not allowed", type="forbidden"), "auth provider"),
    (400, event("invalid_request_error", "This organization has been disabled."), "auth key"),
    (400, event("invalid_request_error", "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase credits."), "quota key"),
    (402, event("billing_error", "There is an issue with your payment information."), "quota key"),
    (404, event("not_found_error", "model: claude-9-opus"), "not_found model"),
    (413, event("request_too_large", "Request exceeds the maximum size"), "context_length request"),
    (400, event("invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum"), "context_length request"),
    (400, event("invalid_request_error", "input length and `max_tokens` exceed context limit: 190000 + 21333 > 200000, decrease input length or `max_tokens` and try again"), "context_length request"),
    (400, event("invalid_request_error", "max_tokens: 9000 > 8192, which is the maximum allowed number of output tokens for claude-x"), "bad_request request"),
    (400, event("invalid_request_error", "messages.3: `tool_use` ids were found without `tool_result` blocks immediately after: toolu_1."), "bad_request request"),
    (400, event("invalid_request_error", "This model does not support assistant message prefill. The conversation must end with a user message."), "bad_request model"),
    (400, event("invalid_request_error", "Output blocked by content filtering policy"), "content_policy request"),
    (429, event("rate_limit_error", "Number of concurrent connections has exceeded your rate limit. Please try again later or contact sales."), "rate_limit model"),
    (429, event("rate_limit_error", "Number of request tokens has exceeded your daily rate limit; see the response headers for current usage."), "quota key"),
    (500, event("api_error", "Internal server error"), "unavailable provider"),
    (529, event("overloaded_error", "Overloaded"), "unavailable model"),
    (504, event("timeout_error", "Request timed out"), "timeout model"),
    (400, "You're out of extra usage. Add more at claude.ai/settings/usage and keep going.", "quota key"),
    (429, "You've hit your limit · resets 3pm (UTC)", "quota key"),
    (200, {"type": "message", "role": "assistant", "content": [], "stop_reason": "refusal"}, "content_policy request"),
    # Bedrock, Kiro
    (429, ({"x-amzn-errortype": "ThrottlingException:http://x"}, {"message": "Too many requests, please wait before trying again."}), "rate_limit model"),
    (429, ({"x-amzn-errortype": "ThrottlingException"}, {"message": "Too many tokens, please wait before trying again."}), "rate_limit model"),
    (429, ({"x-amzn-ErrorType": "ThrottlingException"}, {"message": "Too many tokens per day, please wait before trying again."}), "quota key"),
    (403, ({"x-amzn-errortype": "AccessDeniedException"}, {"message": "You don't have access to the model with the specified model ID."}), "auth model"),
    (403, ({"x-amzn-errortype": "AccessDeniedException"}, {"Message": "User: arn:aws:iam::1:user/u is not authorized to perform: bedrock:InvokeModel on resource: arn:aws:bedrock:x because no identity-based policy allows the bedrock:InvokeModel action"}), "auth key"),
    (403, ({"x-amzn-errortype": "UnrecognizedClientException"}, {"message": "The security token that was sent is invalid."}), "auth key"),
    (403, ({"x-amzn-errortype": "ExpiredTokenException"}, {"message": "The security token that was sent is expired"}), "auth key"),
    (400, ({"x-amzn-errortype": "ValidationException"}, {"message": "This model identifier is invalid."}), "not_found model"),
    (400, ({"x-amzn-errortype": "ValidationException"}, {"message": "Invocation of model ID a.b-v1:0 with on-demand throughput isn't supported. Retry your request with the ID or ARN of an inference profile that contains this model."}), "not_found model"),
    (400, ({"x-amzn-errortype": "ValidationException"}, {"message": "This model doesn't support tool use."}), "bad_request model"),
    (400, ({"x-amzn-errortype": "ValidationException"}, {"message": "Input is too long for requested model."}), "context_length request"),
    (400, ({"x-amzn-errortype": "ValidationException"}, {"message": "Malformed input request: #: required key [messages] not found, please reformat your input and try again."}), "bad_request request"),
    (404, ({"x-amzn-errortype": "ResourceNotFoundException"}, {"message": "This model version has reached the end of its life. Please refer to the AWS documentation for more details."}), "not_found model"),
    (404, ({"x-amzn-errortype": "ResourceNotFoundException"}, {"message": "Model use case details have not been submitted for this account."}), "auth model"),
    (429, ({"x-amzn-errortype": "ModelNotReadyException"}, {"message": "Model is not ready for inference. Wait a few minutes and then try again."}), "unavailable model"),
    (408, ({"x-amzn-errortype": "ModelTimeoutException"}, {"message": "Model has timed out in processing the request. Try your request again."}), "timeout model"),
    (424, ({"x-amzn-errortype": "ModelErrorException"}, {"message": "The system encountered an unexpected error during processing. Try your request again."}), "unavailable model"),
    (503, ({"x-amzn-errortype": "ServiceUnavailableException"}, {"message": "Too many connections, please wait before trying again."}), "rate_limit model"),
    (503, ({"x-amzn-errortype": "ServiceUnavailableException"}, {"message": "Bedrock is unable to process your request."}), "unavailable provider"),
    (400, {"__type": "com.amazon.coral.service#ThrottlingException", "message": None}, "rate_limit model"),
    (402, {"__type": "ThrottlingException", "message": "You have reached the limit.", "reason": "MONTHLY_REQUEST_COUNT"}, "quota key"),
    (429, {"message": "I am experiencing high traffic, please try again shortly.", "reason": "INSUFFICIENT_MODEL_CAPACITY"}, "unavailable model"),
    (400, {"message": "Improperly formed request.", "reason": None}, "bad_request request"),
    (400, {"message": "Input is too long.", "reason": "CONTENT_LENGTH_EXCEEDS_THRESHOLD"}, "context_length request"),
    (403, {"message": "The bearer token included in the request is invalid.", "reason": None}, "auth key"),
)
# fmt: on
