"""Providers as they see us: each reads a request of its own API back into OpenAI's shape, and says an answer.

Written from the providers' documentation and not from our translators, so that a mistake would have to be
made twice.
"""

import base64
import json
from typing import Any

Json = dict[str, Any]


def as_parts(content: Any) -> list[Json]:
    """Content in one way of writing: parts."""
    if content is None:
        return []
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    return list(content)


def normal(messages: list[Json]) -> list[Json]:
    """A conversation in one way of writing, so that two can be compared: parts, arguments as values."""
    return [
        {
            "role": "system" if message["role"] == "developer" else message["role"],
            "parts": as_parts(message.get("content")),
            "calls": [
                (made["id"], made["function"]["name"], json.loads(made["function"]["arguments"]))
                for made in message.get("tool_calls") or ()
            ],
            "answers": message.get("tool_call_id"),
        }
        for message in messages
    ]


def from_anthropic(body: Json) -> list[Json]:
    messages: list[Json] = [{"role": "system", "content": [block]} for block in body.get("system", ())]
    for turn in body["messages"]:
        said: Json = {"role": turn["role"], "content": [], "tool_calls": []}
        for block in turn["content"]:
            match block:
                case {"type": "text"}:
                    said["content"].append(block)
                case {"type": "image", "source": source}:
                    url = f"data:{source['media_type']};base64,{source['data']}"
                    said["content"].append({"type": "image_url", "image_url": {"url": url}})
                case {"type": "tool_use"}:
                    function = {"name": block["name"], "arguments": json.dumps(block["input"])}
                    said["tool_calls"].append({"id": block["id"], "type": "function", "function": function})
                case {"type": "tool_result"}:
                    assert turn["role"] == "user"
                    messages.append(
                        {"role": "tool", "tool_call_id": block["tool_use_id"], "content": block["content"]}
                    )
                case _:
                    raise AssertionError(block)
        if said["content"] or said["tool_calls"]:
            messages.append(said)
    return messages


def from_gemini(body: Json) -> list[Json]:
    system = body.get("systemInstruction", {"parts": []})
    messages: list[Json] = [
        {"role": "system", "content": [{"type": "text", "text": part["text"]}]} for part in system["parts"]
    ]
    names: dict[str, str] = {}
    for turn in body["contents"]:
        said: Json = {
            "role": {"user": "user", "model": "assistant"}[turn["role"]],
            "content": [],
            "tool_calls": [],
        }
        for part in turn["parts"]:
            match part:
                case {"text": text}:
                    said["content"].append({"type": "text", "text": text})
                case {"inlineData": blob}:
                    url = f"data:{blob['mimeType']};base64,{blob['data']}"
                    said["content"].append({"type": "image_url", "image_url": {"url": url}})
                case {"functionCall": made}:
                    assert turn["role"] == "model"
                    names[made["id"]] = made["name"]
                    function = {"name": made["name"], "arguments": json.dumps(made["args"])}
                    said["tool_calls"].append({"id": made["id"], "type": "function", "function": function})
                case {"functionResponse": given}:
                    assert turn["role"] == "user"
                    assert names[given["id"]] == given["name"]
                    messages.append(
                        {"role": "tool", "tool_call_id": given["id"], "content": given["response"]["output"]}
                    )
                case _:
                    raise AssertionError(part)
        if said["content"] or said["tool_calls"]:
            messages.append(said)
    return messages


def from_ollama(body: Json) -> list[Json]:
    messages: list[Json] = []
    for turn in body["messages"]:
        content = as_parts(turn["content"] or None)
        for data in turn.get("images", ()):
            base64.b64decode(data, validate=True)
            content.append({"type": "image_url", "image_url": {"url": data}})
        said: Json = {"role": turn["role"], "content": content}
        if turn["role"] == "tool":
            said["tool_call_id"] = turn["tool_call_id"]
        said["tool_calls"] = [
            {
                "id": made["id"],
                "type": "function",
                "function": {
                    "name": made["function"]["name"],
                    "arguments": json.dumps(made["function"]["arguments"]),
                },
            }
            for made in turn.get("tool_calls", ())
        ]
        messages.append(said)
    return messages


def say_anthropic(said: Json) -> Json:
    content: list[Json] = []
    if said["thought"]:
        content.append({"type": "thinking", "thinking": said["thought"], "signature": "c2ln"})
    if said["content"] is not None:
        content.append({"type": "text", "text": said["content"]})
    content += [
        {"type": "tool_use", "id": one, "name": name, "input": json.loads(arguments)}
        for one, name, arguments in said["calls"]
    ]
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude",
        "content": content,
        "stop_reason": "tool_use" if said["calls"] else "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 11, "output_tokens": 5, "cache_read_input_tokens": 4},
    }


