import type {
  Cause as CauseMessage,
  ExplainCloneRequest,
  ExplainCloneResponse,
} from '@ramet/proto-gen/lifecycle.v1';
import { RemoteError, type Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import type { Cause } from '../domain/causes.js';
import { type Circumstances, type Shortage, shortageOf } from '../domain/circumstances.js';
import type { Clone } from '../domain/clone.js';
import { explain } from '../domain/explain.js';
import { ENDED_PHASES } from '../domain/phases.js';
import { holdsOf } from '../domain/quota.js';
import { toCloneMessage } from '../messages.js';

type Needs = Pick<Deps, 'access' | 'reads' | 'quotas' | 'keys' | 'executor' | 'clock'>;

/** How long a peer may take to say how it goes: one that takes longer is away. */
const PATIENCE_MS = 1_000;

/** Tells why a clone is as it is, in two reads and a question to each peer that it concerns. */
export function explainClone(needs: Needs): Unary<ExplainCloneRequest, ExplainCloneResponse> {
  const { access, reads } = needs;
  return async ({ id }, { caller, signal }) => {
    const clone = await reads.get(id, await access.sightOf(caller));
    const around = await circumstancesOf(needs, clone, signal);
    return { clone: toCloneMessage(clone), cause: toCauseMessage(explain(clone, around)) };
  };
}

async function circumstancesOf(
  needs: Needs,
  clone: Clone,
  signal: AbortSignal,
): Promise<Circumstances> {
  const { reads, clock } = needs;
  const patience = new AbortController();
  const done = new AbortController();
  const stop = (): void => patience.abort();
  void clock.sleep(PATIENCE_MS, done.signal).then(stop, () => undefined);
  signal.addEventListener('abort', stop);
  try {
    const [around, workload, key, shortage] = await Promise.all([
      reads.surroundings(clone),
      workloadOf(needs, clone, patience.signal),
      keyOf(needs, clone, patience.signal),
      shortageFor(needs, clone),
    ]);
    return { ...around, workload, key, shortage };
  } finally {
    signal.removeEventListener('abort', stop);
    done.abort();
  }
}

/** What rests has no workload to ask for. */
async function workloadOf(
  { executor }: Needs,
  { id: cloneId, phase, epoch, execution }: Clone,
  signal: AbortSignal,
): Promise<Circumstances['workload']> {
  const isQuiet = ['SUSPENDED', 'ARCHIVED', 'DELETED', ...ENDED_PHASES].includes(phase);
  if (isQuiet || !execution) return undefined;
  return unlessAway(executor.find({ cloneId, executionId: execution.id, epoch }, signal));
}

/** Only a clone that does not hold its key can be kept from it. */
async function keyOf(
  { keys }: Needs,
  clone: Clone,
  signal: AbortSignal,
): Promise<Circumstances['key']> {
  const { keyId, owner, creatorId, phase } = clone;
  const hasGivenBack = ENDED_PHASES.includes(phase) && holdsOf(clone).clones === 0;
  if (keyId === '' || !(phase === 'PREPARING' || hasGivenBack)) return undefined;
  const isFree = await unlessAway(keys.isAvailable({ keyId, owner, creatorId }, signal));
  if (isFree === 'away') return 'away';
  return isFree ? 'free' : 'taken';
}

/** The quota that would not let a clone that rests be taken up again. */
async function shortageFor({ quotas }: Needs, clone: Clone): Promise<Shortage | undefined> {
  const again = takenUp(clone);
  if (!again || clone.desired === 'DELETED') return undefined;
  const own = (await quotas.list(clone.owner.id)).filter(({ kind }) => kind === clone.kind);
  return shortageOf(own, holdsOf(clone), holdsOf(again));
}

function takenUp(clone: Clone): Clone | undefined {
  if (ENDED_PHASES.includes(clone.phase)) return { ...clone, restart: 'keep' };
  const isPutDown = clone.phase === 'SUSPENDED' || clone.phase === 'ARCHIVED';
  return isPutDown ? { ...clone, desired: 'RUNNING' } : undefined;
}

async function unlessAway<Value>(asked: Promise<Value>): Promise<Value | 'away'> {
  try {
    return await asked;
  } catch (thrown) {
    if (thrown instanceof RemoteError) return 'away';
    throw thrown;
  }
}

/** A cause, as the API shows it. */
function toCauseMessage(cause: Cause): CauseMessage {
  const { sinceAt: sinceTime, untilAt: untilTime, causes, ...rest } = cause;
  return { ...rest, sinceTime, untilTime, causes: causes.map(toCauseMessage) };
}
