"""What moderation says: the provider will not talk about this."""

from state.classify.phrases import Phrases

__all__ = [
    "REFUSED",
    "REFUSED_CODES",
    "THROWN_OUT",
]

REFUSED_CODES = Phrases("""
    content filter | content policy | content moderation | content violation | content violates
    responsible ai policy | data inspection failed | moderation blocked | moderation error
    moderation failed | prohibited content | sensitive content | unsafe content | guardrail intervened
    guardrail blocked | policy violation | safety check | block reason | stop reason refusal
    finish reason refusal | finish reason safety | finish reason recitation | finish reason blocklist
    finish reason spii | finish reason prohibited | finish reason image | finish reason content
    risk control | content blocked
""")

REFUSED = Phrases("""
    content filter | content policy | content policies | content moderation | content management policy
    content safety | content violates | content violation | content exists risk | content restriction
    considered high risk | inappropriate content | unsafe content | harmful content | sensitive content
    prohibited content | prohibited use policy | disallowed content | usage policy | usage policies
    usage guidelines | acceptable use | community guidelines | safety system | safety polic | safety filter
    safety settings | safety guidelines | safety reasons | safety concerns | due to safety
    requires moderation | failed moderation | moderation endpoint | blocked by moderation
    rejected by moderation | responsible ai | prompt ... flagged | input ... flagged | content ... flagged
    request ... flagged | message ... flagged | output ... flagged | output blocked by | prompt was blocked
    prompt is blocked | prompt blocked | blocked output | blocked input | response was blocked
    response got filtered | response was filtered | candidate was blocked | blocked by ... guardrail
    matched public code | copyrighted | violates our | request is prohibited
    task failed as a result of our safety | violates openai | violates google | violate our | nsfw
    política de contenido | políticas de contenido | filtro de contenido | política de conteúdo
    filtro de conteúdo | inhaltsrichtlinie | inhaltsfilter | nutzungsrichtlinie | politique de contenu
    filtre de contenu | politique d'utilisation | politica sui contenuti
    敏感 | 违规 | 不安全 | 内容审核 | 内容安全 | 审核不通过 | 审核未通过 | 安全审查 | 安全审核 | 不合规
    不当内容 | 风险内容
    недопустимое содержание | недопустимый контент | политик ... контент | запрещенный контент
    запрещённый контент | чувствительн ... тем
    コンテンツポリシー | コンテンツフィルタ | 利用規約に違反 | 不適切な
    콘텐츠 정책 | 부적절한
""")

THROWN_OUT = Phrases("""
    account ... suspended | account ... disabled | account ... banned | account ... deactivated
    organization ... disabled | organization ... banned | api key ... suspended | api key ... disabled
    access ... terminated
""")
"""Who is thrown out for breaking the rules hears of the rules too, but no other prompt would help."""
