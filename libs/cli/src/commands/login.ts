import type { User } from '@ramet/proto-gen/teams.v1';
import type { Command } from 'commander';
import {
  configPath,
  type KeptLogin,
  type Profile,
  readConfig,
  writeConfig,
} from '../connection/config-file.js';
import { keptLogin } from '../connection/kept-login.js';
import { findMesh, readMesh } from '../connection/mesh-file.js';
import { loginAtProvider } from '../connection/provider-login.js';
import { readApiKey, Session } from '../connection/session.js';
import {
  type Credential,
  chooseTarget,
  type GlobalOptions,
  type Target,
} from '../connection/target.js';
import type { Act, Context } from '../context.js';
import { Output } from '../output.js';
import { jsonWriter } from '../print/json.js';
import { UsageError } from '../usage-error.js';
import { userView } from '../views/teams.js';
import type { World } from '../world.js';
import { argument, type CreateOptions, present } from './options.js';
import { readSecret, showOnce } from './secret.js';

const FIRST_PROFILE = 'default';
const PROFILE_NAME = /^[A-Za-z0-9][\w.-]{0,62}$/;
const TIMEOUT_MS = 20_000;
const API_KEY_FATE = 'its API key works until it is revoked';

/** Adds `login`, `logout`, `profiles` and `bootstrap` to the command. */
export function addLogin(program: Command, act: Act, world: World): void {
  program
    .command('login')
    .description('remember a mesh and your API key for it, read from --api-key-file or asked for')
    .option('--session', 'keep a login that ends by itself, and not the API key')
    .option('--provider <name>', 'log in at an identity provider: no API key is needed')
    .action(async (_options: unknown, command: Command) => {
      await login(world, command.optsWithGlobals<LoginOptions>());
    });
  program
    .command('logout')
    .description('forget a profile and its API key; a login is ended everywhere')
    .action(async (_options: unknown, command: Command) => {
      await logout(world, command.optsWithGlobals<GlobalOptions>());
    });
  program
    .command('profiles')
    .description('list the profiles that are remembered')
    .action(async (_options: unknown, command: Command) => {
      await listProfiles(world, command.optsWithGlobals<GlobalOptions>());
    });
  program
    .command('bootstrap <name>')
    .description('make the first administrator of a mesh; their API key is shown once')
    .requiredOption('--token-file <file>', 'the bootstrap token, from a file or `-`')
    .option('--out <file>', 'write the API key to this file instead of showing it')
    .action(act(bootstrap));
}

interface LoginOptions extends GlobalOptions {
  readonly session?: boolean;
  readonly provider?: string;
}

async function login(world: World, options: LoginOptions): Promise<void> {
  const path = configPath(world);
  const config = await readConfig(path);
  const name = options.profile ?? (world.env.RAMET_PROFILE || config.current || FIRST_PROFILE);
  if (!PROFILE_NAME.test(name)) throw new UsageError(`'${name}' cannot name a profile`);
  const known = Object.hasOwn(config.profiles, name);
  const { profile: _, ...others } = options;
  const target = chooseTarget({
    options: others,
    env: { ...world.env, RAMET_PROFILE: undefined },
    config: { current: known ? name : '', profiles: config.profiles },
    meshFile: findMesh(world.folder),
    readMesh,
  });

  const { endpoints } = target;
  const { user, ...kept } = await knownAs(world, { path, target, options });
  const profiles = { ...config.profiles, [name]: { endpoints, ...kept } };
  await writeConfig(path, { current: name, profiles });
  const out = new Output(world, options.json ?? false, jsonWriter());
  out.note(`logged in as ${user.name}, profile '${name}' in ${path}`);
  if (out.json) out.item(userView(world.clock), user);
}

interface LoggingIn {
  /** The config file. */
  readonly path: string;
  readonly target: Target;
  readonly options: LoginOptions;
}

/** Who logs in, and what is kept of it: an API key or a login. */
async function knownAs(world: World, { path, target, options }: LoggingIn): Promise<Known> {
  const { clock, signal } = world;
  const open = (credential: Credential | undefined): Session => {
    const plain = { configFile: path, clock, signal, timeoutMs: TIMEOUT_MS };
    return new Session({ target: { endpoints: target.endpoints, credential }, ...plain });
  };
  if (options.provider !== undefined) {
    await using session = open(undefined);
    const login = await atProvider(world, session, options.provider);
    await using own = open({ from: 'token', token: login.token });
    return { user: await own.me(), login };
  }
  const apiKey = await apiKeyFor(world, options, target);
  await using session = open({ from: 'value', apiKey });
  const user = await session.me();
  if (!options.session) return { user, apiKey };
  const credential = { $case: 'apiKey', value: apiKey } as const;
  return { user, login: keptLogin(await session.tokens.logIn({ credential }, { signal }), clock) };
}