def stream_anthropic(said: Json) -> list[Json]:
    whole = say_anthropic(said)
    begun = {**whole, "content": [], "stop_reason": None, "usage": {**whole["usage"], "output_tokens": 1}}
    events: list[Json] = [{"type": "message_start", "message": begun}, {"type": "ping"}]
    for index, block in enumerate(whole["content"]):
        start: Json
        match block:
            case {"type": "text", "text": text}:
                start, deltas = (
                    {"type": "text", "text": ""},
                    [{"type": "text_delta", "text": one} for one in halves(text)],
                )
            case {"type": "thinking", "thinking": thought}:
                start = {"type": "thinking", "thinking": "", "signature": ""}
                deltas = [{"type": "thinking_delta", "thinking": one} for one in halves(thought)]
                deltas.append({"type": "signature_delta", "signature": "c2ln"})
            case _:
                start = {**block, "input": {}}
                written = halves(json.dumps(block["input"])) if block["input"] else [""]
                deltas = [{"type": "input_json_delta", "partial_json": one} for one in written]
        events.append({"type": "content_block_start", "index": index, "content_block": start})
        events += [{"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas]
        events.append({"type": "content_block_stop", "index": index})
    events.append(
        {
            "type": "message_delta",
            "delta": {"stop_reason": whole["stop_reason"], "stop_sequence": None},
            "usage": {"output_tokens": 5},
        }
    )
    return [*events, {"type": "message_stop"}]


def say_gemini(said: Json) -> Json:
    parts: list[Json] = []
    if said["thought"]:
        parts.append({"text": said["thought"], "thought": True})
    if said["content"] is not None:
        parts.append({"text": said["content"]})
    parts += [
        {"functionCall": {"id": one, "name": name, "args": json.loads(arguments)}}
        for one, name, arguments in said["calls"]
    ]
    return {
        "candidates": [{"content": {"role": "model", "parts": parts}, "finishReason": "STOP", "index": 0}],
        "usageMetadata": {
            "promptTokenCount": 15,
            "candidatesTokenCount": 3,
            "thoughtsTokenCount": 2,
            "cachedContentTokenCount": 4,
            "totalTokenCount": 20,
        },
        "modelVersion": "gemini-2.5-flash",
    }


def stream_gemini(said: Json) -> list[Json]:
    whole = say_gemini(said)
    parts: list[Json] = []
    for part in whole["candidates"][0]["content"]["parts"]:
        pieces = [{**part, "text": one} for one in halves(part["text"])] if "text" in part else [part]
        parts += pieces
    return [
        *({"candidates": [{"content": {"role": "model", "parts": [part]}, "index": 0}]} for part in parts),
        {
            **whole,
            "candidates": [{"content": {"role": "model", "parts": [{"text": ""}]}, "finishReason": "STOP"}],
        },
    ]


def say_ollama(said: Json) -> Json:
    message: Json = {"role": "assistant", "content": said["content"] or ""}
    if said["thought"]:
        message["thinking"] = said["thought"]
    if said["calls"]:
        message["tool_calls"] = [
            {"id": one, "function": {"name": name, "arguments": json.loads(arguments)}}
            for one, name, arguments in said["calls"]
        ]
    return {
        "model": "llama3.2:3b",
        "created_at": "2026-01-01T00:00:00Z",
        "message": message,
        "done": True,
        "done_reason": "stop",
        "prompt_eval_count": 15,
        "eval_count": 5,
    }


def stream_ollama(said: Json) -> list[Json]:
    whole = say_ollama(said)
    lines = [
        {"message": {"role": "assistant", "content": "", "thinking": one}} for one in halves(said["thought"])
    ]
    lines += [{"message": {"role": "assistant", "content": one}} for one in halves(said["content"] or "")]
    if said["calls"]:
        lines.append(
            {"message": {"role": "assistant", "content": "", "tool_calls": whole["message"]["tool_calls"]}}
        )
    last = {**whole, "message": {"role": "assistant", "content": ""}}
    return [{"model": "llama3.2:3b", "done": False, **line} for line in lines] + [last]


def say_openai(said: Json) -> Json:
    message: Json = {"role": "assistant", "content": said["content"]}
    if said["thought"]:
        message["reasoning_content"] = said["thought"]
    if said["calls"]:
        message["tool_calls"] = [
            {"id": one, "type": "function", "function": {"name": name, "arguments": arguments}}
            for one, name, arguments in said["calls"]
        ]
    finish = "tool_calls" if said["calls"] else "stop"
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "gpt-5-mini",
        "choices": [{"index": 0, "message": message, "finish_reason": finish, "logprobs": None}],
        "usage": {
            "prompt_tokens": 15,
            "completion_tokens": 5,
            "total_tokens": 20,
            "prompt_tokens_details": {"cached_tokens": 4},
        },
    }


def stream_openai(said: Json) -> list[Json]:
    whole = say_openai(said)
    deltas: list[Json] = [{"role": "assistant", "content": ""}]
    deltas += [{"reasoning_content": one} for one in halves(said["thought"])]
    deltas += [{"content": one} for one in halves(said["content"] or "")]
    for at, (one, name, arguments) in enumerate(said["calls"]):
        begun = {"index": at, "id": one, "type": "function", "function": {"name": name, "arguments": ""}}
        deltas.append({"tool_calls": [begun]})
        deltas += [
            {"tool_calls": [{"index": at, "function": {"arguments": half}}]} for half in halves(arguments)
        ]
    head = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "gpt-5-mini"}
    chunks: list[Json] = [
        {**head, "choices": [{"index": 0, "delta": delta, "finish_reason": None}], "usage": None}
        for delta in deltas
    ]
    finish = whole["choices"][0]["finish_reason"]
    chunks.append({**head, "choices": [{"index": 0, "delta": {}, "finish_reason": finish}], "usage": None})
    chunks.append({**head, "choices": [], "usage": whole["usage"]})
    return chunks


def halves(text: str) -> list[str]:
    """A text in the pieces in which a stream might bring it."""
    middle = (len(text) + 1) // 2
    return [piece for piece in (text[:middle], text[middle:]) if piece]
