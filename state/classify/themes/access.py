"""What doors say: not with this key, or not from here."""

from state.classify.phrases import Phrases

__all__ = [
    "ADDRESS",
    "PLACE",
    "UNWELCOME",
    "UNWELCOME_CODES",
    "UNWELCOME_UNLESS_400",
]

PLACE = Phrases("""
    location is not supported | unsupported country | unsupported region | unsupported countries
    unsupported location | country, region, or territory | not available in your region
    not available in your area | not available in your current location | not supported in your region
    not available in this country | not available to users in | unavailable in your region | your country
    your location | region is not supported | country is not supported | region not supported
    country not supported | geographic | sanction | export control | en tu país | en su país | en tu región
    no seu país | na sua região | in deinem land | in ihrem land | in ihrer region | dans votre pays
    dans votre région | nel tuo paese
    不支持您所在的 | 所在地区 | 所在国家 | 您的地区 | 该地区 | 地区不 | 国家或地区
    вашем регионе | вашей стран
    お住まいの | お使いの国 | お客様の国
    해당 국가 | 지역에서
""")

ADDRESS = Phrases("""
    just a moment | attention required | you have been blocked | virtual network/firewall
    public access is disabled | private endpoint | check your network settings | ip address is not
    ip address ... blocked | ip is not allowed | ip not allowed | ip not authorized | ip ... not allowed
    ip ... blocked | ip has been | not in the allowlist | not in whitelist | not in allowlist | ip whitelist
    ip allowlist | ip restriction | ip address restriction | vpn | error code: 1020 | error code: 1010
    error code: 1009 | error code: 1006 | error 1020 | error 1009 | banned your ip | unusual traffic
    captcha | security service to protect
    ip 地址 | ip地址 | ip 白名单
    ip адрес
""")

UNWELCOME_CODES = Phrases("""
    invalid api key | api key invalid | invalid key | incorrect api key | wrong api key | api key expired
    api key disabled | api key service blocked | api key not | api key http referrer blocked
    authentication | unauthorized | unauthenticated | not authenticated | auth error | auth failed
    auth failure | token invalid | token expired | expired token | expired api key | invalid signature
    incomplete signature | signature does not match | unrecognized client | access denied
    permission denied | permission error | permissions error | insufficient permissions | forbidden
    service disabled | consumer suspended | consumer invalid | account deactivated | account suspended
    organization restricted | invalid grant | refresh token | no access | invalid credentials
    not authorized | access token | temporarily suspended | validation required | invalid subscription
    base resp 1004 | base resp 2049 | subscription not found | operation denied
""")

UNWELCOME = Phrases("""
    invalid api key | incorrect api key | wrong api key | bad api key | api key not valid
    api key is invalid | api key is not valid | not a valid api key | invalid secret | api key ... invalid
    api key ... incorrect | api key ... expired | api key ... revoked | api key ... disabled
    api key ... not found | api key ... not exist | api key ... deactivated | api key ... not active
    api key ... inactive | api key not found | api key ... suspended | api key ... blocked | api key expired
    api key was reported | api key ... does not have permission | apikey | no api key | missing api key
    without api key | api key is missing | api key missing | api key is required | key required
    not provided an api key | api key not provided | api key must be | requires an api key
    provide an api key | provide a valid api key | provide your api key | pass a valid api key | x api key
    invalid api token | token is invalid | token is not valid | token seems invalid | token ... expired
    token ... revoked | token expired | token has been invalidated | bearer token | invalid access token
    access token is | access token has | invalid authentication | authentication token | authentication fail
    authentication error | authentication required | authentication is required | authentication credentials
    authentication method | failed to authenticate | not authenticated | could not authenticate
    cannot authenticate | unable to authenticate | please authenticate | reauth | authorization failed
    authorization header | authorization required | authorization error | authorization token | unauthorized
    unauthorised | unauthenticated | not authorized | not authorised | invalid credentials | bad credentials
    auth credentials | default credentials | credentials are | no credentials
    credential is only authorized | invalid username or password | user not found | login fail
    login required | not logged in | log in | please login | sign in | signing in | security token
    signature we calculated | signature ... expired | invalid signature | invalid grant | oauth
    permission denied | permission to use | do not have permission | does not have permission
    lacks permission | no permission | not have the required permission | insufficient permission
    insufficient authentication scopes | missing scopes | insufficient scope | permission is required
    permission ... denied | lacks the required | access denied | unregistered callers
    has not been used in project | denied access | have access to this | account has been | forbidden
    do not have access | does not have access | account is suspended | account ... suspended
    account ... deactivated | account ... disabled | account disabled | account ... banned
    account ... blocked | account ... locked | deactivated account | user ... banned | user ... disabled
    organization has been | organization ... disabled | organization ... restricted | project ... disabled
    project ... suspended | consumer ... suspended | has been suspended | are blocked | is blocked
    inactive subscription | virtual key | unable to locate credentials | authorization denied
    valid user token | no token provided | missing authentication | api key client option
    find your project | requests from referer | requests to this api | not eligible | verify your account
    account requires verification | clave de api | clave api | clave no válida | no autorizado
    no autorizada | acceso denegado | autenticación | chave de api | chave api | chave da api
    não autorizado | acesso negado | autenticação | api schlüssel | ungültiger schlüssel | nicht autorisiert
    zugriff verweigert | nicht berechtigt | authentifizierung | anmeldung | clé api | clé d'api
    clé invalide | non autorisé | accès refusé | chiave api | non autorizzato | accesso negato
    令牌 | 鉴权 | 认证失败 | 认证错误 | 身份验证 | 未授权 | 无权限 | 没有权限 | 无权访问 | 密钥 | 未登录
    api key 无效 | api key 错误 | 无效的 api key | api key不 | 账号已 | 账户已 | 账号被 | 账户被
    用户已被封禁 | 已被禁用 | 認証
    неверный ключ | неверный api | неверный токен | недействительн | не авториз | неавториз
    ошибка авторизации | ошибка аутентификации | доступ запрещ | отказано в доступе | нет доступа
    заблокирован
    apiキー | アクセスが拒否 | 権限がありません
    api 키 | api키 | 인증 | 권한이 없 | 액세스가 거부
""")

UNWELCOME_UNLESS_400 = Phrases("""
    invalid token | token ... invalid | invalid access | key is invalid | key is not valid | valid key
    incorrect key
""")
"""Of a prompt's tokens a 400 can say the same."""
