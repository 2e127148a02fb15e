import type { Key } from '@ramet/proto-gen/keys.v1';
import type { Owner, Team } from '@ramet/proto-gen/teams.v1';
import type { Context } from './context.js';
import { collect } from './pages.js';
import { isId } from './parse/id.js';
import { nameFilter } from './parse/name-filter.js';
import { NotFoundError, UsageError } from './usage-error.js';
import { whyNotFree } from './views/key-standing.js';

/** The part of a context that finding things by name needs. */
export type Finder = Pick<Context, 'session' | 'world'>;

interface Named {
  readonly id: string;
  readonly name: string;
}

/** The word for whoever is asking. */
const ME = 'me';

/** The owner that `me`, the id of a user or team, or the name of a team stands for. */
export async function findOwner(finder: Finder, text: string): Promise<Owner> {
  if (text === ME || isId('usr', text)) {
    return { owner: { $case: 'userId', value: await findUser(finder, text) } };
  }
  return { owner: { $case: 'teamId', value: await findTeam(finder, text) } };
}

/** Any owner of the mesh, for administrators: `user:NAME`, `team:NAME`, a team's name, or an id. */
export async function findAnyOwner(finder: Finder, text: string): Promise<Owner> {
  const [, kind, name] = /^(user|team):(.*)$/.exec(text) ?? [];
  if (kind === 'user') {
    return { owner: { $case: 'userId', value: await findUser(finder, name ?? '') } };
  }
  const wanted = name ?? text;
  if (kind === undefined && (wanted === ME || isId('usr', wanted)))
    return findOwner(finder, wanted);
  if (isId('tem', wanted)) return { owner: { $case: 'teamId', value: wanted } };
  const all = (await finder.session.me()).admin;
  const team = theOne('team', wanted, await listTeams(finder, all));
  return { owner: { $case: 'teamId', value: team.id } };
}

/** The owner of an option: none where it was not given. */
export async function findOwnerIf(
  finder: Finder,
  text: string | undefined,
): Promise<Owner | undefined> {
  return text === undefined ? undefined : await findOwner(finder, text);
}

/** The id of a user: given as `me`, an id, or a name or `user:NAME`, which only administrators can look up. */
export async function findUser(finder: Finder, text: string, teamId?: string): Promise<string> {
  if (isId('usr', text)) return text;
  if (text === ME) return await finder.session.myId();
  const { session, world } = finder;
  const { signal } = world;
  if (teamId !== undefined) {
    const members = await collect(async (page) => {
      const answer = await session.teams.listTeamMembers(
        { ...page, teamId, userId: '' },
        { signal },
      );
      return { items: answer.members, next: answer.nextPageToken };
    });
    const member = members.find(({ userName }) => userName === text);
    if (member) return member.userId;
  }
  if (!(await session.me()).admin) {
    throw new UsageError(`only administrators find users by name: give the id of '${text}'`);
  }
  const users = await collect(async (page) => {
    const answer = await session.users.listUsers(page, { signal });
    return { items: answer.users, next: answer.nextPageToken };
  });
  return theOne('user', text.replace(/^user:/, ''), users).id;
}

/** The id of a team: given as an id or as the name of one that the caller is in. */
export async function findTeam(finder: Finder, text: string): Promise<string> {
  if (isId('tem', text)) return text;
  return theOne('team', text, await listTeams(finder)).id;
}

/** The id of a bot: an id, `team/name`, or a name that one bot of the caller's teams has. */
export async function findBot(finder: Finder, text: string): Promise<string> {
  if (isId('bot', text)) return text;
  const [name = '', team] = text.split('/').reverse();
  const teams = await listTeams(finder);
  const searched = team === undefined ? teams : [theOne('team', team, teams)];
  const bots = await Promise.all(searched.map(({ id }) => listBots(finder, id)));
  return theOne('bot', name, bots.flat()).id;
}

/** The id of a key: an id, or a name among the keys of an owner, or among those that are deleted. */
export async function findKey(
  finder: Finder,
  text: string,
  ownerText = ME,
  { deleted = false }: { readonly deleted?: boolean } = {},
): Promise<string> {
  if (isId('key', text)) return text;
  const keys = await listKeys(finder, await findOwner(finder, ownerText), deleted);
  return theOne(deleted ? 'deleted key' : 'key', text, keys).id;
}

