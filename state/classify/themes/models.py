"""What is said of a model: it is gone, was never here, is not for this key, cannot do what was asked."""

from state.classify.phrases import Phrases
from state.classify.wording import words

__all__ = [
    "CANNOT",
    "ELSEWHERE",
    "FOR_NOW",
    "MISSING",
    "MISSING_CODES",
    "NOT_AVAILABLE",
    "NOT_FOR_YOU",
    "OTHER_ENDPOINT",
    "PARAMETER",
    "REFERENCES",
]

ABILITIES = sorted(
    words("""
    tool | function | parallel tool | image | vision | audio | video | multimodal | document | pdf | chat
    generate | embed | thinking | reasoning | insert | system | developer | assistant message prefill
    prefill | json | structured output | response format | streaming | counting
""")
)
CANNOT = Phrases(
    *(f"not support {ability}" for ability in ABILITIES),
    *(f"not support the {ability}" for ability in ABILITIES),
    *(f"that support {ability}" for ability in ABILITIES),
    """
    not support native tool | not support any tool | not support auto tool | tools is not supported
    tools are not supported | tool use is not | tool use not supported | tool calling is not
    tool calls are not supported | function calling is not | function call is not | function calling not
    functions are not supported | tool choice ... not supported | tools ... not supported
    does not have tool | no tool support | image input is not | image inputs are not
    images are not supported | image input modality is not enabled | image content is not
    image url is only supported by | only supported by certain models | vision is not
    audio input ... not enabled | audio is not | developer instruction is not enabled
    system instruction is not | system role not supported | system messages are not | json mode is not
    json schema is not supported | response format ... is not supported with this model
    response format ... not supported by this model | structured outputs are not
    embeddings are not supported | not a multimodal model | not a vlm | not a vision
    not an embedding model | not multimodal | enable auto tool choice | tools param requires | mmproj
    default chat template is no longer allowed | no admite herramientas | no soporta herramientas
    no admite imágenes | não suporta ferramentas | não suporta imagens | unterstützt keine
    ne prend pas en charge les outils | ne prend pas en charge les images | non supporta
    不支持工具 | 不支持函数 | 不支持图片 | 不支持图像 | 不支持视觉 | 不支持多模态 | 不支持 function
    не поддерживает инструмент | не поддерживает изображени | не поддерживает вызов функ
    ツールをサポートしていません | 画像をサポートしていません
    도구를 지원하지 | 이미지를 지원하지
    """,
)

PARAMETER = Phrases("""
    unsupported parameter | unsupported value | unknown parameter | unrecognized request argument
    extra inputs are not permitted | extra fields not permitted | parameter ... not supported
    parameters ... not supported | does not support parameters | argument not supported
    does not support effort | not support setting | not support the stop | not support stop
    not support temperature | not support logprobs | supported levels | supported values are
    only the default | is not supported with this model | is not supported for this model
    is not supported on this model | is not supported by this model | are not supported by this model
    unsupported image | unsupported mime type | unsupported file | unsupported content type
""")

OTHER_ENDPOINT = Phrases("""
    only supported in v1/ | not supported in the v1/ | not a chat model | use v1/ | on demand throughput
    operation does not work with the specified model | not accessible via the
    does not support chat completions api | not supported for this endpoint | not supported on this endpoint
    not available on this endpoint | not supported by this endpoint | not compatible with the ... endpoint
    not supported for task | not supported for the task
""")

NOT_FOR_YOU = Phrases("""
    does not have access to model | does not have access to the model | do not have access to model
    do not have access to the model with | no access to model | not have permission to access the model
    not have permission to use the model | not have permission to access this model
    permission to access tuned model | not allowed to sample from this model
    not allowed to generate embeddings from this model | not authorized to access model
    not authorized to access this model | not authorized to use this model | not allowed to access model
    not allowed to access this model | not allowed to use model | not allowed to use this model
    not allowed to use publisher model | not allowed to call this model | model access is denied
    model access denied | access to model denied | access denied to model | access to this model
    access to model ... denied | organization must be verified | has not activated the model
    not enabled for your account | gated repo | gated model | is gated | model ... is not enabled
    requires terms acceptance | accept the terms | requires a subscription | requires a pro subscription
    requires a paid | model requires ... tier | model requires ... plan | only available to ... tier
    limited to users in | use case details have not been submitted | not included in your plan
    not available on your plan | not available in your plan | not available for your plan
    not available on the free | plan does not include | plan does not support
    not yet available for this subscription | restricted to ... models | can only access models
    no tienes acceso al modelo | não tem acesso ao modelo | kein zugriff auf das modell
    pas accès au modèle
    无权使用模型 | 无权访问模型 | 无权访问该模型 | 没有权限使用模型 | 未开通 | 无权使用该模型
    нет доступа к модели
    モデルへのアクセス権
    모델에 대한 액세스 권한
""")

