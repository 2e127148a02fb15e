/**
 * The parameters of what trades and what reads, of the venues whose signatures do not cover the path:
 * what is signed for one path can be sent to all others, so names are all there is to go by. Whatever
 * takes something out of the account, or puts it where a grant's symbols say nothing, cannot do without
 * another name than these (`amount`, `asset`, `coin`, `address`, `quoteId`), but for what needs none at
 * all: see "What a signature does not cover" in docs/venues.md. What is not here is refused where that
 * matters, so that no name that a venue may come to know gets by.
 *
 * Written as the venue writes them, and not in another case. Compared on 2026-11-29 with the types of
 * the clients binance 3.6.5 and bybit-api 4.7.7, and held against the paths in ../venue-paths.ts.
 */
export interface KnownParameters {
  /** Of what reads, whatever is sent with it. */
  readonly reading: ReadonlySet<string>;
  /** Of orders, positions and their settings. */
  readonly acting: ReadonlySet<string>;
}

const PEGGED = ['PegPriceType', 'PegOffsetType', 'PegOffsetValue'];
const LEG = ['Type', 'ClientOrderId', 'Price', 'StopPrice', 'TrailingDelta', 'IcebergQty'];
const LEG_MORE = ['TimeInForce', 'StrategyId', 'StrategyType', ...PEGGED];
/** What each order of a list is told by, with the name of the order in front. */
const LEGS = ['above', 'below', 'working', 'pending', 'pendingAbove', 'pendingBelow'].flatMap(
  (order) => [...LEG, ...LEG_MORE, 'Side', 'Quantity'].map((name) => order + name),
);

/** Of Binance: spot, margin, both kinds of futures, options and the portfolio margin of all. */
export const BINANCE_PARAMETERS: KnownParameters = {
  reading: new Set([
    ...['recvWindow', 'symbol', 'symbols', 'pair', 'underlying', 'isolatedSymbol', 'isIsolated'],
    ...['orderId', 'origClientOrderId', 'orderListId', 'clientOrderId', 'fromId'],
    ...['strategyId', 'newClientStrategyId', 'preventedMatchId', 'contractType'],
    ...['fromPreventedMatchId', 'fromAllocationId', 'startTime', 'endTime', 'limit', 'page'],
    ...['pageSize', 'rows', 'size', 'current', 'archived', 'omitZeroBalances', 'incomeType'],
    ...['autoCloseType', 'algoType', 'period', 'interval', 'tier'],
    ...['fromExecutionId', 'marginAsset', 'needBtcValuation', 'downloadId'],
  ]),
  acting: new Set([
    ...[
      'side',
      'type',
      'positionSide',
      'timeInForce',
      'quantity',
      'quoteOrderQty',
      'price',
      'newClientOrderId',
    ],
    ...['strategyType', 'stopPrice', 'trailingDelta', 'icebergQty', 'newOrderRespType'],
    ...['selfTradePreventionMode', 'pegPriceType', 'pegOffsetValue', 'pegOffsetType'],
    ...['sideEffectType', 'autoRepayAtCancel', 'computeCommissionRates', 'newQty', 'modifyId'],
    ...['cancelReplaceMode', 'cancelNewClientOrderId', 'cancelOrigClientOrderId', 'cancelOrderId'],
    ...['cancelRestrictions', 'orderRateLimitExceededMode', 'listClientOrderId'],
    ...['limitClientOrderId', 'limitStrategyId', 'limitStrategyType', 'limitIcebergQty'],
    ...['stopClientOrderId', 'stopStrategyId', 'stopStrategyType', 'stopLimitPrice'],
    ...['stopIcebergQty', 'stopLimitTimeInForce', 'reduceOnly', 'closePosition', 'activationPrice'],
    ...['activatePrice', 'callbackRate', 'priceProtect', 'priceMatch', 'goodTillDate'],
    ...['triggerPrice', 'batchOrders', 'orders', 'orderIdList', 'origClientOrderIdList'],
    ...['orderIds', 'clientOrderIds', 'countdownTime', 'leverage', 'marginType', 'feeBurn'],
    ...['dualSidePosition', 'multiAssetsMargin', 'postOnly', 'isMmp', 'duration', 'urgency'],
    // An order of an algorithm is cancelled by its id alone, whichever its symbol.
    ...['limitPrice', 'stpMode', 'algoId', 'clientAlgoId', 'underlyings', ...LEGS],
  ]),
};

/**
 * Of Bybit. What reads has its parameters in a query, and what acts has them in JSON: their signatures
 * are never the same, so that a query may have any.
 */
export const BYBIT_PARAMETERS: Pick<KnownParameters, 'acting'> = {
  acting: new Set([
    ...['category', 'symbol', 'isLeverage', 'side', 'orderType', 'qty', 'marketUnit', 'price'],
    ...['slippageToleranceType', 'slippageTolerance', 'triggerDirection', 'orderFilter'],
    ...['triggerPrice', 'triggerBy', 'orderIv', 'timeInForce', 'positionIdx', 'orderLinkId'],
    ...['takeProfit', 'stopLoss', 'tpTriggerBy', 'slTriggerBy', 'reduceOnly', 'closeOnTrigger'],
    ...['smpType', 'mmp', 'tpslMode', 'tpSlMode', 'tpLimitPrice', 'slLimitPrice', 'tpOrderType'],
    ...['slOrderType', 'bboSideType', 'bboLevel', 'rpiTakerAccess', 'orderId', 'request'],
    ...['baseCoin', 'settleCoin', 'stopOrderType', 'product', 'timeWindow', 'buyLeverage'],
    ...['sellLeverage', 'tradeMode', 'mode', 'riskId', 'trailingStop', 'activePrice', 'tpSize'],
    ...['slSize', 'autoAddMargin', 'margin', 'setMarginMode', 'setHedgingMode', 'window'],
    ...['frozenPeriod', 'qtyLimit', 'deltaLimit', 'vegaLimit', 'leverage', 'spotMarginMode'],
    ...['modifyEnable', 'cancelAll'],
  ]),
};
