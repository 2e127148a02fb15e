import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { AuditServiceService } from '@ramet/proto-gen/audit.v1';
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
  IdentityProviderServiceService,
  InvitationServiceService,
  ProviderServiceService,
  ServiceAccountServiceService,
  SetupServiceService,
  StandingServiceService,
  TeamServiceService,
  TokenServiceService,
  type User,
  UserServiceService,
} from '@ramet/proto-gen/teams.v1';
import {
  type Contract,
  connect,
  createTokenSource,
  type Issued,
  type Remote,
  staysHere,
  type Trust,
} from '@ramet/rpc';
import { type Clock, Scope } from '@ramet/service';
import { isId } from '../parse/id.js';
import { UsageError } from '../usage-error.js';
import type { Endpoints } from './config-file.js';
import { continueLogin } from './kept-login.js';
import { readCredential } from './mesh-file.js';
import type { Credential, Target } from './target.js';

/** What a session needs to know. */
export interface SessionOptions {
  readonly target: Target;
  /** Where a login is kept. */
  readonly configFile: string;
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

const MS_PER_SECOND = 1_000;

/**
 * The services of one mesh, asked as one identity. Connects to those that are asked.
 *
 * The credential is exchanged for a token on the first call.
 */
export class Session implements AsyncDisposable {
  readonly #options: SessionOptions;
  readonly #scope = new Scope();
  /** By what they call, and where. */
  readonly #clients = new Map<object, Map<keyof Endpoints, AsyncDisposable>>();
  readonly #token: () => Promise<string>;
  #contract: Contract | undefined;
  #me: User | undefined;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#token = createTokenSource({ clock: options.clock, exchange: () => this.#exchange() });
  }

  get setup(): Remote<typeof SetupServiceService> {
    return this.#client(SetupServiceService, 'teams');
  }

  get tokens(): Remote<typeof TokenServiceService> {
    return this.#client(TokenServiceService, 'teams');
  }

  get users(): Remote<typeof UserServiceService> {
    return this.#client(UserServiceService, 'teams');
  }

  get identityProviders(): Remote<typeof IdentityProviderServiceService> {
    return this.#client(IdentityProviderServiceService, 'teams');
  }

  get teams(): Remote<typeof TeamServiceService> {
    return this.#client(TeamServiceService, 'teams');
  }

  get bots(): Remote<typeof BotServiceService> {
    return this.#client(BotServiceService, 'teams');
  }

  get providers(): Remote<typeof ProviderServiceService> {
    return this.#client(ProviderServiceService, 'teams');
  }

  get invitations(): Remote<typeof InvitationServiceService> {
    return this.#client(InvitationServiceService, 'teams');
  }

  get serviceAccounts(): Remote<typeof ServiceAccountServiceService> {
    return this.#client(ServiceAccountServiceService, 'teams');
  }

  get standings(): Remote<typeof StandingServiceService> {
    return this.#client(StandingServiceService, 'teams');
  }

  get keys(): Remote<typeof KeyServiceService> {
    return this.#client(KeyServiceService, 'keys');
  }

  get seal(): Remote<typeof SealServiceService> {
    return this.#client(SealServiceService, 'keys');
  }

  get receipts(): Remote<typeof ReceiptServiceService> {
    return this.#client(ReceiptServiceService, 'keys');
  }

  get clones(): Remote<typeof CloneServiceService> {
    return this.#client(CloneServiceService, 'lifecycle');
  }

  get templates(): Remote<typeof TemplateServiceService> {
    return this.#client(TemplateServiceService, 'lifecycle');
  }

  get overrides(): Remote<typeof OverrideServiceService> {
    return this.#client(OverrideServiceService, 'lifecycle');
  }

  get webhooks(): Remote<typeof WebhookServiceService> {
    return this.#client(WebhookServiceService, 'lifecycle');
  }

  get results(): Remote<typeof ResultServiceService> {
    return this.#client(ResultServiceService, 'lifecycle');
  }

  get actions(): Remote<typeof ActionServiceService> {
    return this.#client(ActionServiceService, 'lifecycle');
  }

  get cloneAdmin(): Remote<typeof CloneAdminServiceService> {
    return this.#client(CloneAdminServiceService, 'lifecycle');
  }

