import type { HistoryRow } from '@ramet/database';
import {
  type Clone,
  CloneChanged,
  CloneKind,
  ClonePhase,
  OutcomeKind,
} from '@ramet/proto-gen/lifecycle.v1';
import type { Deps } from '../deps.js';
import { CLONE_KINDS, OUTCOMES } from '../domain/clone.js';
import { PHASES, type Phase } from '../domain/phases.js';
import { type PhaseChange, wants } from '../domain/webhook.js';
import { deliveryId, phaseChanged } from '../domain/webhook-event.js';
import { fromOwnerMessage } from '../messages.js';
import type { NewDelivery, Place } from '../store/webhook-intake.js';

type Needs = Pick<Deps, 'intake' | 'failpoints'>;

/** What of the history is about clones. Other aggregates have other payloads. */
const ABOUT_CLONES = /^clone\./;

/**
 * Makes deliveries out of a page of the history: one for each phase change and webhook that wants it.
 *
 * May be repeated: a delivery is named by its webhook and its place in the history.
 */
export function fanOut({
  intake,
  failpoints,
}: Needs): (rows: readonly HistoryRow[]) => Promise<boolean> {
  return async (rows) => {
    const entries = rows.filter(({ kind }) => ABOUT_CLONES.test(kind)).map(toEntry);
    const owners = [...new Set(entries.map(({ ownerId }) => ownerId))];
    const listening = await intake.listening(owners);
    const isHeard = new Set(listening.map(({ webhook }) => webhook.owner.id));
    const heard = entries.filter(({ ownerId }) => isHeard.has(ownerId));
    const changes = await phaseChangesIn(intake, heard);

    const deliveries = changes.flatMap(({ change, position }) =>
      listening
        .filter(({ webhook, sincePosition }) => {
          const isTheirs = webhook.owner.id === change.owner.id && position > sincePosition;
          return isTheirs && wants(webhook, change);
        })
        .map(({ webhook }) => toDelivery(webhook.id, change)),
    );
    await intake.add(deliveries);
    if (deliveries.length > 0) failpoints.hit('lifecycle.webhook_deliveries_added');
    return deliveries.length > 0;
  };
}

function toDelivery(webhookId: string, change: PhaseChange): NewDelivery {
  const { cloneId, seq } = change;
  const event = phaseChanged(webhookId, change);
  return { id: deliveryId(webhookId, cloneId, seq), webhookId, cloneId, seq, event };
}

/** A row of the history with the clone that is in it. */
interface Entry {
  readonly row: HistoryRow;
  readonly clone: Clone;
  readonly ownerId: string;
}

function toEntry(row: HistoryRow): Entry {
  const clone = cloneIn(row.payload);
  return { row, clone, ownerId: clone.owner?.owner?.value ?? '' };
}

function cloneIn(payload: Buffer): Clone {
  const { clone } = CloneChanged.decode(payload);
  if (!clone) throw new Error('the history has an entry without its clone');
  return clone;
}

interface Placed {
  readonly change: PhaseChange;
  readonly position: bigint;
}

/** The entries that a clone has come into another phase with. */
async function phaseChangesIn(
  intake: Needs['intake'],
  entries: readonly Entry[],
): Promise<readonly Placed[]> {
  const phases = new Map(entries.map(({ row, clone }) => [placeOf(row), clone.phase]));
  const unknown = entries
    .map(({ row: { aggregate, seq } }) => ({ aggregate, seq: seq - 1 }))
    .filter((place) => place.seq > 0 && !phases.has(placeOf(place)));
  for (const each of await intake.payloadsAt(unknown)) {
    phases.set(placeOf(each), cloneIn(each.payload).phase);
  }
  return entries.flatMap(({ row, clone }) => {
    const before = phases.get(placeOf({ ...row, seq: row.seq - 1 }));
    if (before === clone.phase) return [];
    return [{ change: toChange(row, clone, phaseOf(before)), position: row.position }];
  });
}

function placeOf({ aggregate, seq }: Place): string {
  return `${aggregate} ${seq}`;
}

function toChange(row: HistoryRow, clone: Clone, before: Phase | undefined): PhaseChange {
  const kind = CLONE_KINDS.find((name) => CloneKind[name] === clone.kind);
  const owner = fromOwnerMessage(clone.owner);
  const after = phaseOf(clone.phase);
  if (!kind || !owner || !after) throw new Error(`what became of ${clone.id} is not known here`);
  const outcome = clone.execution?.outcome?.kind;
  return {
    cloneId: clone.id,
    name: clone.name,
    ...{ kind, owner, after },
    ...(before && { before }),
    labels: clone.labels,
    reason: clone.reason,
    outcome: OUTCOMES.find((name) => OutcomeKind[name] === outcome) ?? '',
    seq: row.seq,
    at: row.at,
    traceId: row.trace.split('-')[1] ?? '',
  };
}

function phaseOf(phase: ClonePhase | undefined): Phase | undefined {
  return PHASES.find((name) => ClonePhase[name] === phase);
}
