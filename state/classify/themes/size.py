"""What is said of too many tokens and too many bytes."""

from state.classify.phrases import Phrases

__all__ = [
    "ANSWER_TOO_LONG",
    "PER_TIME",
    "TOO_LONG",
    "TOO_LONG_CODES",
]

TOO_LONG_CODES = Phrases("""
    context length | context window | context size | context limit | max prompt tokens
    too many prompt tokens | content length exceeds | prompt too long | input too long
""")

TOO_LONG = Phrases("""
    context length exceeded | context length of | context length is only | exceed ... context length
    context length ... exceed | exceeds the context | exceed the context | exceeds context | exceed context
    exceeded context | exceeded the context | exceeding the context | reached context length
    larger than the context | greater than the context length | longer than the context
    context the overflows | context window | context limit | context size | context overflow
    model's context | max seq len | maximum sequence length | max sequence length | with n keep
    expected maxlength | prompt is too long | prompt too long | prompt ... too long | input is too long
    input too long | inputs too long | input is too large | message is too long | messages are too long
    messages is too long | length ... is too long | text is too long | text too long
    content': string too long | input': string too long | prompt': string too long
    exceeds the maximum length | exceeds maximum length | request is too long | conversation is too long
    conversation too long | too many input tokens | too many prompt tokens | too many tokens:
    too many tokens in | reduce the length | reduce your prompt | reduce your input | reduce your message
    reduce the size of your | reduce the number of messages | reduce the input | shorten your
    shorter prompt | shorter input | shorten the | maximum prompt length | maximum number of tokens allowed
    maximum number of input tokens | maximum input tokens | max input tokens | maximum input length
    max input length | maximum tokens ... input | token count ... exceeds | token count exceeds
    input tokens ... exceed | prompt tokens ... exceed | tokens exceed | number of tokens ... exceed
    number of input tokens ... exceed | tokens in the prompt cannot exceed | prompt contains ... tokens
    prompt has ... tokens | model token limit | exceeds the model's | exceeds model's | tokens + ... must be
    must have less than ... tokens | tokens limit of the model | max allowed tokens per
    range of input length | length of prompt tokens | too large for model with
    exceeds the available context | request too large | request is too large | payload too large
    payload size exceeds | content too large | body too large | body is too large | body exceeds
    exceeds the maximum size | exceeds maximum size | exceeds the maximum allowed size
    maximum request size | request size exceeds | entity too large | longer than the model
    length limit exceeded | context shift is disabled | max context | maximum context
    longitud ... contexto | ventana de contexto | demasiado larg | comprimento ... contexto
    janela de contexto | muito long | kontextlänge | kontextfenster | ist zu lang | longueur ... contexte
    fenêtre de contexte | trop long | lunghezza ... contesto | troppo lung
    上下文长度 | 上下文窗口 | 最大上下文 | 超长 | 输入过长 | 内容过长 | 文本过长 | 长度过长 | 上下文过长
    输入太长 | 内容太长 | 文本太长 | 输入长度 | 长度超 | 超出最大长度 | 超过最大长度 | token 数超
    tokens 超 | token超
    длин ... контекст | превыша ... контекст | контекстное окно | слишком длинн | слишком большой запрос
    コンテキスト長 | コンテキストウィンドウ | コンテキストの長さ | 長すぎ | トークン数が
    컨텍스트 길이 | 컨텍스트 창 | 너무 깁니다 | 너무 길 | 토큰 수가
""")

ANSWER_TOO_LONG = Phrases("""
    maximum allowed number of output tokens | at most ... completion tokens | at most ... output tokens
    invalid max tokens | max tokens is too large | max completion tokens is too large | max tokens must be
    max tokens should be | max completion tokens must be | max output tokens must be | range of max tokens
    max tokens value | maximum value for max tokens | maximum tokens you requested | maximum tokens value
""")
"""More output asked for than the model ever gives."""

PER_TIME = Phrases("""
    per min | /min | tpm | per day | monthly | per month | / month
""")
"""What turns "too many tokens" into "too fast"."""
