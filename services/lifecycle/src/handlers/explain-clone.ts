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
import type { Workload } from '../domain/outcome.js';
import { ENDED_PHASES } from '../domain/phases.js';
import { isAway, type Problem } from '../domain/problem.js';
import { holdsOf } from '../domain/quota.js';
import { overAt, type SigningNews, toldOf, withSigning } from '../domain/signing.js';
import { toCloneMessage } from '../messages.js';
import { problemOf } from '../outside/refusal.js';

type Needs = Pick<Deps, 'access' | 'reads' | 'quotas' | 'keys' | 'executor' | 'clock'>;

/** How long a peer may take to say how it goes: one that takes longer is away. */
const PATIENCE_MS = 1_000;

/** Tells why a clone is as it is, in two reads and a question to each peer that it concerns. */
export function explainClone(needs: Needs): Unary<ExplainCloneRequest, ExplainCloneResponse> {
  const { access, reads } = needs;
  return async ({ id }, { caller, signal }) => {
    const clone = await reads.get(id, await access.sightOf(caller));
    const { signing, ...around } = await circumstancesOf(needs, clone, signal);
    const known = signing ? withSigning(clone, signing.news, around.now) : clone;
    return { clone: toCloneMessage(clone), cause: toCauseMessage(explain(known, around)) };
  };
}

async function circumstancesOf(
  needs: Needs,
  clone: Clone,
  signal: AbortSignal,
): Promise<Circumstances & { readonly signing?: Signing | undefined }> {
  const { reads, clock } = needs;
  const patience = new AbortController();
  const done = new AbortController();
  const stop = (): void => patience.abort();
  void clock.sleep(PATIENCE_MS, done.signal).then(stop, () => undefined);
  signal.addEventListener('abort', stop);
  try {
    const [around, workload, key, signing, shortage] = await Promise.all([
      reads.surroundings(clone),
      workloadOf(needs, clone, patience.signal),
      keyOf(needs, clone, patience.signal),
      signingOf(needs, clone, patience.signal),
      shortageFor(needs, clone),
    ]);
    const refusals = [workload, key, signing].flatMap(({ refusal }) => refusal ?? []);
    const isSilent = signing.heard === 'away';
    return {
      ...{ ...around, workload: workload.heard, refusals, shortage },
      key: isSilent ? 'away' : key.heard,
      signing: isSilent ? undefined : signing.heard,
    };
  } finally {
    signal.removeEventListener('abort', stop);
    done.abort();
  }
}

/** What a peer has answered, or that it is away, or that it refuses. Empty: it was not asked. */
interface Heard<Value> {
  readonly heard?: Value | 'away';
  readonly refusal?: Problem;
}

/** What rests has no workload to ask for. */
async function workloadOf(
  { executor }: Needs,
  { id: cloneId, phase, epoch, execution }: Clone,
  signal: AbortSignal,
): Promise<Heard<Workload | 'none'>> {
  const isQuiet = ['SUSPENDED', 'ARCHIVED', 'DELETED', ...ENDED_PHASES].includes(phase);
  if (isQuiet || !execution) return {};
  return hear(executor.find({ cloneId, executionId: execution.id, epoch }, signal));
}

/** Only a clone that does not hold its key can be kept from it. */
async function keyOf(
  { keys }: Needs,
  clone: Clone,
  signal: AbortSignal,
): Promise<Heard<'free' | 'taken'>> {
  const { keyId, owner, creatorId, phase } = clone;
  const hasGivenBack = ENDED_PHASES.includes(phase) && holdsOf(clone).clones === 0;
  if (keyId === '' || !(phase === 'PREPARING' || hasGivenBack)) return {};
  const isFree = keys.isAvailable({ keyId, owner, creatorId }, signal);
  return hear(isFree.then((is) => (is ? 'free' : 'taken')));
}

/** Whether an execution may sign, as keys says. */
interface Signing {
  readonly news: SigningNews | undefined;
}

/** Asking renews the right to sign of what lives, as is done all the time. */
async function signingOf(
  { keys }: Needs,
  clone: Clone,
  signal: AbortSignal,
): Promise<Heard<Signing>> {
  const { keyId, phase, execution, epoch } = clone;
  if (keyId === '' || phase !== 'RUNNING' || !execution || execution.outcome) return {};
  const asked = keys.renew([{ executionId: execution.id, epoch }], signal);
  return hear(asked.then(([news]) => ({ news: toldOf({ overAt: overAt(clone) }, news) })));
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

/** A peer that runs out of our patience is away, too: the call is then CANCELLED. */
async function hear<Value>(asked: Promise<Value>): Promise<Heard<Value>> {
  try {
    return { heard: await asked };
  } catch (thrown) {
    if (!(thrown instanceof RemoteError)) throw thrown;
    const refusal = problemOf(thrown);
    return isAway(refusal) ? { heard: 'away' } : { refusal };
  }
}

/** A cause, as the API shows it. */
function toCauseMessage(cause: Cause): CauseMessage {
  const { sinceAt: sinceTime, untilAt: untilTime, causes, ...rest } = cause;
  return { ...rest, sinceTime, untilTime, causes: causes.map(toCauseMessage) };
}
