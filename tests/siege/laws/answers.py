"""What came back: one answer each, whole, and what is said of those that broke off."""

from collections.abc import Iterator

from tests.siege.laws.aftermath import Aftermath
from tests.siege.texts import flaw_in
from tests.siege.visitors import Call

__all__ = [
    "an_http_stream_ends_once",
    "explained",
    "one_response_for_each_call",
    "refusal_of",
    "success_is_whole",
    "texts_of_success",
    "what_was_delivered_of_a_broken_stream_is_said",
]


def one_response_for_each_call(after: Aftermath) -> Iterator[str]:
    for call in after.siege.street.calls:
        count = len(call.answers)
        if count > 1 or (count == 0 and not (call.was_cut or call.saw_the_end)):
            yield f"{call.asking.label} had {count} answers: {call.asking}"
        if call.late_pieces:
            yield f"{call.asking.label} heard {call.late_pieces} pieces behind its answer"
    # To a call that was cancelled in the same moment as it was answered, nothing is a stray but an answer.
    yield from (
        f"said to nobody: {str(said)[:300]}" for said in after.siege.street.strays if not _is_told(said)
    )


def _is_told(said: dict[str, object]) -> bool:
    """An answer to somebody's `cancel`."""
    return str(said.get("id", "")).startswith("cancel-") and "result" in said


def success_is_whole(after: Aftermath) -> Iterator[str]:
    for call in after.siege.street.calls:
        for text in texts_of_success(call):
            flaw = flaw_in(call.asking.question, text)
            if flaw:
                yield f"{call.asking.label} ({call.asking.prompt}) {flaw}"


def an_http_stream_ends_once(after: Aftermath) -> Iterator[str]:
    for call in after.siege.street.calls:
        if call.ended not in ("", "done", "error") and not call.saw_the_end:
            yield f"{call.asking.label} ended with {call.ended}"
        if call.text and not call.asking.by_rpc and call.answers and not call.ended:
            yield f"{call.asking.label} has a stream without an end"


def what_was_delivered_of_a_broken_stream_is_said(after: Aftermath) -> Iterator[str]:
    for call in after.siege.street.calls:
        refusal = refusal_of(call)
        if refusal is not None and call.asking.streams and refusal.get("code") != -32800:
            partial = str(explained(refusal).get("partial", ""))
            if partial != call.text and not call.asking.options.get("request_id"):
                yield f"{call.asking} was given {len(call.text)} letters to {call.text[-60:]!r}, was told of {len(partial)} to {partial[-60:]!r}"


def texts_of_success(call: Call) -> Iterator[str]:
    for said in call.answers:
        if call.asking.by_rpc and "result" in said:
            whole = said["result"].get("choices")
            yield call.text if whole is None else whole[0]["message"]["content"]
        elif not call.asking.by_rpc and said["status"] == 200 and call.ended == "done":
            yield call.text
        elif not call.asking.by_rpc and said["status"] == 200 and "body" in said and not call.ended:
            yield said["body"]["choices"][0]["message"]["content"]


def refusal_of(call: Call) -> dict[str, object] | None:
    for said in call.answers:
        error = said.get("error") or said.get("body", {}).get("error")
        if error is not None:
            return dict(error)
    return None


def explained(refusal: dict[str, object]) -> dict[str, object]:
    found = refusal.get("data") or refusal.get("failover") or {}
    assert isinstance(found, dict)
    return found
