/**
 * Where each venue takes withdrawals and transfers out of the account, manages API keys and
 * sub-accounts, or puts funds where a grant's symbols say nothing: into other coins, loans, stakes and
 * savings. Nothing of it is let through unless the owner of a grant says so. Paths are beginnings, by
 * whole segments; `*` is any segment.
 *
 * Compared on 2026-11-29 with all private paths in ccxt 4.5.84, and, for what that lacks, with:
 *
 * - binance: Binance's own @binance/wallet 16.0.2, and binance 3.6.5
 * - bybit: docs/v5 in github.com/bybit-exchange/docs, and bybit-api 4.7.7
 * - okx: OKX's own okx/consts.py in github.com/okxapi/python-okx, and okx-api 3.2.3
 * - kraken: https://docs.kraken.com/api-reference, spot-rest.yaml and futures-rest.yaml
 * - coinbase: coinbase-api 1.2.6, and https://docs.cdp.coinbase.com/get-started/authentication
 * - bitfinex: Bitfinex's own bfx-api-node-rest 7.0.0
 *
 * KuCoin's newest and Poloniex's were seen in ccxt alone. Some have been kept that no source has any
 * more: a path that is gone costs nothing.
 */
const DANGEROUS: Readonly<Record<string, readonly string[]>> = {
  binance: [
    // Out of the account.
    '/wapi',
    '/sapi/v1/capital/withdraw/apply',
    '/sapi/v1/localentity/withdraw/apply',
    '/sapi/v2/localentity/withdraw/apply',
    '/sapi/v1/localentity/broker/withdraw/apply',
    '/sapi/v1/capital/contract/convertible-coins',
    '/sapi/v1/capital/deposit/credit-apply',
    '/sapi/v1/asset/transfer',
    '/sapi/v1/asset/convert-transfer',
    '/sapi/v1/futures/transfer',
    '/sapi/v1/margin/transfer',
    '/sapi/v1/margin/isolated/transfer',
    '/sapi/v1/margin/loan-group',
    '/sapi/v1/portfolio/asset-collection',
    '/sapi/v1/portfolio/auto-collection',
    '/sapi/v1/portfolio/bnb-transfer',
    '/sapi/v1/portfolio/earn-asset-transfer',
    '/sapi/v1/portfolio/mint',
    '/sapi/v1/portfolio/redeem',
    '/papi/v1/asset-collection',
    '/papi/v1/auto-collection',
    '/papi/v1/bnb-transfer',
    '/sapi/v1/fiat',
    '/sapi/v2/fiat',
    '/sapi/v1/pay',
    '/sapi/v1/c2c',
    '/sapi/v1/nft',
    '/sapi/v1/giftcard',
    '/sapi/v1/mining/hash-transfer',
    // API keys, sub-accounts and whom others trade for.
    '/sapi/v1/account/apiRestrictions',
    '/sapi/v1/account/enableFastWithdrawSwitch',
    '/sapi/v1/account/disableFastWithdrawSwitch',
    '/sapi/v1/margin/apiKey',
    '/sapi/v1/margin/exit-special-key-mode',
    '/sapi/v1/sub-account',
    '/sapi/v2/sub-account',
    '/sapi/v3/sub-account',
    '/sapi/v4/sub-account',
    '/sapi/v1/managed-subaccount',
    '/sapi/v1/broker',
    '/sapi/v2/broker',
    '/sapi/v3/broker',
    '/sapi/v1/apiKey',
    '/sapi/v1/apiReferral',
    '/sapi/v1/copyTrading',
    // Into other coins, loans and products.
    '/sapi/v1/asset/dust',
    '/sapi/v1/asset/dust-btc',
    '/sapi/v1/asset/dust-convert',
    '/sapi/v1/convert',
    '/fapi/v1/convert',
    '/sapi/v1/loan',
    '/sapi/v2/loan',
    '/sapi/v1/futures/loan',
    '/sapi/v2/futures/loan',
    '/sapi/v1/lending',
    '/sapi/v1/simple-earn',
    '/sapi/v1/staking',
    '/sapi/v1/eth-staking',
    '/sapi/v2/eth-staking',
    '/sapi/v1/sol-staking',
    '/sapi/v1/onchain-yields',
    '/sapi/v1/soft-staking',
    '/sapi/v1/bfusd',
    '/sapi/v1/rwusd',
    '/sapi/v1/dci',
    '/sapi/v1/accumulator',
    '/sapi/v1/bswap',
    '/sapi/v1/blvt',
    '/sapi/v1/equity',
  ],
  bybit: [
    // Out of the account.
    '/v5/asset/withdraw',
    '/v5/asset/transfer',
    '/v5/position/move-positions',
    '/v5/p2p',
    '/v5/fiat',
    '/asset',
    // API keys and sub-accounts.
    '/v5/user/create-sub-member',
    '/v5/user/create-sub-api',
    '/v5/user/create-demo-member',
    '/v5/user/update-api',
    '/v5/user/update-sub-api',
    '/v5/user/delete-api',
    '/v5/user/delete-sub-api',
    '/v5/user/del-submember',
    '/v5/user/frozen-sub-member',
    '/v5/user/agreement',
    '/v5/broker',
    '/user',
    '/contract/v3/private/copytrading/wallet',
    // Into other coins, loans and products.
    '/v5/asset/exchange/quote-apply',
    '/v5/asset/exchange/convert-execute',
    '/v5/asset/covert',
    '/v5/crypto-loan',
    '/v5/crypto-loan-common',
    '/v5/crypto-loan-fixed',
    '/v5/crypto-loan-flexible',
    '/v5/ins-loan',
    '/v5/lending',
    '/v5/earn',
    '/v5/alpha',
    '/spot/v3/private/cross-margin-loan',
  ],
  okx: [
    // Out of the account.
    '/api/v5/asset/withdrawal',
    '/api/v5/asset/withdrawal-lightning',
    '/api/v5/asset/transfer',
    '/api/v5/asset/subaccount/transfer',
    '/api/v5/account/move-positions',
    '/api/v5/fiat',
    '/api/v5/p2p',
    // API keys, sub-accounts and whom others trade for.
    '/api/v5/users/subaccount',
    '/api/v5/account/subaccount',
    '/api/v5/asset/broker',
    '/api/v5/broker',
    '/api/v5/copytrading/first-copy-settings',
    '/api/v5/copytrading/amend-copy-settings',
    '/api/v5/tradingBot/signal/create-signal',
    // Into other coins, loans and products.
    '/api/v5/asset/convert/trade',
    '/api/v5/asset/convert-dust-assets',
    '/api/v5/asset/purchase_redempt',
    '/api/v5/asset/set-lending-rate',
    '/api/v5/trade/easy-convert',
    '/api/v5/account/fixed-loan',
    '/api/v5/finance',
  ],
  kucoin: [
    // Out of the account.
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
    '/api/v1/isolated/transfer',
    '/api/ua/v1/account/transfer',
    // API keys and sub-accounts.
    '/api/v1/sub',
    '/api/v2/sub',
    '/api/v3/sub',
    '/api/ua/v1/sub-account/canTransferOut',
    '/api/v1/broker',
    '/api/v2/broker',
    // Into other coins, loans and products.
    '/api/v1/convert',
    '/api/v1/earn',
    '/api/v1/struct-earn',
    '/api/v3/purchase',
    '/api/v3/redeem',
    '/api/v3/lend',
  ],
  kraken: [
    // Out of the account.
    '/0/private/Withdraw',
    '/0/private/WalletTransfer',
    '/0/private/AccountTransfer',
    '/derivatives/api/v3/withdrawal',
    '/derivatives/api/v3/transfer',
    // Sub-accounts, and a token that trades over a socket for as long as that is open.
    '/0/private/CreateSubaccount',
    '/derivatives/api/v3/subaccount',
    '/0/private/GetWebSocketsToken',
    // Into products.
    '/0/private/Earn/Allocate',
    '/0/private/Earn/Deallocate',
    '/0/private/Stake',
    '/0/private/Unstake',
  ],
  coinbase: [
    // Out of the account; what is under /platform is the wallets of the developer platform.
    '/v2/accounts/*/transactions',
    '/v2/accounts/*/transfers',
    '/v2/accounts/*/withdrawals',
    '/v2/accounts/*/deposits',
    '/v2/accounts/*/buys',
    '/v2/accounts/*/sells',
    '/platform',
    '/api/v3/brokerage/portfolios/move_funds',
    '/api/v3/brokerage/intx/allocate',
    '/api/v3/brokerage/cfm/sweeps',
    // Into other coins.
    '/api/v3/brokerage/convert',
  ],
  bitfinex: [
    // Out of the account.
    '/v2/auth/w/withdraw',
    '/v2/auth/w/transfer',
    '/v2/auth/w/ext/wallets',
    '/v2/auth/w/ext/pay',
    '/v2/auth/w/ext/invoice',
    '/v1/withdraw',
    '/v1/transfer',
    // Tokens, sub-accounts and settings.
    '/v2/auth/w/token',
    '/v2/auth/w/sub_account',
    '/v2/auth/w/settings',
  ],
  poloniex: [
    // Out of the account.
    '/wallets/withdraw',
    '/v2/wallets/withdraw',
    '/accounts/transfer',
    '/v3/account/transfer',
    // Sub-accounts.
    '/subaccounts',
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
