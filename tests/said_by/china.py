"""What providers say. Zhipu, DashScope, Moonshot, MiniMax, SiliconFlow, Volcengine, one-api."""

from tests.said_by import Case, error

__all__ = ["SAID"]

# fmt: off
SAID: tuple[Case, ...] = (
    (429, error("您的账户已达到速率限制，请您控制请求频率", code="1302"), "rate_limit key"),
    (429, error("该模型当前访问量过大，请您稍后再试", code="1305"), "unavailable model"),
    (429, error("余额不足或无可用资源包,请充值。", code="1113"), "quota key"),
    (401, error("身份验证失败。", code="1000"), "auth key"),
    (400, error("模型不存在，请检查模型代码。", code="1211"), "not_found model"),
    (400, error("Prompt 超长", code="1261"), "context_length request"),
    (400, error("系统检测到输入或生成内容可能包含不安全或敏感内容", code="1301"), "content_policy request"),
    (429, error("Usage limit reached for 5 hour. Your limit will reset at 2026-07-26 09:00:00", code="1308"), "quota key"),
    (401, {"code": "InvalidApiKey", "message": "Invalid API-key provided.", "request_id": "r"}, "auth key"),
    (400, {"code": "Arrearage", "message": "Access denied, please make sure your account is in good standing.", "request_id": "r"}, "quota key"),
    (429, {"code": "Throttling.RateQuota", "message": "Requests rate limit exceeded, please try again later.", "request_id": "r"}, "rate_limit model"),
    (403, {"code": "AllocationQuota.FreeTierOnly", "message": "The free tier of the model has been exhausted.", "request_id": "r"}, "quota key"),
    (403, {"code": "Model.AccessDenied", "message": "Model access denied.", "request_id": "r"}, "auth model"),
    (400, {"code": "DataInspectionFailed", "message": "Input data may contain inappropriate content.", "request_id": "r"}, "content_policy request"),
    (400, {"code": "InvalidParameter", "message": "Range of input length should be [1, 30720]", "request_id": "r"}, "context_length request"),
    (429, error("Your account org-x<ak-y> request reached organization max RPM: 3, please try again after 1 seconds", type="rate_limit_reached_error"), "rate_limit key"),
    (429, error("The engine is currently overloaded, please try again later", type="engine_overloaded_error"), "unavailable model"),
    (429, error("Your account org-x is suspended, please check your plan and billing details", type="exceeded_current_quota_error"), "quota key"),
    (404, error("Not found the model kimi-x or Permission denied", type="resource_not_found_error"), "not_found model"),
    (400, error("Invalid request: Your request exceeded model token limit: 8192", type="invalid_request_error"), "context_length request"),
    (400, error("The request was rejected because it was considered high risk", type="content_filter"), "content_policy request"),
    (200, {"base_resp": {"status_code": 1008, "status_msg": "insufficient balance"}}, "quota key"),
    (200, {"base_resp": {"status_code": 1002, "status_msg": "rate limit exceeded(RPM)"}}, "rate_limit model"),
    (200, {"base_resp": {"status_code": 1004, "status_msg": "login fail: Please carry the API secret key in the 'Authorization' field of the request header"}}, "auth key"),
    (200, {"base_resp": {"status_code": 1026, "status_msg": "input new_sensitive"}}, "content_policy request"),
    (400, {"code": 20012, "message": "Model does not exist. Please check it carefully.", "data": None}, "not_found model"),
    (403, {"code": 30001, "message": "Sorry, your account balance is insufficient", "data": None}, "quota key"),
    (503, {"code": 50603, "message": "System is too busy now. Please try again later.", "data": None}, "unavailable provider"),
    (429, {"message": "Request was rejected due to rate limiting. Details:TPM limit reached.", "data": None}, "rate_limit model"),
    (401, '"Invalid token"', "auth key"),
    (400, {"code": 20041, "message": "The model is not a VLM (Vision Language Model). Please use text-only prompts."}, "bad_request model"),
    (403, error("The request failed because your account has an overdue balance.", code="AccountOverdueError", type="Forbidden"), "quota key"),
    (404, error("The model or endpoint ep-x does not exist or you do not have access to it.", code="InvalidEndpointOrModel.NotFound", type="NotFound"), "not_found model"),
    (404, error("Your account 1 has not activated the model doubao-x. Please activate the model service in the Ark Console.", code="ModelNotOpen", type="NotFound"), "auth model"),
    (429, error("The request was denied due to insufficient backend resources.", code="ServerOverloaded", type="TooManyRequests"), "unavailable model"),
    (429, error("当前分组上游负载已饱和，请稍后再试 (request id: 1)", type="new_api_error", code=""), "unavailable model"),
    (503, error("当前分组 default 下对于模型 gpt-x 无可用渠道 (request id: 1)", type="new_api_error", code="model_not_found"), "not_found model"),
    (401, error("无效的令牌 (request id: 1)", type="new_api_error"), "auth key"),
    (403, error("该令牌额度已用尽 (request id: 1)", type="new_api_error", code="insufficient_user_quota"), "quota key"),
    (403, error("该令牌无权使用模型：gpt-x (request id: 1)", type="new_api_error"), "auth model"),
)
# fmt: on
