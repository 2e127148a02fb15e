import { type Clone, ClonePhase } from '@ramet/proto-gen/lifecycle.v1';
import type { Command } from 'commander';
import type { Act, Context } from '../../context.js';
import { parseDuration } from '../../parse/duration.js';
import { findClone } from '../../resolve.js';
import { argument, type CreateOptions, present, repeatable, requestIdOf } from '../options.js';
import { showClone } from './look.js';
import { waitForTurn } from './turn-wait.js';

interface TurnOptions {
  readonly etag?: string;
  readonly wait?: boolean;
}

interface Asked {
  readonly clone: Clone | undefined;
}

/** What a command asks of a clone, and where the clone comes to. */
interface Verb<Options> {
  readonly ask: (context: Context, id: string, options: Options) => Promise<Asked>;
  readonly wanted: readonly ClonePhase[];
  readonly leaves: boolean;
  readonly undone?: 'NOT_PUT_DOWN';
}

const { RUNNING, COMPLETED, SUSPENDED, ARCHIVED } = ClonePhase;
/** Where a clone is once it runs, however short. */
const UP = [RUNNING, COMPLETED];

/** Adds the commands that have a clone run again, pause, be put away, or live longer. */
export function addTurns(clones: Command, act: Act): void {
  waitable(repeatable(clones.command('restart <clone>')), 'until it runs')
    .description('run a clone that has ended once more, from its first stage')
    .option('--resume', 'keep what is in its storage')
    .action(act(turned(restart)));
  waitable(clones.command('suspend <clone>'), 'until it is suspended')
    .description('pause a clone: its storage, name and key stay')
    .action(act(turned(suspend)));
  waitable(clones.command('resume <clone>'), 'until it runs')
    .description('start a suspended clone again')
    .action(act(turned(resume)));
  waitable(clones.command('archive <clone>'), 'until it is archived')
    .description('put a clone away: its storage, name and results stay')
    .action(act(turned(archive)));
  waitable(clones.command('restore <clone>'), 'until it runs')
    .description('run an archived clone again, with the settings and storage that it had')
    .action(act(turned(restore)));
  repeatable(clones.command('extend <clone> <duration>'))
    .description('put off the expiry of a clone by a duration, such as 7d')
    .requiredOption('--reason <reason>', 'why; it is kept')
    .option('--etag <etag>', 'only as it was read')
    .action(act(extend));
}

function waitable(command: Command, until: string): Command {
  return command.option('--etag <etag>', 'only as it was read').option('--wait', `wait ${until}`);
}

const restart: Verb<TurnOptions & CreateOptions & { readonly resume?: boolean }> = {
  ask: (context, id, options) => {
    const { session, world } = context;
    const { etag = '', resume: keep = false } = options;
    const request = { id, etag, requestId: requestIdOf(context, options), resume: keep };
    return session.clones.restartClone(request, { signal: world.signal });
  },
  wanted: UP,
  leaves: true,
};

const suspend: Verb<TurnOptions> = {
  ask: ({ session, world }, id, { etag = '' }) =>
    session.clones.suspendClone({ id, etag }, { signal: world.signal }),
  wanted: [SUSPENDED],
  leaves: false,
  undone: 'NOT_PUT_DOWN',
};

const resume: Verb<TurnOptions> = {
  ask: ({ session, world }, id, { etag = '' }) =>
    session.clones.resumeClone({ id, etag }, { signal: world.signal }),
  wanted: UP,
  leaves: false,
};

const archive: Verb<TurnOptions> = {
  ask: ({ session, world }, id, { etag = '' }) =>
    session.clones.archiveClone({ id, etag }, { signal: world.signal }),
  wanted: [ARCHIVED],
  leaves: false,
  undone: 'NOT_PUT_DOWN',
};

const restore: Verb<TurnOptions> = {
  ask: ({ session, world }, id, { etag = '' }) =>
    session.clones.restoreClone({ id, etag }, { signal: world.signal }),
  wanted: UP,
  leaves: false,
};

function turned<Options extends TurnOptions>({ ask, ...more }: Verb<Options>) {
  return async (context: Context, args: readonly string[], options: Options): Promise<void> => {
    const id = await findClone(context, argument(args, 0));
    const before = present((await ask(context, id, options)).clone, 'clone');
    const turn = { before, ...more };
    showClone(context, options.wait ? await waitForTurn(context, turn) : before);
  };
}

async function extend(
  context: Context,
  args: readonly string[],
  options: CreateOptions & { readonly etag?: string; readonly reason: string },
): Promise<void> {
  const { session, world } = context;
  const by = parseDuration(argument(args, 1));
  const id = await findClone(context, argument(args, 0));
  const { etag = '', reason } = options;
  const request = { id, etag, requestId: requestIdOf(context, options), by, reason };
  const { clone } = await session.clones.extendClone(request, { signal: world.signal });
  showClone(context, clone);
}
