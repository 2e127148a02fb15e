import { Command, CommanderError } from 'commander';
import { addActions } from './commands/actions.js';
import { addAdmin } from './commands/admin/index.js';
import { addApiKeys } from './commands/api-keys.js';
import { addAudit } from './commands/audit.js';
import { addBots } from './commands/bots.js';
import { addClones } from './commands/clones/index.js';
import { addKeys } from './commands/keys.js';
import { addLogin } from './commands/login.js';
import { addOverrides } from './commands/overrides.js';
import { addReceipts } from './commands/receipts/index.js';
import { addResults } from './commands/results/index.js';
import { addRun } from './commands/run.js';
import { addServiceAccounts } from './commands/service-accounts.js';
import { addTeams } from './commands/teams.js';
import { addTemplates } from './commands/templates.js';
import { addUsers } from './commands/users.js';
import { addVersion, ownVersion } from './commands/version.js';
import { addWebhooks } from './commands/webhooks/index.js';
import { actIn } from './context.js';
import { EXIT, type ExitCode } from './exit-code.js';
import { failureJson, layFailure, toFailure } from './print/errors.js';
import type { World } from './world.js';

const CODES = `
Exit codes: 0 ok, 1 failure, 2 usage, 3 not found, 4 denied or not logged in,
5 conflict or precondition, 6 unavailable or too late, 130 interrupted.`;

/**
 * Runs the command with its arguments and says its exit code. Never throws: what went wrong is
 * told on standard error.
 */
export async function run(args: readonly string[], world: World): Promise<ExitCode> {
  try {
    await programFor(world).parseAsync([...args], { from: 'user' });
    return world.signal.aborted ? EXIT.interrupted : EXIT.ok;
  } catch (thrown) {
    if (thrown instanceof CommanderError && thrown.exitCode === 0) return EXIT.ok;
    // Commander has printed its help then, as the answer to a command without its verb.
    if (thrown instanceof CommanderError && thrown.code === 'commander.help') return EXIT.usage;
    const failure = toFailure(thrown, world.signal.aborted);
    const json = optionsOf(args).includes('--json');
    // Whoever interrupts a command knows that they did.
    if (failure.exitCode === EXIT.interrupted && !json) return failure.exitCode;
    world.terminal.printError(json ? failureJson(failure) : layFailure(failure));
    return failure.exitCode;
  }
}

function programFor(world: World): Command {
  const { terminal } = world;
  const program = new Command('ramet')
    .description('runs isolated clones of workloads and lets them use keys they never see')
    .version(ownVersion())
    .option('--json', 'print JSON: one document, or one line per message of a stream')
    .option('--profile <name>', 'the profile to use, as `ramet login` remembers it')
    .option(
      '--mesh <file>',
      "an embedded mesh's mesh.json (default: .ramet/mesh.json, here or above)",
    )
    .option('--as <name>', 'the credential of the embedded mesh to use, such as user or admin')
    .option('--api-key-file <file>', 'read the API key from this file')
    .option(
      '--identity-token-file <file>',
      'read the ID token of a job of CI from this file instead',
    )
    .option(
      '--ca <file>',
      'who must have signed what the mesh shows, as PEM; off loopback it is needed',
    )
    .option('--teams-address <address>', 'where teams is')
    .option('--keys-address <address>', 'where keys is')
    .option('--lifecycle-address <address>', 'where lifecycle is')
    .option('--executor-address <address>', 'where executor is: for its audit only')
    .option('--timeout <duration>', 'how long to wait for an answer, or for what --wait waits for')
    .addHelpText('after', CODES)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.print(text),
      writeErr: (text) => terminal.printError(text),
      // Told once, by `run`, like every other failure.
      outputError: () => undefined,
      getOutHelpWidth: () => terminal.columns ?? 100,
    });

  const act = actIn(world);
  addLogin(program, act, world);
  addUsers(program, act);
  addApiKeys(program, act);
  addTeams(program, act);
  addServiceAccounts(program, act);
  addBots(program, act);
  addKeys(program, act);
  addReceipts(program, act);
  addTemplates(program, act);
  addOverrides(program, act);
  addClones(program, act);
  addRun(program, act);
  addResults(program, act);
  addActions(program, act);
  addAudit(program, act);
  addAdmin(program, act);
  addWebhooks(program, act);
  addVersion(program, world);
  return program;
}

function optionsOf(args: readonly string[]): readonly string[] {
  const end = args.indexOf('--');
  return end === -1 ? args : args.slice(0, end);
}
