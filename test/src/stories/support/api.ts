import type { Mesh } from '@ramet/local';
import {
  KeyServiceService,
  ReceiptServiceService,
  SealServiceService,
} from '@ramet/proto-gen/keys.v1';
import {
  CloneAdminServiceService,
  CloneServiceService,
  ResultServiceService,
  TemplateServiceService,
  WebhookServiceService,
} from '@ramet/proto-gen/lifecycle.v1';
import {
  BotServiceService,
  StandingServiceService,
  TeamServiceService,
  TokenServiceService,
  UserServiceService,
} from '@ramet/proto-gen/teams.v1';
import { connect, createTokenSource, type Remote } from '@ramet/rpc';
import type { Scope } from '@ramet/service';
import { again } from './again.js';

/** The API of a mesh as one caller sees it. */
export interface Api {
  readonly clones: Remote<typeof CloneServiceService>;
  readonly cloneAdmin: Remote<typeof CloneAdminServiceService>;
  readonly templates: Remote<typeof TemplateServiceService>;
  readonly results: Remote<typeof ResultServiceService>;
  readonly webhooks: Remote<typeof WebhookServiceService>;
  readonly keys: Remote<typeof KeyServiceService>;
  readonly seal: Remote<typeof SealServiceService>;
  readonly receipts: Remote<typeof ReceiptServiceService>;
  readonly teams: Remote<typeof TeamServiceService>;
  readonly bots: Remote<typeof BotServiceService>;
  readonly users: Remote<typeof UserServiceService>;
  readonly standings: Remote<typeof StandingServiceService>;
}

/** Where the services of an API listen. */
export interface Addresses {
  readonly teams: string;
  readonly keys: string;
  readonly lifecycle: string;
}

/** A caller with two manners: one who takes any answer, and one who asks again when none comes. */
export interface Callers {
  readonly api: Api;
  /** Repeats calls that could not be answered. Streams are not repeated. */
  readonly patient: Api;
}

/** Connects to a mesh with an API key. `scope` closes the connections. */
export function connectAs(addresses: Addresses, apiKey: string, scope: Scope): Callers {
  const tokens = scope.use(connect(TokenServiceService, addresses.teams));
  const token = createTokenSource({
    exchange: async () => {
      const { token, expiresIn } = await again(() => tokens.exchangeToken({ apiKey }));
      return { token, expiresInMs: Number(expiresIn?.seconds ?? 0) * 1_000 };
    },
  });
  const to = <Service extends object>(service: Service, address: string): Remote<Service> =>
    // A peer that was killed takes seconds to be back, where whole meshes share two cores.
    scope.use(connect(service, address, { token, timeoutMs: 30_000 }));
  const api = {
    clones: to(CloneServiceService, addresses.lifecycle),
    cloneAdmin: to(CloneAdminServiceService, addresses.lifecycle),
    templates: to(TemplateServiceService, addresses.lifecycle),
    results: to(ResultServiceService, addresses.lifecycle),
    webhooks: to(WebhookServiceService, addresses.lifecycle),
    keys: to(KeyServiceService, addresses.keys),
    seal: to(SealServiceService, addresses.keys),
    receipts: to(ReceiptServiceService, addresses.keys),
    teams: to(TeamServiceService, addresses.teams),
    bots: to(BotServiceService, addresses.teams),
    users: to(UserServiceService, addresses.teams),
    standings: to(StandingServiceService, addresses.teams),
  };
  return {
    api,
    patient: {
      clones: patient(CloneServiceService, api.clones),
      cloneAdmin: patient(CloneAdminServiceService, api.cloneAdmin),
      templates: patient(TemplateServiceService, api.templates),
      results: patient(ResultServiceService, api.results),
      webhooks: patient(WebhookServiceService, api.webhooks),
      keys: patient(KeyServiceService, api.keys),
      seal: patient(SealServiceService, api.seal),
      receipts: patient(ReceiptServiceService, api.receipts),
      teams: patient(TeamServiceService, api.teams),
      bots: patient(BotServiceService, api.bots),
      users: patient(UserServiceService, api.users),
      standings: patient(StandingServiceService, api.standings),
    },
  };
}

/** The addresses of a mesh's own services. */
export function addressesOf({ endpoints }: Mesh): Addresses {
  const { teams, keys, lifecycle } = endpoints;
  return { teams: teams.address, keys: keys.address, lifecycle: lifecycle.address };
}

type Call = (request: unknown, options?: object) => Promise<unknown>;

function patient<Service extends object>(
  service: Service,
  remote: Remote<Service>,
): Remote<Service> {
  const methods = Object.entries(service).map(([name, { responseStream }]) => {
    // The mapped type of a client says nothing of a name that is only a string.
    const call = (remote as Record<string, Call>)[name] as Call;
    const repeated: Call = (request, options) => again(() => call(request, options));
    return [name, responseStream ? call : repeated];
  });
  return { ...remote, ...Object.fromEntries(methods) };
}
