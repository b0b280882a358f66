"""What providers say. Gemini and Vertex."""

from tests.said_by import Case, error

__all__ = ["SAID"]

# fmt: off
SAID: tuple[Case, ...] = (
    # Gemini
    (400, error("API key not valid. Pass one that is.", code=400, status="INVALID_ARGUMENT", details=[{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID", "domain": "googleapis.com"}]), "auth key"),
    (400, error("API key expired. Please renew the API key.", code=400, status="INVALID_ARGUMENT"), "auth key"),
    (403, error("Your API key was reported as leaked. Please use another API key.", code=403, status="PERMISSION_DENIED"), "auth key"),
    (403, error("Permission denied: Consumer 'api_key:AIza...' has been suspended.", code=403, status="PERMISSION_DENIED", details=[{"reason": "CONSUMER_SUSPENDED"}]), "auth key"),
    (403, error("Generative Language API has not been used in project 1 before or it is disabled.", code=403, status="PERMISSION_DENIED", details=[{"reason": "SERVICE_DISABLED"}]), "auth key"),
    (403, error("Requests from referer <empty> are blocked.", code=403, status="PERMISSION_DENIED", details=[{"reason": "API_KEY_HTTP_REFERRER_BLOCKED"}]), "auth key"),
    (400, error("Your location is not supported for this API.", code=400, status="FAILED_PRECONDITION"), "auth provider"),
    (400, error("Gemini API free tier is not available in your country. Please enable billing on your project.", code=400, status="FAILED_PRECONDITION"), "auth provider"),
    (404, error("models/gemini-0.5 is not found for API version v1beta. Call ListModels to see which there are.", code=404, status="NOT_FOUND"), "not_found model"),
    (404, error("This model models/gemini-2.0-flash is no longer available to new users. Please update your code.", code=404, status="NOT_FOUND"), "not_found model"),
    (400, error("Developer instruction is not enabled for models/gemma-3-4b-it", code=400, status="INVALID_ARGUMENT"), "bad_request model"),
    (400, error("Function calling is not enabled for models/gemma-3-4b-it", code=400, status="INVALID_ARGUMENT"), "bad_request model"),
    (400, error("The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).", code=400, status="INVALID_ARGUMENT"), "context_length request"),
    (400, error("Request payload size exceeds the limit: 20971520 bytes.", code=400, status="INVALID_ARGUMENT"), "context_length request"),
    (400, error('Invalid JSON payload received. Unknown name "foo": Cannot find field.', code=400, status="INVALID_ARGUMENT", details=[{"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": [{"description": 'Invalid JSON payload received. Unknown name "foo": Cannot find field.'}]}]), "bad_request request"),
    (400, error("Please ensure that function call turn comes immediately after a user turn or after a function response turn.", code=400, status="INVALID_ARGUMENT"), "bad_request request"),
    (500, error("An internal error has occurred. Please retry or report in https://x", code=500, status="INTERNAL"), "unavailable provider"),
    (503, error("This model is currently experiencing high demand. Spikes in demand are usually temporary. Please try again later.", code=503, status="UNAVAILABLE"), "unavailable model"),
    (503, error("The service is currently unavailable.", code=503, status="UNAVAILABLE"), "unavailable provider"),
    (504, error("Deadline expired before operation could complete.", code=504, status="DEADLINE_EXCEEDED"), "timeout model"),
    (499, error("The operation was cancelled.", code=499, status="CANCELLED"), "timeout model"),
    (429, error("Resource has been exhausted (e.g. check quota).", code=429, status="RESOURCE_EXHAUSTED"), "rate_limit model"),
    (429, error("You exceeded your current quota. Have a look at your plan and billing.", code=429, status="RESOURCE_EXHAUSTED", details=[{"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [{"quotaMetric": "generativelanguage.googleapis.com/generate_content_free_tier_requests", "quotaId": "GenerateRequestsPerMinutePerProjectPerModel-FreeTier", "quotaDimensions": {"model": "gemini-2.5-pro", "location": "global"}, "quotaValue": "5"}]}, {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "36s"}]), "rate_limit model"),
    (429, error("You exceeded your current quota. Have a look at your plan and billing.", code=429, status="RESOURCE_EXHAUSTED", details=[{"violations": [{"quotaId": "GenerateRequestsPerMinutePerProjectPerModel-FreeTier"}, {"quotaId": "GenerateRequestsPerDayPerProjectPerModel-FreeTier"}]}, {"retryDelay": "9s"}]), "quota model"),
    (429, error("You exceeded your current quota. Have a look at your plan and billing. * Quota exceeded for metric: generativelanguage.googleapis.com/generate_content_free_tier_requests, limit: 0, model: gemini-9-pro\nPlease retry in 31.2s.", code=429, status="RESOURCE_EXHAUSTED", details=[{"violations": [{"quotaId": "GenerateRequestsPerMinutePerProjectPerModel-FreeTier"}]}]), "quota model"),
    (429, error("Your prepayment credits are depleted. Please go to AI Studio to manage your project and billing.", code=429, status="RESOURCE_EXHAUSTED"), "quota key"),
    (429, error("Your project has exceeded its monthly spending cap.", code=429, status="RESOURCE_EXHAUSTED"), "quota key"),
    (429, error("Quota exceeded for quota metric 'Generate Content API requests per minute' and limit 'GenerateContent request limit per minute for a region' of service 'generativelanguage.googleapis.com' for consumer 'project_number:1'.", code=429, status="RESOURCE_EXHAUSTED"), "rate_limit model"),
    (429, error("Daily limit reached.", code="quota_exceeded"), "quota key"),
    (429, error("Please slow down.", code="too_many_requests"), "rate_limit model"),
    (402, error("Set up billing.", code="payment_required"), "quota key"),
    (200, {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}, "usageMetadata": {"promptTokenCount": 5}}, "content_policy request"),
    (200, {"candidates": [{"finishReason": "SAFETY", "index": 0}]}, "content_policy request"),
    (200, {"candidates": [{"content": {"role": "model"}, "finishReason": "MALFORMED_FUNCTION_CALL"}]}, "bad_response request"),
    (429, error("You have exhausted your capacity on this model. Your quota will reset after 3h12m4s.", code=429, status="RESOURCE_EXHAUSTED", details=[{"reason": "QUOTA_EXHAUSTED", "metadata": {"quotaResetDelay": "3h12m4s", "model": "gemini-3-pro"}}]), "quota model"),
    (429, 'google.api_core.exceptions.ResourceExhausted: 429 You exceeded your current quota. Have a look at your plan and billing. [violations {\n  quota_metric: "generativelanguage.googleapis.com/generate_content_free_tier_requests"\n  quota_id: "GenerateRequestsPerDayPerProjectPerModel-FreeTier"\n}\n, retry_delay {\n  seconds: 14\n}\n]', "quota model"),
    (400, error("Unable to process input image. Please retry or report in https://x", code=400, status="INVALID_ARGUMENT"), "bad_request request"),
    # Vertex
    (404, error("Publisher Model `projects/p/locations/us/publishers/google/models/gemini-x` was not found or your project does not have access to it.", code=404, status="NOT_FOUND"), "not_found model"),
    (403, error("Permission 'aiplatform.endpoints.predict' denied on resource '//aiplatform.googleapis.com/projects/p' (or it may not exist).", code=403, status="PERMISSION_DENIED", details=[{"reason": "IAM_PERMISSION_DENIED"}]), "auth key"),
    (401, [{"error": {"code": 401, "message": "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential.", "status": "UNAUTHENTICATED"}}], "auth key"),
    (403, error("This API method requires billing to be enabled. Please enable billing on project #p.", code=403, status="PERMISSION_DENIED", details=[{"reason": "BILLING_DISABLED"}]), "quota key"),
    (429, [{"error": {"code": 429, "message": "Quota exceeded for aiplatform.googleapis.com/online_prediction_requests_per_base_model with base model: anthropic-claude-x. Please submit a quota increase request.", "status": "RESOURCE_EXHAUSTED"}}], "rate_limit model"),
    (429, error("Quota exceeded for aiplatform.googleapis.com/generate_content_requests_per_minute_per_project_per_base_model with base model: gemini-pro.", code=429, status="RESOURCE_EXHAUSTED"), "rate_limit model"),
    (400, error("Unable to submit request because the input token count is 40000 but model only supports up to 32767. Reduce the input token count and try again.", code=400, status="INVALID_ARGUMENT"), "context_length request"),
)
# fmt: on