MISSING_CODES = Phrases("""
    model not found | model not exist | model decommissioned | model deprecated | model not supported
    model not available | unavailable model | unknown model | invalid model | unsupported model
    deployment not found | unsupported api for model | model is deprecated | model retired | no such model
    model does not exist | model not allowed | model archived | model disabled | model shutdown
""")

MISSING = Phrases("""
    model not found | model ... not found | models ... not found | model ... does not exist
    models ... do not exist | model does not exist | model ... could not be found | model not exist
    model ... not exist | engine not found | requested entity was not found | no such model | no model named
    no model found | no model with | not found the model | could not find model | could not find the model
    cannot find model | cannot find the model | unable to find model | unknown model | unrecognized model
    unsupported model | invalid model | invalid value for model | incorrect model | wrong model
    not a valid model | not a known model | not a recognized model | model ... is not valid
    model ... is invalid | model ... not recognized | model identifier is invalid
    resolve the foundation model | model ... is not supported | model ... not supported
    model ... are not supported | model ... no longer | model ... decommissioned | model ... deprecated
    model ... retired | model ... discontinued | model ... shut down | model ... sunset
    model ... has been removed | model ... was removed | model ... has been disabled | model disabled
    model is disabled | model ... end of life | reached the end of its life | reached its end of life
    has been decommissioned | no longer available to new users | marked by provider as legacy
    not found for api version | not supported for generatecontent | call listmodels | no endpoints found
    no endpoints available | no allowed providers | all providers have been ignored
    not supported by any provider | not supported by provider | no provider ... model
    unable to access model | unable to access non serverless | not found, inaccessible | not deployed
    deployment for this resource does not exist | deployment ... does not exist | deployment ... not found
    no models loaded | no model loaded | try pulling it first | pull model manifest | not found for account
    too large to be loaded automatically | permitted models | llm provider not provided
    invalid version or not permitted | is not served | model ... not loaded | unknown provider
    model ... not in the | not being served | modelo no encontrado | modelo ... no existe
    modelo ... no encontrado | modelo no válido | modelo ... no es válido | modelo não encontrado
    modelo ... não existe | modelo ... não encontrado | modelo ... não foi encontrado | modelo inválido
    modell ... nicht gefunden | modell ... existiert nicht | modell ... nicht unterstützt
    ungültiges modell | unbekanntes modell | modèle ... introuvable | modèle ... n'existe pas
    modèle ... non trouvé | modèle ... pas trouvé | modèle invalide | modello ... non trovato
    modello ... non esiste
    无可用渠道 | 没有可用渠道 | 模型不存在 | 模型 ... 不存在 | 模型未找到 | 模型已下线 | 模型已停用
    模型已弃用 | 模型 ... 已下线 | 未找到模型 | 找不到模型 | 不支持的模型 | 不支持该模型 | 不支持此模型
    无效的模型 | 无效模型 | 模型名称错误 | 模型不支持
    модель ... не найдена | модель ... не существует | модель ... не поддерживается | неизвестная модель
    モデルが見つかりません | モデル ... 見つかりません | モデル ... 存在しません | 無効なモデル
    모델을 찾을 수 없 | 모델 ... 찾을 수 없 | 모델 ... 존재하지 않 | 지원되지 않는 모델 | 지원하지 않는 모델
""")

NOT_AVAILABLE = Phrases("""
    model not available | model ... not available | model is unavailable | model ... is unavailable
    modelo ... no está disponible | modelo ... não está disponível | modell ... nicht verfügbar
    modèle ... pas disponible
    模型不可用 | 模型 ... 不可用
    модель ... недоступна
    モデル ... 利用できません
    모델 ... 사용할 수 없
""")

FOR_NOW = Phrases("""
    temporar | currently | at the moment | right now | loading | try again later | try again shortly
    temporalmente | vorübergehend | momentan | temporairement
    暂时 | 稍后 | 一時的
    временно
    일시적
""")
"""Words that turn "not available" into "not available just now"."""

ELSEWHERE = Phrases("""
    invalid url ( | no route | unknown request url | unknown url | url error, please check
    unrecognized request url | could not route | page not found | cannot post | cannot get /
    not allowed to post | unexpected endpoint | no such endpoint | unknown endpoint | invalid endpoint
    endpoint not found | endpoint does not exist | route not found | path not found | unknown path
    method not allowed | no matching route | requested url was not found | requested url ... was not found
    resource not found | resource you are looking for has been removed | api version not supported
    no static resource | file not found | api not found | nosuchkey | no such app
""")
"""The address is wrong, not the model."""

REFERENCES = Phrases("""
    response ... not found | item with id ... not found | items ... not found | file ... not found
    no such file | no file found | access the file | thread ... not found | no thread found | no run found
    no message found | assistant ... not found | no assistant found | vector store ... not found
    batch ... not found | conversation ... not found | cached content ... not found
    cachedcontent not found | container ... not found | tool call found for | tool output found for
    were found without | cannot find field | failed to download | downloading
""")
"""What the request points at is missing; the model is there."""
