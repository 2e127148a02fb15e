import type { BlobStore } from '@ramet/blobs';
import type { Bell, Bus, HistoryRow, Tailer } from '@ramet/database';
import type { Violation } from '@ramet/errors';
import type { LogLine } from '@ramet/proto-gen/lifecycle.v1';
import type { Authenticate, Logger, ServiceListening } from '@ramet/rpc';
import type { Clock, Failpoints, Ids } from '@ramet/service';
import type { CloneKind, Owner } from './domain/clone.js';
import type { Refusal } from './domain/facts.js';
import type { Workload } from './domain/outcome.js';
import type { Deadlines } from './domain/phases.js';
import type { Membership, Sight } from './domain/sight.js';
import type { SigningNews } from './domain/signing.js';
import type { Input, Limits, Override, Parameter, Source, Stage } from './domain/spec.js';
import type { TemplateSight } from './domain/template-sight.js';
import type { Sealer } from './sealing/sealer.js';
import type { Actions } from './store/actions.js';
import type { CloneReads } from './store/clone-reads.js';
import type { Clones } from './store/clones.js';
import type { OwnerOverrides } from './store/owner-overrides.js';
import type { Quotas } from './store/quotas.js';
import type { Results } from './store/results.js';
import type { Retention } from './store/retention.js';
import type { Runners } from './store/runners.js';
import type { Secrets } from './store/secrets.js';
import type { Signers } from './store/signers.js';
import type { Templates } from './store/templates.js';
import type { WatchReads } from './store/watch-reads.js';
import type { WebhookDeliveries } from './store/webhook-deliveries.js';
import type { WebhookIntake } from './store/webhook-intake.js';
import type { WebhookOutbox } from './store/webhook-outbox.js';
import type { Webhooks } from './store/webhooks.js';
import type { Work } from './store/work.js';
import type { Broadcast } from './watch/broadcast.js';
import type { SharedChange } from './watch/changes.js';

export type { Kept, View } from './store/clone-reads.js';
export type { NewClone } from './store/clones.js';
export type { Quota } from './store/quotas.js';
export type { KeptResult, NewResult } from './store/results.js';
export type { SealedSecret } from './store/secrets.js';
export type { NewWebhook } from './store/webhooks.js';
export type { Task } from './store/work.js';

/** Everything the handlers and the reconciler use. service.ts builds it; each takes its part. */
export interface Deps {
  readonly clones: Clones;
  readonly reads: CloneReads;
  readonly runners: Runners;
  readonly signers: Signers;
  readonly quotas: Quotas;
  readonly templates: Templates;
  readonly ownerOverrides: OwnerOverrides;
  readonly secrets: Secrets;
  readonly actions: Actions;
  readonly results: Results;
  readonly retention: Retention;
  /** Where the bytes of results lie. */
  readonly blobs: BlobStore;
  readonly work: Work;
  readonly webhooks: Webhooks;
  readonly deliveries: WebhookDeliveries;
  readonly intake: WebhookIntake;
  readonly outbox: WebhookOutbox;
  readonly webhookRules: { readonly allowPrivate: boolean };
  readonly history: Tailer;
  /** What keys asks while it authorizes a clone: on connections of its own. */
  readonly directory: CloneReads;
  readonly changes: (row: HistoryRow) => SharedChange;
  readonly broadcast: Broadcast;
  readonly watchReads: WatchReads;
  readonly watchLimits: WatchLimits;
  readonly access: Access;
  readonly sealer: Sealer;
  readonly teams: Teams;
  readonly keys: Keys;
  readonly executor: Executor;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly failpoints: Failpoints;
  readonly deadlines: Deadlines;
  /** How long a reconciler has a clone to itself. */
  readonly leaseMs: number;
  readonly logger: Logger;
  /** Charges an owner for what is created for it, whoever asks. Throws RATE_LIMITED. */
  readonly chargeOwner: (ownerId: string) => void;
  /** Has the reconciler look for clones that are due. */
  readonly wake: () => void;
  /** Has the notifier look for deliveries that are due. */
  readonly wakeNotifier: () => void;
}

/** How far watchers may fall behind, and how many there may be. */
export interface WatchLimits {
  /** How many positions a watcher may be behind once it had caught up. */
  readonly lag: bigint;
  /** How long what is sent may go unread. */
  readonly unreadMs: number;
  /** How many watches a caller may have at once, on one replica. */
  readonly perCaller: number;
  /** How many clones of a snapshot, or changes of the past, are read at once. */
  readonly page: number;
  /** How many changes are kept in memory for all watchers together. */
  readonly held: number;
}

/** What the process gives the service. */
export interface Outside {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly failpoints: Failpoints;
  readonly logger: Logger;
  /** Absent: nothing is published, and nothing shortens a wait. */
  readonly bus?: Bus;
  /** The certificates to listen with. Absent: services call as everybody does. */
  readonly listening?: ServiceListening;
  /** Connects to the other services. The guard throws where none may be called. */
  readonly connect: (noTransaction: () => void) => Peers;
}

/** The other services, behind the interfaces that this one knows them by. */
export interface Peers extends AsyncDisposable {
  readonly authenticate: Authenticate;
  readonly teams: Teams;
  readonly keys: Keys;
  readonly executor: Executor;
}

