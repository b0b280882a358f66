"""What providers say. The same in other languages."""

from tests.said_by import Case

__all__ = ["SAID"]

# fmt: off
SAID: tuple[Case, ...] = (
    (429, {"message": "Превышен лимит запросов, попробуйте через 20 секунд"}, "rate_limit model"),
    (402, {"message": "Недостаточно средств на балансе"}, "quota key"),
    (401, {"message": "Неверный API-ключ"}, "auth key"),
    (404, {"message": "Модель «x» не найдена"}, "not_found model"),
    (503, {"message": "Сервис временно недоступен"}, "unavailable provider"),
    (504, {"message": "Превышено время ожидания ответа"}, "timeout model"),
    (429, {"message": "Demasiadas solicitudes, inténtalo de nuevo en 20 segundos"}, "rate_limit model"),
    (402, {"message": "Saldo insuficiente"}, "quota key"),
    (401, {"message": "Clave de API no válida"}, "auth key"),
    (404, {"message": "El modelo 'x' no existe"}, "not_found model"),
    (429, {"message": "Zu viele Anfragen. Bitte in 20 Sekunden erneut versuchen"}, "rate_limit model"),
    (429, {"message": "Ihr Kontingent ist aufgebraucht"}, "quota key"),
    (401, {"message": "Ungültiger API-Schlüssel"}, "auth key"),
    (404, {"message": "Das Modell „x“ wurde nicht gefunden"}, "not_found model"),
    (429, {"message": "Trop de requêtes, réessayez dans 20 secondes"}, "rate_limit model"),
    (401, {"message": "Clé API invalide"}, "auth key"),
    (404, {"message": "Le modèle x est introuvable"}, "not_found model"),
    (429, {"message": "リクエストが多すぎます。20秒後に再試行してください"}, "rate_limit model"),
    (402, {"message": "残高が不足しています"}, "quota key"),
    (404, {"message": "モデルが見つかりません"}, "not_found model"),
    (429, {"message": "요청이 너무 많습니다. 20초 후 다시 시도하세요"}, "rate_limit model"),
    (401, {"message": "API 키가 유효하지 않습니다"}, "auth key"),
    (503, {"message": "服务器繁忙，请稍后再试"}, "unavailable provider"),
    (429, {"message": "请求过于频繁，请在20秒后重试"}, "rate_limit model"),
)
# fmt: on
