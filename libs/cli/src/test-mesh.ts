import { loadContract } from '@ramet/proto-gen/contract';
import {
  KeyServiceService,
  ReceiptServiceService,
  SealServiceService,
} from '@ramet/proto-gen/keys.v1';
import {
  ActionServiceService,
  CloneAdminServiceService,
  CloneServiceService,
  OverrideServiceService,
  ResultServiceService,
  TemplateServiceService,
  WebhookServiceService,
} from '@ramet/proto-gen/lifecycle.v1';
import {
  BotServiceService,
  SetupServiceService,
  StandingServiceService,
  TeamServiceService,
  TokenServiceService,
  UserServiceService,
} from '@ramet/proto-gen/teams.v1';
import {
  type Caller,
  type Handlers,
  type Logger,
  type RunningServer,
  type ServiceListening,
  serve,
} from '@ramet/rpc';
import { type Clock, createIds, type Ids, systemClock } from '@ramet/service';
import { type ExitCode, run } from './index.js';

/** What the services of a test answer. A method that is left out fails as a bug would. */
export interface Answers {
  /** Whether the API key of the test is an administrator's. Not, unless said. */
  readonly admin?: boolean;
  readonly tokens?: Partial<Handlers<typeof TokenServiceService>>;
  readonly users?: Partial<Handlers<typeof UserServiceService>>;
  readonly teams?: Partial<Handlers<typeof TeamServiceService>>;
  readonly bots?: Partial<Handlers<typeof BotServiceService>>;
  readonly standings?: Partial<Handlers<typeof StandingServiceService>>;
  readonly keys?: Partial<Handlers<typeof KeyServiceService>>;
  readonly seal?: Partial<Handlers<typeof SealServiceService>>;
  readonly receipts?: Partial<Handlers<typeof ReceiptServiceService>>;
  readonly clones?: Partial<Handlers<typeof CloneServiceService>>;
  readonly webhooks?: Partial<Handlers<typeof WebhookServiceService>>;
  readonly overrides?: Partial<Handlers<typeof OverrideServiceService>>;
  readonly templates?: Partial<Handlers<typeof TemplateServiceService>>;
  readonly results?: Partial<Handlers<typeof ResultServiceService>>;
  readonly actions?: Partial<Handlers<typeof ActionServiceService>>;
  readonly cloneAdmin?: Partial<Handlers<typeof CloneAdminServiceService>>;
}

/** What a command did. */
export interface Ran {
  readonly exitCode: ExitCode;
  readonly out: string;
  readonly errors: string;
}

/** How a command is run. */
export interface RunOptions {
  readonly input?: string | Uint8Array;
  readonly env?: Readonly<Record<string, string>>;
  readonly columns?: number;
  /** What a person answers to each question. Undefined: nobody is there. */
  readonly answers?: readonly string[];
  readonly folder?: string;
  readonly home?: string;
  readonly clock?: Clock;
  readonly ids?: Ids;
  readonly signal?: AbortSignal;
  /** Told of everything that is printed. */
  readonly onPrint?: (text: string) => void;
  /** Told of everything that is printed to standard error. */
  readonly onError?: (text: string) => void;
}

/** The API key that the services of a test know, and whose it is. */
export const API_KEY = 'rk_of-ada';
/** The id of the user behind it. */
export const USER_ID = `usr_${'1'.repeat(26)}`;
/** A token that says whose it is, as those of teams do. */
export const USER_TOKEN = `x.${Buffer.from(JSON.stringify({ sub: USER_ID })).toString('base64url')}.x`;