async function listKeys(
  { session, world }: Finder,
  owner: Owner,
  deleted: boolean,
): Promise<readonly Key[]> {
  return await collect(async (page) => {
    const request = { ...page, owner, deleted };
    const answer = await session.keys.listKeys(request, { signal: world.signal });
    return { items: answer.keys, next: answer.nextPageToken };
  });
}

/** The id of a free key that a clone of an owner could use: an id, or a name. */
export async function findFreeKey(finder: Finder, text: string, owner: Owner): Promise<string> {
  if (isId('key', text)) return text;
  const { session, world } = finder;
  const keys = await collect(async (page) => {
    const request = { ...page, owner, keyId: '' };
    const answer = await session.keys.listAvailableKeys(request, { signal: world.signal });
    return { items: answer.keys, next: answer.nextPageToken };
  });
  if (!keys.some(({ name }) => name === text)) throw await notFree(finder, text, owner);
  return theOne('free key', text, keys).id;
}

/** The error for a key that a clone cannot get. It says why, where the caller may see the key. */
async function notFree(finder: Finder, text: string, owner: Owner): Promise<Error> {
  const { session, world } = finder;
  const mine: Owner = { owner: { $case: 'userId', value: await session.myId() } };
  const lists = await Promise.allSettled(
    [owner, mine].map((each) => listKeys(finder, each, false)),
  );
  const seen = lists.flatMap((list) => (list.status === 'fulfilled' ? list.value : []));
  const key = seen.find(({ name }) => name === text);
  const why = key && whyNotFree(key, world.clock.now());
  return new NotFoundError(
    `there is no free key '${text}' that you can see${why ? `: ${why}` : ''}`,
  );
}

/** The id of a clone: an id, or the name of one that the caller sees and that is not deleted. */
export async function findClone(finder: Finder, text: string): Promise<string> {
  if (isId('cln', text)) return text;
  const { session, world } = finder;
  const filter = nameFilter(text);
  const clones = await collect(async (page) => {
    const request = { ...page, owner: undefined, view: 0, filter, orderBy: '' } as const;
    const answer = await session.clones.listClones(request, { signal: world.signal });
    return { items: answer.clones, next: answer.nextPageToken };
  });
  return theOne('clone', text, clones).id;
}

/** The id of a template: an id, or a name among those of an owner, or of all that the caller sees. */
export async function findTemplate(
  finder: Finder,
  text: string,
  ownerText?: string,
): Promise<string> {
  if (isId('tpl', text)) return text;
  const owner = ownerText === undefined ? undefined : await findOwner(finder, ownerText);
  const { session, world } = finder;
  const templates = await collect(async (page) => {
    const request = { ...page, owner, name: text };
    const answer = await session.templates.listTemplates(request, { signal: world.signal });
    return { items: answer.templates, next: answer.nextPageToken };
  });
  return theOne('template', text, templates).id;
}

/** The id of a webhook: an id, or the name of one that the caller manages. */
export async function findWebhook(finder: Finder, text: string): Promise<string> {
  if (isId('whk', text)) return text;
  const { session, world } = finder;
  const webhooks = await collect(async (page) => {
    const request = { ...page, owner: undefined };
    const answer = await session.webhooks.listWebhooks(request, { signal: world.signal });
    return { items: answer.webhooks, next: answer.nextPageToken };
  });
  return theOne('webhook', text, webhooks).id;
}

/** The teams that the caller is in. */
export async function listTeams({ session, world }: Finder, all = false): Promise<readonly Team[]> {
  return await collect(async (page) => {
    const answer = await session.teams.listTeams({ ...page, all }, { signal: world.signal });
    return { items: answer.teams, next: answer.nextPageToken };
  });
}

async function listBots({ session, world }: Finder, teamId: string): Promise<readonly Named[]> {
  return await collect(async (page) => {
    const answer = await session.bots.listBots({ ...page, teamId }, { signal: world.signal });
    return { items: answer.bots, next: answer.nextPageToken };
  });
}

function theOne<Item extends Named>(kind: string, name: string, items: readonly Item[]): Item {
  const found = items.filter((item) => item.name === name);
  const [first, second] = found;
  if (!first) throw new NotFoundError(`there is no ${kind} '${name}' that you can see`);
  if (second) {
    const ids = found.map(({ id }) => id).join(', ');
    throw new UsageError(`'${name}' is more than one ${kind}: give an id (${ids})`);
  }
  return first;
}
