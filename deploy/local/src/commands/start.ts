import { relative } from 'node:path';
import { type Credentials, makeCredentials } from '../bootstrap.js';
import { SERVICES } from '../layout.js';
import { type Mesh, startMesh } from '../mesh.js';
import type { CommandContext } from './context.js';
import { meshOptions } from './settings.js';

/** Keeps a mesh up until it is asked to stop, and says how to use it. */
export async function start(context: CommandContext): Promise<number> {
  const asked = context.untilAsked();
  const options = meshOptions(context);
  context.say('starting the mesh');
  await using mesh = await startMesh({
    ...options,
    onUnasked: (name, { code, signal }) => {
      const how = signal ?? `code ${String(code)}`;
      context.complain(`${name} ended unasked (${how}) and is started again`);
    },
    onTrouble: (what) => context.complain(what),
  });
  const credentials = await makeCredentials(mesh.layout, mesh.endpoints.teams.address);
  context.say(describe(mesh, credentials));

  await asked;
  context.say('stopping the mesh');
  for (const { pid, commandLine } of await mesh.stop()) {
    context.complain(`killed what was left running: ${pid} ${commandLine}`);
  }
  context.say('stopped: nothing is left running');
  return 0;
}

/** Everything that somebody needs who wants to use the mesh, and no secret. */
function describe({ endpoints, stores, layout }: Mesh, credentials: Credentials): string {
  const teams = endpoints.teams.address;
  const user = pathOf(credentials.user);
  return [
    '',
    'The mesh is up.',
    '',
    ...SERVICES.map((name) => {
      const { address, metrics } = endpoints[name];
      return `  ${name.padEnd(10)} ${address.padEnd(16)} metrics ${metrics}`;
    }),
    `  ${'postgres'.padEnd(10)} ${placeOf(stores.adminUrl)}`,
    `  ${'nats'.padEnd(10)} ${placeOf(stores.natsUrl)}`,
    '',
    `  API keys   ${pathOf(credentials.admin)} (administrator), ${user} (user)`,
    `  logs       ${pathOf(layout.logs)}`,
    '',
    'Try it, in another terminal:',
    '',
    `  printf '{"api_key":"%s"}' "$(cat ${user})" |`,
    `    grpcurl -plaintext -d @ ${teams} ramet.teams.v1.TokenService/ExchangeToken`,
    '',
    `  npx ramet clones list --mesh ${pathOf(layout.ports)} --as user`,
    '',
    'Ctrl-C stops it.',
  ].join('\n');
}

function placeOf(address: string): string {
  const { host, pathname } = new URL(address);
  return `${host}${pathname.length > 1 ? pathname : ''}`;
}

/** The shorter of a path and the way to it from here. */
function pathOf(path: string): string {
  const way = relative(process.cwd(), path);
  return way.length < path.length ? way : path;
}
