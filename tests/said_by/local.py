"""What providers say. Servers on one's own machine: Ollama, vLLM, llama.cpp, LM Studio."""

from tests.said_by import Case, error

__all__ = ["SAID"]

# fmt: off
SAID: tuple[Case, ...] = (
    # Ollama
    (404, {"error": 'model "nope:latest" not found, try pulling it first'}, "not_found model"),
    (404, error("model 'nope' not found", type="api_error", param=None, code=None), "not_found model"),
    (400, {"error": "registry.ollama.ai/library/tiny:1b does not support tools"}, "bad_request model"),
    (400, {"error": '"tiny:1b" does not support chat'}, "bad_request model"),
    (400, {"error": '"tiny:1b" does not support thinking'}, "bad_request model"),
    (500, {"error": "llama runner process has terminated: signal: killed"}, "unavailable model"),
    (500, {"error": "timed out waiting for llama runner to start - progress 0.00 - "}, "unavailable model"),
    (503, {"error": "server busy, please try again.  maximum pending requests exceeded"}, "unavailable provider"),
    (500, {"error": "unable to load model: /root/.ollama/models/blobs/sha256-0"}, "unavailable model"),
    (500, {"error": "model runner has unexpectedly stopped, this may be due to resource limitations or an internal error, check ollama server logs for details"}, "unavailable model"),
    (400, {"error": "the input length exceeds the context length"}, "context_length request"),
    (401, {"error": "unauthorized"}, "auth key"),
    (429, {"error": "you (someone) have reached your weekly usage limit, upgrade for higher limits"}, "quota key"),
    (403, {"error": "this model requires a subscription, upgrade for access: https://x"}, "auth model"),
    (503, {"error": "Server overloaded, please retry shortly (ref: 0f)"}, "unavailable provider"),
    (404, "404 page not found", "not_found provider"),
    (200, '{"model":"m","message":{"content":"Hel"},"done":false}\n{"error":"an error was encountered while running the model: CUDA error: out of memory"}\n', "unavailable model"),
    (400, {"error": "invalid model name"}, "not_found model"),
    (400, {"error": "invalid options: num_ctxx"}, "bad_request request"),
    # vLLM, llama.cpp, LM Studio
    (404, {"object": "error", "message": "The model `x` does not exist.", "type": "NotFoundError", "param": None, "code": 404}, "not_found model"),
    (400, {"object": "error", "message": '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set', "type": "BadRequestError", "code": 400}, "bad_request model"),
    (400, {"object": "error", "message": "x is not a multimodal model", "type": "BadRequestError", "code": 400}, "bad_request model"),
    (500, "Internal Server Error", "unavailable provider"),
    (400, error("the request exceeds the available context size, try increasing it", code=400, type="exceed_context_size_error", n_prompt_tokens=5000, n_ctx=4096), "context_length request"),
    (404, error("File Not Found", code=404, type="not_found_error"), "not_found provider"),
    (500, error("tools param requires --jinja flag", code=500, type="server_error"), "bad_request model"),
    (500, error("image input is not supported - hint: if this is unexpected, you may need to provide the mmproj", code=500, type="server_error"), "bad_request model"),
    (404, error("No models loaded. Please load a model in the developer page or use the 'lms load' command.", type="invalid_request_error", param="model", code="model_not_found"), "not_found model"),
    (400, {"error": "The model has crashed without additional information. (Exit code: 18446744072635812000)"}, "unavailable model"),
    (400, {"error": "Model unloaded by user or system"}, "unavailable model"),
    (400, {"error": "Trying to keep the first 9000 tokens when context the overflows. However, the model is loaded with context length of only 4096 tokens, which is not enough."}, "context_length request"),
    (404, {"error": 'Failed to load model "x". Error: insufficient system resources.'}, "unavailable model"),
    (200, {"error": "Unexpected endpoint or method. (POST /chat/completions)"}, "not_found provider"),
    (400, error('Invalid model identifier "x". Please specify a valid downloaded model.'), "not_found model"),
)
# fmt: on
