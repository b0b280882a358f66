"""What the words tell about who is to blame: an account, a service, one upstream of many."""

from state.classify.phrases import Phrases

__all__ = ["ACCOUNT", "SERVICE", "UPSTREAM", "UPSTREAM_CODES"]

ACCOUNT = Phrases("""
    your account | trial key | this key | your key | your api key | your team | for team | user id | your ip
    for ip | this ip | ip: | your plan | your subscription | your rate limit is | you have been rate limited
    you are being rate limited | free models per | model requests | token usage | payment method
    max organization | organization max | usage limit
    您的账户 | 您的账号 | 当前账号
    вашего аккаунта
""")
"""A limit of the key: its other models are used up as well."""

SERVICE = Phrases("""
    server | service | system | platform | gateway | our end | servidor
    服务 | 系统
    сервер | сервис
    サーバー
    서버
""")

UPSTREAM_CODES = Phrases("provider unavailable | provider overloaded")

UPSTREAM = Phrases("""
    upstream error from | upstream provider | upstream model | provider returned | provider disconnected
""")
"""Behind a broker like OpenRouter one upstream of many has failed: one model's trouble."""
