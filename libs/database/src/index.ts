export { type BatcherOptions, createBatcher } from './batcher.js';
export { type Bell, createBell } from './bell.js';
export { type Bus, type BusMessage, type BusOptions, connectBus, STREAM } from './bus.js';
export { type Head, type Link, NO_HISTORY, nextLink, verifyChain } from './chain.js';
export { type Consumer, type ConsumerOptions, startConsumer } from './consumer.js';
export type { Database, Queries, Session, Tx } from './database.js';
export { type Fragment, filterSql } from './filter/compile.js';
export type { Field, Fields } from './filter/fields.js';
export { EVERYTHING, type Filter } from './filter/filter.js';
export { type FieldValues, matches } from './filter/matches.js';
export { afterKeySql, keySql, type Order, orderSql, parseOrderBy } from './filter/order.js';
export { decodeOrderToken, encodeOrderToken } from './filter/page-key.js';
export { parseFilter } from './filter/parse.js';
export { printFilter } from './filter/print.js';
export { type FollowOptions, startTailer, type Tailer, type TailerOptions } from './follow.js';
export {
  appendHistory,
  currentTrace,
  type HistoryRow,
  isFullPage,
  lastPosition,
  type NewHistory,
  type ReadHistoryOptions,
  readHistory,
  readNewest,
} from './history.js';
export { migrate } from './migrate.js';
export { type DatabaseOptions, openDatabase } from './open-database.js';
export { isOutage, violates } from './outage.js';
export { decodePageToken, encodePageToken, type PageBinding, pageSize } from './pages.js';
export {
  claimRequestId,
  findRequestId,
  fingerprint,
  type Repeated,
  type RequestId,
  requestIdReused,
} from './request-ids.js';
export { type Sequencer, type SequencerOptions, startSequencer } from './sequencer.js';
export { createWaker, type Waker } from './waker.js';
export {
  type Claimed,
  type ClaimOptions,
  claimDue,
  type Finished,
  finish,
  finishAll,
  giveBack,
  StaleLease,
  wakeWork,
} from './work.js';