interface Known extends Pick<Profile, 'apiKey' | 'login'> {
  readonly user: User;
}

async function atProvider(world: World, session: Session, name: string): Promise<KeptLogin> {
  const { clock, signal } = world;
  const provider = await session.tokens.getLoginProvider({ name }, { signal });
  const value = await loginAtProvider(provider, world);
  const credential = { $case: 'identity', value } as const;
  return keptLogin(await session.tokens.logIn({ credential }, { signal }), clock);
}

/** The API key to log in with: from where it is said to be, else typed in or piped in. */
async function apiKeyFor(world: World, options: GlobalOptions, target: Target): Promise<string> {
  const { env, terminal } = world;
  const said = [options.apiKeyFile, options.as, env.RAMET_API_KEY, env.RAMET_API_KEY_FILE];
  if (options.apiKeyFile === '-') return await typed(world);
  if (said.some(Boolean)) return await readApiKey(target.credential);
  if (!terminal.interactive && target.credential?.from === 'mesh') {
    const piped = (await terminal.readInput()).toString('utf8').trim();
    return piped || (await readApiKey(target.credential));
  }
  return await typed(world);
}

async function typed({ terminal }: World): Promise<string> {
  const text = terminal.interactive
    ? await terminal.ask('API key: ', { hidden: true })
    : (await terminal.readInput()).toString('utf8');
  if (text.trim() === '') throw new UsageError('there was no API key on standard input');
  return text.trim();
}

async function logout(world: World, options: GlobalOptions): Promise<void> {
  const path = configPath(world);
  const config = await readConfig(path);
  const name = options.profile ?? (world.env.RAMET_PROFILE || config.current);
  const profile = Object.hasOwn(config.profiles, name) ? config.profiles[name] : undefined;
  if (!profile) throw new UsageError(`there is no profile '${name}'`);
  const isEnded = profile.login !== undefined && (await endLogin(world, name, profile));
  const profiles = Object.fromEntries(
    Object.entries(config.profiles).filter(([each]) => each !== name),
  );
  const current = config.current === name ? (Object.keys(profiles)[0] ?? '') : config.current;
  await writeConfig(path, { current, profiles });
  const out = new Output(world, options.json ?? false, jsonWriter());
  out.note(`forgot profile '${name}'; ${profile.login ? loginFate(isEnded) : API_KEY_FATE}`);
}

/** Ends a login where it is known. Tells whether that could be done: it is forgotten either way. */
async function endLogin(world: World, name: string, { endpoints }: Profile): Promise<boolean> {
  const { clock, signal } = world;
  await using session = new Session({
    target: { endpoints, credential: { from: 'login', profile: name } },
    ...{ configFile: configPath(world), clock, signal, timeoutMs: TIMEOUT_MS },
  });
  return await session.users.logout({}, { signal }).then(
    () => true,
    () => false,
  );
}

function loginFate(isEnded: boolean): string {
  return isEnded ? 'its login has ended' : 'teams could not be told: its login ends by itself';
}

async function listProfiles(world: World, options: GlobalOptions): Promise<void> {
  const { current, profiles } = await readConfig(configPath(world));
  const out = new Output(world, options.json ?? false, jsonWriter());
  const shown = Object.entries(profiles).map(([name, { endpoints }]) => {
    return { name, current: name === current, endpoints: { ...endpoints } };
  });
  const lines = shown.map((each) => {
    const places = Object.entries(each.endpoints).map(([name, address]) => `${name} ${address}`);
    return `${each.current ? '*' : ' '} ${each.name}  ${places.join(', ')}`;
  });
  out.value(shown, lines.join('\n') || 'none');
}

async function bootstrap(
  context: Context,
  args: readonly string[],
  options: CreateOptions & { readonly tokenFile: string; readonly out?: string },
): Promise<void> {
  const { session, world, out } = context;
  const token = await readSecret(world, options.tokenFile);
  const { user, apiKey } = await session.setup.bootstrapAdmin(
    { bootstrapToken: token.toString('utf8').trim(), name: argument(args, 0) },
    { signal: world.signal },
  );
  const { shape } = userView(world.clock);
  const admin = present(user, 'user');
  out.note(`created ${admin.id} '${admin.name}'`);
  const json = out.json ? { user: out.jsonOf(shape, admin) } : {};
  await showOnce(context, { secret: apiKey, json, file: options.out });
}
