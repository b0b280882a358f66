"""From what came over the wire to a case: what is asked, by whom, of which pool, until when."""

import msgspec
from msgspec import Raw

from actors.case import Case, Client, Rescue
from actors.seams import Clock, Rng
from actors.wire.canonical import ChatRequest, ImageRequest, Request
from actors.wire.complaint import UNDECODABLE, BadRequest, blame
from state.routing.asking import PLAIN, Options, ask_of, terms_of
from state.routing.pools import Pool

__all__ = ["decode_options", "open_case"]

_options = msgspec.json.Decoder(Options)
_number: msgspec.json.Decoder[int | None] = msgspec.json.Decoder(int | None)
_RESCUE = {rescue.value: rescue for rescue in Rescue}


def decode_options(raw: bytes | Raw | None) -> Options | BadRequest:
    """The `failover` field of a body."""
    if raw is None:
        return PLAIN
    try:
        return _options.decode(raw)
    except UNDECODABLE as error:
        return blame(error, "failover")


def open_case(
    request: Request, options: Options, pool: Pool, client: Client, *, stream: bool, clock: Clock, rng: Rng
) -> Case:
    """A request that was understood, ready to be served."""
    now_ms = clock.now_ms()
    terms = terms_of(options, pool.rules, now_ms)
    ask = ask_of(
        options,
        needs=request.needs,
        tokens_in=request.tokens_estimated,
        tokens_out=_tokens_out(request),
        images_out=(request.wishes.n or 1) if isinstance(request, ImageRequest) else 0,
        stream=stream,
        app=client.app,
    )
    return Case(
        id=options.request_id or rng.new_id(),
        is_named=options.request_id != "",
        request=request,
        ask=ask,
        pool=pool,
        client=client,
        opened_ms=now_ms,
        opened_wall_ms=clock.wall_ms(),
        deadline_ms=terms.deadline_ms,
        wait_until_ms=terms.wait_until_ms,
        stream=stream,
        patience=terms.patience,
        rescue=_RESCUE[terms.rescue],
    )


def _tokens_out(request: Request) -> int | None:
    """The bound that the caller set; one that is no number is for the provider to refuse."""
    if not isinstance(request, ChatRequest):
        return None
    for name in ("max_completion_tokens", "max_tokens"):
        if request.has(name):
            try:
                return _number.decode(request.fields[name])
            except UNDECODABLE:
                return None
    return None
