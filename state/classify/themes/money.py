"""What is said when money is the matter."""

from state.classify.phrases import Phrases

__all__ = [
    "BROKE",
    "BROKE_CODES",
    "SALES",
]

BROKE_CODES = Phrases("""
    insufficient quota | insufficient balance | insufficient credit | insufficient funds
    insufficient user quota | insufficient account | quota not enough | pre consume token quota failed
    credit balance exhausted | spend limit | spending limit | spend cap | billing | payment required
    payment instrument | exceeded current quota | overdue | arrearage | arrears | budget exceeded
    exceeded budget | budget limit | usage limit | usage not included | free tier only
    monthly request count | monthly limit | set limit exceeded | service quota exceeded | balance not enough
    out of credits | insufficient resources balance | weight exceeds budget | token quota reached
    consumption limit | deactivated workspace | credits exhausted | out of quota | base resp 1008
    base resp 2056
""")

BROKE = Phrases("""
    insufficient balance | insufficient credit | insufficient funds | insufficient quota
    insufficient account balance | insufficient remaining | insufficient wallet | balance is insufficient
    balance insufficient | balance is not enough | balance not enough | balance is too low | balance too low
    low balance | negative balance | zero balance | not enough credit | not enough balance
    not enough funds | not enough quota | account balance is | lack of credit | out of credit | out of funds
    no credit | any credits | all available credits | credits remaining | credits are depleted
    credits are exhausted | credit exhausted | credits have been depleted | credits expired
    credits have expired | credits exhausted | credits have been exhausted | credit limit exceeded
    more credits | requires credits | can only afford | exceeded your current quota | exceeded your monthly
    exceeded its monthly | exceeded the monthly | monthly included credits | hard limit
    quota is not enough | quota exhausted | account is not active | billing not active | billing is not
    credit card | billing limit | billing to be enabled | enable billing | billing disabled
    payment required | payment instrument | payment failed | past due | overdue | in good standing
    failure to pay | unpaid | dunning | past invoices | spend limit | spending limit | spending cap
    spend cap | spend alert | spending budget | over budget | budget has been exceeded | out of budget
    exceeded budget | budget exceeded | exceeded ... budget | budget limit | budget exhausted | prepayment
    prepaid | usage limit | usage quota | usage cap | hit your limit | hit your usage
    reached your limit for | extra usage | premium request | free allocation | free allocated quota
    free tier of the model has been exhausted | free quota | trial has ended | trial expired
    free time limit | free usage has | prompt tokens limit exceeded | used up | call volume quota
    saldo insuficiente | crédito insuficiente | créditos insuficientes | sin saldo | sin créditos
    no tienes suficientes créditos | fondos insuficientes | sem créditos | guthaben | kontingent
    nicht genügend credits | solde insuffisant | crédits insuffisants | crédit insuffisant | crédits épuisés
    credito insufficiente | crediti insufficienti
    余额不足 | 余额已用 | 余额为 | 额度不足 | 额度已 | 额度用 | 配额不足 | 配额已 | 欠费 | 充值 | 用尽
    已用完 | 已耗尽 | 使用上限 | 套餐已 | 点数不足 | 積分不足 | 残高 | 利用上限 | 使用制限 | 使用量上限
    недостаточно средств | недостаточно кредит | средств недостаточно | исчерпан | пополните | закончились
    закончился | баланс
    クレジットが不足 | クレジット不足 | クレジットが足り
    잔액 | 크레딧이 부족 | 크레딧 부족 | 잔고
""")

SALES = Phrases("""
    billing | payment method | add credits | add more credits | purchase | buy more | buy credits | top up
    recharge your | upgrade your plan | upgrade for higher | upgrade to a paid | upgrade to continue
""")
"""Offered when money is the matter, but also to those who are merely fast: read after the limits."""