/** What callers may see and do. Kept for a second at most. */
export interface Access {
  /** The owners whose clones the caller sees. */
  sightOf(caller: { readonly id: string; readonly admin: boolean }): Promise<Sight>;
  /** What the caller may do with templates. */
  templateSightOf(caller: { readonly id: string; readonly admin: boolean }): Promise<TemplateSight>;
  /** Tells what a clone would run. Throws what teams says if it may not be. */
  admit(asked: Admission): Promise<Admitted>;
  /** The same for what has no bot. Whether the user manages the owner's clones is not asked. */
  admitOwner(asked: Omit<Admission, 'botId'>): Promise<Admitted>;
  /** Tells whether a user manages what an owner has: it is they, or they run the team. */
  manages(userId: string, owner: Owner): Promise<boolean>;
  /** Rings when what somebody may see has perhaps changed. */
  readonly changed: Bell;
}

/** What lifecycle asks of teams. */
export interface Teams {
  listMemberships(userId: string): Promise<readonly Membership[]>;
  admit(asked: Admission): Promise<Admitted>;
  admitOwner(asked: Omit<Admission, 'botId'>): Promise<Admitted>;
  readHistory(after: bigint, signal: AbortSignal): Promise<readonly TeamsNews[]>;
}

export interface Admitted {
  /** The team that the bot belongs to. Empty: there is no bot. */
  readonly teamId: string;
  /** What the bot runs. Absent: there is no bot. */
  readonly source?: Source;
  /** The kinds of clones that the owner is entitled to: their trials do not end. */
  readonly entitled: readonly CloneKind[];
}

/** One change of who may have clones, as the history of teams has it. */
export interface TeamsNews {
  readonly position: bigint;
  /** Absent: it was about something else. */
  readonly standing?: OwnerStanding;
}

/** Whether nothing is admitted for an owner, and what their trials do not end for. */
export interface OwnerStanding {
  readonly owner: Owner;
  readonly isDenied: boolean;
  /** Why, if it is. */
  readonly reason: string;
  readonly entitled: readonly CloneKind[];
  readonly actor: string;
}

export interface Admission {
  readonly userId: string;
  readonly owner: Owner;
  readonly botId: string;
}

/** A peer's answer, or its no. What may be asked again is thrown. */
export type Answer<Value> = { readonly value: Value } | { readonly refusal: Refusal };

/** What lifecycle asks of keys. Every call is safe to repeat. */
export interface Keys {
  isAvailable(asked: KeyWish, signal: AbortSignal): Promise<boolean>;
  /** What of limits could not hold for a key. None, too, if keys is away or does not give the key. */
  checkLimits(asked: LimitsWish, signal: AbortSignal): Promise<readonly Violation[]>;
  authorize(grant: GrantWish, signal: AbortSignal): Promise<Answer<true>>;
  revoke(executionId: string, signal: AbortSignal): Promise<void>;
  release(keyId: string, cloneId: string, signal: AbortSignal): Promise<void>;
  /** Lets executions go on signing for a while. Returns those that may not, or not for long any more. */
  renew(
    executions: readonly SigningExecution[],
    signal: AbortSignal,
  ): Promise<readonly SigningNews[]>;
}

/** An execution that may sign. */
export type SigningExecution = Omit<ExecutionKey, 'cloneId'>;

export interface KeyWish {
  readonly keyId: string;
  readonly owner: Owner;
  /** Whose right it is to use the key. */
  readonly creatorId: string;
}

export interface LimitsWish extends KeyWish {
  readonly keyLimits: Buffer;
}

export interface GrantWish extends ExecutionKey {
  readonly keyId: string;
  readonly maxSignatures?: bigint | undefined;
  readonly keyLimits?: Buffer | undefined;
  /** Until when it is to last, unless its limits say so. Undefined: as keys has it. */
  readonly until?: Date | undefined;
}

/** Names an execution, and the only epoch of its clone that it belongs to. */
export interface ExecutionKey {
  readonly cloneId: string;
  readonly executionId: string;
  readonly epoch: number;
}

/** What lifecycle asks of the executor. Every call is safe to repeat. */
export interface Executor {
  create(wish: WorkloadWish, signal: AbortSignal): Promise<Answer<Workload>>;
  stop(execution: ExecutionKey, signal: AbortSignal): Promise<Workload | 'none'>;
  remove(execution: ExecutionKey, signal: AbortSignal): Promise<Workload | 'none'>;
  /** Says whether the storage of a clone is gone. */
  removeStorage(cloneId: string, signal: AbortSignal): Promise<boolean>;
  find(execution: ExecutionKey, signal: AbortSignal): Promise<Workload | 'none'>;
  streamLogs(wish: LogsWish, signal: AbortSignal): AsyncIterable<readonly LogLine[]>;
  readHistory(after: bigint, signal: AbortSignal): Promise<readonly ExecutorNews[]>;
}

export interface WorkloadWish extends ExecutionKey {
  readonly keyId: string;
  readonly stage: Stage;
  /** Whether it runs for as long as it likes. */
  readonly isEndless: boolean;
  readonly parameters: readonly Parameter[];
  readonly overrides: readonly Override[];
  readonly limits: Limits;
  readonly inputs: readonly Input[];
  /** Whether it finds its storage emptied. */
  readonly isFresh: boolean;
}

export interface LogsWish extends ExecutionKey {
  /** Whether to go on with what is printed until the workload ends. */
  readonly follow: boolean;
  readonly tailLines: number;
}

/** One change of a workload, as the executor's history has it. */
export interface ExecutorNews {
  readonly position: bigint;
  readonly cloneId: string;
  readonly state: Workload['state'] | undefined;
}
