import {
  CreateKeyRequest,
  type Key,
  KeyAlgorithm,
  type SignatureRecord,
} from '@ramet/proto-gen/keys.v1';
import {
  type Clone,
  type CloneHistoryEntry,
  ClonePhase,
  CreateCloneRequest,
  ListCloneHistoryRequest,
} from '@ramet/proto-gen/lifecycle.v1';
import { BotSource } from '@ramet/proto-gen/teams.v1';
import { type Clock, systemIds } from '@ramet/service';
import { check, isSigned } from './checks.js';
import { type Expected, expectedOf, type Trading } from './examples.js';
import type { PaperExchange } from './exchange.js';
import { LABELS } from './leftovers.js';
import type { User } from './user.js';
import { phaseName, WatchedClone } from './watched-clone.js';

/** What the story needs: a mesh's user, and an exchange for the bot to trade on. */
export interface Scene {
  readonly user: User;
  readonly exchange: PaperExchange;
  readonly clock: Clock;
  /** Ends the story early. */
  readonly signal: AbortSignal;
  say(line: string): void;
}

/** What the services have in their books when the story is over. */
export interface Told {
  readonly history: readonly CloneHistoryEntry[];
  readonly signatures: readonly SignatureRecord[];
}

const TRADING: Trading = { fast: 5, slow: 20, capital: 10_000 };

/** Slow enough to be watched. */
const DELAY_MS = 8;
const MOST = 1_000;
const SOURCE = BotSource.fromPartial({
  source: { $case: 'process', value: { bundle: 'moving-average', command: ['node', 'bot.mjs'] } },
});

/**
 * Lives through the main job as a user: a key, a clone that trades with it, its end.
 *
 * Throws as soon as anything is not as it has to be.
 */
export async function tellStory(scene: Scene): Promise<Told> {
  const { user, exchange, say } = scene;
  const name = `demo-${systemIds.bytes(4).toString('hex')}`;
  const botId = await makeBot(scene, name);
  const expected = await expectedOf(TRADING);

  const key = await importKey(scene, name);
  await requireFree(scene, key, true);
  const clone = await createClone(scene, { name, botId, keyId: key.id });
  say(`  clone    ${clone.id} accepted, with key ${key.id}`);
  const watched = new WatchedClone({ ...scene, clones: user.clones, cloneId: clone.id });
  await watched.until(
    ClonePhase.COMPLETED,
    once(() => lookAt(scene, clone.id)),
  );

  const signatures = await signaturesOf(scene, { keyId: key.id, cloneId: clone.id });
  await checkEnd(scene, { expected, signatures, cloneId: clone.id });
  await requireFree(scene, key, false);
  await user.clones.deleteClone({ id: clone.id, etag: '' });
  await watched.until(ClonePhase.DELETED);
  await requireFree(scene, key, true);
  say(`  key      ${key.id} is free again`);

  const history = await historyOf(scene, clone.id);
  say(`  history  ${history.length} entries: ${phasesIn(history).join(' ')}`);
  say(`  exchange ${(await exchange.book()).orders.length} orders, each signed once`);
  return { history, signatures };
}

/** Makes a team with a bot that has a source for the team and one for the user. */
async function makeBot({ user, say }: Scene, name: string): Promise<string> {
  const { team } = await user.teams.createTeam({ requestId: '', name });
  const teamId = need(team, 'team').id;
  const bot = { requestId: '', teamId, name: 'moving-average', teamSource: SOURCE };
  const { bot: made } = await user.bots.createBot(bot);
  const { id } = need(made, 'bot');
  const owner = { owner: { $case: 'userId', value: user.id } } as const;
  await user.bots.setBotSource({ id, owner, source: SOURCE });
  say(`  team     ${name} with bot ${id}`);
  return id;
}

