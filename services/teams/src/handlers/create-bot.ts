import { CreateBotRequest, type CreateBotResponse } from '@ramet/proto-gen/teams.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { toBotMessage, toProgram } from '../messages.js';
import { askerOf, onceOf } from './asker.js';

type Needs = Pick<Deps, 'bots' | 'ids'>;

/** Creates a bot in a team. */
export function createBot({ bots, ids }: Needs): Unary<CreateBotRequest, CreateBotResponse> {
  return async (request, { caller }) => {
    const { teamId, name, teamSource } = request;
    const program = teamSource && toProgram(teamSource, 'team_source');
    const wish = { id: ids.make('bot'), teamId, name, program };
    const once = onceOf('CreateBot', CreateBotRequest, request);
    const { bot, personalSource } = await bots.create(wish, askerOf(caller), once);
    return { bot: toBotMessage(bot, personalSource) };
  };
}
