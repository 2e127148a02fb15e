/**
 * Where each venue takes withdrawals and transfers out of the account, and manages API keys and
 * sub-accounts: nothing that a grant lets through unless its owner says so. Paths are beginnings, by
 * whole segments; `*` is any segment. Written from memory and not yet compared with the venues' documents:
 *
 * - binance https://developers.binance.com/docs/wallet and /docs/sub_account
 * - bybit https://bybit-exchange.github.io/docs/v5/asset and /docs/v5/user
 * - okx https://www.okx.com/docs-v5/en/#funding-account and #sub-account
 * - kucoin https://www.kucoin.com/docs-new/rest/account-info
 * - kraken https://docs.kraken.com/api/docs/rest-api/withdraw-funds
 * - coinbase https://docs.cdp.coinbase.com/coinbase-app/track-apis and /advanced-trade
 * - bitfinex https://docs.bitfinex.com/reference/rest-auth-withdraw
 * - poloniex https://api-docs.poloniex.com/spot/api/private/wallet
 */
const DANGEROUS: Readonly<Record<string, readonly string[]>> = {
  binance: [
    '/wapi',
    '/sapi/v1/capital/withdraw/apply',
    '/sapi/v1/localentity/withdraw/apply',
    '/sapi/v2/localentity/withdraw/apply',
    '/sapi/v1/capital/contract/convertible-coins',
    '/sapi/v1/asset/transfer',
    '/sapi/v1/futures/transfer',
    '/sapi/v1/margin/transfer',
    '/sapi/v1/margin/isolated/transfer',
    '/sapi/v1/fiat',
    '/sapi/v1/pay',
    '/sapi/v1/giftcard',
    '/sapi/v1/account/apiRestrictions',
    '/sapi/v1/account/enableFastWithdrawSwitch',
    '/sapi/v1/account/disableFastWithdrawSwitch',
    '/sapi/v1/sub-account',
    '/sapi/v2/sub-account',
    '/sapi/v3/sub-account',
    '/sapi/v4/sub-account',
    '/sapi/v1/managed-subaccount',
    '/sapi/v1/broker',
    '/sapi/v1/apiKey',
  ],
  bybit: [
    '/v5/asset/withdraw',
    '/v5/asset/transfer',
    '/v5/user/create-sub-member',
    '/v5/user/create-sub-api',
    '/v5/user/update-api',
    '/v5/user/update-sub-api',
    '/v5/user/delete-api',
    '/v5/user/delete-sub-api',
    '/v5/user/del-submember',
    '/v5/user/frozen-sub-member',
    '/v5/broker',
    '/v5/fiat',
  ],
  okx: [
    '/api/v5/asset/withdrawal',
    '/api/v5/asset/withdrawal-lightning',
    '/api/v5/asset/transfer',
    '/api/v5/asset/subaccount/transfer',
    '/api/v5/users/subaccount',
    '/api/v5/account/subaccount',
    '/api/v5/broker',
    '/api/v5/fiat',
  ],
  kucoin: [
    '/api/v1/withdrawals',
    '/api/v2/withdrawals',
    '/api/v3/withdrawals',
    '/api/v2/accounts/inner-transfer',
    '/api/v2/accounts/sub-transfer',
    '/api/v1/accounts/universal-transfer',
    '/api/v3/accounts/universal-transfer',
    '/api/v1/transfer-in',
    '/api/v1/transfer-out',
    '/api/v2/transfer-out',
    '/api/v3/transfer-out',
    '/api/v1/sub',
    '/api/v2/sub',
    '/api/v3/sub',
    '/api/v1/broker',
    '/api/v1/isolated/transfer',
  ],
  kraken: [
    '/0/private/Withdraw',
    '/0/private/WalletTransfer',
    '/0/private/AccountTransfer',
    '/0/private/CreateSubaccount',
  ],
  coinbase: [
    '/v2/accounts/*/transactions',
    '/v2/accounts/*/transfers',
    '/v2/accounts/*/withdrawals',
    '/v2/accounts/*/deposits',
    '/api/v3/brokerage/portfolios/move_funds',
    '/api/v3/brokerage/intx/allocate',
    '/api/v3/brokerage/cfm/sweeps',
  ],
  bitfinex: [
    '/v2/auth/w/withdraw',
    '/v2/auth/w/transfer',
    '/v2/auth/w/token',
    '/v2/auth/w/sub_account',
    '/v1/withdraw',
    '/v1/transfer',
  ],
  poloniex: [
    '/wallets/withdraw',
    '/v2/wallets/withdraw',
    '/accounts/transfer',
    '/subaccounts',
    '/v3/account/transfer',
  ],
};

/** Tells whether a request to a path of a venue could take funds out, or make somebody able to. */
export function isDangerous(venue: string, path: string): boolean {
  const spelled = path.toLowerCase();
  return (DANGEROUS[venue] ?? []).some((rule) => startsWith(spelled, rule.toLowerCase()));
}

/** Tells whether a path begins with another one, by whole segments. `*` is any segment. */
export function startsWith(path: string, beginning: string): boolean {
  const segments = segmentsOf(path);
  return segmentsOf(beginning).every(
    (wanted, nth) => wanted === segments[nth] || (wanted === '*' && segments[nth] !== undefined),
  );
}

function segmentsOf(path: string): readonly string[] {
  return path.split('/').filter((segment) => segment !== '');
}