  /** The audit of one of the services. */
  audit(name: keyof Endpoints): Remote<typeof AuditServiceService> {
    return this.#client(AuditServiceService, name);
  }

  /** The user who is asking. Asked once. */
  async me(): Promise<User> {
    const { signal } = this.#options;
    this.#me ??= (await this.users.getUser({ id: '' }, { signal })).user;
    if (!this.#me) throw new Error('teams did not say who is asking');
    return this.#me;
  }

  /**
   * The id of the user who is asking, as their token says it: also one with scopes that lets nobody ask
   * teams.
   */
  async myId(): Promise<string> {
    return this.#me?.id ?? subjectOf(await this.#token()) ?? (await this.me()).id;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#scope[Symbol.asyncDispose]();
  }

  #client<Service extends object>(service: Service, name: keyof Endpoints): Remote<Service> {
    const places = this.#clients.get(service) ?? new Map<keyof Endpoints, AsyncDisposable>();
    const open = places.get(name) as Remote<Service> | undefined;
    if (open) return open;
    const address = this.#options.target.endpoints[name];
    if (!address) {
      const variable = `RAMET_${name.toUpperCase()}`;
      throw new UsageError(`where is ${name}? ramet login, --${name}-address, or ${variable}`);
    }
    const tls = trustIn(this.#options.target.endpoints);
    if (!tls && !staysHere(address)) {
      throw new UsageError(
        `${address} is not on this machine: --ca FILE says who must have signed what it shows`,
      );
    }
    const { clock, timeoutMs } = this.#options;
    this.#contract ??= loadContract();
    const anonymous = service === TokenServiceService || service === SetupServiceService;
    const client = connect(service, address, {
      clock,
      timeoutMs,
      contract: this.#contract,
      tls,
      ...(!anonymous && { token: this.#token }),
    });
    this.#clients.set(service, places.set(name, this.#scope.use(client)));
    return client;
  }

  async #exchange(): Promise<Issued> {
    const { target, signal, configFile: file, clock, timeoutMs } = this.#options;
    const { credential } = target;
    if (credential?.from === 'login') {
      return continueLogin(this.tokens, { file, profile: credential.profile, clock, signal });
    }
    if (credential?.from === 'token') return { token: credential.token, expiresInMs: timeoutMs };
    const { token, expiresIn } =
      credential?.from === 'identity'
        ? await this.tokens.exchangeIdentityToken(
            { identityToken: await readSecretFile(credential.path, 'identity token') },
            { signal },
          )
        : await this.tokens.exchangeToken({ apiKey: await readApiKey(credential) }, { signal });
    return { token, expiresInMs: Number(expiresIn?.seconds ?? 0n) * MS_PER_SECOND };
  }
}

/** The user that a token is for. Undefined if it does not tell. Services verify it, and not who sends it. */
function subjectOf(token: string): string | undefined {
  try {
    const claims = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8');
    const { sub } = JSON.parse(claims) as { readonly sub?: unknown };
    return typeof sub === 'string' && isId('usr', sub) ? sub : undefined;
  } catch {
    return undefined;
  }
}

/** Whom to believe. Undefined where nobody was named: then calls do not leave the machine. */
function trustIn({ ca }: Endpoints): Trust | undefined {
  if (ca === undefined) return undefined;
  try {
    return { authority: readFileSync(ca) };
  } catch (thrown) {
    throw new UsageError(`cannot read the authority: ${(thrown as Error).message}`);
  }
}

/** Reads the API key from where it is kept. Throws UsageError if it is nowhere. */
export async function readApiKey(credential: Credential | undefined): Promise<string> {
  if (!credential) throw new UsageError('nobody is logged in: ramet login, or RAMET_API_KEY');
  switch (credential.from) {
    case 'value':
      return credential.apiKey;
    case 'login':
      throw new UsageError(`profile '${credential.profile}' has a login and no API key`);
    case 'identity':
      throw new UsageError('there is an identity token and no API key');
    case 'token':
      throw new UsageError('there is a token and no API key');
    case 'mesh':
      return readCredential(credential.meshFile, credential.name);
    case 'file':
      return readSecretFile(credential.path, 'API key');
  }
}

async function readSecretFile(path: string, what: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (thrown) {
    throw new UsageError(`cannot read the ${what}: ${(thrown as Error).message}`);
  }
}