async function importKey({ user, exchange }: Scene, name: string): Promise<Key> {
  const { key } = await user.keys.createKey(
    CreateKeyRequest.fromPartial({
      owner: { owner: { $case: 'userId', value: user.id } },
      name,
      algorithm: KeyAlgorithm.HMAC_SHA256,
      venue: 'binance',
      venueKeyId: exchange.apiKey,
      material: { $case: 'secret', value: Buffer.from(exchange.secret) },
    }),
  );
  return need(key, 'key');
}

/** Requires that the key can be given to a clone, or that it cannot. */
async function requireFree({ user }: Scene, { id }: Key, wanted: boolean): Promise<void> {
  const asked = { owner: undefined, keyId: id, pageSize: MOST, pageToken: '' };
  const { keys } = await user.keys.listAvailableKeys(asked);
  const free = keys.some((key) => key.id === id);
  if (free !== wanted)
    throw new Error(`key ${id} has to be ${wanted ? 'free' : 'held'}, and is not`);
}

async function createClone(
  { user, exchange }: Scene,
  { name, botId, keyId }: { readonly name: string; readonly botId: string; readonly keyId: string },
): Promise<Clone> {
  const parameters = {
    exchange_url: exchange.url,
    delay_ms: DELAY_MS,
    ...TRADING,
  };
  const request = CreateCloneRequest.fromPartial({
    owner: { owner: { $case: 'userId', value: user.id } },
    ...{ botId, name, keyId },
    parameters: Object.entries(parameters).map(([name, value]) => ({ name, value: `${value}` })),
    labels: LABELS,
  });
  const { clone } = await user.clones.createClone(request);
  return need(clone, 'clone');
}

async function lookAt({ user, say }: Scene, cloneId: string): Promise<void> {
  const asked = { cloneId, executionId: '' };
  const { execution, progress } = await user.clones.getCloneExecutionInformation(asked);
  const share = Math.round((progress?.fraction ?? 0) * 100);
  say(`  run      ${need(execution, 'execution').id} is at ${share} %`);
}

async function signaturesOf(
  { user }: Scene,
  of: { readonly keyId: string; readonly cloneId: string },
): Promise<readonly SignatureRecord[]> {
  return (await user.keys.listSignatures({ ...of, pageSize: MOST, pageToken: '' })).signatures;
}

/** Compares what the bot, the exchange and the log of keys say with what has to come of it. */
async function checkEnd(
  { user, exchange, say }: Scene,
  end: {
    readonly cloneId: string;
    readonly expected: Expected;
    readonly signatures: readonly SignatureRecord[];
  },
): Promise<void> {
  const { expected, signatures, cloneId } = end;
  const asked = { cloneId, executionId: '' };
  const { execution } = await user.clones.getCloneExecutionInformation(asked);
  const book = await exchange.book();
  const findings = { expected, signatures, book, secret: exchange.secret };
  check({ ...findings, execution: need(execution, 'execution') });

  const [order] = book.orders;
  if (!order || !isSigned(order.signedQuery, exchange.secret))
    throw new Error('nothing was signed');
  say(`  result   ${execution?.report?.message ?? ''}, as worked out from the candles`);
  say(`  signed   ${signatures.length} times; verified: ${order.signedQuery}`);
}

async function historyOf({ user }: Scene, cloneId: string): Promise<readonly CloneHistoryEntry[]> {
  const asked = ListCloneHistoryRequest.fromPartial({ cloneId, pageSize: MOST });
  return (await user.clones.listCloneHistory(asked)).entries;
}

function phasesIn(history: readonly CloneHistoryEntry[]): readonly string[] {
  return [...new Set(history.map(({ clone }) => phaseName(clone?.phase ?? 0)))];
}

/** Runs an action at the first call alone. */
function once(action: () => Promise<void>): () => Promise<void> {
  let done = false;
  return async () => {
    if (done) return;
    done = true;
    await action();
  };
}

function need<Thing>(thing: Thing | undefined, what: string): Thing {
  if (thing === undefined) throw new Error(`the answer has no ${what}`);
  return thing;
}