/** A log that nobody reads. */
export const SILENT: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/** Serves the contracts of the mesh on loopback, with the answers of a test. */
export async function startTestMesh(
  answers: Answers = {},
  port = 0,
  listening?: ServiceListening,
): Promise<RunningServer> {
  return await serve({
    ...listening,
    host: '127.0.0.1',
    port,
    contract: loadContract(),
    logger: SILENT,
    authenticate: (metadata) => callerOf(metadata.get('authorization'), answers.admin),
    services: [
      {
        definition: TokenServiceService,
        handlers: all(TokenServiceService, { ...TOKENS, ...answers.tokens }),
      },
      { definition: SetupServiceService, handlers: all(SetupServiceService, {}) },
      {
        definition: UserServiceService,
        handlers: all(UserServiceService, { ...ADA, ...answers.users }),
      },
      { definition: TeamServiceService, handlers: all(TeamServiceService, answers.teams) },
      { definition: BotServiceService, handlers: all(BotServiceService, answers.bots) },
      {
        definition: StandingServiceService,
        handlers: all(StandingServiceService, answers.standings),
      },
      { definition: KeyServiceService, handlers: all(KeyServiceService, answers.keys) },
      { definition: SealServiceService, handlers: all(SealServiceService, answers.seal) },
      {
        definition: ReceiptServiceService,
        handlers: all(ReceiptServiceService, answers.receipts),
      },
      { definition: CloneServiceService, handlers: all(CloneServiceService, answers.clones) },
      { definition: WebhookServiceService, handlers: all(WebhookServiceService, answers.webhooks) },
      {
        definition: TemplateServiceService,
        handlers: all(TemplateServiceService, answers.templates),
      },
      {
        definition: OverrideServiceService,
        handlers: all(OverrideServiceService, answers.overrides),
      },
      { definition: ResultServiceService, handlers: all(ResultServiceService, answers.results) },
      { definition: ActionServiceService, handlers: all(ActionServiceService, answers.actions) },
      {
        definition: CloneAdminServiceService,
        handlers: all(CloneAdminServiceService, answers.cloneAdmin),
      },
    ],
  });
}

/** Runs the command against services at an address, as somebody who has an API key. */
export async function runCommand(
  address: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Ran> {
  const env = {
    RAMET_TEAMS: address,
    RAMET_KEYS: address,
    RAMET_LIFECYCLE: address,
    RAMET_API_KEY: API_KEY,
  };
  return await runIn(args, { ...options, env: { ...env, ...options.env } });
}

/** Runs the command in a world of the test's own. */
export async function runIn(args: readonly string[], options: RunOptions): Promise<Ran> {
  const out: Buffer[] = [];
  const errors: Buffer[] = [];
  const waiting = [...(options.answers ?? [])];
  const exitCode = await run(args, {
    env: options.env ?? {},
    folder: options.folder ?? '/',
    home: options.home ?? '/nowhere',
    clock: options.clock ?? systemClock,
    ids: options.ids ?? createIds(systemClock),
    signal: options.signal ?? new AbortController().signal,
    terminal: {
      columns: options.columns,
      interactive: options.answers !== undefined,
      print(text) {
        out.push(Buffer.from(text));
        options.onPrint?.(Buffer.from(text).toString('utf8'));
      },
      drained: async () => undefined,
      printError(text) {
        errors.push(Buffer.from(text));
        options.onError?.(Buffer.from(text).toString('utf8'));
      },
      readInput: async () => Buffer.from(options.input ?? ''),
      ask: async () => waiting.shift() ?? '',
    },
  });
  const text = (chunks: readonly Buffer[]): string => Buffer.concat(chunks).toString('utf8');
  return { exitCode, out: text(out), errors: text(errors) };
}

const TOKENS: Partial<Handlers<typeof TokenServiceService>> = {
  logIn: async () => firstLogin,
  exchangeToken: async ({ apiKey }) => ({
    token: `token of ${apiKey}`,
    expireTime: undefined,
    expiresIn: { seconds: 300n, nanos: 0 },
  }),
};

const firstLogin = loginOf('r1', 0);

/** An answer with a refresh token, and a token that lasts for some seconds. */
export function loginOf(refreshToken: string, seconds: number) {
  return {
    token: `token of ${API_KEY}`,
    expireTime: undefined,
    expiresIn: { seconds: BigInt(seconds), nanos: 0 },
    refreshToken,
    refreshExpireTime: undefined,
  };
}

const ADA: Partial<Handlers<typeof UserServiceService>> = {
  getUser: async () => ({
    user: {
      id: USER_ID,
      name: 'ada',
      admin: false,
      createTime: new Date('2030-01-01T00:00:00Z'),
      updateTime: undefined,
      etag: 'e1',
      ...{ disableTime: undefined, disableReason: '', teamId: '', deleteTime: undefined },
    },
  }),
};

function callerOf(authorization: string | undefined, admin = false): Caller {
  if (![`token of ${API_KEY}`, USER_TOKEN].some((token) => authorization === `Bearer ${token}`)) {
    return { kind: 'anonymous', id: '', admin: false, tokenId: '' };
  }
  return { kind: 'user', id: USER_ID, admin, tokenId: 'tok_1' };
}

function all<Service extends object>(
  service: Service,
  answers: Partial<Handlers<Service>> = {},
): object {
  const fallback = Object.keys(service).map((name) => {
    return [
      name,
      () => {
        throw new Error(`the test does not answer ${name}`);
      },
    ];
  });
  return { ...Object.fromEntries(fallback), ...answers };
}
